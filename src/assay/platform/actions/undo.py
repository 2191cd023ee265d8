"""Taking back what one has just submitted."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from assay.errors import AssayError
from assay.platform.actions import work as works
from assay.platform.actions.reopen import reopen
from assay.platform.models import JudgmentRow, LeaseRow, PersonRow, ProjectRow
from assay.platform.queries import queue, work


class UndoError(AssayError):
    """A judgment that can no longer be taken back; says why."""


def undo_last(*, person: PersonRow, project: ProjectRow) -> LeaseRow:
    """Open the last judgment again that a person made in a project; `undo` says how."""
    return undo(person=person, number=queue.last_judgment(person, project).pk)


def undo(*, person: PersonRow, number: int) -> LeaseRow:
    """Open a judgment again for whoever made it, with their answer as the draft.

    It stays in force and counted until they submit again; leaving it as it was changes nothing. What they are
    at just now waits meanwhile, with its draft. Asked twice, it is opened once.

    Raises
    ------
    UndoError
        Where it is too late: an hour has passed, a second reader has it, it was changed, or the project does
        not take in work.
    """
    try:
        return _undo(person, number)
    except IntegrityError:  # another tab of the same person did the same, or took a work, at that moment
        return _undo(person, number)


@transaction.atomic
def _undo(person: PersonRow, number: int) -> LeaseRow:
    judgment = queue.own_judgment(person, number, lock=True)
    now = timezone.now()
    opened = LeaseRow.objects.filter(replaces=judgment, person=person).exclude(state=LeaseRow.SKIPPED)
    found = opened.select_related("project").first()
    if found is None:
        if why := queue.why_no_undo(judgment, now):
            raise UndoError(why)
        _put_aside(person, judgment, now)
        found = reopen(judgment, cause=JudgmentRow.UNDONE)
    elif found.state == LeaseRow.HELD:
        return found
    else:
        _put_aside(person, judgment, now)
    found.state, found.claimed_at, found.expires_at = LeaseRow.HELD, now, now + works.LEASE
    found.save(update_fields=["state", "claimed_at", "expires_at"])
    return found


def _put_aside(person: PersonRow, judgment: JudgmentRow, now: datetime) -> None:
    """Let what a person is at wait; its place is free for others meanwhile, its draft is kept."""
    for lease in work.leases(person, judgment.project):
        if lease.state == LeaseRow.HELD:
            works.put_aside(lease, until=now - timedelta(seconds=1))
