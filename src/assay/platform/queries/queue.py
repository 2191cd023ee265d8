"""What a person has at hand: held and waiting works, what can be taken back, and why nothing is offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.platform.models import (
    JudgmentRow,
    LeaseRow,
    MembershipRow,
    PersonRow,
    ProjectRow,
    ReviewRow,
    State,
    WorkRow,
)
from assay.platform.queries import arena, projects, routing
from assay.work import speaks

UNDO = timedelta(hours=1)
RECENT = 10
DECIDED = (JudgmentRow.EDITED, JudgmentRow.RESTORED)


@dataclass(frozen=True)
class Done:
    """A judgment that a person made; `why_not` says why it cannot be taken back, blank where it can."""

    judgment: JudgmentRow
    why_not: str


@dataclass(frozen=True)
class Queue:
    """What a person has at hand in one project.

    `held` is what they are at, `waiting` what lapsed under their hands, `reopened` what they took back or a
    reader returned. `open` says whether there is something they could be given next; where there is nothing
    `why` says why. How much there is would tell which works have a known answer: these use nothing up.
    """

    project: ProjectRow
    held: LeaseRow | None
    waiting: list[LeaseRow]
    reopened: list[LeaseRow]
    done: list[Done]
    open: bool
    why: list[str]


def queues(person: PersonRow) -> list[Queue]:
    """Return what a person has at hand in every project in which they judge, the newest first."""
    members = MembershipRow.objects.filter(person=person, role__in=projects.RIGHTS["judge"])
    return [
        queue(person, member.project) for member in members.select_related("project").order_by("-project__pk")
    ]


def queue(person: PersonRow, project: ProjectRow) -> Queue:
    """Return what a person has at hand in a project in which they judge."""
    leases = list(
        LeaseRow.objects.filter(person=person, project=project)
        .exclude(state=LeaseRow.SKIPPED)
        .select_related("work__item", "replaces")
        .order_by("-expires_at")
    )
    held = next((lease for lease in leases if lease.state == LeaseRow.HELD), None)
    rest = [lease for lease in leases if lease is not held]
    there = routing.wanted(routing.shortlist(person, project)) or _begins_battles(project)
    now = timezone.now()
    return Queue(
        project=project,
        held=held,
        waiting=[lease for lease in rest if lease.replaces_id is None],
        reopened=[lease for lease in rest if lease.replaces_id is not None],
        done=[Done(each, why_no_undo(each, now)) for each in _own(person, project)[:RECENT]],
        open=there,
        why=[] if there or held else why_nothing(person, project),
    )


def _own(person: PersonRow, project: ProjectRow) -> QuerySet[JudgmentRow]:
    rows = JudgmentRow.objects.filter(person=person, project=project, superseded_by__isnull=True)
    return rows.select_related("work__item", "project", "person", "brief", "review").order_by("-pk")


def _begins_battles(project: ProjectRow) -> bool:
    """Say whether a person may begin a battle: there is always a next one."""
    return bool(routing.uses(project)) and arena.live_of(project) is not None


def last_judgment(person: PersonRow, project: ProjectRow) -> JudgmentRow:
    """Return the last judgment that a person made in a project, and that is in force."""
    found = _own(person, project).exclude(cause__in=DECIDED).first()
    if found is None:
        raise Http404
    return found


def own_judgment(person: PersonRow, number: int, *, lock: bool = False) -> JudgmentRow:
    """Return a judgment of a person who still judges in its project."""
    rows = JudgmentRow.objects.select_for_update(of=("self",)) if lock else JudgmentRow.objects.all()
    found = (
        rows.filter(
            pk=number,
            person=person,
            project__memberships__person=person,
            project__memberships__role__in=projects.RIGHTS["judge"],
        )
        .select_related("work", "project", "person", "brief")
        .first()
    )
    if found is None:
        raise Http404
    return found


def why_no_undo(judgment: JudgmentRow, now: datetime) -> str:
    """Say why a judgment can no longer be taken back by whoever made it; blank where it can."""
    if JudgmentRow.objects.filter(supersedes=judgment).exists():
        return _("It was changed since.")
    if not routing.uses(judgment.project):
        return _("The project takes in no work just now.")
    if now - judgment.submitted_at > UNDO:
        return _("An hour has passed.")
    if seen := _has_seen(judgment):
        return seen
    review = ReviewRow.objects.filter(judgment=judgment).first()
    read = review is not None and (review.state != ReviewRow.HELD or review.expires_at > now)
    if read or judgment.cause in DECIDED:
        return _("A second reader has it.")
    return ""


def _has_seen(judgment: JudgmentRow) -> str:
    """Say what somebody has been shown after their judgment, with which they would judge anew."""
    if judgment.work.use == WorkRow.TRAINING:
        return _("You have seen the explanation of this work.")
    return _("You have seen which models these were.") if arena.was_revealed(judgment) else ""


def why_nothing(person: PersonRow, project: ProjectRow) -> list[str]:
    """Say in sentences why a person is given nothing in a project."""
    if project.state == State.DRAFT:
        return [_("This project has not begun: its brief is tried in a pilot first.")]
    if project.state == State.PAUSED:
        return [_("This project is paused. Work goes on when its author opens it again.")]
    if project.state == State.CLOSED:
        return [_("This project is closed. Thank you for what you did for it.")]
    if project.budget is not None and project.taken >= project.budget:
        return [_("This project has all the judgments that its budget allows.")]
    use = WorkRow.PILOT if project.state == State.PILOT else WorkRow.WORK
    works = WorkRow.objects.filter(project=project, use=use)
    if not works.exists():
        return [_("There are no works yet.")]
    said = []
    if person.languages and not any(speaks(person.languages, tag) for tag in project.languages or ["und"]):
        said.append(_("None of the works is in a language that you named."))
    open_works = works.filter(taken__lt=F("cap"))
    own = LeaseRow.objects.filter(person=person, state=LeaseRow.SKIPPED, replaces__isnull=True)
    skipped = open_works.filter(leases__in=own).count()
    if skipped:
        said.append(_("You skipped works that are still open: %s.") % skipped)
    if works.filter(judged__lt=F("cap"), taken__gte=F("cap")).exclude(judgments__person=person).exists():
        said.append(_("Others are at the last works; what they leave comes back within half an hour."))
    if not said:
        said.append(_("You have judged all that is open to you."))
    if project.most > project.cap and project.state == State.OPEN:
        said.append(_("Works whose verdict is not sure may open again when it has been weighed."))
    return said


def skipped(project: ProjectRow) -> list[LeaseRow]:
    """Return what people skipped in a project with a reason, the newest first."""
    rows = LeaseRow.objects.filter(project=project, state=LeaseRow.SKIPPED).exclude(reason="")
    rows = rows.filter(replaces__isnull=True)  # what waits for an appeal was not skipped
    return list(rows.select_related("work__item", "person").order_by("-claimed_at")[:200])
