"""What runs, as a page: incidents, alerts, services, deploys and their measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.showing.markup import folded, join, listed, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, by, find, state
from assay.environments.world import World


def incident(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "incident": row["id"],
        "title": row["title"],
        "severity": row["severity"],
        "status": state(row["status"]),
        "service": row["service"],
        "commander": row["commander"],
        "cause": row["cause"],
    }


def alert(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "service": row["service"],
        "rule": row["rule"],
        "status": state(row["status"]),
        "value": row["value"],
        "says": row["text"],
        "at": when(row["created_at"]),
    }


def operations(world: World) -> Drawn:
    """Return incidents, alerts, status pages, services, deploys, flags and secrets."""
    incidents = find(world, "SELECT * FROM incident ORDER BY created_at DESC, id LIMIT ?", MOST)
    alerts = find(world, "SELECT * FROM alert ORDER BY id DESC LIMIT ?", MOST)
    pages = find(world, "SELECT * FROM status_page ORDER BY id")
    needs: dict[str, list[str]] = {}
    for row in find(world, "SELECT service, needs FROM dependency ORDER BY id"):
        needs.setdefault(row["service"], []).append(row["needs"])
    services = find(world, "SELECT * FROM service ORDER BY vendor, id")
    deploys = find(world, "SELECT * FROM deploy ORDER BY created_at DESC, id DESC LIMIT 60")
    metrics = find(
        world,
        "SELECT service, name, value, max(at) AS at FROM metric"
        " GROUP BY service, name ORDER BY service, name",
    )
    flags = find(world, "SELECT * FROM feature_flag ORDER BY id")
    secrets = find(world, "SELECT * FROM secret_reference ORDER BY id")
    entries = [
        folded(
            f"{row['id']}: {row['title']}",
            listed(
                (
                    join((by(world, each["author"], each["created_at"]), text(each["text"])))
                    for each in find(
                        world, "SELECT * FROM incident_entry WHERE incident = ? ORDER BY id", row["id"]
                    )
                ),
                class_="talk",
            ),
        )
        for row in incidents
    ]
    named: dict[str, list[dict[str, object]]] = {
        "Alerts": [alert(row) for row in alerts],
        "Status pages of vendors": [
            {"vendor": row["id"], "status": state(row["status"]), "says": row["text"]} for row in pages
        ],
        "Services": [
            {
                "service": row["id"],
                "status": state(row["status"]),
                "version": row["version"],
                "owner": row["owner"] or ("a vendor" if row["vendor"] else "nobody"),
                "needs": ", ".join(needs.get(row["id"], [])),
                "tier": row["tier"],
                "region": row["region"],
            }
            for row in services
        ],
        "Deploys": [
            {
                "service": row["service"],
                "version": row["version"],
                "status": state(row["status"]),
                "why": row["reason"],
                "by": row["author"],
                "at": when(row["created_at"]),
            }
            for row in deploys
        ],
        "Latest measurements": [
            {"service": row["service"], "what": row["name"], "value": row["value"], "at": when(row["at"])}
            for row in metrics
        ],
        "Feature flags": [
            {
                "flag": row["id"],
                "service": row["service"],
                "is": "on" if row["is_on"] else "off",
                "for": f"{row['share']} %",
            }
            for row in flags
        ],
        "Secrets": [
            {"secret": row["id"], "status": state(row["status"]), "expires": when(row["expires_at"])}
            for row in secrets
        ],
    }
    return "Operations", join(
        (
            tag("h2", "Incidents"),
            table("Incidents", [incident(row) for row in incidents]),
            *entries,
            *(join((tag("h2", name), table(name, rows))) for name, rows in named.items()),
        )
    )
