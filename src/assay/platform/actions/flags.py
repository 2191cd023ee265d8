"""What people say about a work instead of judging it: why they skip it, and what its authors should know."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assay.errors import AnswerError
from assay.platform.actions import work as works
from assay.platform.models import FlagRow, PersonRow, ProjectRow, WorkRow
from assay.platform.queries import flags, work

NOTE_LIMIT, REASON_LIMIT = 4_000, 900

REASONS: Mapping[str, str | Promise] = {
    "field": gettext_lazy("It is outside what I know."),
    "language": gettext_lazy("It is in a language I do not read well enough."),
    "unclear": gettext_lazy("I do not understand what is asked."),
    "long": gettext_lazy("It would take me too long."),
    "unpleasant": gettext_lazy("I would rather not read this."),
    "other": gettext_lazy("Something else."),
}
"""Why somebody skips a work, as it is kept and as it is read."""

CAUSES: Mapping[str, str | Promise] = {
    FlagRow.SILENT: gettext_lazy("The brief does not decide this case."),
    FlagRow.BROKEN: gettext_lazy("It is broken: it cannot be judged."),
    FlagRow.HARMFUL: gettext_lazy("It is harmful: nobody should have to read it."),
    FlagRow.OTHER: gettext_lazy("Something else."),
}
"""What a flag says, as it is kept and as it is read."""


def skip(*, person: PersonRow, token: str, reason: str = "", note: str = "") -> ProjectRow:
    """Give a work back, and tell its authors why, if the person says so."""
    note = note.strip()
    if reason and reason not in REASONS:
        raise AnswerError("reason", _("Choose one of the reasons, or none."))
    if len(note) > REASON_LIMIT:
        raise AnswerError("note", _("Keep it under %s characters.") % REASON_LIMIT)
    told = f"{reason or 'other'}: {note}" if note else reason
    return works.skip_work(person=person, token=token, reason=told)


def told_reason(kept: str) -> tuple[str, str]:
    """Return a kept reason as a sentence and the note with it.

    >>> told_reason("long: a whole novel")
    ('It would take me too long.', 'a whole novel')
    """
    code, _colon, note = kept.partition(": ")
    return (str(REASONS[code]), note) if code in REASONS else (str(REASONS["other"]), kept)


@transaction.atomic
def flag(*, person: PersonRow, token: str, cause: str, note: str = "") -> FlagRow:
    """Tell the authors of a work something about it; the same cause again replaces the note."""
    lease, note = work.lease_or_404(person, token), note.strip()
    if cause not in CAUSES:
        raise AnswerError("cause", _("Choose what is the matter."))
    if cause == FlagRow.OTHER and not note:
        raise AnswerError("note", _("Say what is the matter."))
    if len(note) > NOTE_LIMIT:
        raise AnswerError("note", _("Keep it under %s characters.") % NOTE_LIMIT)
    row, _created = FlagRow.objects.update_or_create(
        work=lease.work,
        person=person,
        cause=cause,
        defaults={"project": lease.project, "note": note, "settled_at": None, "settled_with": ""},
    )
    if cause == FlagRow.HARMFUL:  # nobody else has to read it before an author has looked
        WorkRow.objects.filter(pk=lease.work_id, use=WorkRow.WORK).update(use=WorkRow.WITHHELD)
    return row


@transaction.atomic
def settle(*, project: ProjectRow, number: int, text: str, release: bool = False) -> FlagRow:
    """Say what was done about a flag; whoever raised it reads that.

    A work that was flagged as harmful stays withheld, unless the author says to `release` it.
    """
    row, text = flags.flag(project, number), text.strip()
    if not text:
        raise AnswerError("text", _("Say what you did about it: whoever flagged it will read that."))
    if len(text) > NOTE_LIMIT:
        raise AnswerError("text", _("Keep it under %s characters.") % NOTE_LIMIT)
    row.settled_at, row.settled_with = timezone.now(), text
    row.save(update_fields=["settled_at", "settled_with"])
    if release:
        WorkRow.objects.filter(pk=row.work_id, use=WorkRow.WITHHELD).update(use=WorkRow.WORK)
    return row
