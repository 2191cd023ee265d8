"""What runs, as a page: incidents, alerts, services, deploys and their measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.showing.markup import folded, join, listed, own, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, by, find, state
from assay.environments.world import World
from assay.wording import Sentence, say


def incident(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        say("incident"): row["id"],
        say("title"): row["title"],
        say("severity"): row["severity"],
        say("status"): state(row["status"]),
        say("service"): row["service"],
        say("commander"): row["commander"],
        say("cause"): row["cause"],
    }


def alert(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        say("service"): row["service"],
        say("rule"): row["rule"],
        say("status"): state(row["status"]),
        say("value"): row["value"],
        say("says"): row["text"],
        say("when"): when(row["created_at"]),
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
            own(f"{row['id']}: {row['title']}"),
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
    named: dict[Sentence, list[dict[str, object]]] = {
        say("Alerts"): [alert(row) for row in alerts],
        say("Status pages of vendors"): [
            {say("vendor"): row["id"], say("status"): state(row["status"]), say("says"): row["text"]}
            for row in pages
        ],
        say("Services"): [
            {
                say("service"): row["id"],
                say("status"): state(row["status"]),
                say("version"): row["version"],
                say("owner"): row["owner"] or say("a vendor" if row["vendor"] else "nobody"),
                say("needs"): ", ".join(needs.get(row["id"], [])),
                say("tier"): row["tier"],
                say("region"): row["region"],
            }
            for row in services
        ],
        say("Deploys"): [
            {
                say("service"): row["service"],
                say("version"): row["version"],
                say("status"): state(row["status"]),
                say("why"): row["reason"],
                say("author"): row["author"],
                say("when"): when(row["created_at"]),
            }
            for row in deploys
        ],
        say("Latest measurements"): [
            {
                say("service"): row["service"],
                say("measure"): row["name"],
                say("value"): row["value"],
                say("when"): when(row["at"]),
            }
            for row in metrics
        ],
        say("Feature flags"): [
            {
                say("flag"): row["id"],
                say("service"): row["service"],
                say("state"): say("on" if row["is_on"] else "off"),
                say("share"): f"{row['share']} %",
            }
            for row in flags
        ],
        say("Secrets"): [
            {
                say("secret"): row["id"],
                say("status"): state(row["status"]),
                say("expires"): when(row["expires_at"]),
            }
            for row in secrets
        ],
    }
    return say("Operations"), join(
        (
            tag("h2", say("Incidents")),
            table(say("Incidents"), [incident(row) for row in incidents]),
            *entries,
            *(join((tag("h2", name), table(name, rows))) for name, rows in named.items()),
        )
    )
