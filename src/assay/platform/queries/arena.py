"""Live battles: who is entered, how a battle goes as its person may see it, and what they all come to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, cast

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError
from assay.judgments import TEXT_LIMIT, written
from assay.platform.arena_looks import RENDERER
from assay.platform.models import (
    BattleRow,
    BriefRow,
    EntrantRow,
    ItemRow,
    JudgmentRow,
    LeaseRow,
    MembershipRow,
    PersonRow,
    ProjectRow,
    SampleRow,
    TurnRow,
    WorkRow,
)
from assay.platform.queries import projects, turns, work
from assay.platform.queries.projects import RIGHTS, Right
from assay.platform.queries.statements import Select, link
from assay.records import Battle, Live
from assay.wording import again

SIDES = ("a", "b")
WORTH = {"first": 1.0, "second": 0.0}
"""What a dimension says of the first model; a tie or two bad answers is half."""

PART = 500
"""Votes that are read at once, where their texts come along."""

ANEW = 60.0
"""Seconds after which the prompts of a project are looked through from the beginning."""


@dataclass
class _Prompts:
    at: float
    last: int = 0
    given: list[int] = field(default_factory=list)


_prompts: dict[int, _Prompts] = {}

MANY = 1_000
"""From so many votes on their number is not counted for every battle."""

_voted: dict[int, tuple[float, int]] = {}

Stamp = tuple[int | datetime | None, ...]

Found: TypeAlias = BattleRow
Answer: TypeAlias = TurnRow
"""For those who name their types and touch no table."""


def membership(person: PersonRow, slug: str, right: Right) -> MembershipRow:
    """Return a person's membership in a project that holds battles, if it gives them the right."""
    member = projects.membership(person, slug, right)
    terms(member.project)
    return member


def terms(project: ProjectRow) -> Live:
    """Return how a project holds battles; where it holds none, there is nothing."""
    return terms_of(projects.latest_brief(project))


def terms_of(brief: BriefRow) -> Live:
    """Return how battles are held by a brief; where it has none, there is nothing."""
    live = brief.record().live
    if live is None:
        raise Http404
    return live


def live_of(project: ProjectRow) -> Live | None:
    """Return how a project holds battles, `None` where its brief has none."""
    return projects.latest_brief(project).record().live


# -- who is entered ----------------------------------------------------------------------------------------


def entrants(project: ProjectRow) -> list[EntrantRow]:
    """Return every model that ever was entered, in the order of registration, without its key."""
    rows = EntrantRow.objects.filter(project=project).defer("key").select_related("registered_by")
    return list(rows.order_by("pk"))


_ACTIVE = Select(
    "SELECT {e} FROM platform_entrantrow e WHERE e.project_id = %s AND e.retired_at IS NULL ORDER BY e.id",
    e=EntrantRow,
)


def active(project: ProjectRow) -> list[EntrantRow]:
    """Return the models that are drawn now, in the order of registration."""
    return [found for (found,) in _ACTIVE.all([project.pk])]


def entrant(project: ProjectRow, number: int) -> EntrantRow:
    """Return one model, with its key."""
    found = EntrantRow.objects.filter(project=project, pk=number).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Exposure:
    """How often one model, or one provider, was drawn, and how many of these battles were voted on."""

    name: str
    drawn: int
    voted: int
    share: float


def exposure(project: ProjectRow) -> tuple[list[Exposure], list[Exposure]]:
    """Return how often each model and each provider was shown; the two sides of a battle count each."""
    made_by = {row.pk: (row.name, row.provider) for row in entrants(project)}
    rows = BattleRow.objects.filter(project=project, first__isnull=False)
    voted = Count("pk", filter=Q(work__judged__gt=0))
    models: dict[str, list[int]] = {name: [0, 0] for name, _provider in made_by.values()}
    makers: dict[str, list[int]] = {provider: [0, 0] for _name, provider in made_by.values()}
    for first, second, drawn, said in rows.values_list("first", "second").annotate(
        drawn=Count("pk"), voted=voted
    ):
        for number in (first, second):
            name, provider = made_by[number]
            for kept in (models[name], makers[provider]):
                kept[0] += drawn
                kept[1] += said
    return _exposures(models), _exposures(makers)


def _exposures(counts: Mapping[str, Sequence[int]]) -> list[Exposure]:
    total = sum(drawn for drawn, _voted in counts.values())
    return [
        Exposure(name, drawn, voted, drawn / total if total else 0.0)
        for name, (drawn, voted) in counts.items()
    ]


def troubles(project: ProjectRow) -> dict[str, TurnRow]:
    """Return the last answer of each model in a battle, by its name, where that was none."""
    last: dict[str, TurnRow] = {}
    ended = (TurnRow.DONE, TurnRow.FAILED)
    rows = TurnRow.objects.filter(project=project, state__in=ended, side__in=SIDES)
    for row in rows.order_by("-pk")[:200]:
        if row.author not in last:
            row.problem = again(row.problem)
            last[row.author] = row
    return {name: row for name, row in last.items() if row.state == TurnRow.FAILED}


# -- one battle --------------------------------------------------------------------------------------------


# Written out, because whoever waits for two answers asks three times a second.
_BATTLE = Select(
    """
SELECT {b}, {p} FROM platform_battlerow b
JOIN platform_membershiprow m ON m.project_id = b.project_id AND m.person_id = b.person_id
JOIN platform_projectrow p ON p.id = b.project_id
WHERE b.token = %s AND b.person_id = %s AND m.role IN (%s, %s, %s, %s)""",
    b=BattleRow,
    p=ProjectRow,
)


def battle(person: PersonRow, token: str, *, lock: bool = False) -> BattleRow:
    """Return a person's battle while they may judge in its project."""
    locked = " FOR UPDATE OF b" if lock and connection.features.has_select_for_update else ""
    found = _BATTLE.first([token, person.pk, *RIGHTS["judge"]], more=locked)
    if found is None:
        raise Http404
    own, project = found
    link(own, project=project, person=person)
    return cast("BattleRow", own)


def at_hand(person: PersonRow, project: ProjectRow) -> LeaseRow | None:
    """Return what a person is at in a project, also where it lapsed under their hands."""
    return next(iter(work.leases(person, project)), None)


def lease_of(found: BattleRow) -> LeaseRow | None:
    """Return the lease under which its writer is at a battle; `None` once they voted or left."""
    rows = LeaseRow.objects.filter(work=found.work_id, person=found.person_id, replaces__isnull=True)
    return rows.exclude(state=LeaseRow.SKIPPED).first()


_ANSWERING = Select(
    "SELECT {b}, {w} FROM platform_battlerow b JOIN platform_workrow w ON w.id = b.work_id "
    "WHERE b.token = %s AND b.project_id = %s",
    b=BattleRow,
    w=WorkRow,
)


def answering(row: TurnRow) -> BattleRow | None:
    """Return the battle of an answer, for whoever writes the answer down; `None` where it is no battle's.

    In a transaction: where rows can be locked, nobody else changes it meanwhile.
    """
    locked = " FOR UPDATE OF b" if connection.features.has_select_for_update else ""
    found = _ANSWERING.first([row.token, row.project_id], more=locked)
    if found is None:
        return None
    link(found[0], work=found[1])
    return cast("BattleRow", found[0])


_OF_LEASE = Select(
    "SELECT {b} FROM platform_battlerow b WHERE b.work_id = %s AND b.person_id = %s", b=BattleRow
)


def of_lease(lease: LeaseRow) -> BattleRow | None:
    """Return the battle that a lease is about, for whoever wrote its prompt; `None` for anybody else."""
    found = _OF_LEASE.first([lease.work_id, lease.person_id])
    return found[0] if found else None


_WRITING = Select(
    "SELECT {b} FROM platform_battlerow b WHERE b.project_id = %s AND b.person_id = %s AND b.state = %s",
    b=BattleRow,
)


def being_written(person: PersonRow, project: ProjectRow) -> BattleRow | None:
    """Return the battle for which a person writes a prompt just now."""
    found = _WRITING.first([project.pk, person.pk, BattleRow.WRITING])
    if found is None:
        return None
    link(found[0], project=project, person=person)
    return cast("BattleRow", found[0])


def prompts_left(found: BattleRow) -> list[int]:
    """Return the given prompts that a person has not had, by their numbers."""
    if not (given := _given(found.project_id)):
        return []
    had = BattleRow.objects.filter(project=found.project_id, person=found.person_id, given__isnull=False)
    done = set(had.exclude(pk=found.pk).values_list("given", flat=True))
    return [number for number in given if number not in done]


# The work of a battle goes by the key of its item, by which it is found at once.
_NEWER = """
SELECT i.id, EXISTS (SELECT 1 FROM platform_workrow w JOIN platform_battlerow b ON b.work_id = w.id
    WHERE w.project_id = i.project_id AND w.key = i.key)
FROM platform_itemrow i WHERE i.project_id = %s AND i.id > %s ORDER BY i.id"""


def _given(project: int) -> list[int]:
    """Return the project's items that are no battle's.

    A battle has an item of its own, and each visit of the desk asks: what was seen to be given or not stays
    so, and only newer items are looked at. Everything is looked at anew once a minute, for what another
    process brought in meanwhile.
    """
    known = _prompts.get(project)
    if known is None or time.monotonic() - known.at > ANEW:
        known = _prompts[project] = _Prompts(time.monotonic())
    with connection.cursor() as cursor:
        cursor.execute(_NEWER, [project, known.last])
        newer = cursor.fetchall()
    known.given += [number for number, battles in newer if not battles]
    known.last = newer[-1][0] if newer else known.last
    return known.given


@dataclass(frozen=True)
class Turn:
    """One turn of a battle for its person's eyes; `answers` as they stand on the page, as far as is shown."""

    number: int
    said: str
    state: str
    answers: tuple[str, str]
    fault: str


_SAID = Select(
    "SELECT {t} FROM platform_turnrow t WHERE t.token = %s AND t.project_id = %s ORDER BY t.number",
    t=TurnRow,
)


def said_in(found: BattleRow) -> list[TurnRow]:
    """Return what was said in a battle so far; read once for all that is asked of it."""
    return [row for (row,) in _SAID.all([found.token, found.project_id])]


def shown(found: BattleRow, said: Sequence[TurnRow] | None = None) -> list[Turn]:
    """Return a battle as its person may see it: both answers at one pace, and not which one failed."""
    rows: dict[int, dict[str, TurnRow]] = {}
    for row in said_in(found) if said is None else said:
        rows.setdefault(row.number, {})[row.side] = row
    return [_turn(number, own) for number, own in sorted(rows.items())]


def _turn(number: int, rows: Mapping[str, TurnRow]) -> Turn:
    replies = [rows[side] for side in SIDES]
    states = {row.state for row in replies}
    said = rows[TurnRow.PERSON].text
    if states == {TurnRow.DONE}:
        return Turn(number, said, TurnRow.DONE, (replies[0].text, replies[1].text), "")
    if TurnRow.FAILED in states:
        fault = next(row.fault for row in replies if row.state == TurnRow.FAILED)
        return Turn(number, said, TurnRow.FAILED, ("", ""), fault)
    first, second = paced([row.text for row in replies], [row.state == TurnRow.DONE for row in replies])
    return Turn(number, said, TurnRow.RUNNING, (first, second), "")


def is_whole(found: BattleRow, said: Sequence[TurnRow]) -> bool:
    """Say whether both answers of a battle are written, and do not lie before its reader yet."""
    waits = found.state == BattleRow.BEGUN and found.answered_at is None
    return waits and all(row.state == TurnRow.DONE for row in said)


def state_of(found: BattleRow, told: Sequence[Turn]) -> str:
    """Return how a battle stands: `running`, `done` once both answers lie before the reader, `failed`."""
    last = told[-1].state if told else ""
    return TurnRow.RUNNING if last == TurnRow.DONE and found.answered_at is None else last


def paced(texts: Sequence[str], whole: Sequence[bool]) -> list[str]:
    """Return two answers as far as both have come: the quick one waits for the slow one.

    Whoever is first would be known by it. One that is whole goes on at the pace of the one that is not.

    >>> paced(["The moon is", "A c"], [False, False])
    ['The', 'A c']
    >>> paced(["The moon.", "A coin the river"], [True, False])
    ['The moon.', 'A coin the river']
    >>> paced(["The moon is a coin.", "A"], [True, True])
    ['The moon is a coin.', 'A']
    """
    if all(whole):
        return list(texts)
    pace = min(len(text) for text, done in zip(texts, whole, strict=True) if not done)
    return [text[:pace] for text in texts]


def answer_of(told: Sequence[Turn], side: int) -> str:
    """Return what one side said in a whole battle as one text; a follow-up stands quoted between answers."""
    parts = [told[0].answers[side]]
    for turn in told[1:]:
        quoted = "\n".join(f"> {line}" for line in turn.said.splitlines())
        parts += [quoted, turn.answers[side]]
    return "\n\n".join(parts)


def due(found: BattleRow, said: Sequence[TurnRow] | None = None) -> list[int]:
    """Return the answers that nobody is at: waiting, or left by a worker that died."""
    late = timezone.now() - turns.STALE
    return [
        row.pk
        for row in (said_in(found) if said is None else said)
        if row.state == TurnRow.WAITING
        or (row.state == TurnRow.RUNNING and (row.beat_at is None or row.beat_at < late))
    ]


def require_whole(given: work.Assignment, answer: Mapping[str, object]) -> None:
    """Refuse an answer to a battle whose models are not done yet, or with something typed and not sent."""
    found = of_lease(given.lease) if given.brief.live else None
    if found is None or given.lease.replaces_id:
        return
    if found.answered_at is None:
        raise AnswerError("choice", _("Wait until both answers are whole, or ask for them again."))
    if written(answer, "message", limit=TEXT_LIMIT):
        raise AnswerError("message", _("There is a message that you have not sent: send it, or delete it."))


def own_done(person: PersonRow, number: int) -> tuple[JudgmentRow, BattleRow]:
    """Return a person's vote on a battle of theirs, by its number."""
    rows = JudgmentRow.objects.filter(pk=number, person=person, work__battle__person=person)
    found = rows.select_related("project", "work__battle__first", "work__battle__second", "brief").first()
    if found is None or not projects.membership(person, found.project.slug, "judge"):
        raise Http404
    return found, found.work.battle


def places(judgment: JudgmentRow, found: BattleRow) -> dict[str, str]:
    """Return how the two answers of a battle stood on the page, by the ids of the samples."""
    letters = dict(zip(judgment.shown, "AB", strict=False))
    return {key: _("Answer %s") % letter for key, letter in letters.items()} if found.work_id else {}


def is_own_battle(judgment: JudgmentRow) -> bool:
    """Say whether a judgment is a person's vote on a battle of their own."""
    if not judgment.brief.content.get("live"):
        return False
    return _OF_LEASE.first([judgment.work_id, judgment.person_id]) is not None


def was_revealed(judgment: JudgmentRow) -> bool:
    """Say whether whoever cast a vote has seen which models these were."""
    if not judgment.brief.content.get("live"):
        return False
    rows = BattleRow.objects.filter(work=judgment.work_id, person=judgment.person_id)
    return rows.filter(revealed_at__isnull=False).exists()


# -- the worker's side -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Voice:
    """A model that is to answer in a battle, and what it reads before it does."""

    entrant: EntrantRow
    messages: list[dict[str, str]]


_VOICE = Select(
    """
SELECT {b}, {f}, {s}, {i} FROM platform_battlerow b
JOIN platform_entrantrow f ON f.id = b.first_id JOIN platform_entrantrow s ON s.id = b.second_id
JOIN platform_workrow w ON w.id = b.work_id JOIN platform_itemrow i ON i.id = w.item_id
WHERE b.token = %s AND b.project_id = %s""",
    b=BattleRow,
    f=EntrantRow,
    s=EntrantRow,
    i=ItemRow,
)


def voice(row: TurnRow) -> Voice | None:
    """Return who answers at a turn of a battle; `None` where it is no battle's."""
    known = _VOICE.first([row.token, row.project_id])
    if known is None:
        return None
    found, first, second, item = known
    link(found, first=first, second=second)
    model = found.on_page[SIDES.index(row.side)]
    system = "\n\n".join(filter(None, (model.system, item.context)))
    told = [{"role": "system", "content": system}] if system else []
    for each in sorted(said_in(found), key=lambda each: (each.number, each.side != TurnRow.PERSON)):
        if each.side not in (TurnRow.PERSON, row.side) or each.number > row.number:
            continue
        if each.side == TurnRow.PERSON:
            told.append({"role": "user", "content": each.text})
        elif each.number < row.number:  # its own answer at this turn is still to come
            told.append({"role": "assistant", "content": each.text})
    return Voice(model, told)


# -- what they come to -------------------------------------------------------------------------------------


def stamp(project: ProjectRow) -> Stamp:
    """Return what the board of a project depends on, cheaply."""
    said = JudgmentRow.objects.filter(project=project).aggregate(count=Count("pk"), last=Max("pk"))
    known = EntrantRow.objects.filter(project=project).aggregate(
        count=Count("pk"), retired=Count("retired_at")
    )
    seen = BattleRow.objects.filter(project=project).aggregate(seen=Count("revealed_at"))
    return (*said.values(), *known.values(), *seen.values())


@dataclass(frozen=True)
class Fought:
    """A battle that was voted on, with what a table of battles says of it besides."""

    battle: Battle
    person: int
    providers: tuple[str, str]
    policy: str
    drawn_at: datetime
    voted_at: datetime
    brief_version: int


def fought(project: ProjectRow) -> Iterator[Fought]:
    """Give every vote on a battle that is in force, with all that was said, in the order of the votes.

    A vote that somebody changed once they had seen which models these were does not count: the one before
    does.
    """
    rows = _said().filter(project=project, work__battle__isnull=False, superseded_by__isnull=True)
    last = 0
    while part := list(rows.filter(pk__gt=last)[:PART]):
        last = part[-1].pk
        items = [row.work.item_id for row in part]
        samples = dict(SampleRow.objects.filter(item__in=items).values_list("key", "text"))
        for row in part:
            if (counts := _in_force(row)) is not None:
                yield _fought(counts, samples)


def that_counts(number: int) -> int | None:
    """Return the vote that counts where one stands that took the place of another; `None` where none does."""
    found = _in_force(_said().get(pk=number))
    return found.pk if found else None


def _said() -> QuerySet[JudgmentRow]:
    models = ("work__battle__first", "work__battle__second")
    rows = JudgmentRow.objects.select_related("person", "brief", "work__item", *models)
    return rows.defer("brief__content").order_by("pk")


def _in_force(row: JudgmentRow) -> JudgmentRow | None:
    found: JudgmentRow | None = row
    while found is not None and _after_reveal(found):
        found = _said().filter(pk=found.supersedes_id).first() if found.supersedes_id else None
    return found


def _after_reveal(row: JudgmentRow) -> bool:
    seen = row.work.battle.revealed_at
    return bool(seen and row.person_id == row.work.battle.person_id and row.submitted_at > seen)


def _fought(row: JudgmentRow, samples: Mapping[str, str]) -> Fought:
    own, item = row.work.battle, row.work.item
    model_a, model_b = own.pair
    first, second = (f"{item.key}/{place}" for place in (1, 2))
    outcome = {first: "a", second: "b"}
    answer = row.answer
    strength = answer.get("strength")
    dimensions = answer.get("dimensions") or {}
    record = Battle(
        item=own.source,
        model_a=model_a.name,
        model_b=model_b.name,
        winner=outcome.get(str(answer["choice"]), str(answer["choice"])),
        rater=row.person.name,
        id=str(row.pk),
        language="" if item.language == "und" else item.language,
        domain=item.domain,
        order="ba" if row.shown[:1] == [second] else "ab",
        renderer_a=RENDERER,
        renderer_b=RENDERER,
        propensity=1.0 if own.propensity is None else own.propensity,
        strength=None if strength is None else float(strength),
        seconds=_seconds(row, own),
        dimensions={
            str(name): {first: WORTH["first"], second: WORTH["second"]}.get(str(better), 0.5)
            for name, better in dimensions.items()
        },
        reason=str(answer.get("reason", "")),
        prompt=item.prompt,
        response_a=samples.get(first, ""),
        response_b=samples.get(second, ""),
        events=tuple(own.events),
    )
    return Fought(
        record,
        row.person_id,
        (model_a.provider, model_b.provider),
        own.policy,
        own.drawn_at or own.created_at,
        row.submitted_at,
        row.brief.version,
    )


def _seconds(row: JudgmentRow, own: BattleRow) -> float | None:
    """Return how long somebody looked once both answers were there; waiting for models is no care."""
    if row.seconds is None or own.answered_at is None or row.person_id != own.person_id:
        return row.seconds
    since = (row.submitted_at - own.answered_at).total_seconds()
    return min(row.seconds, since) if since > 0 else row.seconds


def counts(project: ProjectRow) -> dict[str, int]:
    """Count the battles of a project: begun, voted on, given up."""
    rows = BattleRow.objects.filter(project=project)
    return rows.aggregate(
        begun=Count("pk", filter=Q(drawn_at__isnull=False)),
        voted=Count("pk", filter=Q(work__judged__gt=0)),
        left=Count("pk", filter=Q(state=BattleRow.LEFT)),
    )


def any_vote(project: ProjectRow, model: int | None = None) -> bool:
    """Say whether anybody has voted on a battle, or on one of a model."""
    rows = BattleRow.objects.filter(project=project, work__judged__gt=0)
    return (rows.filter(Q(first=model) | Q(second=model)) if model else rows).exists()


def about_voted(project: ProjectRow) -> int:
    """Return how many battles were voted on, as counted a moment ago where there are many.

    Each battle that begins asks, and to count a hundred thousand takes longer than all the rest of it.
    """
    kept = _voted.get(project.pk)
    if kept is not None and kept[1] >= MANY and time.monotonic() - kept[0] < ANEW:
        return kept[1]
    found = JudgmentRow.objects.filter(project=project, supersedes__isnull=True).count()
    _voted[project.pk] = time.monotonic(), found
    return found


def own_votes(person: PersonRow, project: ProjectRow) -> int:
    """Count the battles that a person has voted on."""
    # Found by the person, who has fewer votes than the project; a vote that was changed is on the same work.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(DISTINCT j.work_id) FROM platform_judgmentrow j "
            "JOIN platform_battlerow b ON b.work_id = j.work_id "
            "WHERE j.person_id = %s AND b.person_id = %s AND b.project_id = %s",
            [person.pk, person.pk, project.pk],
        )
        return int(cursor.fetchone()[0])
