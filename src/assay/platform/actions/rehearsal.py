"""Letting what the demo tells of happen: through the same actions as for people, only sooner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from assay.demo import HOUSE, story
from assay.demo.raters import PEOPLE
from assay.platform.actions import flags, overlap, people, pilots, projects, reviews
from assay.platform.actions.judgments import keep_judgments
from assay.platform.actions.rehearsed_trial import one_after_another, try_two_versions
from assay.platform.models import (
    BriefRow,
    EdgeCaseRow,
    FlagRow,
    JudgmentRow,
    PersonRow,
    PilotRow,
    ProjectRow,
    ReviewRow,
    WorkRow,
)
from assay.platform.queries import pilots as trying
from assay.platform.queries import reviews as reading
from assay.platform.queries import work as works
from assay.records import Brief, Item, Judgment, Sample


def rehearse(
    brief: Brief, items: Sequence[Item], samples: Sequence[Sample], judgments: Sequence[Judgment]
) -> ProjectRow:
    """Open the demo's project and let everything happen that its story tells, judgments included."""
    with transaction.atomic():
        project = _piloted(brief, items, samples, judgments)
        keep_judgments(project=project, judgments=judgments)
        _spread(project)
        _read(project)
        _flag(project)
    overlap.bring_up_to_date(project=project)
    try_two_versions(items, samples)
    return project


def _piloted(
    brief: Brief, items: Sequence[Item], samples: Sequence[Sample], judgments: Sequence[Judgment]
) -> ProjectRow:
    """Open the project with its first version, run its pilot, and open it with what the pilot settled."""
    owner = people.ensure_administrator()
    first = replace(brief, principles=brief.principles[: story.TRIED])
    project, _report = projects.open_with(owner=owner, brief=first, items=items, samples=samples)
    languages = {each.rater: list(each.languages) for each in PEOPLE}
    for person in people.people_named(names={judgment.rater for judgment in judgments}).values():
        PersonRow.objects.filter(pk=person.pk).update(languages=languages.get(person.name, []))
        role = "reviewer" if person.name in story.REVIEWERS else "contributor"
        people.add_member(project=project, name=person.name, role=role)

    pilot = pilots.start(project=project, people=story.PILOT_PEOPLE, works=story.PILOT_WORKS)
    drawn = list(trying.works_of(pilot))
    for row in drawn:
        own = [judgment for judgment in judgments if judgment.work == row.key]
        keep_judgments(project=project, judgments=own[: story.PILOT_PEOPLE])
    for label, note in story.SILENT:
        said = _silent_on(drawn, label)
        drawn.remove(said.work)
        FlagRow.objects.create(
            project=project, work=said.work, person=said.person, cause=FlagRow.SILENT, note=note
        )
    pilots.collect(project=project)
    _settle(project, owner, brief.principles[story.TRIED :])
    pilots.close(project=project, person=owner)
    return pilots.open_up(project=project)


def _silent_on(drawn: Sequence[WorkRow], label: str) -> JudgmentRow:
    """Return the judgment of whoever missed something in the brief: one that says `label`, if one does."""
    said = JudgmentRow.objects.filter(work__in=drawn).select_related("work", "person").order_by("pk")
    english = said.filter(work__language="en")
    return (said.filter(answer__choice=label) if label else english).first() or english.first() or said[0]


def _settle(project: ProjectRow, owner: PersonRow, principles: Sequence[str]) -> None:
    """Settle a case by each principle that the first version lacks, and dismiss the rest."""
    pilot = trying.running(project)
    rows = list(trying.cases(pilot)) if pilot else []
    decided = {
        note: (label, principle, becomes)
        for (label, note), principle, becomes in zip(
            story.SILENT, principles, (WorkRow.GOLD, WorkRow.TRAINING), strict=False
        )
    }
    for row in rows:
        told = decided.get(row.notes[0] if row.notes else "")
        if told is None:
            pilots.dismiss(project=project, number=row.pk, person=owner, reason=story.SLIPPED)
            continue
        label, principle, becomes = told
        most = {
            each.question.name: max(each.choices, key=lambda choice: choice.votes).label
            for each in trying.case(project, row.pk).asked
        }
        pilots.settle(
            project=project,
            number=row.pk,
            person=owner,
            principle=principle,
            labels={name: label or found for name, found in most.items()},
            becomes=becomes,
        )


def _spread(project: ProjectRow) -> None:
    """Put what was said where the story has it: the pilot first, then the judgments day by day."""
    begun = timezone.now() - timedelta(days=story.DAYS + 2)
    first, *later = BriefRow.objects.filter(project=project).order_by("version")
    BriefRow.objects.filter(pk=first.pk).update(created_at=begun)
    end = begun + timedelta(days=1)
    PilotRow.objects.filter(project=project).update(opened_at=begun, closed_at=end)
    EdgeCaseRow.objects.filter(project=project).update(settled_at=end)
    rows = JudgmentRow.objects.filter(project=project)
    for version in later:
        BriefRow.objects.filter(pk=version.pk).update(created_at=end)
    rows.filter(brief=first).update(submitted_at=begun + timedelta(hours=5))
    judged = list(rows.exclude(brief=first).order_by("pk").only("pk", "person_id", "seconds"))
    size = -(-len(judged) // story.DAYS)
    for day in range(story.DAYS):
        one_after_another(judged[day * size : (day + 1) * size], end + timedelta(days=day, hours=9))


# -- readers -------------------------------------------------------------------------------------------------


def _read(project: ProjectRow) -> None:
    """Let readers read, authors appeal, and a third person decide."""
    ProjectRow.objects.filter(pk=project.pk).update(review_share=0.1)
    project.refresh_from_db()
    named = {row.name: row for row in PersonRow.objects.filter(memberships__project=project)}
    for told in story.READINGS:
        if not {told.reader, told.author} <= named.keys():
            continue
        row = _decide(project, told, named[told.reader], named[told.author])
        if row is None or not told.appeal:
            continue
        reviews.appeal(person=named[told.author], number=row.pk, reason=told.appeal)
        if told.decision:
            chosen = row.judgment_id if told.upheld else row.edited_id
            case = reviews.claim_dispute(person=project.owner, project=project)
            if case is not None:
                reviews.decide_dispute(
                    person=project.owner, number=case.pk, chosen=chosen, decision=told.decision
                )


def _decide(
    project: ProjectRow, told: story.Reading, reader: PersonRow, author: PersonRow
) -> ReviewRow | None:
    """Let a reader decide about the first English judgment of somebody's that deserves it.

    What was accepted chose an answer of the house; what was changed passed one over.
    """
    waiting = (
        JudgmentRow.objects.filter(project=project, person=author, superseded_by__isnull=True)
        .filter(work__use=WorkRow.WORK, work__language="en", review__isnull=True)
        .exclude(work__judgments__person=reader)
        .select_related("project", "brief")
        .order_by("pk")
    )
    for judgment in waiting:
        answers = judgment.shown
        house = {key for key in answers if key.rpartition("/")[2] in HOUSE}
        chosen = judgment.answer["choice"]
        if told.outcome != ReviewRow.RETURNED and (len(house) != 1 or chosen not in answers):
            continue
        if told.outcome != ReviewRow.RETURNED and (chosen in house) != (told.outcome == ReviewRow.ACCEPTED):
            continue
        row = reviews.hold(reader, judgment)
        if row is None:
            continue
        case = reading.case(row)
        answer = works.draft_of(case.given, case.answer)
        if told.outcome == ReviewRow.EDITED:
            (answer["choice"],) = (name for name in case.given.names if name != case.answer["choice"])
        return reviews.decide_review(
            person=reader, number=row.pk, decision=told.outcome, reason=told.reason, answer=answer
        )
    return None


def _flag(project: ProjectRow) -> None:
    """Let people flag works, and the author answer the first."""
    for (name, note), cause in ((story.BROKEN, FlagRow.BROKEN), (story.OPEN_FLAG, FlagRow.OTHER)):
        said = JudgmentRow.objects.filter(project=project, person__name=name, work__use=WorkRow.WORK)
        judgment = said.order_by("pk").first()
        if judgment is None:
            continue
        row = FlagRow.objects.create(
            project=project, work_id=judgment.work_id, person_id=judgment.person_id, cause=cause, note=note
        )
        if cause == FlagRow.BROKEN:
            flags.settle(project=project, number=row.pk, text=story.ANSWERED)
