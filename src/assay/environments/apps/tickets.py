"""Tickets on boards, with comments and the history of what was changed."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from assay.environments import clock
from assay.environments.apps import MOST, entry, like, told
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool

STATUSES = ("open", "in progress", "blocked", "in review", "done", "rejected")


@tool(writes=False, costs=15 * SECOND)
def ticket_search(
    desk: Desk,
    query: str = "",
    board: str | None = None,
    status: str | None = None,
    assignee: str | None = None,
    limit: int = 20,
) -> dict[str, Any]:
    """Find tickets, the latest first, without their texts.

    Args:
        query: part of the title, text or labels
        board: only of this board
        status: only of this status
        assignee: only of this person
        limit: how many, at most 50
    """
    limit = min(max(limit, 1), MOST)
    only = {"board": board, "status": status, "assignee": assignee}
    given = {column: value for column, value in only.items() if value is not None}
    statement = _search(tuple(given), texts=bool(query))
    return told(desk.table(statement, like(query), query, limit + 1, *given.values()), limit)


@cache
def _search(columns: tuple[str, ...], *, texts: bool) -> str:
    """Return the SELECT of a search that looks at just what was asked for, so that an index can help."""
    found = "+title LIKE ?1 ESCAPE '!' OR +body LIKE ?1 ESCAPE '!' OR +labels LIKE ?1 ESCAPE '!' OR id = ?2"
    # Both stand for something in each variant, so that what comes after keeps its number.
    tests = [f"({found})" if texts else "(?1 = '%%' AND ?2 = '')"]
    tests += [f"{column} = ?{place}" for place, column in enumerate(columns, 4)]
    return (
        "SELECT id, board, title, status, priority, assignee, due, labels, created_at FROM ticket"
        f" WHERE {' AND '.join(tests)} ORDER BY created_at DESC, id LIMIT ?3"
    )


@tool(writes=False, costs=20 * SECOND)
def ticket_read(desk: Desk, ticket: str) -> dict[str, Any]:
    """Read a ticket with its comments and history.

    Args:
        ticket: its id, such as "OPS-12"
    """
    return entry(
        desk,
        "ticket",
        ticket,
        "ticket",
        comments="SELECT id, author, text, created_at FROM ticket_comment WHERE ticket = ? ORDER BY id",
        history="SELECT author, field, was, is_now, created_at FROM ticket_change WHERE ticket = ?"
        " ORDER BY id",
    )


@tool(writes=True, costs=2 * MINUTE)
def ticket_open(
    desk: Desk,
    board: str,
    title: str,
    body: str,
    priority: Literal["low", "normal", "high", "urgent"] = "normal",
    assignee: str | None = None,
    due: str | None = None,
) -> dict[str, Any]:
    """Open a ticket.

    Args:
        board: the board's id, such as "OPS"
        title: in one line
        body: what has to be done, and why
        priority: how much it presses
        assignee: somebody's id
        due: a moment, written like "W2 Wed 09:30"
    """
    desk.require("tickets:write")
    known = desk.one("SELECT count(*) AS many FROM ticket WHERE board = ?", board)
    if known is None or not known["many"]:
        raise ToolError("not_found", f"there is no board {board!r}")
    if assignee is not None:
        desk.found("person", assignee, "person")
    key = f"{board}-{known['many'] + 1}"
    desk.put(
        "ticket",
        id=key,
        board=board,
        title=title,
        body=body,
        status="open",
        priority=priority,
        assignee=assignee,
        due=_moment(due),
        labels="",
    )
    return {"ticket": key}


@tool(writes=True, costs=30 * SECOND)
def ticket_change(
    desk: Desk,
    ticket: str,
    status: Literal["open", "in progress", "blocked", "in review", "done", "rejected"] | None = None,
    priority: Literal["low", "normal", "high", "urgent"] | None = None,
    assignee: str | None = None,
    due: str | None = None,
) -> dict[str, Any]:
    """Change a ticket; what is left out stays.

    Args:
        ticket: its id
        status: where it stands
        priority: how much it presses
        assignee: somebody's id
        due: a moment, written like "W2 Wed 09:30"
    """
    row = desk.found("ticket", ticket, "ticket")
    desk.require("tickets:write")
    if assignee is not None:
        desk.found("person", assignee, "person")
    wanted = {"status": status, "priority": priority, "assignee": assignee, "due": _moment(due)}
    changed = {name: value for name, value in wanted.items() if value is not None and value != row[name]}
    for name, value in changed.items():
        desk.put("ticket_change", ticket=ticket, field=name, was=str(row[name]), is_now=str(value))
    if changed:
        desk.change("ticket", ticket, **changed)
    return {"changed": sorted(changed)}


@tool(writes=True, costs=MINUTE)
def ticket_comment(desk: Desk, ticket: str, text: str) -> dict[str, Any]:
    """Comment on a ticket.

    Args:
        ticket: its id
        text: the comment
    """
    desk.found("ticket", ticket, "ticket")
    if not text.strip():
        raise ToolError("bad_arguments", "the comment is empty")
    return {"comment": desk.put("ticket_comment", ticket=ticket, text=text)}


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return clock.read(text)
    except ValueError as wrong:
        raise ToolError("bad_arguments", str(wrong)) from None


APP = App("tickets", "tickets", (ticket_search, ticket_read, ticket_open, ticket_change, ticket_comment))
