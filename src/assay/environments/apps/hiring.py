"""Candidates and interviews."""

from __future__ import annotations

from typing import Any, Literal

from assay.environments import clock
from assay.environments.apps import MOST, entry, listed
from assay.environments.apps.calendar import moment
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool


@tool(writes=False, costs=15 * SECOND)
def candidate_list(desk: Desk, stage: str | None = None) -> dict[str, Any]:
    """List candidates.

    Args:
        stage: only those at this stage
    """
    rows = desk.rows(
        "SELECT id, name, position, stage, owner FROM candidate WHERE ?1 IS NULL OR stage = ?1"
        f" ORDER BY id LIMIT {MOST + 1}",
        stage,
    )
    return listed(rows[:MOST], total=len(rows))


@tool(writes=False, costs=MINUTE)
def candidate_read(desk: Desk, candidate: str) -> dict[str, Any]:
    """Read a candidate with interviews, scores and notes.

    Args:
        candidate: their id
    """
    return entry(
        desk,
        "candidate",
        candidate,
        "candidate",
        interviews="SELECT id, interviewer, begins, score, notes FROM interview WHERE candidate = ?"
        " ORDER BY id",
    )


@tool(writes=True, costs=MINUTE)
def candidate_move(
    desk: Desk,
    candidate: str,
    stage: Literal["screen", "interview", "offer", "hired", "rejected"],
    reason: str,
) -> dict[str, Any]:
    """Move a candidate to another stage.

    Args:
        candidate: their id
        stage: the stage
        reason: why; it stays in their notes
    """
    row = desk.found("candidate", candidate, "candidate")
    desk.require("hiring:write")
    if not reason.strip():
        raise ToolError("bad_arguments", "a move wants a reason")
    desk.change(
        "candidate", candidate, stage=stage, notes=f"{row['notes']}\n{clock.shown(desk.now)} {reason}".strip()
    )
    return {"stage": stage}


@tool(writes=True, costs=2 * MINUTE)
def interview_book(desk: Desk, candidate: str, interviewer: str, begins: str) -> dict[str, Any]:
    """Book an interview of an hour with an interviewer who is free then.

    Args:
        candidate: the candidate's id
        interviewer: the interviewer's id
        begins: when, written like "W2 Wed 09:30"
    """
    row = desk.found("candidate", candidate, "candidate")
    person = desk.found("person", interviewer, "person")
    desk.require("hiring:write")
    low = moment(begins)
    if (
        low < desk.now
        or not clock.at_work(low, person["zone"])
        or not clock.at_work(low + clock.HOUR, person["zone"])
    ):
        raise ToolError("conflict", f"{interviewer} works from 9 to 18, {person['zone']:+} hours from UTC")
    taken = desk.one(
        "SELECT title FROM attendance JOIN meeting ON meeting.id = attendance.meeting WHERE person ="
        " ? AND begins < ?"
        " AND ends > ? AND meeting.status != 'cancelled' AND answer != 'no'",
        interviewer,
        low + clock.HOUR,
        low,
    )
    if taken:
        raise ToolError("conflict", f"{interviewer} has {taken['title']} then")
    meeting = desk.put(
        "meeting",
        title=f"Interview with {row['name']}",
        begins=low,
        ends=low + clock.HOUR,
        place="video",
        notes="",
        status="planned",
    )
    desk.put("attendance", meeting=meeting, person=interviewer, answer="invited")
    number = desk.put(
        "interview", candidate=candidate, interviewer=interviewer, begins=low, score=None, notes=""
    )
    return {"interview": number}


APP = App("hiring", "hiring", (candidate_list, candidate_read, candidate_move, interview_book))
