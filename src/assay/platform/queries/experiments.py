"""Experiments: who works by which version, and what has come of it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from django.db.models import Count, Max, QuerySet
from django.http import Http404

from assay.platform import counting
from assay.platform.models import (
    ArmRow,
    BriefRow,
    ExperimentRow,
    GoldRow,
    JudgmentRow,
    PersonRow,
    ProjectRow,
    WorkRow,
)
from assay.platform.queries import outcomes
from assay.platform.queries.statements import Select
from assay.platform.queries.work import samples_of
from assay.records import Brief, Judgment, Work

if TYPE_CHECKING:
    from assay.pipeline.trying import Comparison

Experiment = ExperimentRow
"""For those who name the type of an experiment and touch no table."""

_kept: dict[int, outcomes.Counted[list[Comparison]]] = {}

_OWN = Select(
    "SELECT {b} FROM platform_experimentrow e JOIN platform_armrow a ON a.experiment_id = e.id "
    "JOIN platform_briefrow b ON b.id = a.brief_id "
    "WHERE e.project_id = %s AND e.closed_at IS NULL AND a.person_id = %s",
    b=BriefRow,
)


def own_version(person: PersonRow, project: ProjectRow) -> BriefRow | None:
    """Return the version that a person was dealt to in the experiment that runs."""
    found = _OWN.first([project.pk, person.pk])
    return cast("BriefRow", found[0]) if found else None


def running(project: ProjectRow) -> ExperimentRow | None:
    """Return the experiment that runs just now."""
    found = ExperimentRow.objects.filter(project=project, closed_at__isnull=True)
    return found.select_related("first", "second").first()


def dealt(experiment: ExperimentRow) -> list[int]:
    """Return the versions that people were dealt to, in their order: 0 the first, 1 the second."""
    arms = ArmRow.objects.filter(experiment=experiment).order_by("pk")
    return [int(brief == experiment.second_id) for brief in arms.values_list("brief", flat=True)]


def experiments(project: ProjectRow) -> QuerySet[ExperimentRow]:
    """Return every experiment of a project, the last first."""
    found = ExperimentRow.objects.filter(project=project).select_related("first", "second", "winner")
    return found.annotate(people=Count("arms")).order_by("-pk")


def experiment(project: ProjectRow, number: int) -> ExperimentRow:
    """Return one experiment of a project."""
    found = experiments(project).filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Progress:
    """How far an experiment is: judgments on its works by either version, out of `wanted` each."""

    first: int
    second: int
    wanted: int


def progress(found: ExperimentRow) -> Progress:
    """Count the judgments on the works of an experiment."""
    rows = _judgments(found).filter(work__in=found.works[:30_000])
    by = dict(rows.values_list("brief").annotate(Count("pk")).order_by())
    return Progress(by.get(found.first_id, 0), by.get(found.second_id, 0), len(found.works) * found.each)


@dataclass(frozen=True)
class Material:
    """What a comparison takes; people in the order in which they were dealt."""

    brief: Brief
    works: list[Work]
    judgments: list[Judgment]
    dealt: dict[str, int]
    gold: dict[tuple[str, str], str]


def _judgments(found: ExperimentRow) -> QuerySet[JudgmentRow]:
    rows = JudgmentRow.objects.filter(
        project=found.project_id,
        brief__in=[found.first_id, found.second_id],
        superseded_by__isnull=True,
        submitted_at__gte=found.opened_at,
    )
    return rows.filter(submitted_at__lte=found.closed_at) if found.closed_at else rows


def material(found: ExperimentRow) -> Material:
    """Read what was judged by either version since the experiment began."""
    rows = list(_judgments(found).select_related("person").order_by("pk"))
    works = list(
        WorkRow.objects.filter(
            project=found.project_id, pk__in=_judgments(found).values("work")
        ).select_related("item")
    )
    samples = samples_of(works)
    key_of = {work.pk: work.key for work in works}
    brief = found.second.record()
    arms = ArmRow.objects.filter(experiment=found).select_related("person").order_by("pk")
    side = {arm.person.name: int(arm.brief_id == found.second_id) for arm in arms}
    version = {found.first_id: found.first.version, found.second_id: found.second.version}
    known = GoldRow.objects.filter(work__in=_judgments(found).values("work"))
    return Material(
        brief,
        [work.record(samples) for work in works],
        [
            row.record(work=key_of[row.work_id], kind=brief.kind, version=version[row.brief_id])
            for row in rows
            # Somebody at a work when the experiment began finishes it by the version they had.
            if side.get(row.person.name) == int(row.brief_id == found.second_id)
        ],
        side,
        {
            (key_of[number], name): str(label)
            for number, labels in known.values_list("work", "labels")
            for name, label in labels.items()
        },
    )


def comparisons(found: ExperimentRow, *, patience: float | None = None) -> list[Comparison] | None:
    """Return what the second version changes; `None` where counting takes longer than `patience` seconds."""

    def begin() -> Future[list[Comparison]]:
        read = material(found)
        return counting.begin(
            "assay.pipeline.trying:compare_versions",
            read.brief,
            read.works,
            read.judgments,
            read.dealt,
            gold=read.gold,
            rng=np.random.default_rng(found.pk),
        )

    last = _judgments(found).aggregate(count=Count("pk"), last=Max("pk"))
    return outcomes.counted(_kept, found.pk, (last["count"], last["last"]), begin, patience)
