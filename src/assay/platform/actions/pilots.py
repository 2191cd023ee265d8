"""The life of a project: a pilot tries its brief, its edge cases become principles, then it opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assay.errors import AnswerError, AssayError
from assay.platform import counting
from assay.platform.actions.briefs import next_version
from assay.platform.models import (
    BriefRow,
    EdgeCaseRow,
    FlagRow,
    GoldRow,
    PersonRow,
    PilotRow,
    ProjectRow,
    State,
    WorkRow,
)
from assay.platform.one_at_a_time import stepped_aside
from assay.platform.queries import pilots, projects
from assay.records import Brief, Question, WorkedExample
from assay.wording import translated

if TYPE_CHECKING:
    from assay.pipeline.edge_cases import EdgeCase

PEOPLE, WORKS = 3, 12
MOST_PEOPLE, MOST_WORKS = 50, 500

EVERYBODY = 1_000_000
"""Places on a work whose answer is known: everybody may be given it."""

BECOMES = (WorkRow.GOLD, WorkRow.TRAINING, "")


@transaction.atomic
def start(*, project: ProjectRow, people: int = PEOPLE, works: int = WORKS) -> PilotRow:
    """Begin a pilot of the brief in force: so many works are judged by so many people each.

    The works are drawn among those that nobody has begun, spread over languages and domains; the same
    project draws the same ones. Where people hold battles, each battle becomes a work of the pilot once its
    answers are there, until there are so many.
    """
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    if not 2 <= people <= MOST_PEOPLE:
        raise AnswerError("people", _("A pilot takes 2 to %s people.") % MOST_PEOPLE)
    if not 1 <= works <= MOST_WORKS:
        raise AnswerError("works", _("A pilot takes 1 to %s works.") % MOST_WORKS)
    if pilots.running(project):
        raise AssayError(_("A pilot is running already."))
    if project.state not in (State.DRAFT, State.PAUSED):
        raise AssayError(_("A pilot needs a project that gives out no work: pause it first."))
    rng = np.random.default_rng([project.pk, PilotRow.objects.filter(project=project).count()])
    drawn = pilots.draw(project, works, rng)
    if not drawn and not pilots.lays_out_itself(project):
        raise AssayError(_("There is nothing left to try the brief on: bring in something to judge."))
    WorkRow.objects.filter(pk__in=drawn).update(use=WorkRow.PILOT, cap=people)
    _set_state(project, State.PILOT)
    return PilotRow.objects.create(
        project=project,
        brief=projects.latest_brief(project),
        people=people,
        works=len(drawn) or works,
        opened_at=timezone.now(),
    )


def collect(*, project: ProjectRow) -> int:
    """Collect the edge cases that the running pilot has turned up so far, and return how many are open.

    One that is settled or dismissed stays so. An open one that nobody doubts any more goes.
    """
    found = pilots.material(_running(project))
    count = counting.begin(
        "assay.pipeline.edge_cases:edge_cases",
        found.brief,
        found.works,
        found.judgments,
        silent=list(found.silent),
        known=found.known,
    )
    with stepped_aside():
        new = count.result()
    return _keep_cases(project, found, new)


@transaction.atomic
def _keep_cases(project: ProjectRow, found: pilots.Material, new: Sequence[EdgeCase]) -> int:
    pilot = _running(project)
    rows = {row.work_id: row for row in pilots.cases(pilot)}
    for case in new:
        number = found.numbers[case.work]
        known = rows.pop(number, None)
        if known is None or known.state == EdgeCaseRow.OPEN:
            EdgeCaseRow.objects.update_or_create(
                work_id=number,
                brief=pilot.brief,
                defaults={
                    "project": project,
                    "pilot": pilot,
                    "state": EdgeCaseRow.OPEN,
                    "cause": case.cause,
                    "doubt": case.doubt,
                    "notes": found.silent.get(case.work, []),
                },
            )
    for row in rows.values():
        if row.state == EdgeCaseRow.OPEN:
            row.delete()
    return pilots.cases(pilot).filter(state=EdgeCaseRow.OPEN).count()


@transaction.atomic
def settle(
    *,
    project: ProjectRow,
    number: int,
    person: PersonRow,
    principle: str,
    labels: Mapping[str, str],
    becomes: str = "",
    examples: Sequence[Mapping[str, object]] = (),
) -> EdgeCaseRow:
    """Settle an edge case: name the principle that decides it, the right labels, and what its work becomes.

    `labels` maps question → label; a question that stays open is left out. `examples` lists the samples that
    the next version shows, as `sample` (a row's id) and `great`.
    """
    pilot, case = _running(project), pilots.case(project, number)
    _require_open(pilot, case.row)
    principle = " ".join(principle.split())
    if not principle:
        raise AnswerError("principle", _("Name the principle that decides this case."))
    right = {}
    for asked in case.asked:
        name = asked.question.name
        if not (label := labels.get(name, "").strip()):
            continue
        right[name] = _label(asked, label)
    if becomes not in BECOMES:
        raise AnswerError("becomes", _("Choose what the work becomes."))
    if becomes and not right:
        raise AnswerError("becomes", _("Say which labels are right, or let the work become neither."))
    own = set(case.row.work.samples)
    shown = [{"sample": each["sample"], "great": bool(each["great"])} for each in examples]
    if any(each["sample"] not in own for each in shown):
        raise AnswerError("examples", _("Choose examples among the answers of this case."))
    row = case.row
    row.state, row.principle, row.labels, row.becomes = EdgeCaseRow.SETTLED, principle, right, becomes
    row.examples, row.reason = shown, ""
    return _decided(row, person)


def _asked(question: Question) -> str:
    return translated(question.text, _, ngettext)


def _label(asked: pilots.Asked, label: str) -> str:
    question = asked.question
    if question.type == "ratings":
        try:
            number = float(label.replace(",", "."))
        except ValueError as wrong:
            raise AnswerError(question.name, _("“%s” wants a number.") % _asked(question)) from wrong
        low, high = question.low, question.high
        if low is not None and high is not None and not low <= number <= high:
            text = _("“%(question)s” wants a number from %(low)s to %(high)s.")
            raise AnswerError(question.name, text % {"question": _asked(question), "low": low, "high": high})
        return f"{number:g}"
    if label not in {choice.label for choice in asked.choices}:
        raise AnswerError(question.name, _("“%s”: choose one of its labels.") % _asked(question))
    return label


@transaction.atomic
def dismiss(*, project: ProjectRow, number: int, person: PersonRow, reason: str) -> EdgeCaseRow:
    """Dismiss an edge case that decides nothing: somebody slipped, or the item is broken."""
    pilot, row = _running(project), pilots.case_row(project, number)
    _require_open(pilot, row)
    if not reason.strip():
        raise AnswerError("reason", _("Say in a sentence why this case decides nothing."))
    row.state, row.reason = EdgeCaseRow.DISMISSED, reason.strip()
    row.principle, row.labels, row.becomes, row.examples = "", {}, "", []
    return _decided(row, person)


@transaction.atomic
def reopen_case(*, project: ProjectRow, number: int) -> EdgeCaseRow:
    """Take back what was decided about an edge case, while its pilot runs."""
    pilot, row = _running(project), pilots.case_row(project, number)
    if row.pilot_id != pilot.pk:
        raise AssayError(_("This case was settled in an earlier pilot."))
    row.state, row.settled_by, row.settled_at = EdgeCaseRow.OPEN, None, None
    row.save()
    FlagRow.objects.filter(work=row.work, cause=FlagRow.SILENT).update(settled_at=None, settled_with="")
    return row


def _decided(row: EdgeCaseRow, person: PersonRow) -> EdgeCaseRow:
    row.settled_by, row.settled_at = person, timezone.now()
    row.save()
    FlagRow.objects.filter(work=row.work, cause=FlagRow.SILENT, settled_at__isnull=True).update(
        settled_at=row.settled_at, settled_with=row.principle or row.reason
    )
    return row


def _require_open(pilot: PilotRow, row: EdgeCaseRow) -> None:
    if row.pilot_id != pilot.pk or row.state != EdgeCaseRow.OPEN:
        raise AssayError(_("This case is decided already."))


def close(*, project: ProjectRow, person: PersonRow) -> BriefRow:
    """Close the pilot: what was settled becomes the next version, its gold and its training.

    Where every case was decided by a principle that the brief has already, the version stays. Works that
    become neither are wanted works again, with what was said about them.
    """
    collect(project=project)
    return _closed(project, person)


@transaction.atomic
def _closed(project: ProjectRow, person: PersonRow) -> BriefRow:
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    pilot = _running(project)
    if missing := pilots.lacking_to_close(pilot):
        raise AssayError(missing)
    settled = list(pilots.cases(pilot).filter(state=EdgeCaseRow.SETTLED))
    version = _version(project, pilot, settled)
    for row in settled:
        row.settled_in = version
        row.save(update_fields=["settled_in"])
        if row.becomes:
            GoldRow.objects.update_or_create(
                work=row.work,
                defaults={
                    "labels": row.labels,
                    "because": row.principle,
                    "source": GoldRow.PILOT,
                    "created_by": person,
                },
            )
            WorkRow.objects.filter(pk=row.work_id).update(use=row.becomes, cap=EVERYBODY)
    _end(project, pilot)
    return version


@transaction.atomic
def withdraw(*, project: ProjectRow, reason: str) -> PilotRow:
    """End the pilot without drawing anything from it; it opens no project."""
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    pilot = _running(project)
    if not reason.strip():
        raise AnswerError("reason", _("Say in a sentence why the pilot is withdrawn."))
    pilot.withdrawn = reason.strip()[:1000]
    pilots.cases(pilot).filter(state=EdgeCaseRow.OPEN).delete()
    _end(project, pilot)
    return pilot


def _end(project: ProjectRow, pilot: PilotRow) -> None:
    unanswered = pilots.works_of(pilot).order_by().filter(battle__isnull=False, battle__answered_at=None)
    unanswered.update(use=WorkRow.BATTLE)  # nobody but its writer has anything to judge there
    pilots.works_of(pilot).order_by().update(use=WorkRow.WORK, cap=Greatest(F("taken"), Value(project.cap)))
    pilot.closed_at = timezone.now()
    pilot.save()
    _set_state(project, State.DRAFT)


def _version(project: ProjectRow, pilot: PilotRow, settled: Sequence[EdgeCaseRow]) -> BriefRow:
    row = projects.latest_brief(project)
    now = row.record()
    added = dict.fromkeys(each.principle for each in settled if each.principle not in now.principles)
    brief: Brief = replace(
        now,
        principles=(*now.principles, *added),
        examples=(*now.examples, *(example for each in settled for example in _examples(project, each))),
    )
    return row if brief == now else next_version(project, brief)


def _examples(project: ProjectRow, row: EdgeCaseRow) -> list[WorkedExample]:
    case = pilots.case(project, row.pk)
    texts = {sample: text for _place, sample, text in case.places}
    return [
        WorkedExample(case.work.item.prompt, texts[each["sample"]], each["great"], row.principle)
        for each in row.examples
    ]


def _running(project: ProjectRow) -> PilotRow:
    pilot = pilots.running(project)
    if pilot is None:
        raise AssayError(_("No pilot is running."))
    return pilot


# -- open, paused, closed ----------------------------------------------------------------------------------


@transaction.atomic
def open_up(*, project: ProjectRow) -> ProjectRow:
    """Give out work from now on; `queries.pilots.lacking` says what may stand in the way."""
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    if missing := pilots.lacking(project):
        raise AssayError(missing)
    return _set_state(project, State.OPEN)


@transaction.atomic
def pause(*, project: ProjectRow) -> ProjectRow:
    """Give out no further work; what people hold they may finish."""
    return _leave(project, State.PAUSED)


@transaction.atomic
def close_project(*, project: ProjectRow) -> ProjectRow:
    """End a project; it can be opened again."""
    return _leave(project, State.CLOSED)


def _leave(project: ProjectRow, state: str) -> ProjectRow:
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    if project.state == State.PILOT:
        raise AssayError(_("A pilot is running: close or withdraw it first."))
    if state == State.PAUSED and project.state != State.OPEN:
        raise AssayError(_("Only an open project can be paused."))
    return _set_state(project, state)


def _set_state(project: ProjectRow, state: str) -> ProjectRow:
    project.state = state
    project.save(update_fields=["state"])
    return project
