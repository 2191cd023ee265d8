"""What follows from outcomes for works and people: doubt, overlap that grows, skills.

None of it happens while a judgment is made. It is worked out when somebody finds no work open, and now and
then in between; what takes counting is counted beside the requests, and kept with the first one after.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from assay.errors import AssayError
from assay.platform import counting
from assay.platform.actions.statements import change
from assay.platform.models import (
    EvidenceRow,
    JudgmentRow,
    PersonRow,
    ProjectRow,
    SkillRow,
    State,
    WorkRow,
)
from assay.platform.one_at_a_time import stepped_aside
from assay.platform.queries import outcomes, projects, routing, skills
from assay.work import Finished, grow, speaks

if TYPE_CHECKING:
    from assay.pipeline import Outcome
    from assay.pipeline.evidence import Shown

EVERY, SHARE = 50, 0.1
"""Skills and doubts are brought up to date after so many claims, and after this share of all judgments."""

REST = 60.0
"""Seconds between two such times: where hundreds judge at once, counting must not take what judging needs."""

PATIENCE = 1.0
"""Seconds that somebody who found nothing waits for more."""

STRANGER = 2 / 3
"""Skill to expect of somebody who has not judged yet; the mean of `assay.work.choosing.STRANGER`."""

ANY = "und"
"""The language of whatever nobody named one for, in records."""

MOVED = 0.005
"""A doubt that moved by less is not written."""

_since: Counter[int] = Counter()
_due: dict[int, int] = {}
_rested: dict[int, float] = {}


@dataclass(frozen=True)
class Kept:
    """What an outcome changed: works that take one more judgment, works whose doubt moved, skills known."""

    grown: int
    doubts: int
    skills: int


def keep_up(project: ProjectRow) -> Kept | None:
    """Take note of a claim; now and then bring doubts and skills up to date, without waiting for it."""
    _since[project.pk] += 1
    rested = _rested.setdefault(project.pk, time.monotonic() + REST)
    if _since[project.pk] < _due.get(project.pk, EVERY) or time.monotonic() < rested:
        return None
    kept = _quietly(project, patience=0.0)
    if kept is None:  # still being counted: asked again a little later
        _since[project.pk] -= EVERY // 5
    else:
        judged = WorkRow.objects.filter(project=project).aggregate(all=Sum("judged", default=0))["all"]
        _since[project.pk], _due[project.pk] = 0, max(EVERY, int(judged * SHARE))
        _rested[project.pk] = time.monotonic() + REST
    return kept


def grow_for(project: ProjectRow) -> Kept | None:
    """Let works grow that are finished and not sure, for somebody who found none open.

    Returns `None` where that is still being worked out.
    """
    if project.state != State.OPEN or not _can_grow(project):
        return Kept(0, 0, 0)
    return _quietly(project, patience=PATIENCE)


def _can_grow(project: ProjectRow) -> bool:
    works = WorkRow.objects.filter(project=project, use=WorkRow.WORK)
    return works.filter(judged__gte=F("cap"), cap__lt=project.most).exists()


def _quietly(project: ProjectRow, *, patience: float) -> Kept | None:
    try:
        return bring_up_to_date(project=project, patience=patience)
    except AssayError:  # an outcome that cannot be worked out is told on the dashboard
        return Kept(0, 0, 0)


def bring_up_to_date(*, project: ProjectRow, patience: float | None = None) -> Kept | None:
    """Keep what a project has come to: doubts, more places where verdicts are not sure, people's skills.

    Returns `None` where working it out takes longer than `patience` seconds.
    """
    with stepped_aside():
        found = outcomes.outcome(project, patience=patience)
        told = skills.shown(project, patience=patience)
    if found is None or told is None:
        return None
    with transaction.atomic():
        _alone(project)
        doubts = _keep_doubts(project, found)
        grown = _grow(project, found) if project.state == State.OPEN else 0
    return Kept(grown, doubts, keep_skills(project=project, told=told))


def _alone(project: ProjectRow) -> None:
    """Keep others out who bring the same project up to date, until the transaction ends."""
    ProjectRow.objects.select_for_update(no_key=True).get(pk=project.pk)


# -- doubt and overlap ---------------------------------------------------------------------------------------


def _posteriors(found: Outcome) -> dict[str, dict[str, Mapping[str, float]]]:
    told: dict[str, dict[str, Mapping[str, float]]] = {}
    for verdict in found.verdicts:
        told.setdefault(verdict.item, {})[verdict.question] = verdict.posterior
    return told


def _keep_doubts(project: ProjectRow, found: Outcome) -> int:
    told = _posteriors(found)
    rows = WorkRow.objects.filter(project=project, judged__gt=0).values_list("pk", "key", "doubt")
    moved = []
    for number, key, before in sorted(rows):
        now = Finished(key, 0, told.get(key, {})).doubt
        if abs(now - before) > MOVED:
            moved.append((now, number))
    for now, number in moved:
        change("UPDATE platform_workrow SET doubt = %s WHERE id = %s", now, number)
    return len(moved)


def _grow(project: ProjectRow, found: Outcome) -> int:
    """Give finished works that are not sure one more place each, the most doubtful first."""
    told = _posteriors(found)
    project.refresh_from_db(fields=["cap", "most", "confidence"])  # the row is locked: as they are now
    wanted = WorkRow.objects.filter(project=project, use=WorkRow.WORK)
    rows = {row.key: row for row in wanted.filter(judged__gte=F("cap"), cap__lt=project.most)}
    finished = [Finished(key, row.judged, told[key]) for key, row in rows.items() if key in told]
    left = _left(project, wanted.aggregate(open=Sum(F("cap") - F("taken"), default=0))["open"])
    names = grow(
        finished,
        confidence=project.confidence,
        most=project.most,
        left=left,
        skills=_who_is_left(project, found, rows.values()),
    )
    return sum(
        change(
            "UPDATE platform_workrow SET cap = cap + 1 WHERE id = %s AND judged >= cap AND cap < %s",
            number,
            project.most,
        )
        for number in sorted(rows[name].pk for name in names)
    )


def _left(project: ProjectRow, promised: int) -> int | None:
    """Return how many more places the budget allows, those that are open counted as given."""
    project.refresh_from_db(fields=["budget", "taken"])
    return None if project.budget is None else max(project.budget - project.taken - promised, 0)


def _who_is_left(project: ProjectRow, found: Outcome, rows: Iterable[WorkRow]) -> dict[str, Sequence[float]]:
    """Return for each work how often those are right who could still judge it."""
    means: dict[str, list[float]] = {}
    for skill in found.skills:
        if skill.measure:  # no share of right answers
            continue
        means.setdefault(skill.rater, []).append(skill.mean)
    people = [
        (member.person, sum(own) / len(own) if (own := means.get(member.person.name)) else STRANGER)
        for member in projects.members(project)
        if projects.may(member, "judge")
    ]
    works = list(rows)
    judged: dict[int, set[int]] = {}
    for start in range(0, len(works), skills.PART):
        numbers = [row.pk for row in works[start : start + skills.PART]]
        for work, person in JudgmentRow.objects.filter(work__in=numbers).values_list("work", "person"):
            judged.setdefault(work, set()).add(person)
    return {
        row.key: [
            mean
            for person, mean in people
            if person.pk not in judged.get(row.pk, ()) and speaks(person.languages, row.language)
        ]
        for row in works
    }


# -- skills --------------------------------------------------------------------------------------------------


def keep_skills(*, project: ProjectRow, told: Sequence[Shown]) -> int:
    """Keep what a project shows of people in the place of what it showed before, and fit their skills anew.

    Skills are fitted to what every project shows of these people, so they are carried from one to the next.
    Returns how many skills are known of them.
    """
    names = sorted({each.rater for each in told})
    number_of = {
        name: number
        for start in range(0, len(names), skills.PART)
        for number, name in PersonRow.objects.filter(name__in=names[start : start + skills.PART]).values_list(
            "pk", "name"
        )
    }
    wanted = routing.skills_of(projects.latest_brief(project).content)
    with transaction.atomic():
        _alone(project)
        EvidenceRow.objects.filter(project=project).delete()
        EvidenceRow.objects.bulk_create(
            EvidenceRow(
                project=project,
                person_id=number_of[each.rater],
                skill=skill[:200],
                language=_kept(each.language)[:35],
                domain=each.domain[:200],
                right=each.right,
                total=each.total,
            )
            for each in told
            if each.rater in number_of  # it was counted before they changed their name: next time, then
            for skill in wanted
        )
    people = sorted(number_of.values())
    rows = _fitted(skills.evidence_on(people))
    _write(rows, people)
    routing.forget_crowds()
    return len(rows)


def _kept(language: str) -> str:
    """Return a language as rows hold it: blank where nobody said."""
    return "" if language == ANY else language


def _fitted(evidence: Sequence[EvidenceRow]) -> list[SkillRow]:
    from assay.pipeline.evidence import Shown  # noqa: PLC0415 -- who only serves need not wait for it

    seen = [
        (
            each.skill,
            Shown(str(each.person_id), each.language or ANY, each.domain, each.right, each.total),
        )
        for each in evidence
    ]
    with stepped_aside():
        found = counting.begin("assay.pipeline.evidence:fitted", seen).result()
    now = timezone.now()
    return [
        SkillRow(
            person_id=int(each.rater),
            skill=each.skill,
            language=_kept(each.language),
            domain=each.domain,
            mean=each.mean,
            low=each.low,
            high=each.high,
            votes=each.votes,
            updated_at=now,
        )
        for each in found
    ]


@transaction.atomic
def _write(rows: Sequence[SkillRow], people: Collection[int]) -> None:
    known = sorted(people)
    SkillRow.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["person", "skill", "language", "domain"],
        update_fields=["mean", "low", "high", "votes", "updated_at"],
    )
    if rows:
        for start in range(0, len(known), skills.PART):
            gone = SkillRow.objects.filter(person__in=known[start : start + skills.PART])
            gone.filter(updated_at__lt=rows[0].updated_at).delete()
