"""What somebody may read of their own numbers: what they were told last, and how fast they work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from assay.people import statement
from assay.platform.models import (
    GoldRow,
    JudgmentRow,
    LeaseRow,
    OwnNumbersRow,
    PersonRow,
    ProjectRow,
    SkillRow,
    State,
)
from assay.records import Skill, Statement

KEPT = ("skill", "language", "domain", "mean", "low", "high", "votes")
"""What is told of a skill over all projects."""


@dataclass(frozen=True)
class Numbers:
    """A person's numbers in one project: how much they did as of now, what it came to as of `told_at`."""

    project: ProjectRow
    statement: Statement
    told_at: datetime | None
    works_told: int


def projects(person: PersonRow) -> list[ProjectRow]:
    """Return the projects that a person still belongs to and has judged in, by title."""
    found = ProjectRow.objects.filter(memberships__person=person, judgments__person=person)
    return list(found.distinct().order_by("title"))


def told(person: PersonRow, project: ProjectRow | None) -> OwnNumbersRow:
    """Return what somebody was told last; one that is not kept yet where they were told nothing."""
    found = OwnNumbersRow.objects.filter(person=person, project=project).first()
    return found or OwnNumbersRow(person=person, project=project)


def own(person: PersonRow, project: ProjectRow, row: OwnNumbersRow) -> Numbers:
    """Return a person's numbers in a project, with what they were told last."""
    rows = JudgmentRow.objects.filter(person=person, project=project, superseded_by__isnull=True)
    seconds = list(rows.values_list("seconds", flat=True))
    measured = [each for each in seconds if each is not None]
    skills = [Skill(rater=person.name, **each) for each in row.skills]
    found = statement(
        person.name, len(seconds), median(measured) if measured else None, skills, row.contested
    )
    return Numbers(project, found, row.told_at, row.judged)


def count(person: PersonRow, project: ProjectRow | None) -> int:
    """Count the judgments of a person that are in force, in a project or in all."""
    rows = JudgmentRow.objects.filter(person=person, superseded_by__isnull=True)
    return (rows.filter(project=project) if project else rows).count()


def known_among(person: PersonRow, project: ProjectRow | None, judged: int) -> int | None:
    """Count those of a person's first `judged` judgments whose answer is known; `None`: none is anywhere."""
    gold = GoldRow.objects.all()
    rows = JudgmentRow.objects.filter(person=person, superseded_by__isnull=True)
    if project is None:
        gold = gold.filter(work__project__memberships__person=person)
    else:
        gold, rows = gold.filter(work__project=project), rows.filter(project=project)
    if not gold.exists():
        return None
    works = list(rows.order_by("pk").values_list("work", flat=True)[:judged])
    there = set(gold.values_list("work", flat=True))
    return sum(work in there for work in works)


def is_over(person: PersonRow, project: ProjectRow) -> bool:
    """Say whether a person can judge nothing more in a project: it is closed, and they hold nothing."""
    held = LeaseRow.objects.filter(person=person, project=project).exclude(state=LeaseRow.SKIPPED)
    return project.state == State.CLOSED and not held.exists()


def skills_now(person: PersonRow) -> list[dict[str, Any]]:
    """Return what is known of a person over all projects as of now, what is surest first."""
    return list(SkillRow.objects.filter(person=person).order_by("-low", "skill").values(*KEPT))
