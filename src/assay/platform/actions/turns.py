"""Saying something in a live conversation, and writing down what the models answer.

What a person said is kept before any model is asked. An answer is written by one worker at a time: it takes a
row by one conditional UPDATE, and every further one names it: one that was given up writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError
from assay.judgments import TEXT_LIMIT, parts, written
from assay.platform.actions.statements import change
from assay.platform.actions.work import LEASE, storable
from assay.platform.models import LeaseRow, PersonRow, TurnRow
from assay.platform.queries import turns
from assay.platform.queries.statements import Select
from assay.wording import kept

PROBLEM_LIMIT = 2_000


@transaction.atomic
def say(*, person: PersonRow, token: str, number: int, said: Mapping[str, object]) -> turns.Talk:
    """Keep a person's message and let the models answer it; the same one again changes nothing.

    `said` holds the `message`, and under `turn` what they make of the answers before it.
    """
    held = turns.talk(person, token, lock=True)
    said = storable(said)
    message = written(said, "message", limit=TEXT_LIMIT)
    if not message:
        raise AnswerError("message", _("Write something to the model first."))
    if 1 <= number <= held.last:
        if held.rows[number][TurnRow.PERSON].text != message:
            raise AnswerError("message", _("You have said something else at this turn already."))
        return held
    if number != held.last + 1:
        raise AnswerError("message", _("The conversation has gone on elsewhere; reload the page."))
    if number > held.given.brief.turns[1]:
        raise AnswerError("message", _("The conversation is as long as it may be; say what came of it."))
    if held.last:
        settle(held, parts(said, "turn"))
    author = {voice.side: voice.author for voice in held.voices}
    new = [TurnRow(side=TurnRow.PERSON, author=person.name, text=message, state=TurnRow.DONE)]
    new += [TurnRow(side=side, author=name) for side, name in author.items()]
    for row in new:
        row.project, row.token, row.number = held.given.lease.project, held.token, number
    TurnRow.objects.bulk_create(new)
    held_lease = LeaseRow.objects.filter(pk=held.given.lease.pk, state=LeaseRow.HELD)
    held_lease.update(expires_at=timezone.now() + LEASE)
    return turns.of(held.given)


def settle(held: turns.Talk, said: Mapping[str, object]) -> None:
    """Keep what a person makes of the answers at the last turn, before they go on."""
    number = held.last
    if not held.answered(number):
        raise AnswerError("message", _("Wait until the answer is whole, or ask for it again."))
    clean = turns.settled(held, said)
    key = {voice.drawn: voice.key for voice in held.voices}
    side = {voice.drawn: voice.side for voice in held.voices}
    choice = {name: key.get(str(value), value) for name, value in clean.items()}
    choice["side"] = side[str(clean["went_on"])]
    held.rows[number][TurnRow.PERSON].choice = choice
    held.rows[number][TurnRow.PERSON].save(update_fields=["choice"])


@transaction.atomic
def pick(*, person: PersonRow, token: str, number: int, said: Mapping[str, object]) -> turns.Talk:
    """Keep what a person makes of the answers at the last turn: which is better, and what to write instead.

    It can be kept anew until the conversation goes on; what it went on with stands.
    """
    held = turns.talk(person, token, lock=True)
    if not held.last or number != held.last:
        raise AnswerError("turn", _("Only the answers of the last turn can be chosen among."))
    settle(held, storable(said))
    held_lease = LeaseRow.objects.filter(pk=held.given.lease.pk, state=LeaseRow.HELD)
    held_lease.update(expires_at=timezone.now() + LEASE)
    return turns.of(held.given)


@transaction.atomic
def ask_again(*, person: PersonRow, token: str, number: int) -> turns.Talk:
    """Let the models that had no answer at a turn try once more."""
    held = turns.talk(person, token, lock=True)
    rows = TurnRow.objects.filter(project=held.given.lease.project, token=held.token, number=number)
    rows.filter(state=TurnRow.FAILED).update(
        state=TurnRow.WAITING, text="", problem="", fault="", worker="", beat_at=None
    )
    return turns.of(held.given)


# -- the worker's side -------------------------------------------------------------------------------------


def take(number: int, *, worker: str) -> TurnRow | None:
    """Take an answer to write; `None` where it is written, or another worker that lives is at it."""
    now, moment = timezone.now(), connection.ops.adapt_datetimefield_value
    taken = change(
        "UPDATE platform_turnrow SET state = %s, worker = %s, beat_at = %s, text = '' "
        "WHERE id = %s AND (state = %s OR (state = %s AND beat_at < %s))",
        *(TurnRow.RUNNING, worker, moment(now)),
        *(number, TurnRow.WAITING, TurnRow.RUNNING, moment(now - turns.STALE)),
    )
    found = _TURN.first([number]) if taken else None
    return found[0] if found else None


_TURN = Select("SELECT {t} FROM platform_turnrow t WHERE t.id = %s", t=TurnRow)


def write(number: int, *, worker: str, text: str) -> bool:
    """Write down how far an answer has come, and say whether it is still this worker's."""
    return bool(_own(number, worker).update(text=text, beat_at=timezone.now()))


def finish(number: int, *, worker: str, text: str, seconds: float) -> bool:
    """Keep a whole answer."""
    return bool(
        change(
            "UPDATE platform_turnrow SET state = %s, text = %s, seconds = %s "
            "WHERE id = %s AND worker = %s AND state = %s",
            *(TurnRow.DONE, text, seconds, number, worker, TurnRow.RUNNING),
        )
    )


def fail(number: int, *, worker: str, fault: str, problem: str) -> bool:
    """Keep why there is no answer; what had come of it stays with it."""
    return bool(_own(number, worker).update(state=TurnRow.FAILED, fault=fault, problem=_whole(problem)))


def _whole(problem: str) -> str:
    """Return a problem as it is kept, so that pages can say it in any language; in English if it is long."""
    told = kept(problem)
    return told if len(told) <= PROBLEM_LIMIT else str(problem)[:PROBLEM_LIMIT]


def beat(numbers: Sequence[int], *, worker: str, now: datetime | None = None) -> int:
    """Say that a worker still lives, for all that it is at."""
    return TurnRow.objects.filter(pk__in=numbers, worker=worker, state=TurnRow.RUNNING).update(
        beat_at=now or timezone.now()
    )


def _own(number: int, worker: str) -> QuerySet[TurnRow]:
    return TurnRow.objects.filter(pk=number, worker=worker, state=TurnRow.RUNNING)
