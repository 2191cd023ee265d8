"""Meetings, and who comes."""

from __future__ import annotations

from typing import Any, Literal

from assay.environments import clock
from assay.environments.apps import MOST, entry, listed
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool


@tool(writes=False, costs=15 * SECOND)
def calendar_list(desk: Desk, begins: str, ends: str, person: str | None = None) -> dict[str, Any]:
    """List somebody's meetings between two moments.

    Args:
        begins: from when, written like "W2 Wed 09:30"
        ends: until when
        person: their id; your own meetings where it is left out
    """
    low, high = moment(begins), moment(ends)
    rows = desk.rows(
        "SELECT meeting.id, title, begins, ends, place, status, attendance.answer FROM attendance"
        " JOIN meeting ON meeting.id = attendance.meeting"
        f" WHERE attendance.person = ? AND begins < ? AND ends > ? ORDER BY begins LIMIT {MOST}",
        person or desk.who,
        high,
        low,
    )
    return listed(rows)


@tool(writes=False, costs=10 * SECOND)
def calendar_read(desk: Desk, meeting: int) -> dict[str, Any]:
    """Read a meeting, with who comes.

    Args:
        meeting: its number
    """
    return entry(
        desk,
        "meeting",
        meeting,
        "meeting",
        people="SELECT person, answer FROM attendance WHERE meeting = ? ORDER BY id",
    )


@tool(writes=True, costs=2 * MINUTE)
def calendar_book(
    desk: Desk, title: str, begins: str, ends: str, people: list[str], notes: str = ""
) -> dict[str, Any]:
    """Book a meeting; refused where somebody is taken or away then.

    Args:
        title: what it is about
        begins: from when, written like "W2 Wed 09:30"
        ends: until when
        people: ids of those who are wanted, you included
        notes: what to prepare
    """
    desk.require("calendar:write")
    low, high = moment(begins), moment(ends)
    if not desk.now <= low < high:
        raise ToolError("bad_arguments", "a meeting begins in the future and ends later")
    for person in people:
        desk.found("person", person, "person")
        if busy := _busy(desk, person, low, high):
            raise ToolError("conflict", f"{person} cannot come then: {busy}")
    number = desk.put(
        "meeting", title=title, begins=low, ends=high, place="video", notes=notes, status="planned"
    )
    for person in people:
        desk.put(
            "attendance", meeting=number, person=person, answer="yes" if person == desk.who else "invited"
        )
    return {"meeting": number}


@tool(writes=True, costs=30 * SECOND)
def calendar_answer(desk: Desk, meeting: int, answer: Literal["yes", "no", "cancel"]) -> dict[str, Any]:
    """Accept or decline a meeting, or cancel one of your own.

    Args:
        meeting: its number
        answer: what you say
    """
    row = desk.found("meeting", meeting, "meeting")
    if answer == "cancel":
        if row["author"] != desk.who:
            raise ToolError("forbidden", f"only {row['author']} can cancel this meeting")
        desk.change("meeting", meeting, status="cancelled")
        return {"status": "cancelled"}
    own = desk.one("SELECT id FROM attendance WHERE meeting = ? AND person = ?", meeting, desk.who)
    if own is None:
        raise ToolError("forbidden", "you are not invited to this meeting")
    desk.change("attendance", own["id"], answer=answer)
    return {"answer": answer}


def moment(text: str) -> int:
    """Read a moment, or answer how to write one."""
    try:
        return clock.read(text)
    except ValueError as wrong:
        raise ToolError("bad_arguments", str(wrong)) from None


def _busy(desk: Desk, person: str, low: int, high: int) -> str:
    away = desk.one(
        "SELECT ends FROM absence WHERE person = ? AND begins < ? AND ends > ?", person, high, low
    )
    if away:
        return f"away until {clock.shown(away['ends'])}"
    taken = desk.one(
        "SELECT title, begins FROM attendance JOIN meeting ON meeting.id = attendance.meeting"
        " WHERE person = ? AND begins < ? AND ends > ? AND meeting.status != 'cancelled' AND answer != 'no'",
        person,
        high,
        low,
    )
    return f"{taken['title']} at {clock.shown(taken['begins'])}" if taken else ""


APP = App("calendar", "calendar", (calendar_list, calendar_read, calendar_book, calendar_answer))
