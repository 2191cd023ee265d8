"""Second readers: reading a judgment, accepting, changing or returning it; appeals, and who decides them.

Nothing that was said is overwritten: what a reader changes is a judgment of its own that supersedes the
first, and what an appeal restores is one more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError, AssayError
from assay.judgments import kind as kind_named
from assay.platform.actions.reopen import reopen
from assay.platform.actions.work import storable
from assay.platform.models import (
    AdjudicationRow,
    GoldRow,
    JudgmentRow,
    LeaseRow,
    PersonRow,
    ProjectRow,
    ReviewRow,
    WorkRow,
)
from assay.platform.queries import projects, reviews, turns, work

HOLD = timedelta(minutes=30)
REASON_LIMIT = 4_000
TRIES = 20


class ReviewError(AssayError):
    """A decision that lacks its reason, or comes too late."""


# -- reading -------------------------------------------------------------------------------------------------


def claim_review(*, person: PersonRow, project: ProjectRow) -> ReviewRow | None:
    """Give a reader the next judgment to read, `None` where none waits; what they hold comes first."""
    now = timezone.now()
    if found := reviews.held(person, project):
        ReviewRow.objects.filter(pk=found.pk).update(expires_at=now + HOLD)
        return found
    for judgment in reviews.waiting(person, project, now)[:TRIES]:
        if found := hold(person, judgment):
            return found
    return None


def hold(person: PersonRow, judgment: JudgmentRow) -> ReviewRow | None:
    """Hold a judgment for a reader, unless another was faster."""
    now = timezone.now()
    fields = {"reader": person, "expires_at": now + HOLD, "draft": {}}
    try:
        with transaction.atomic():
            return ReviewRow.objects.create(project_id=judgment.project_id, judgment=judgment, **fields)
    except IntegrityError:
        lapsed = ReviewRow.objects.filter(judgment=judgment, state=ReviewRow.HELD, expires_at__lt=now)
        return ReviewRow.objects.get(judgment=judgment) if lapsed.update(**fields) else None


def save_review_draft(*, person: PersonRow, number: int, draft: Mapping[str, object]) -> None:
    """Keep what a reader has typed so far, and give them more time."""
    row = reviews.review(person, number)
    ReviewRow.objects.filter(pk=row.pk, state=ReviewRow.HELD).update(
        draft=storable(draft), expires_at=timezone.now() + HOLD
    )


def leave_review(*, person: PersonRow, number: int) -> ProjectRow:
    """Leave a judgment to another reader."""
    row = reviews.review(person, number)
    ReviewRow.objects.filter(pk=row.pk, reader=person, state=ReviewRow.HELD).delete()
    return row.project


def decide_review(
    *, person: PersonRow, number: int, decision: str, reason: str, answer: Mapping[str, object]
) -> ReviewRow:
    """Accept a judgment as it stands, keep the reader's own version of it, or return it with a reason.

    Raises
    ------
    AnswerError
        Where the reader's version is not a valid answer.
    ReviewError
        Where a reason is missing, or where an accepted answer was changed.
    """
    answer, reason = storable(answer), reason.strip()
    try:
        with transaction.atomic():
            return _decided(reviews.review(person, number, lock=True), decision, reason, answer)
    except AssayError:
        kept = {**answer, "review": {"decision": decision, "reason": reason}}
        ReviewRow.objects.filter(pk=number, reader=person, state=ReviewRow.HELD).update(draft=kept)
        raise


def _decided(row: ReviewRow, decision: str, reason: str, answer: Mapping[str, object]) -> ReviewRow:
    if len(reason) > REASON_LIMIT:
        raise ReviewError(_("Keep the reason under %s characters.") % REASON_LIMIT)
    at_it = LeaseRow.objects.filter(replaces=row.judgment, state=LeaseRow.HELD)
    if work.is_superseded(row.judgment_id) or at_it.exists():
        raise ReviewError(_("Its author has changed this judgment in the meantime; please read the next."))
    given = reviews.as_judged(row.judgment, token=f"review-{row.pk}")
    if decision == ReviewRow.RETURNED:
        if not reason:
            raise ReviewError(_("Say why you return it: the reason is what its author learns from."))
        _send_back(row.judgment)
    else:
        whole = turns.as_held(given, row.judgment.answer, answer)
        own = given.revealed(given.kind.check(given.brief, given.work, whole))
        same = own == row.judgment.answer
        if decision == ReviewRow.ACCEPTED and not same:
            raise ReviewError(_("You have changed the answer: choose “keep my version”, or undo the change."))
        if decision not in {ReviewRow.ACCEPTED, ReviewRow.EDITED}:
            raise AnswerError("review.decision", _("Accept it, keep your version, or return it."))
        # Who had taken it back and walked away finds it decided; with a new version there is nothing to say.
        LeaseRow.objects.filter(replaces=row.judgment).delete()
        if same:
            decision = ReviewRow.ACCEPTED
        else:
            row.edited = supersede(row.judgment, by=row.reader, answer=own, cause=JudgmentRow.EDITED)
    row.state, row.reason, row.draft, row.decided_at = decision, reason, {}, timezone.now()
    row.save()
    return row


def _send_back(judgment: JudgmentRow) -> None:
    """Open a judgment that is in force again; what its author had begun to type stays."""
    if work.is_superseded(judgment.pk):
        return
    own = LeaseRow.objects.filter(work=judgment.work_id, person=judgment.person_id)
    if own.exists():
        own.update(state=LeaseRow.LAPSED, reason=JudgmentRow.RETURNED)
    else:
        reopen(judgment, cause=JudgmentRow.RETURNED)


def supersede(
    judgment: JudgmentRow, *, by: PersonRow, answer: Mapping[str, object], cause: str
) -> JudgmentRow:
    """Put a judgment in the place of another; its work has as many judgments as before."""
    return JudgmentRow.objects.create(
        project_id=judgment.project_id,
        work_id=judgment.work_id,
        person=by,
        brief_id=judgment.brief_id,
        answer=dict(answer),
        seconds=None,
        shown=judgment.shown,
        submitted_at=timezone.now(),
        token=secrets.token_urlsafe(32),
        supersedes=judgment,
        cause=cause,
    )


@transaction.atomic
def restore(*, project: ProjectRow, now: int, earlier: int) -> JudgmentRow:
    """Put an earlier version of a judgment back, as one more version.

    Where its author is changing it just now, what they type will supersede the version that is put back.
    """
    current = reviews.judgment_in_force(project, now)
    versions = {version.pk: version for version in reviews.history(current)[:-1]}
    if earlier not in versions:
        raise ReviewError(_("That is not an earlier version of this judgment."))
    back = versions[earlier]
    restored = supersede(current, by=back.person, answer=back.answer, cause=JudgmentRow.RESTORED)
    opened = LeaseRow.objects.filter(replaces=current)
    opened.filter(state=LeaseRow.HELD, person=back.person).update(
        replaces=restored, reason=JudgmentRow.UNDONE
    )
    opened.delete()
    return restored


# -- appeals and disagreements -------------------------------------------------------------------------------


@transaction.atomic
def appeal(
    *, person: PersonRow, number: int, reason: str, rng: np.random.Generator | None = None
) -> AdjudicationRow:
    """Ask a third person about what a reader made of one's judgment."""
    row, reason = reviews.own_review(person, number), reason.strip()[:REASON_LIMIT]
    if row.state not in {ReviewRow.EDITED, ReviewRow.RETURNED}:
        raise ReviewError(_("Your judgment was accepted: there is nothing to appeal against."))
    if AdjudicationRow.objects.filter(review=row).exists():
        raise ReviewError(_("You have appealed already; somebody will decide."))
    if not reason:
        raise ReviewError(_("Say why your answer should stand."))
    later = JudgmentRow.objects.filter(supersedes=row.edited or row.judgment).exists()
    if later:
        raise ReviewError(_("The judgment has changed since then: there is nothing left to decide."))
    sides = [row.judgment_id, *([row.edited_id] if row.edited_id else [])]
    (rng or np.random.default_rng()).shuffle(sides)
    # What they had begun to type is kept, in case the reader is right.
    LeaseRow.objects.filter(replaces=row.judgment).update(state=LeaseRow.SKIPPED)
    return AdjudicationRow.objects.create(
        project=row.project,
        work_id=row.judgment.work_id,
        cause=AdjudicationRow.APPEAL,
        review=row,
        opened_by=person,
        reason=reason,
        sides=sides,
    )


@transaction.atomic
def open_dispute(
    *, project: ProjectRow, work_number: int, rng: np.random.Generator | None = None
) -> AdjudicationRow:
    """Have somebody decide between the two most common answers to a work."""
    row = work.reading(project, work_number).row
    if known := AdjudicationRow.objects.filter(work=row, decided_at__isnull=True).first():
        return known
    sides = [judgment.pk for judgment in reviews.sides_of(row, projects.latest_brief(project).record())]
    if len(sides) < 2:
        raise ReviewError(_("Everybody gave the same answer to this work: there is nothing to decide."))
    (rng or np.random.default_rng()).shuffle(sides)
    return AdjudicationRow.objects.create(
        project=project, work=row, cause=AdjudicationRow.DISAGREEMENT, sides=sides
    )


def claim_dispute(*, person: PersonRow, project: ProjectRow) -> AdjudicationRow | None:
    """Give somebody the next case to decide, `None` where none waits that they have no part in."""
    now = timezone.now()
    for row in reviews.open_adjudications(person, project, now)[:TRIES]:
        free = Q(adjudicator__isnull=True) | Q(adjudicator=person) | Q(expires_at__lt=now)
        still = AdjudicationRow.objects.filter(free, pk=row.pk, decided_at__isnull=True)
        if not reviews.still_differ(row):  # since then both say the same
            still.update(decided_at=now)
        elif still.update(adjudicator=person, expires_at=now + HOLD):
            return reviews.adjudication(person, row.pk)
    return None


@transaction.atomic
def decide_dispute(
    *, person: PersonRow, number: int, chosen: int | None, decision: str, seen: Sequence[int] | None = None
) -> AdjudicationRow:
    """Say which side stands, and because of which principle; `None`: the reader's objection does.

    Where an appeal is granted the judgment stands again. What was decided becomes gold for its work. Where
    the sides that were `seen` are not what they are by now, nothing is decided.
    """
    row, decision = reviews.adjudication(person, number, lock=True), decision.strip()[:REASON_LIMIT]
    row.sides = [side.pk for side in reviews.sides_now(row)]
    if seen is not None and list(seen) != row.sides:
        raise ReviewError(_("One of these answers has been changed in the meantime; please read both again."))
    if not decision:
        raise ReviewError(_("Name the principle that decides: both sides will read it."))
    if chosen is None and (row.review is None or len(row.sides) > 1):
        raise ReviewError(_("Choose one of the two answers."))
    if chosen is not None and chosen not in row.sides:
        raise ReviewError(_("Choose one of the answers that are shown."))
    row.chosen_id, row.decision, row.decided_at = chosen, decision, timezone.now()
    if row.review is not None:
        row.upheld = chosen == row.review.judgment_id
        _settle(row.review, upheld=row.upheld)
    row.save()
    if chosen is not None:
        _make_gold(row.work, JudgmentRow.objects.select_related("brief").get(pk=chosen), person, decision)
    return row


def _settle(row: ReviewRow, *, upheld: bool) -> None:
    """Let a granted appeal take effect, and a dismissed one leave things as the reader put them."""
    if upheld:
        LeaseRow.objects.filter(replaces=row.judgment).delete()
        if row.edited is None:
            return
        if not JudgmentRow.objects.filter(supersedes=row.edited).exists():
            author = row.judgment.person
            supersede(row.edited, by=author, answer=row.judgment.answer, cause=JudgmentRow.RESTORED)
    elif not upheld and row.state == ReviewRow.RETURNED:
        _send_back(row.judgment)


def _make_gold(row: WorkRow, judgment: JudgmentRow, person: PersonRow, because: str) -> None:
    brief = judgment.brief.record()
    labels = kind_named(brief.kind).votes(brief, row.record(work.samples_of([row])), judgment.answer)
    if labels:
        fields = {
            "labels": labels,
            "because": because,
            "source": GoldRow.ADJUDICATION,
            "created_by": person,
        }
        GoldRow.objects.update_or_create(work=row, defaults=fields)
