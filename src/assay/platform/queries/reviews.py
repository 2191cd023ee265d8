"""What waits for a second reader or for somebody who decides, and what they may see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from assay.errors import AnswerError
from assay.judgments import kind as kind_named
from assay.platform.models import AdjudicationRow, JudgmentRow, LeaseRow, PersonRow, ReviewRow, WorkRow
from assay.platform.models.project import MembershipRow, ProjectRow
from assay.platform.queries import work
from assay.platform.queries.projects import RIGHTS
from assay.records import Brief, Work

SPREAD, RANGE = 2_654_435_761, 2**32
"""Knuth's multiplicative hash: spreads the numbers of judgments evenly, so that a share of them can be drawn
in the database without keeping a draw for each."""


def waiting(person: PersonRow, project: ProjectRow, now: datetime) -> QuerySet[JudgmentRow]:
    """Return the judgments that this person may read next, the most urgent first.

    Those that were returned once come first; then the ones on works whose verdict is in doubt. Nobody reads
    what they wrote, nor another's answer to a work that they answered themselves: it would be their own
    opinion twice. What a pilot or an experiment measures is left as people say it.
    """
    drawn = Q(draw__lt=int(project.review_share * RANGE))
    free = Q(review__isnull=True) | Q(review__state=ReviewRow.HELD, review__expires_at__lt=now)
    flagged = Q(work__flags__isnull=False, work__flags__settled_at__isnull=True)
    return (
        JudgmentRow.objects.filter(project=project, superseded_by__isnull=True)
        .exclude(cause__in=[JudgmentRow.EDITED, JudgmentRow.RESTORED])
        .exclude(reopened__state=LeaseRow.HELD)  # its author is at it; one who walked away does not escape
        .filter(work__use__in=[WorkRow.WORK, WorkRow.BATTLE])
        .exclude(person=person)
        .exclude(work__judgments__person=person)
        .annotate(draw=F("pk") * SPREAD % RANGE)
        .filter(free, drawn | Q(cause=JudgmentRow.RETURNED) | flagged)
        .distinct()
        .order_by("-cause", "-work__doubt", "pk")
    )


def held(person: PersonRow, project: ProjectRow) -> ReviewRow | None:
    """Return what a person is reading in a project."""
    rows = ReviewRow.objects.filter(reader=person, project=project, state=ReviewRow.HELD)
    there = rows.filter(judgment__superseded_by__isnull=True)
    return there.exclude(judgment__reopened__state=LeaseRow.HELD).first()


def review(person: PersonRow, number: int, *, lock: bool = False) -> ReviewRow:
    """Return a review that a person holds while they may review in its project."""
    rows = ReviewRow.objects.select_for_update(of=("self",)) if lock else ReviewRow.objects.all()
    found = (
        rows.filter(
            pk=number,
            reader=person,
            state=ReviewRow.HELD,
            project__memberships__person=person,
            project__memberships__role__in=RIGHTS["review"],
        )
        .select_related("project", "judgment__brief", "judgment__person")
        .first()
    )
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Case:
    """A judgment as its second reader sees it: the work as it was judged, the answer, and nobody's name.

    `past` lists what was said and answered in earlier rounds, the oldest first.
    """

    review: ReviewRow
    given: work.Assignment
    answer: Mapping[str, object]
    past: tuple[tuple[Mapping[str, object], str], ...]


def case(row: ReviewRow) -> Case:
    """Return what the reader of a judgment sees."""
    given = as_judged(row.judgment, token=f"review-{row.pk}")
    rounds = []
    for earlier in history(row.judgment)[:-1]:
        before = ReviewRow.objects.filter(judgment=earlier, state=ReviewRow.RETURNED).first()
        rounds.append((given.concealed(earlier.answer), before.reason if before else ""))
    return Case(row, given, given.concealed(row.judgment.answer), tuple(rounds))


def as_judged(judgment: JudgmentRow, *, token: str, order: Sequence[str] | None = None) -> work.Assignment:
    """Return a work as it lay before whoever judged it, with names drawn anew; in another order, if told."""
    row = work.work_with_item(judgment.work_id)
    number_of = {sample.key: number for number, sample in work.samples_of([row]).items()}
    shown = [number_of[key] for key in order or judgment.shown if key in number_of]
    seen = LeaseRow(
        project=judgment.project,
        work=row,
        brief=judgment.brief,
        token=token,
        shown=shown if len(shown) == len(row.samples) else list(row.samples),
    )
    return work.assignment(seen)


def says_the_same(judgment: JudgmentRow, token: str, answer: Mapping[str, object]) -> bool:
    """Say whether an answer, as sent on the lease that a judgment came from, is what the judgment says."""
    given = as_judged(judgment, token=token)
    if getattr(given.kind, "live", False):  # a conversation is what was said in it, whoever sends it
        return True
    try:
        clean = given.kind.check(given.brief, given.work, answer)
    except AnswerError:
        return False
    return bool(given.revealed(clean) == judgment.answer)


def history(judgment: JudgmentRow) -> list[JudgmentRow]:
    """Return everything a judgment took the place of, the oldest first, and itself."""
    chain = [judgment]
    while chain[0].supersedes_id is not None:
        chain.insert(0, JudgmentRow.objects.select_related("person", "brief").get(pk=chain[0].supersedes_id))
    return chain


def judgment_in_force(project: ProjectRow, number: int) -> JudgmentRow:
    """Return a judgment of a project that nothing supersedes."""
    rows = JudgmentRow.objects.filter(pk=number, project=project, superseded_by__isnull=True)
    found = rows.select_related("person", "brief", "project").first()
    if found is None:
        raise Http404
    return found


# -- what goes back to authors -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Feedback:
    """What a second reader made of one of a person's own judgments, and what came of an appeal."""

    review: ReviewRow
    work: Work
    answer: Mapping[str, object]
    edited: Mapping[str, object] | None
    appeal: AdjudicationRow | None
    places: tuple[tuple[str, str], ...]

    @property
    def may_appeal(self) -> bool:
        """Say whether there is something to appeal against, and no appeal yet."""
        return self.appeal is None and self.review.state in {ReviewRow.EDITED, ReviewRow.RETURNED}


def feedback(person: PersonRow) -> list[Feedback]:
    """Return what readers made of a person's own judgments, the latest first; never who the reader was."""
    rows = (
        ReviewRow.objects.filter(judgment__person=person, project__memberships__person=person)
        .exclude(state=ReviewRow.HELD)
        .select_related("project", "judgment__work__item", "judgment__brief", "edited", "appeal")
        .order_by("-decided_at")[:100]
    )
    found = []
    for row in rows:
        given = as_judged(row.judgment, token=f"feedback-{row.pk}")
        edited = None if row.edited is None else named_by_place(given.concealed(row.edited.answer), given)
        appeal = getattr(row, "appeal", None)
        answer = named_by_place(given.concealed(row.judgment.answer), given)
        places = tuple((_("Answer %s") % place, text) for place, text in by_place(given))
        found.append(Feedback(row, given.work, answer, edited, appeal, places))
    return found


def own_review(person: PersonRow, number: int) -> ReviewRow:
    """Return a decided review of a person's own judgment."""
    rows = ReviewRow.objects.filter(pk=number, judgment__person=person, project__memberships__person=person)
    found = rows.exclude(state=ReviewRow.HELD).select_related("project", "judgment__person", "edited").first()
    if found is None:
        raise Http404
    return found


def by_place(given: work.Assignment) -> list[tuple[str, str]]:
    """Return the samples of a work as they stood: A, B, … and what each says."""
    return [(place, sample.text) for place, sample in zip("ABCDEFGH", given.shown, strict=False)]


def named_by_place(answer: Mapping[str, object], given: work.Assignment) -> dict[str, object]:
    """Return an answer with its samples called A, B, … as they stood."""
    places = {sample.id: place for place, sample in zip("ABCDEFGH", given.shown, strict=False)}
    renamed = work.renamed(answer, places)
    assert isinstance(renamed, dict)  # noqa: S101 -- a mapping stays one
    return renamed


# -- where two people differ ---------------------------------------------------------------------------------


def open_adjudications(person: PersonRow, project: ProjectRow, now: datetime) -> QuerySet[AdjudicationRow]:
    """Return what this person may decide, the oldest first: nothing in which they have a part."""
    return (
        AdjudicationRow.objects.filter(project=project, decided_at__isnull=True)
        .filter(Q(adjudicator__isnull=True) | Q(adjudicator=person) | Q(expires_at__lt=now))
        .exclude(review__reader=person)
        .exclude(opened_by=person)
        .exclude(work__judgments__person=person)
        .order_by("pk")
    )


def adjudication(person: PersonRow, number: int, *, lock: bool = False) -> AdjudicationRow:
    """Return a case that a person holds while they may review in its project."""
    rows = AdjudicationRow.objects.select_for_update(of=("self",)) if lock else AdjudicationRow.objects.all()
    found = (
        rows.filter(
            pk=number,
            adjudicator=person,
            decided_at__isnull=True,
            project__memberships__person=person,
            project__memberships__role__in=RIGHTS["review"],
        )
        .select_related("project", "work__item", "review")
        .first()
    )
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Dispute:
    """A case as whoever decides it sees it: the sides in the order drawn, and nobody's name."""

    row: AdjudicationRow
    brief: Brief
    given: work.Assignment
    sides: tuple[tuple[str, int, Mapping[str, object]], ...]
    objection: str
    appeal: str

    @property
    def places(self) -> list[tuple[str, str]]:
        """The samples of the work as they are called on the page, and what each says."""
        return by_place(self.given)


def sides_now(row: AdjudicationRow) -> list[JudgmentRow]:
    """Return the sides of a case, in the order drawn when it was opened.

    People who differ can still take back what they said, and readers can change it: what is decided is what
    they say now. An appeal is about what was said then.
    """
    said = JudgmentRow.objects.select_related("brief", "project").in_bulk(row.sides)
    sides = [said[number] for number in row.sides]
    return sides if row.cause == AdjudicationRow.APPEAL else [in_force(side) for side in sides]


def in_force(judgment: JudgmentRow) -> JudgmentRow:
    """Return what took the place of a judgment last, itself where nothing did."""
    rows = JudgmentRow.objects.select_related("brief", "project")
    while later := rows.filter(supersedes=judgment).first():
        judgment = later
    return judgment


def still_differ(row: AdjudicationRow) -> bool:
    """Say whether there is something left to decide: an appeal, or two answers that are not the same."""
    if row.cause == AdjudicationRow.APPEAL:
        return True
    record = row.work.record(work.samples_of([row.work]))
    return len({_position(side, record) for side in sides_now(row)}) > 1


def _position(judgment: JudgmentRow, about: Work) -> str:
    """Return what a judgment says as statistics see it, or as it stands where it has no votes."""
    brief = judgment.brief.record()
    votes = kind_named(brief.kind).votes(brief, about, judgment.answer)
    return repr(sorted(votes.items())) if votes else f"judgment {judgment.pk}"


def dispute(row: AdjudicationRow) -> Dispute:
    """Return what whoever decides a case sees; samples stand in an order of its own, which stays the same."""
    judgments = sides_now(row)
    token = f"dispute-{row.pk}"
    keys = sorted(judgments[0].shown, key=lambda key: salted_hmac("assay.dispute", f"{token}/{key}").digest())
    given = as_judged(judgments[0], token=token, order=keys)
    sides = tuple(
        (str(place), judgment.pk, named_by_place(given.concealed(judgment.answer), given))
        for place, judgment in enumerate(judgments, 1)
    )
    return Dispute(row, given.brief, given, sides, row.review.reason if row.review else "", row.reason)


def sides_of(row: WorkRow, brief: Brief) -> list[JudgmentRow]:
    """Return the two judgments that stand for the two most common answers to a work; fewer where all agree.

    Of those who gave an answer, whoever wrote most about why speaks for it.
    """
    kind = kind_named(brief.kind)
    record = row.record(work.samples_of([row]))
    groups: dict[str, list[JudgmentRow]] = {}
    rows = JudgmentRow.objects.filter(work=row, superseded_by__isnull=True).order_by("pk")
    for judgment in rows.select_related("brief", "project"):
        votes = kind.votes(brief, record, judgment.answer)
        groups.setdefault(repr(sorted(votes.items())), []).append(judgment)
    largest = sorted(groups.values(), key=len, reverse=True)[:2]
    return [max(group, key=_told_why) for group in largest]


def _told_why(judgment: JudgmentRow) -> tuple[int, int]:
    return len(str(judgment.answer.get("reason") or "")), -judgment.pk


# -- how many wait -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Backlog:
    """How much waits for a second reader, and for whoever decides."""

    reviews: int
    disputes: int


def backlog(person: PersonRow, project: ProjectRow, now: datetime) -> Backlog:
    """Count what this person could take up."""
    return Backlog(waiting(person, project, now).count(), open_adjudications(person, project, now).count())


def unread(person: PersonRow) -> int:
    """Count the judgments of a person that a reader returned and that wait for them."""
    rows = LeaseRow.objects.filter(person=person, reason=JudgmentRow.RETURNED, replaces__isnull=False)
    here = rows.filter(project__memberships__person=person, project__memberships__role__in=RIGHTS["judge"])
    return here.exclude(state=LeaseRow.SKIPPED).count()


@dataclass(frozen=True)
class Reviewed:
    """One decided review as evidence of skill: 1 where the judgment stood, 0 where it did not."""

    rater: str
    right: float
    language: str
    domain: str
    decided_at: datetime


def evidence(project: ProjectRow) -> list[Reviewed]:
    """Return what decided reviews say of those who were read; an appeal that was granted turns it around."""
    rows = (
        ReviewRow.objects.filter(project=project, decided_at__isnull=False)
        .select_related("judgment__person", "judgment__work", "appeal")
        .order_by("pk")
    )
    found = []
    for row in rows:
        appeal = getattr(row, "appeal", None)
        stood = row.state == ReviewRow.ACCEPTED or (appeal is not None and appeal.upheld is True)
        about, decided = row.judgment.work, row.decided_at
        assert decided is not None  # noqa: S101 -- asked for above
        found.append(Reviewed(row.judgment.person.name, float(stood), about.language, about.domain, decided))
    return found


def readers(project: ProjectRow) -> QuerySet[MembershipRow]:
    """Return who may review in a project."""
    return MembershipRow.objects.filter(project=project, role__in=RIGHTS["review"])
