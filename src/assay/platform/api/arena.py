"""What a program can do in an arena: begin a battle, follow the answers, go on, give up; take the votes away.

The vote itself is a judgment like any other: `next` gives the work of a battle that has begun.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict

from assay.platform import talking
from assay.platform.actions import arena as actions
from assay.platform.queries import arena as queries
from assay.platform.queries import arena_board as boards
from assay.platform.queries import people

router = Router()


class Prompt(Schema):
    """What two models are to answer; in an arena whose prompts are given, nothing."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = ""
    language: str = ""


class FollowUp(Schema):
    """What is said to both models at turn `number`."""

    model_config = ConfigDict(extra="forbid")

    number: int
    message: str


@router.post("projects/{slug}/battles")
def begin(request: HttpRequest, slug: str, body: Prompt) -> dict[str, Any]:
    """Let two models answer a prompt; who is at a battle gets that one back."""
    person = people.signed_in(request.user)
    project = queries.membership(person, slug, "judge").project
    lease = queries.at_hand(person, project)
    if lease is not None and lease.state == lease.HELD and (held := queries.of_lease(lease)):
        return {"battle": held.token, **_told(held)}
    token = actions.desk(person=person, project=project).token
    actions.begin(person=person, token=token, said=body.model_dump(), policy=boards.policy(project))
    return {"battle": token, **_told(queries.battle(person, token))}


@router.get("battles/{token}")
def follow(request: HttpRequest, token: str) -> dict[str, Any]:
    """Give a battle as far as it may be seen; ask again until its `state` is `done` or `failed`."""
    return _told(queries.battle(people.signed_in(request.user), token))


@router.post("battles/{token}")
def go_on(request: HttpRequest, token: str, body: FollowUp) -> dict[str, Any]:
    """Say something more to both models; the same again changes nothing."""
    person, said = people.signed_in(request.user), {"message": body.message}
    return _told(actions.follow_up(person=person, token=token, number=body.number, said=said))


@router.post("battles/{token}/again")
def again(request: HttpRequest, token: str) -> dict[str, Any]:
    """Ask both models once more, where one had no answer."""
    return _told(actions.ask_again(person=people.signed_in(request.user), token=token))


@router.post("battles/{token}/leave")
def leave(request: HttpRequest, token: str) -> dict[str, Any]:
    """Give up a battle that gets no answers."""
    found = actions.give_up(person=people.signed_in(request.user), token=token)
    return {"prompt": str(found.draft.get("prompt", ""))}


@router.get("projects/{slug}/battles")
def battles(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Stream every vote on a battle, a line of JSON each, as `assay arena` reads them."""
    project = queries.membership(people.signed_in(request.user), slug, "manage").project

    def lines() -> Iterator[bytes]:
        for row in boards.rows(project):
            yield (json.dumps(row, ensure_ascii=False) + "\n").encode()

    return StreamingHttpResponse(lines(), content_type="application/x-ndjson")


def _told(found: queries.Found) -> dict[str, Any]:
    said = queries.said_in(found)
    talking.start(queries.due(found, said))
    if queries.is_whole(found, said):
        found = actions.lay_before(person=found.person, token=found.token)
    turns = queries.shown(found, said)
    told = [{"said": turn.said, "answers": list(turn.answers), "fault": turn.fault} for turn in turns]
    return {"state": queries.state_of(found, turns), "turns": told}
