"""What a project has already of what a table brings: as dear as the table is long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from assay.platform.models import ItemRow, JudgmentRow, ProjectRow, WorkRow
from assay.platform.queries.statements import Select, one_of


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
    named, given = one_of("key", keys)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key FROM platform_workrow WHERE project_id = %s AND {named}",  # noqa: S608 -- ours
            [project.pk, given],
        )
        return {key for (key,) in cursor.fetchall()}


_ITEMS = Select("SELECT {i} FROM platform_itemrow i WHERE i.project_id = %s AND ", i=ItemRow)


def items_named(project: ProjectRow, keys: Iterable[str]) -> list[ItemRow]:
    """Return the items of a project that go by these keys."""
    named, given = one_of("i.key", keys)
    return [found for (found,) in _ITEMS.all([project.pk, given], more=named)]
