"""How a project goes, in numbers and in words worth reading: by day, language, person, and what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from assay.judgments import kind as kind_named
from assay.people import Earned, earned
from assay.platform import counting
from assay.platform.models import JudgmentRow, PersonRow, ProjectRow, ReviewRow, WorkRow
from assay.platform.one_at_a_time import stepped_aside
from assay.platform.queries import outcomes
from assay.platform.queries.projects import latest_brief
from assay.platform.queries.queue import UNDO
from assay.records import Judgment, Pay, Verdict, Vote, Work

if TYPE_CHECKING:
    from assay.datasets.extremes import Reading
    from assay.pipeline import Outcome
    from assay.quality.trends import Share

PAUSE = timedelta(minutes=30)
"""Whoever comes back later than this has not waited for the next work; they had something else to do."""

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Contribution:
    """What one person has put in, and what readers made of it."""

    name: str
    earned: Earned
    median_seconds: float | None
    accepted: int
    changed: int
    returned: int


@dataclass(frozen=True)
class Pace:
    """What came in of late: judgments a day over the last seven days, and seconds between two works."""

    a_day: float
    between: float | None


@dataclass(frozen=True)
class Insight:
    """Everything on the page of a project's quality and costs."""

    people: list[Contribution]
    pace: Pace
    pay: Pay | None
    spent: float | None
    hourly: float | None
    days: list[Share]
    languages: list[Share]
    best: list[Reading]
    worst: list[Reading]


def insight(project: ProjectRow, now: datetime, *, patience: float | None = None) -> Insight | None:
    """Return how a project goes, `None` where statistics take longer than `patience` seconds."""
    found = outcomes.outcome(project, patience=patience)
    if found is None:
        return None
    from assay.datasets.extremes import extremes  # noqa: PLC0415 -- only this page waits for it

    brief = latest_brief(project).record()
    people = contributions(project, brief.pay)
    best, worst = extremes(brief, found.examples)
    days, languages = _shares(project, found)
    amounts = [each.earned.amount for each in people if each.earned.amount is not None]
    hours = sum(each.earned.hours for each in people)
    spent = sum(amounts) if brief.pay else None
    return Insight(
        people=people,
        pace=pace(project, now),
        pay=brief.pay,
        spent=spent,
        hourly=spent / hours if spent is not None and hours else None,
        days=days,
        languages=languages,
        best=best,
        worst=worst,
    )


def contributions(project: ProjectRow, pay: Pay | None) -> list[Contribution]:
    """Return what each person has put in, who put in most first.

    Work that was taken back or returned and done again is work: every version counts as a judgment made, but
    what readers wrote over others' answers is paid as reading, which is not counted here.
    """
    rows = JudgmentRow.objects.filter(project=project).exclude(
        cause__in=[JudgmentRow.EDITED, JudgmentRow.RESTORED]
    )
    seconds: dict[str, list[float]] = defaultdict(list)
    for name, each in rows.values_list("person__name", "seconds"):
        seconds[name].append(each or 0.0)
    read = _reviews_of(project)
    found = [
        Contribution(
            name=name,
            earned=earned(pay, judgments=len(own), seconds=sum(own)),
            median_seconds=median(measured) if (measured := [each for each in own if each]) else None,
            accepted=read[name, ReviewRow.ACCEPTED],
            changed=read[name, ReviewRow.EDITED],
            returned=read[name, ReviewRow.RETURNED],
        )
        for name, own in seconds.items()
    ]
    return sorted(found, key=lambda each: (-each.earned.judgments, each.name))


def _reviews_of(project: ProjectRow) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    rows = ReviewRow.objects.filter(project=project).exclude(state=ReviewRow.HELD)
    for name, state in rows.values_list("judgment__person__name", "state"):
        counts[name, state] += 1
    return counts


def pace(project: ProjectRow, now: datetime) -> Pace:
    """Return how fast judgments come in, and how long people wait between two works.

    The wait is the median over people's neighbouring judgments of the time from one submission to the first
    sight of the next work; longer breaks are left out.
    """
    rows = JudgmentRow.objects.filter(project=project, submitted_at__gte=now - WEEK, supersedes__isnull=True)
    by_person: dict[int, list[tuple[datetime, float]]] = defaultdict(list)
    count = 0
    for person, at, seconds in rows.order_by("submitted_at").values_list("person", "submitted_at", "seconds"):
        by_person[person].append((at, seconds or 0.0))
        count += 1
    waits = [
        max((later - earlier).total_seconds() - seconds, 0.0)
        for own in by_person.values()
        for (earlier, _), (later, seconds) in pairwise(own)
        if later - earlier - timedelta(seconds=seconds) < PAUSE
    ]
    return Pace(count / WEEK.days, median(waits) if waits else None)


def _shares(project: ProjectRow, found: Outcome) -> tuple[list[Share], list[Share]]:
    days, languages, right, people = [], [], [], []
    day_of = {
        str(number): at.date().isoformat()
        for number, at in JudgmentRow.objects.filter(project=project).values_list("pk", "submitted_at")
    }
    for judgment, vote, verdict, work in _votes(project, found):
        days.append(day_of[judgment.id])
        languages.append(work.item.language)
        right.append(verdict.posterior.get(vote.label, 0.0))
        people.append(vote.rater)
    counts = [
        counting.begin("assay.quality.trends:shares", groups, right, people) for groups in (days, languages)
    ]
    with stepped_aside():
        by_day, by_language = (count.result() for count in counts)
    return by_day, by_language


def _votes(project: ProjectRow, found: Outcome) -> Iterable[tuple[Judgment, Vote, Verdict, Work]]:
    """Give every vote that has a verdict over classes, with its judgment and its work."""
    held = outcomes.material(project)
    kind = kind_named(held.brief.kind)
    work_of = {work.id: work for work in held.works}
    classes = {each.name for each in kind.questions(held.brief) if each.type == "categorical"}
    verdict_of = {
        (verdict.item, verdict.question): verdict for verdict in found.verdicts if verdict.question in classes
    }
    for judgment in held.judgments:
        work = work_of[judgment.work]
        for question, label in kind.votes(held.brief, work, judgment.answer).items():
            verdict = verdict_of.get((work.id, question))
            if verdict is not None:
                yield judgment, Vote(work.id, judgment.rater, question, label), verdict, work


# -- one's own -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """One of a person's own judgments on a finished work, and what everybody's came to.

    Samples are called A, B, … as they stood for this person; `places` holds what each says.
    """

    work: Work
    places: tuple[tuple[str, str], ...]
    question: str
    own: str
    verdict: str
    probability: float
    seconds: float | None
    submitted_at: datetime


def own_pieces(
    person: PersonRow, project: ProjectRow, *, patience: float | None = None
) -> list[Piece] | None:
    """Return a person's own judgments on finished works beside the verdicts, the most surprising first.

    Works that others still judge are left out, and so is what a person can still take back: they would follow
    the rest. So are works whose answer is known beforehand: telling it would spend it. `None` where
    statistics take longer than `patience` seconds.
    """
    found = outcomes.outcome(project, patience=patience)
    if found is None:
        return None
    rows = JudgmentRow.objects.filter(
        project=project,
        person=person,
        superseded_by__isnull=True,
        reopened__isnull=True,
        work__use=WorkRow.WORK,
        submitted_at__lt=timezone.now() - UNDO,
    ).select_related("work__item", "person", "brief")
    from assay.platform.queries.work import samples_of  # noqa: PLC0415 -- they read each other's rows

    verdict_of: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in found.verdicts:
        verdict_of[verdict.item].append(verdict)
    done = [row for row in rows if row.work.judged >= row.work.cap and verdict_of[row.work.key]]
    samples = samples_of([row.work for row in done])
    pieces = [
        piece for row in done for piece in _compared(row, row.work.record(samples), verdict_of[row.work.key])
    ]
    return sorted(pieces, key=lambda piece: (piece.own == piece.verdict, -piece.probability))


def _compared(row: JudgmentRow, work: Work, verdicts: Iterable[Verdict]) -> list[Piece]:
    from assay.platform.queries.pilots import PLACES, read  # noqa: PLC0415 -- as above

    brief = row.brief.record()
    text_of = {sample.id: sample.text for sample in work.samples}
    stood = list(row.shown) if set(row.shown) == set(text_of) else list(text_of)
    title = {sample: _("Answer %s") % place for sample, place in zip(stood, PLACES, strict=False)}
    letters = {sample: title[sample] for sample in text_of if sample in title}
    places = tuple((name, text_of[sample]) for sample, name in title.items())
    votes = kind_named(brief.kind).votes(brief, work, row.answer)
    return [
        Piece(
            work,
            places,
            verdict.question,
            read(votes[verdict.question], letters),
            read(verdict.label, letters),
            verdict.probability,
            row.seconds,
            row.submitted_at,
        )
        for verdict in verdicts
        if verdict.question in votes
    ]
