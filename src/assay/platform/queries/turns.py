"""Live conversations: what was said and answered so far, as the person who holds it may see it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from assay.errors import AnswerError
from assay.judgments import TEXT_LIMIT, listed, parts, written
from assay.judgments.conversation.turns import REPLY, checked, messages, went_on
from assay.platform.models import JudgmentRow, LeaseRow, PersonRow, TurnRow, WorkRow
from assay.platform.queries import attachments, work
from assay.platform.queries.attachments import Files
from assay.platform.queries.endpoints import names

_TURN = re.compile(r"turn\d*")

STALE = timedelta(seconds=10)
"""A worker that has not said for so long that it lives is dead, and its answers are taken up again."""


@dataclass(frozen=True)
class Voice:
    """One model of a conversation: its side, the name that the person knows it by, its id, and who it is."""

    side: str
    drawn: str
    key: str
    author: str


@dataclass(frozen=True)
class Reply:
    """What one model says at a turn, as the person sees it; `fault` is why there is no answer."""

    place: str
    drawn: str
    state: str
    text: str
    fault: str


@dataclass(frozen=True)
class Talk:
    """A conversation as far as it has come; `rows` holds what was said by number and side."""

    given: work.Assignment
    token: str
    voices: tuple[Voice, ...]
    rows: Mapping[int, Mapping[str, TurnRow]]

    @property
    def last(self) -> int:
        """The number of the last turn, 0 where nothing was said yet."""
        return max(self.rows, default=0)

    def answered(self, number: int) -> bool:
        """Say whether every model has answered at a turn."""
        return all(row.state == TurnRow.DONE for row in self.replies(number))

    def failed(self, number: int) -> bool:
        """Say whether a model had no answer at a turn, and none is on its way."""
        states = {row.state for row in self.replies(number)}
        return TurnRow.FAILED in states and not states & {TurnRow.WAITING, TurnRow.RUNNING}

    def replies(self, number: int) -> list[TurnRow]:
        """Return what the models say at a turn, in the order drawn."""
        rows = self.rows.get(number, {})
        return [rows[voice.side] for voice in self.voices if voice.side in rows]

    def shown(self, number: int) -> list[Reply]:
        """Return what the models say at a turn without a word about who they are."""
        drawn = {voice.side: voice.drawn for voice in self.voices}
        return [
            Reply(row.side.upper(), drawn[row.side], row.state, row.text, row.fault)
            for row in self.replies(number)
        ]


def talk(person: PersonRow, token: str, *, lock: bool = False) -> Talk:
    """Return the conversation that a person's lease is about, or nothing where its kind holds none."""
    lease = work.lease(person, token, lock=lock)
    if lease is None:
        raise Http404
    given = work.assignment(lease)
    if not getattr(given.kind, "live", False):
        raise Http404
    return of(given)


def of(given: work.Assignment) -> Talk:
    """Return the conversation of an assignment."""
    token = _first_token(given.lease)
    rows: dict[int, dict[str, TurnRow]] = {}
    found = TurnRow.objects.filter(project=given.lease.project, token=token).order_by("number", "side")
    for row in found:
        rows.setdefault(row.number, {})[row.side] = row
    return Talk(given, token, _voices(given, rows), rows)


def files(held: Talk) -> Files:
    """Return the files that the turns of a conversation place."""
    texts = (row.text for rows in held.rows.values() for row in rows.values())
    written = (str(rows[TurnRow.PERSON].choice.get("edited", "")) for rows in held.rows.values())
    return attachments.of_turns(held.given.lease.project, held.given.work.item, [*texts, *written])


def _first_token(lease: LeaseRow) -> str:
    """Return the token under which a conversation was held: that of the first lease, if it was reopened."""
    token, number = lease.token, lease.replaces_id
    while number is not None:
        earlier = JudgmentRow.objects.only("token", "supersedes").get(pk=number)
        token, number = earlier.token, earlier.supersedes_id
    return token


def _voices(given: work.Assignment, rows: Mapping[int, Mapping[str, TurnRow]]) -> tuple[Voice, ...]:
    if not given.shown:
        begun = rows.get(1, {}).get("a")
        return (Voice("a", REPLY, REPLY, begun.author if begun else names(given.lease.project)[0]),)
    author = {row.key: row.author for row in work.samples_of([given.lease.work]).values()}
    keys = [(sample.id, given.names[sample.id]) for sample in given.shown]
    side = {row.author: name for name, row in rows.get(1, {}).items()}
    found = (
        Voice(side.get(author[key], place), drawn, key, author[key])
        for place, (drawn, key) in zip("ab", keys, strict=False)
    )
    return tuple(sorted(found, key=lambda voice: voice.side))


def transcript(held: Talk, *, upto: int | None = None) -> list[dict[str, object]]:
    """Return the turns in the shape of the kind, with voices by the names that the person knows them by."""
    drawn = {voice.key: voice.drawn for voice in held.voices}
    turns = []
    for number, rows in sorted(held.rows.items()):
        if upto is not None and number > upto:
            break
        person = rows[TurnRow.PERSON]
        by_side = {voice.side: voice.drawn for voice in held.voices}
        replies = {by_side[row.side]: row.text for row in held.replies(number) if row.state == TurnRow.DONE}
        settled = {name: drawn.get(value, value) for name, value in person.choice.items()}
        turns.append({"said": person.text, "replies": replies, **settled})
    return turns


def settled(held: Talk, said: Mapping[str, object]) -> dict[str, object]:
    """Return what a person makes of the last turn, checked; what they said before still counts."""
    number = held.last
    turn = {**transcript(held)[-1], **{name: value for name, value in said.items() if value != ""}}
    if not turn.get("edited") or turn.get("went_on") not in parts(turn, "replies"):
        # A choice or an edit says with which answer to go on; where neither does, it is drawn.
        better = turn.get("choice")
        turn["went_on"] = better if better in parts(turn, "replies") else by_lot(held, number)
    clean = checked([voice.drawn for voice in held.voices], number, turn)
    replies = parts(turn, "replies")
    if clean.get("edited") == str(replies[str(clean["went_on"])]).strip():
        del clean["edited"]
    return {name: value for name, value in clean.items() if name not in ("said", "replies")}


def transcribed(given: work.Assignment, answer: Mapping[str, object]) -> dict[str, object]:
    """Return the answer of a live conversation with its turns, as the server knows them.

    Whatever a browser sends as turns is set aside. A last turn to which no answer came is left out, if the
    conversation is long enough without it.
    """
    held = of(given)
    if written(answer, "message", limit=TEXT_LIMIT):
        raise AnswerError("message", _("There is a message that you have not sent: send it, or delete it."))
    known = transcript(held)
    if known and held.failed(held.last) and len(known) > given.brief.turns[0]:
        known.pop()
    elif known:
        if not held.answered(held.last):
            raise AnswerError("message", _("Wait until the answer is whole, or ask for it again."))
        known[-1] |= settled(held, parts(answer, "turn"))
    whole = {name: value for name, value in answer.items() if name not in ("turn", "message", "turns")}
    if not given.shown:
        whole["model"] = held.voices[0].author
    return {**whole, "turns": known}


def as_held(
    given: work.Assignment, judged: Mapping[str, object], answer: Mapping[str, object]
) -> Mapping[str, object]:
    """Return a reader's version of an answer with the conversation as it was held.

    What was said and answered, and with what the models went on, cannot be rewritten. Which answer of a turn
    is better is the reader's to say, under `turn1`, `turn2`, …; and what should have been answered in the
    place of the last one, since nothing followed on it.
    """
    if not getattr(given.kind, "live", False):
        return answer
    held = given.concealed({name: judged[name] for name in ("turns", "model") if name in judged})
    turns = listed(held, "turns") or []
    held["turns"] = [
        _read_again(turn, parts(answer, f"turn{number}"), last=number == len(turns))
        for number, turn in enumerate(turns, start=1)
        if isinstance(turn, Mapping)
    ]
    rest = {name: value for name, value in answer.items() if name != "message" and not _TURN.fullmatch(name)}
    return {**rest, **held}


def _read_again(turn: Mapping[str, object], said: Mapping[str, object], *, last: bool) -> dict[str, object]:
    """Return one turn with what a reader makes of it."""
    now = dict(turn)
    if "choice" in turn and (choice := said.get("choice")):
        if choice != turn["choice"]:
            now.pop("strength", None)
        now |= {"choice": choice, **({"strength": said["strength"]} if said.get("strength") else {})}
    if last and "edited" in said:
        now["edited"] = said["edited"]
        if written(now, "edited", limit=TEXT_LIMIT) == str(parts(turn, "replies")[went_on(turn)]).strip():
            now["edited"] = ""
    return now


@dataclass(frozen=True)
class SeenTurn:
    """One turn for the eyes of whoever holds the conversation; `choice` is what they made of the answers."""

    number: int
    said: str
    replies: tuple[Mapping[str, str], ...]
    choice: Mapping[str, object]


@dataclass(frozen=True)
class Seen:
    """A conversation for the eyes of whoever holds it: no names of models, no addresses, no telling faults.

    `ready` says that nothing is awaited, `failed` that a model had no answer at the last turn.
    """

    turns: tuple[SeenTurn, ...]
    ready: bool
    failed: bool


def seen(held: Talk) -> Seen:
    """Return a conversation as far as it has come, as the person may see it."""
    drawn = {voice.key: voice.drawn for voice in held.voices}
    told = []
    for number, rows in sorted(held.rows.items()):
        person = rows[TurnRow.PERSON]
        choice = {name: drawn.get(value, value) for name, value in person.choice.items() if name != "side"}
        replies = tuple(_reply(reply) for reply in held.shown(number))
        told.append(SeenTurn(number, person.text, replies, choice))
    ready = not held.last or held.answered(held.last)
    return Seen(tuple(told), ready, bool(held.last and held.failed(held.last)))


def _reply(reply: Reply) -> dict[str, str]:
    told = {"voice": reply.drawn, "place": reply.place, "state": reply.state, "text": reply.text}
    return {**told, "problem": problem_of(reply.fault)} if reply.state == TurnRow.FAILED else told


def problem_of(fault: str) -> str:
    """Say why there is no answer without a word that would tell which model it is."""
    return {
        "unreachable": _("The model cannot be reached just now. Try again in a moment."),
        "refused": _("The model did not take the request. Try again; if it stays, tell the authors."),
        "slow": _("The model was silent for too long. Try again."),
        "broken": _("The model broke off in the middle. Try again."),
        "rubbish": _("What came back was no answer. Try again; if it stays, tell the authors."),
        "empty": _("The model finished without a word. Try again."),
        "gone": _("This model has been taken out of the project. Skip this work, please."),
    }.get(fault, _("There was no answer. Try again."))


def by_lot(held: Talk, number: int) -> str:
    """Draw with whose answer a turn goes on where neither is better; always the same for the same turn."""
    drawn = salted_hmac("assay.turn", f"{held.token}/{number}").digest()[0]
    return held.voices[drawn % len(held.voices)].drawn


def due(held: Talk, now: datetime | None = None) -> list[int]:
    """Return the answers that nobody is at: waiting, or left by a worker that died."""
    late = (now or timezone.now()) - STALE
    return [
        row.pk
        for number in held.rows
        for row in held.replies(number)
        if row.state == TurnRow.WAITING
        or (row.state == TurnRow.RUNNING and (row.beat_at is None or row.beat_at < late))
    ]


def asked(row: TurnRow) -> list[dict[str, str]]:
    """Return what a model reads before it answers at a turn."""
    rows: dict[int, dict[str, TurnRow]] = {}
    earlier = TurnRow.objects.filter(project_id=row.project_id, token=row.token, number__lte=row.number)
    for each in earlier.order_by("number"):
        rows.setdefault(each.number, {})[each.side] = each
    turns: list[dict[str, object]] = []
    for number in sorted(rows):
        person = rows[number][TurnRow.PERSON]
        replies = {side: each.text for side, each in rows[number].items() if side != TurnRow.PERSON}
        turn: dict[str, object] = {"said": person.text, "replies": replies}
        if edited := person.choice.get("edited"):
            turn["edited"] = edited
        if side := person.choice.get("side"):
            turn["went_on"] = side
        turns.append(turn)
    return messages(turns, context=_context(row))


def _context(row: TurnRow) -> str:
    held = WorkRow.objects.filter(project_id=row.project_id).select_related("item")
    found = held.filter(leases__token=row.token).first() or held.filter(judgments__token=row.token).first()
    return found.item.context if found else ""
