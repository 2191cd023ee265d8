"""What a program can do in a live conversation: say something, follow the answers, choose, write better."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict

from assay.platform import talking
from assay.platform.actions import turns as actions
from assay.platform.queries import people
from assay.platform.queries import turns as queries

router = Router()


class Choice(Schema):
    """What a person makes of the answers at a turn.

    `choice` is a voice, `tie` or `both_bad`; `strength` from 1 to 3 says by how much; `edited` is a better
    answer, written from that of the voice `went_on`.
    """

    model_config = ConfigDict(extra="forbid")

    choice: str = ""
    strength: int | None = None
    edited: str = ""
    went_on: str = ""

    def said(self) -> dict[str, object]:
        """Return what was said of it, as a form would."""
        return {name: str(value) for name, value in self.model_dump().items() if value not in ("", None)}


class Message(Schema):
    """What is said at turn `number`, and what the person makes of the answers at the turn before."""

    model_config = ConfigDict(extra="forbid")

    number: int = 0
    message: str = ""
    turn: Choice | None = None


@router.get("work/{token}/turns")
def follow(request: HttpRequest, token: str) -> dict[str, Any]:
    """Give a conversation as far as it has come; ask again until it is `ready`."""
    return _told(queries.talk(people.signed_in(request.user), token))


@router.post("work/{token}/turns")
def say(request: HttpRequest, token: str, body: Message) -> dict[str, Any]:
    """Say something; the same message at the same turn again changes nothing."""
    said = {"message": body.message, "turn": body.turn.said() if body.turn else {}}
    person = people.signed_in(request.user)
    return _told(actions.say(person=person, token=token, number=body.number, said=said))


@router.put("work/{token}/turns/{number}")
def pick(request: HttpRequest, token: str, number: int, body: Choice) -> dict[str, Any]:
    """Say which answer of the last turn is better, and what would be better still."""
    person = people.signed_in(request.user)
    return _told(actions.pick(person=person, token=token, number=number, said=body.said()))


@router.post("work/{token}/turns/{number}/again")
def again(request: HttpRequest, token: str, number: int) -> dict[str, Any]:
    """Let the models that had no answer at a turn try once more."""
    return _told(actions.ask_again(person=people.signed_in(request.user), token=token, number=number))


def _told(held: queries.Talk) -> dict[str, Any]:
    talking.start(queries.due(held))
    # name → address, for the files that the turns place.
    placed = {"attachments": dict(queries.files(held).urls)}
    return {**asdict(queries.seen(held)), **placed, "most": held.given.brief.turns[1]}
