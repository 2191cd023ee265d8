"""Claiming a work, keeping a draft, submitting, skipping: correct whoever else does the same just then.

A place on a work is taken by one conditional UPDATE, so a cap holds on SQLite and PostgreSQL alike, and under
it stands a check constraint. Nothing that somebody typed is ever thrown away by a refusal.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError, AssayError
from assay.platform.actions import experiments, overlap
from assay.platform.actions.statements import change, insert
from assay.platform.models import BriefRow, JudgmentRow, LeaseRow, PersonRow, ProjectRow, WorkRow
from assay.platform.queries import arena, projects, reviews, routing, turns, work

LEASE = timedelta(minutes=30)


class PlaceTakenError(AssayError):
    """A submission that came after the work's last place had gone to somebody else."""


class AnsweredAlreadyError(PlaceTakenError):
    """A submission on a lease that another answer was submitted on, in another tab."""


class BudgetSpentError(AssayError):
    """A place that the project's budget has no judgment left for."""


def claim_work(
    *, person: PersonRow, project: ProjectRow, rng: np.random.Generator | None = None
) -> LeaseRow | None:
    """Give a person their next work, `None` where there is nothing for them.

    Somebody who holds a work gets that one back, with the draft; one that lapsed under their hands comes
    first while it has a place. The order of samples is drawn for each person and kept. A project that does
    not give out work lets people finish what they hold.
    """
    now = timezone.now()
    try:
        return _resume(person, project, now) or _begin(person, project, now, rng or np.random.default_rng())
    except BudgetSpentError:
        if project.budget is not None:
            return None
        project.refresh_from_db()  # it got its budget just now
        return claim_work(person=person, project=project, rng=rng)
    except IntegrityError:  # the same person asked twice at the same moment, on a server with several writers
        return next(iter(work.leases(person, project)), None)


# On PostgreSQL many people write at once. Whoever locks several rows locks leases, then a project that has a
# budget, then works by their numbers, so that nobody waits in a circle.


def _resume(person: PersonRow, project: ProjectRow, now: datetime) -> LeaseRow | None:
    for lease in work.leases(person, project):
        if lease.state == LeaseRow.HELD:
            if lease.expires_at - now >= LEASE / 2 or _change(lease, LeaseRow.HELD, expires_at=now + LEASE):
                return lease
        elif _may_go_on(project, lease) and _revive(project, lease, now):
            return lease
    return None


def _may_go_on(project: ProjectRow, lease: LeaseRow) -> bool:
    """Say whether a lapsed lease may be taken up: what a reader returned is done again whatever the state."""
    return lease.reason == JudgmentRow.RETURNED or bool(routing.uses(project))


@transaction.atomic
def _revive(project: ProjectRow, lease: LeaseRow, now: datetime) -> bool:
    """Take a place again for a lease that lapsed, and say whether there was one."""
    until = {"state": LeaseRow.HELD, "expires_at": now + LEASE, "claimed_at": now}
    if _change(lease, LeaseRow.LAPSED, **until) and (
        lease.replaces_id or _take_place(project, lease.work_id)
    ):
        return True
    transaction.set_rollback(True)
    return False


def _begin(
    person: PersonRow, project: ProjectRow, now: datetime, rng: np.random.Generator
) -> LeaseRow | None:
    if not routing.uses(project):
        return None
    overlap.keep_up(project)
    trying = experiments.version_for(person=person, project=project) if project.experimenting else None
    candidates = routing.shortlist(person, project, trying)
    # Places come back only when works run short: until then, whoever took a break can still submit.
    if len(candidates) < routing.SHORTLIST and _free_expired(project, now):
        candidates = routing.shortlist(person, project, trying)
    if not routing.wanted(candidates) and (kept := overlap.grow_for(project)) and kept.grown:
        candidates = routing.shortlist(person, project, trying)
    brief = trying or projects.latest_brief(project)
    brief.project = project
    skills = routing.skills_of(brief.content)
    while ranked := routing.ranked(person, project, skills, candidates, rng):
        for number in ranked:
            if lease := lease_out(person, brief, number, rng, now=now):
                return lease
        candidates = routing.shortlist(person, project, trying)  # others took every one in the meantime
    return None


@transaction.atomic
def lease_out(
    person: PersonRow,
    brief: BriefRow,
    number: int,
    rng: np.random.Generator,
    *,
    now: datetime | None = None,
) -> LeaseRow | None:
    """Lease a work to a person if it has a place."""
    now = now or timezone.now()
    if not _count_place(brief.project, number):
        transaction.set_rollback(True)
        return None
    row, has_budget = work.work_and_budget(number)
    _require_counted(brief.project, has_budget=has_budget)
    return insert(
        LeaseRow(
            project=brief.project,
            work=row,
            person=person,
            brief=brief,
            token=secrets.token_urlsafe(32),
            shown=[row.samples[place] for place in rng.permutation(len(row.samples))],
            claimed_at=now,
            expires_at=now + LEASE,
        )
    )


def _take_place(project: ProjectRow, number: int, *, judged: int = 0) -> bool:
    """Take a place on a work and of the budget, and say whether there was one; count a judgment if there is.

    Where it returns false or raises the transaction is to be rolled back.
    """
    taken = _count_place(project, number, judged=judged)
    _require_counted(project, has_budget=projects.has_budget(project))
    return taken


def _count_place(project: ProjectRow, number: int, *, judged: int = 0) -> bool:
    """Do as `_take_place` does, but for what has to be asked of the project afterwards."""
    if project.budget is not None:
        _spend(project)
    return bool(
        change(
            "UPDATE platform_workrow SET taken = taken + 1, judged = judged + %s "
            "WHERE id = %s AND taken < cap",
            judged,
            number,
        )
    )


def _require_counted(project: ProjectRow, *, has_budget: bool) -> None:
    """Refuse a place that a budget does not count; `has_budget` was read after the place was taken.

    Whoever sets a first budget locks the works and counts their places. A place that was taken in the
    meantime would be missing from the count, so that one is given back.
    """
    if has_budget and project.budget is None:
        raise BudgetSpentError(_("The project has got a budget just now; please try again."))


def _spend(project: ProjectRow) -> None:
    """Count a place against the budget, or raise where it is spent."""
    if not change(
        "UPDATE platform_projectrow SET taken = taken + 1 "
        "WHERE id = %s AND (budget IS NULL OR taken < budget)",
        project.pk,
    ):
        raise BudgetSpentError(_("The project has all the judgments that its budget allows."))


def _give_back(project: int, places: int) -> None:
    """Return places to the budget, if there is one."""
    change(
        "UPDATE platform_projectrow SET taken = taken - %s WHERE id = %s AND budget IS NOT NULL",
        places,
        project,
    )


def _count_judgment(lease: LeaseRow) -> int:
    """Count a judgment on a work; 1 where it has a place, else 0."""
    if lease.replaces_id:  # the judgment that it takes the place of is counted, and has its place
        return 1
    if lease.state == LeaseRow.HELD:  # its place is counted in `taken` already, also when it ran out of time
        return change(
            "UPDATE platform_workrow SET judged = judged + 1 WHERE id = %s AND judged < cap", lease.work_id
        )
    try:
        with transaction.atomic():
            if _take_place(lease.project, lease.work_id, judged=1):
                return 1
            transaction.set_rollback(True)
    except BudgetSpentError:
        pass
    return 0


def _free_expired(project: ProjectRow, now: datetime) -> int:
    """Give back the places of leases that ran out of time, and return how many."""
    expired = LeaseRow.objects.filter(project=project, state=LeaseRow.HELD, expires_at__lt=now)
    if not expired.exists():
        return 0
    with transaction.atomic():
        # Who just submits or types holds the row's lock and is passed over.
        rows = expired.select_for_update(skip_locked=True).values_list("pk", "work_id", "replaces")[:100]
        found = {number: (None if replaces else work_number) for number, work_number, replaces in rows}
        LeaseRow.objects.filter(pk__in=found).update(state=LeaseRow.LAPSED)
        places = Counter(number for number in found.values() if number is not None)
        _give_back(project.pk, places.total())
        for number, count in sorted(places.items()):
            _free(project, number, count)
    return len(found)


def _change(lease: LeaseRow, was: str, /, **fields: Any) -> int:
    """Change a lease that still is what it was; 1 where it is, else 0."""
    changed = LeaseRow.objects.filter(pk=lease.pk, state=was).update(**fields)
    if changed:
        for name, value in fields.items():
            setattr(lease, name, value)
    return changed


def storable(answer: Mapping[str, object]) -> dict[str, object]:
    """Return an answer that every database, trainer and terminal can hold, or refuse it.

    JSON lets programs send what is no text (half a character, the null character) and no number (NaN).
    """
    try:
        text = json.dumps(dict(answer), allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as wrong:  # an encoding error is a ValueError
        raise AnswerError("", _("The answer holds something that is neither text nor a number.")) from wrong
    if "\\u0000" in text.replace("\\\\", ""):
        raise AnswerError("", _("The answer holds something that is neither text nor a number."))
    return dict(answer)


@transaction.atomic
def save_draft(*, person: PersonRow, token: str, draft: Mapping[str, object]) -> LeaseRow:
    """Keep what a person has typed so far, and give them more time; refuse where the work is submitted."""
    kept, lease = storable(draft), work.lease(person, token, lock=True)
    if lease is None:
        if work.judged(person, token) is None:
            raise Http404
        raise AnsweredAlreadyError(_("You have submitted this work: this text is not saved."))
    until = timezone.now() + LEASE if lease.state == LeaseRow.HELD else lease.expires_at
    _change(lease, lease.state, draft=kept, expires_at=until)
    return lease


@transaction.atomic
def skip_work(*, person: PersonRow, token: str, reason: str = "") -> ProjectRow:
    """Give a work back; it is not offered to this person again. Authors read the `reason`.

    What was opened again is left as it was said before.
    """
    lease = _locked(person, token)
    if lease.replaces_id:
        lease.delete()
        return lease.project
    if lease.state == LeaseRow.HELD:
        _free_place(lease)
    _change(lease, lease.state, state=LeaseRow.SKIPPED, reason=reason)
    return lease.project


def put_aside(lease: LeaseRow, *, until: datetime) -> None:
    """Let what somebody holds wait as if it had lapsed `until` then; its draft is kept. In a transaction."""
    if _change(lease, LeaseRow.HELD, state=LeaseRow.LAPSED, expires_at=until) and not lease.replaces_id:
        _free_place(lease)


def _free_place(lease: LeaseRow) -> None:
    _give_back(lease.project_id, 1)
    _free(lease.project, lease.work_id, 1)


def _free(project: ProjectRow, number: int, places: int) -> None:
    """Free places on a work; one that the project wants no more, since it asks for fewer by now, is gone."""
    change(
        "UPDATE platform_workrow SET taken = taken - %s, cap = CASE WHEN use IN (%s, %s) AND cap > %s "
        "THEN CASE WHEN taken - %s > %s THEN taken - %s ELSE %s END ELSE cap END WHERE id = %s",
        *(places, WorkRow.WORK, WorkRow.WITHHELD, project.most),
        *(places, project.most, places, project.most, number),
    )


def _locked(person: PersonRow, token: str) -> LeaseRow:
    lease = work.lease(person, token, lock=True)
    if lease is None:
        raise Http404
    return lease


def submit_judgment(
    *, person: PersonRow, token: str, answer: Mapping[str, object], seconds: float | None = None
) -> JudgmentRow:
    """Check an answer with its kind and keep it for good; the same one again gives the same judgment.

    A lease that expired is honoured while nobody else has its place. An answer that is refused, because it is
    wrong (`AnswerError`) or because the place is gone (`PlaceTakenError`), stays with the lease as its draft.
    Another answer on a lease that was submitted on is refused (`AnsweredAlreadyError`).
    """
    refusal: AssayError
    answer = storable(answer)
    with transaction.atomic():
        lease = work.lease(person, token, lock=True)
        if lease is None:
            if (earlier := work.judged(person, token)) is None:
                raise Http404
            if reviews.says_the_same(earlier, token, answer):
                return earlier
            raise AnsweredAlreadyError(
                _("You submitted another answer to this work before, in another tab. That one counts.")
            )
        given = work.assignment(lease)
        try:
            arena.require_whole(given, answer)
            whole = turns.transcribed(given, answer) if getattr(given.kind, "live", False) else answer
            clean = given.kind.check(given.brief, given.work, whole)
        except AnswerError as wrong:
            refusal = wrong
        else:
            if lease.replaces_id and work.is_superseded(lease.replaces_id):
                refusal = PlaceTakenError(
                    _("Your judgment was changed in the meantime. Your text is kept as a draft.")
                )
            elif _count_judgment(lease):
                return _keep(given, given.revealed(clean), seconds)
            else:
                refusal = PlaceTakenError(
                    _("Others have finished this work in the meantime. Your text is kept as a draft.")
                )
        _change(lease, lease.state, draft=answer)
    raise refusal


def _keep(given: work.Assignment, answer: dict[str, object], seconds: float | None) -> JudgmentRow:
    lease, now = given.lease, timezone.now()
    elapsed = (now - lease.claimed_at).total_seconds()
    judgment = insert(
        JudgmentRow(
            project=lease.project,
            work=lease.work,
            person_id=lease.person_id,
            brief=lease.brief,
            answer=answer,
            # The page measures only while it is looked at; it is believed up to what the clock allows.
            seconds=seconds if seconds is not None and 0 <= seconds <= elapsed else elapsed,
            shown=[given.names[sample.id] for sample in given.shown],
            submitted_at=now,
            token=lease.token,
            supersedes_id=lease.replaces_id,
            cause=lease.reason if lease.replaces_id else "",
        )
    )
    change("DELETE FROM platform_leaserow WHERE id = %s", lease.pk)
    return judgment
