"""Keeping judgments that were made elsewhere."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from assay.errors import AssayError
from assay.judgments import kind as kind_named
from assay.platform.actions.people import people_named
from assay.platform.models import BriefRow, JudgmentRow, ProjectRow, WorkRow
from assay.platform.queries import known, projects, work
from assay.records import Judgment
from assay.wording import say


@transaction.atomic
def keep_judgments(*, project: ProjectRow, judgments: Sequence[Judgment], by: BriefRow | None = None) -> int:
    """Keep judgments that were made elsewhere, and return how many were new.

    Each is checked by its kind. People who are new are added and cannot sign in. Where a person has judged a
    work already, the first judgment stands. A work that comes with more judgments than its cap gets a higher
    cap: what was said is not thrown away. `by` is the version of the brief that they were made by, the
    latest where none is named.
    """
    if not judgments:
        return 0
    row = by or projects.latest_brief(project)
    brief = row.record()
    kind = kind_named(brief.kind)
    rows = work.by_key(project, sorted({judgment.work for judgment in judgments}))
    samples = work.samples_of(rows.values())
    records = {key: found.record(samples) for key, found in rows.items()}
    person_of = people_named(names=(judgment.rater for judgment in judgments))
    held = known.judged_by(rows.values())
    now = timezone.now()

    fresh: dict[tuple[int, int], JudgmentRow] = {}
    for judgment in judgments:
        if judgment.work not in rows:
            raise AssayError(
                say(
                    "judgment {judgment!r} is about {work!r}, which is not in the project",
                    judgment=judgment.id,
                    work=judgment.work,
                )
            )
        place = rows[judgment.work].pk, person_of[judgment.rater].pk
        if place in held or place in fresh:
            continue
        fresh[place] = JudgmentRow(
            project=project,
            work_id=place[0],
            person_id=place[1],
            brief=row,
            answer=kind.check(brief, records[judgment.work], judgment.answer),
            seconds=judgment.seconds,
            shown=list(judgment.shown),
            submitted_at=now,
            token=hashlib.sha256(f"{project.pk}\0{place}".encode()).hexdigest(),
        )
    JudgmentRow.objects.bulk_create(fresh.values())
    # A budget counts what comes in with a table, too, and refuses none of it.
    ProjectRow.objects.filter(pk=project.pk, budget__isnull=False).update(taken=F("taken") + len(fresh))
    _count(Counter(number for number, _ in fresh))
    return len(fresh)


def _count(new: Counter[int]) -> None:
    by_number: dict[int, list[int]] = {}
    for number, count in new.items():
        by_number.setdefault(count, []).append(number)
    for count, numbers in by_number.items():
        for start in range(0, len(numbers), 500):
            WorkRow.objects.filter(pk__in=numbers[start : start + 500]).update(
                taken=F("taken") + count,
                judged=F("judged") + count,
                cap=Greatest(F("cap"), F("taken") + count),
            )
