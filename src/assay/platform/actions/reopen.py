"""Giving a judgment back to whoever made it: they took it back, or a reader returned it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.utils import timezone

from assay.platform.models import JudgmentRow, LeaseRow, WorkRow
from assay.platform.queries import work


def reopen(judgment: JudgmentRow, *, cause: str) -> LeaseRow:
    """Return a lease on the work of a judgment, with what was said as its draft, for the same person.

    It lies among what lapsed under their hands, so that it comes first when they ask for work. The judgment
    stays in force until the next one supersedes it, for the `cause` given. A judgment is open once at a time.
    """
    row = work.work_with_item(judgment.work_id)
    now = timezone.now()
    lease = LeaseRow(
        project=judgment.project,
        work=row,
        person=judgment.person,
        brief=judgment.brief,
        token=secrets.token_urlsafe(32),
        state=LeaseRow.LAPSED,
        shown=shown_numbers(row, judgment.shown),
        claimed_at=now,
        expires_at=now,
        replaces=judgment,
        reason=cause,
    )
    given = work.assignment(lease)
    # Which model it was that somebody talked to is not for them to read.
    said = {name: value for name, value in judgment.answer.items() if name != "model"}
    lease.draft = work.draft_of(given, given.concealed(said))
    lease.save()
    return lease


def shown_numbers(row: WorkRow, keys: Sequence[str]) -> list[int]:
    """Return the rows of samples in the order in which their ids stand; in the work's own where unknown."""
    number_of = {sample.key: number for number, sample in work.samples_of([row]).items()}
    known = [number_of[key] for key in keys if key in number_of]
    return known if len(known) == len(row.samples) else list(row.samples)
