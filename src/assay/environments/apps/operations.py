"""Running the product: services, deploys, alerts, metrics, incidents, status pages, flags, secrets."""

from __future__ import annotations

from typing import Any, Literal

from assay.environments.apps import MOST, entry, listed, shown
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool


@tool(writes=False, costs=10 * SECOND)
def service_list(desk: Desk) -> dict[str, Any]:
    """List the services: owner, version, region, status as their dashboard shows it."""
    return listed(
        desk.rows(
            f"SELECT id, owner, tier, region, version, status, vendor FROM service ORDER BY id LIMIT {MOST}"
        )
    )


@tool(writes=False, costs=15 * SECOND)
def service_read(desk: Desk, service: str) -> dict[str, Any]:
    """Read a service: what it needs, what was deployed last, which alerts it has.

    Args:
        service: its id
    """
    row = shown(desk.found("service", service, "service"))
    row["needs"] = [
        each["needs"]
        for each in desk.rows("SELECT needs FROM dependency WHERE service = ? ORDER BY needs", service)
    ]
    row["deploys"] = listed(
        desk.rows(
            "SELECT id, version, status, reason, author, created_at FROM deploy WHERE service = ?"
            " ORDER BY id DESC LIMIT 5",
            service,
        )
    )["found"]
    row["alerts"] = listed(
        desk.rows(
            "SELECT id, rule, status, value, text, created_at FROM alert WHERE service = ? ORDER BY id",
            service,
        )
    )["found"]
    return row


@tool(writes=False, costs=20 * SECOND)
def metric_read(desk: Desk, service: str, name: str) -> dict[str, Any]:
    """Read the latest points of a metric.

    Args:
        service: the service
        name: such as "errors", "latency_ms" or "requests"
    """
    desk.found("service", service, "service")
    rows = desk.rows(
        "SELECT at AS begins, value FROM metric WHERE service = ? AND name = ? ORDER BY at DESC LIMIT 30",
        service,
        name,
    )
    if not rows:
        known = desk.rows("SELECT DISTINCT name FROM metric WHERE service = ? ORDER BY name", service)
        raise ToolError(
            "not_found",
            f"{service} has no metric {name!r}; it has: {', '.join(one['name'] for one in known)}",
        )
    return listed(rows)


@tool(writes=False, costs=15 * SECOND)
def alert_list(desk: Desk, status: Literal["firing", "resolved", "silenced"] = "firing") -> dict[str, Any]:
    """List alerts, the latest first.

    Args:
        status: firing, resolved or silenced
    """
    return listed(
        desk.rows(
            "SELECT id, service, rule, status, value, text, created_at FROM alert WHERE status = ?"
            f" ORDER BY id DESC LIMIT {MOST}",
            status,
        )
    )


@tool(writes=False, costs=20 * SECOND)
def status_page_read(desk: Desk, vendor: str) -> dict[str, Any]:
    """Read what a vendor's status page says; it may be late, or wrong.

    Args:
        vendor: the vendor's id
    """
    return shown(desk.found("status_page", vendor, "status page"))


@tool(writes=True, costs=5 * MINUTE)
def deploy_start(desk: Desk, service: str, version: str, reason: str) -> dict[str, Any]:
    """Deploy a version of a service, or roll back to one that was deployed before.

    Args:
        service: the service
        version: the version, such as "2.4.1"
        reason: why; it stays in the record
    """
    row = desk.found("service", service, "service")
    desk.require(f"deploy:{service}")
    known = desk.one("SELECT id FROM deploy WHERE service = ? AND version = ?", service, version)
    built = desk.one(
        "SELECT id FROM ci_run WHERE repo = ? AND code_commit = ? AND status = 'passed'", service, version
    )
    if known is None and built is None:
        raise ToolError("not_found", f"there is no build of {service} {version!r} that passed")
    if row["version"] == version:
        raise ToolError("conflict", f"{service} runs {version} already")
    number = desk.put("deploy", service=service, version=version, status="done", reason=reason)
    desk.change("service", service, version=version)
    desk.later(desk.now + 3 * MINUTE, "settles", service=service)
    return {"deploy": number, "runs": version}


@tool(writes=True, costs=3 * MINUTE)
def incident_open(
    desk: Desk, title: str, severity: Literal["1", "2", "3"], service: str, commander: str
) -> dict[str, Any]:
    """Open an incident.

    Args:
        title: what people notice
        severity: 1 where customers cannot work, 2 where they are hindered, 3 else
        service: what is at fault, as far as is known
        commander: the id of the person who leads
    """
    desk.found("service", service, "service")
    desk.found("person", commander, "person")
    desk.require("incidents:write")
    many = desk.one("SELECT count(*) AS many FROM incident")
    key = f"INC-{(many or {'many': 0})['many'] + 1}"
    desk.put(
        "incident",
        id=key,
        title=title,
        severity=severity,
        status="open",
        service=service,
        commander=commander,
        cause=None,
    )
    desk.later(
        desk.now, "said", to=commander, by=desk.who, medium="page", place=key, about=0, text=f"{key}: {title}"
    )
    return {"incident": key}


@tool(writes=False, costs=20 * SECOND)
def incident_read(desk: Desk, incident: str) -> dict[str, Any]:
    """Read an incident with its entries.

    Args:
        incident: its id, such as "INC-3"
    """
    return entry(
        desk,
        "incident",
        incident,
        "incident",
        entries="SELECT author, text, created_at FROM incident_entry WHERE incident = ? ORDER BY id",
    )


@tool(writes=True, costs=2 * MINUTE)
def incident_update(
    desk: Desk,
    incident: str,
    entry: str,
    status: Literal["open", "mitigated", "resolved"] | None = None,
    cause: str | None = None,
) -> dict[str, Any]:
    """Write an entry into an incident, and say where it stands.

    Args:
        incident: its id
        entry: what was found or done
        status: where it stands now
        cause: the service, vendor or version that is to blame, once that is known
    """
    desk.found("incident", incident, "incident")
    changed = {name: value for name, value in (("status", status), ("cause", cause)) if value is not None}
    if changed:
        desk.change("incident", incident, **changed)
    return {"entry": desk.put("incident_entry", incident=incident, text=entry)}


@tool(writes=True, costs=30 * SECOND)
def flag_set(desk: Desk, flag: str, on: bool) -> dict[str, Any]:
    """Switch a feature on or off for everybody.

    Args:
        flag: the feature's id
        on: whether it is to be on
    """
    row = desk.found("feature_flag", flag, "feature")
    desk.require(f"deploy:{row['service']}")
    desk.change("feature_flag", flag, is_on=int(on))
    desk.later(desk.now + MINUTE, "settles", service=row["service"])
    return {"flag": flag, "on": on}


@tool(writes=False, costs=15 * SECOND)
def secret_list(desk: Desk, service: str) -> dict[str, Any]:
    """List the tokens and keys of a service, without their contents: when renewed, when they run out.

    Args:
        service: the service
    """
    desk.found("service", service, "service")
    return listed(
        desk.rows(
            "SELECT id, service, rotated_at, expires_at, status FROM secret_reference WHERE service = ?"
            " ORDER BY id",
            service,
        )
    )


@tool(writes=True, costs=MINUTE)
def secret_renew(desk: Desk, secret: str) -> dict[str, Any]:
    """Renew a token or key before or after it has expired.

    Args:
        secret: its id
    """
    row = desk.found("secret_reference", secret, "secret")
    desk.require(f"secret:{row['service']}")
    desk.change(
        "secret_reference",
        secret,
        rotated_at=desk.now,
        expires_at=desk.now + 90 * 24 * 60 * MINUTE,
        status="valid",
    )
    desk.later(desk.now + MINUTE, "settles", service=row["service"])
    return {"secret": secret, "status": "valid"}


def settles(desk: Desk, payload: dict[str, Any]) -> None:
    """Resolve the alerts of a service that is well again, and of what needs it."""
    for row in desk.rows(
        "SELECT alert.id FROM alert JOIN service ON service.id = alert.service"
        " WHERE alert.status = 'firing' AND service.status = 'up' AND (service.id = ?1 OR service.id IN"
        " (SELECT service FROM dependency WHERE needs = ?1))",
        payload["service"],
    ):
        desk.change("alert", row["id"], status="resolved")


APP = App(
    "operations",
    "console",
    (
        service_list,
        service_read,
        metric_read,
        alert_list,
        status_page_read,
        deploy_start,
        incident_open,
        incident_read,
        incident_update,
        flag_set,
        secret_list,
        secret_renew,
    ),
    {"settles": settles},
)
