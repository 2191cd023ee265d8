"""The turns of a conversation: what was said, what was answered, and with which answer it went on.

A turn is `said` (the person's message), `replies` (voice → text); with two voices `choice` (a voice, `tie` or
`both_bad`) and perhaps `strength`; `edited`, where the person wrote a better answer, from that of `went_on`;
and `went_on`, the voice whose answer the conversation continues with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.errors import AnswerError
from assay.judgments import TEXT_LIMIT, parts, written
from assay.records import Brief
from assay.wording import say

REPLY = "reply"
"""The voice of a conversation with one model alone."""


def went_on(turn: Mapping[str, object]) -> str:
    """Return the voice with whose answer a turn went on.

    >>> went_on({"replies": {"x": "Yes.", "y": "No."}, "choice": "y"})
    'y'
    """
    replies = parts(turn, "replies")
    for said in (turn.get("went_on"), turn.get("choice")):
        if said in replies:
            return str(said)
    return next(iter(replies))


def messages(turns: Sequence[Mapping[str, object]], *, context: str = "") -> list[dict[str, str]]:
    """Return a conversation as a model reads it, up to the person's message of the last turn.

    >>> first = {"said": "The moon?", "replies": {"reply": "A coin."}}
    >>> [message["content"] for message in messages([first, {"said": "Whose?"}])]
    ['The moon?', 'A coin.', 'Whose?']
    """
    told = [{"role": "system", "content": context}] if context else []
    for number, turn in enumerate(turns, start=1):
        told.append({"role": "user", "content": str(turn["said"])})
        if number < len(turns):
            answer = str(turn.get("edited") or parts(turn, "replies")[went_on(turn)])
            told.append({"role": "assistant", "content": answer})
    return told


def heard(brief: Brief, voices: Sequence[str], turns: Sequence[object]) -> list[dict[str, object]]:
    """Return the turns of a conversation cleaned, or say which one lacks what."""
    least, most = brief.turns
    if len(turns) < least:
        raise AnswerError("message", _few(least, len(turns)))
    if len(turns) > most:
        raise AnswerError(
            "message",
            say("a conversation has {most} turns at most; this one has {count}", most=most, count=len(turns)),
        )
    return [checked(voices, number, turn) for number, turn in enumerate(turns, start=1)]


def _few(least: int, found: int) -> str:
    if least == 1:
        return say("say something to the model before you submit")
    return say(
        "go on: a conversation has {least} turns at least, and this one has {found}", least=least, found=found
    )


def checked(voices: Sequence[str], number: int, turn: object) -> dict[str, object]:
    """Return one turn cleaned, with the voice it went on with, or say what it lacks."""
    if not isinstance(turn, Mapping):
        raise AnswerError(
            "message", say("turn {number} is no turn; send `said` and `replies`", number=number)
        )
    said, replies = written(turn, "said", limit=TEXT_LIMIT), parts(turn, "replies")
    if not said:
        raise AnswerError("message", say("turn {number} has no message of yours", number=number))
    if set(replies) != set(voices) or not all(isinstance(text, str) for text in replies.values()):
        raise AnswerError(
            "message", say("turn {number} has no whole answer yet; wait for it, or ask again", number=number)
        )
    clean: dict[str, object] = {"said": said, "replies": {voice: str(replies[voice]) for voice in voices}}
    if len(voices) > 1:
        clean |= _chosen(voices, number, turn)
    if edited := written(turn, "edited", limit=TEXT_LIMIT):
        clean["edited"] = edited
    return {**clean, "went_on": went_on({**clean, "went_on": turn.get("went_on")})}


def _chosen(voices: Sequence[str], number: int, turn: Mapping[str, object]) -> dict[str, object]:
    choice = turn.get("choice")
    if choice not in (*voices, "tie", "both_bad"):
        raise AnswerError(
            "turn.choice",
            say("say which answer of turn {number} is better, or that neither is", number=number),
        )
    clean: dict[str, object] = {"choice": choice}
    if (strength := turn.get("strength")) not in (None, "") and choice in voices:
        if str(strength) not in ("1", "2", "3"):
            raise AnswerError("turn.strength", "strength is 1 (slightly), 2 (clearly) or 3 (far better)")
        clean["strength"] = int(str(strength))
    return clean
