"""What a project has already of what a table brings: as dear as the table is long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assay.platform.models import ItemRow, JudgmentRow, ProjectRow, WorkRow


def judged_by(works: Iterable[WorkRow]) -> set[tuple[int, int]]:
    """Return who has judged which of some works, as the numbers of work and person."""
    numbers = [work.pk for work in works]
    found: set[tuple[int, int]] = set()
    for start in range(0, len(numbers), 500):
        rows = JudgmentRow.objects.filter(work__in=numbers[start : start + 500])
        found.update(rows.values_list("work", "person"))
    return found


def keys_there(project: ProjectRow, keys: Sequence[str]) -> set[str]:
    """Return those of some keys that works of a project have already."""
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        rows = WorkRow.objects.filter(project=project, key__in=keys[start : start + 500])
        found.update(rows.values_list("key", flat=True))
    return found


def items_named(project: ProjectRow, keys: Iterable[str]) -> list[ItemRow]:
    """Return the items of a project that go by these keys."""
    wanted = list(keys)
    found: list[ItemRow] = []
    for start in range(0, len(wanted), 500):
        found += ItemRow.objects.filter(project=project, key__in=wanted[start : start + 500])
    return found
