"""Who works here, who is on call, who is away, who may do what."""

from __future__ import annotations

from typing import Any

from assay.environments.apps import listed, search, shown
from assay.environments.clock import SECOND
from assay.environments.desk import Desk
from assay.environments.tools import App, tool


@tool(writes=False, costs=10 * SECOND)
def people_search(desk: Desk, query: str = "") -> dict[str, Any]:
    """Find people by name, role or team.

    Args:
        query: part of a name, role or team; everybody where it is empty
    """
    return search(
        desk,
        "SELECT id, name, role, team, manager, email, zone FROM person"
        " WHERE +name LIKE ?1 ESCAPE '!' OR +role LIKE ?1 ESCAPE '!' OR +team LIKE ?1 ESCAPE '!' OR"
        " +id LIKE ?1 ESCAPE '!'"
        " ORDER BY id",
        query,
    )


@tool(writes=False, costs=5 * SECOND)
def people_read(desk: Desk, person: str) -> dict[str, Any]:
    """Read somebody's entry: role, team, manager, absences, permissions.

    Args:
        person: their id
    """
    row = shown(desk.found("person", person, "person"))
    row["absences"] = listed(
        desk.rows("SELECT begins, ends, stand_in FROM absence WHERE person = ? ORDER BY begins", person)
    )["found"]
    row["permissions"] = [
        each["scope"]
        for each in desk.rows(
            "SELECT scope FROM permission WHERE person = ? AND valid_to IS NULL ORDER BY scope", person
        )
    ]
    return row


@tool(writes=False, costs=5 * SECOND)
def people_on_call(desk: Desk, team: str) -> dict[str, Any]:
    """Say who of a team is on call now.

    Args:
        team: the team's id
    """
    desk.found("team", team, "team")
    rows = desk.rows(
        "SELECT person, begins, ends FROM on_call WHERE team = ? AND begins <= ? AND ends > ? ORDER BY id",
        team,
        desk.now,
        desk.now,
    )
    return listed(rows)


APP = App("people", "directory", (people_search, people_read, people_on_call))
