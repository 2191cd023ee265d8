"""What people can do: what a project shows of it, and what all projects together come to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from assay.platform import counting
from assay.platform.models import EvidenceRow, ProjectRow, WorkRow
from assay.platform.queries import outcomes

if TYPE_CHECKING:
    from assay.pipeline.evidence import Shown

PART = 500
"""Rows named in one statement; SQLite takes a thousand values."""

_kept: dict[int, outcomes.Counted[tuple[Shown, ...]]] = {}


def shown(project: ProjectRow, *, patience: float | None = None) -> tuple[Shown, ...] | None:
    """Return what a project shows of people, `None` where it takes longer than `patience` seconds."""

    def begin() -> Future[tuple[Shown, ...]]:
        found = outcomes.material(project)
        # What is explained afterwards is there to be learned from, and counts for nobody.
        rows = WorkRow.objects.filter(project=project, use=WorkRow.TRAINING)
        taught = set(rows.values_list("key", flat=True))
        said = [each for each in found.judgments if each.work not in taught]
        return counting.begin(
            "assay.pipeline.evidence:shown", found.brief, found.works, said, gold=found.gold
        )

    return outcomes.counted(_kept, project.pk, outcomes.stamp(project), begin, patience)


def evidence_on(people: Sequence[int]) -> list[EvidenceRow]:
    """Return what every project has shown of some people."""
    return [
        row
        for start in range(0, len(people), PART)
        for row in EvidenceRow.objects.filter(person__in=people[start : start + PART]).order_by("pk")
    ]
