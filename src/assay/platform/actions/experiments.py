"""Two versions of a brief side by side: dealing people to one of them, and naming the better one."""

from __future__ import annotations

import numpy as np
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError, AssayError
from assay.judgments import kind as kind_named
from assay.platform.actions.briefs import next_version
from assay.platform.models import (
    ArmRow,
    BriefRow,
    ExperimentRow,
    PersonRow,
    ProjectRow,
    State,
    WorkRow,
)
from assay.platform.queries import experiments, pilots, projects

WORKS, EACH = 40, 2
MOST_WORKS, MOST_EACH = 5_000, 50


@transaction.atomic
def start(
    *,
    project: ProjectRow,
    first: BriefRow,
    second: BriefRow,
    works: int = WORKS,
    each: int = EACH,
    question: str = "",
) -> ExperimentRow:
    """Begin to try two versions on the same works, `each` judgments a work by either.

    The works are drawn among those that nobody has begun, spread over languages and domains.
    """
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    if project.state != State.OPEN:
        raise AssayError(_("An experiment needs an open project: open it first."))
    if project.experimenting:
        raise AssayError(_("An experiment is running already: close it first."))
    if first.pk == second.pk:
        raise AnswerError("second", _("Choose two different versions."))
    if not 2 <= works <= MOST_WORKS:
        raise AnswerError("works", _("An experiment takes 2 to %s works.") % MOST_WORKS)
    if not 1 <= each <= MOST_EACH:
        raise AnswerError("each", _("Each version takes 1 to %s judgments for each work.") % MOST_EACH)
    one, other = first.record(), second.record()
    kind = kind_named(one.kind)
    if [(q.name, q.labels, q.type) for q in kind.questions(one)] != [
        (q.name, q.labels, q.type) for q in kind.questions(other)
    ]:
        raise AnswerError(
            "second", _("The two versions ask different questions; compare versions that ask the same.")
        )
    rng = np.random.default_rng([project.pk, ExperimentRow.objects.filter(project=project).count(), 1])
    drawn = pilots.draw(project, works, rng)
    if len(drawn) < 2:
        raise AssayError(_("Too few works are left that nobody has begun: bring in more."))
    for start_at in range(0, len(drawn), 500):
        some = drawn[start_at : start_at + 500]
        WorkRow.objects.filter(pk__in=some).update(use=WorkRow.TRIAL, cap=2 * each)
    ProjectRow.objects.filter(pk=project.pk).update(experimenting=True)
    return ExperimentRow.objects.create(
        project=project,
        first=first,
        second=second,
        works=drawn,
        each=each,
        question=question.strip(),
        opened_at=timezone.now(),
    )


def version_for(*, person: PersonRow, project: ProjectRow) -> BriefRow:
    """Return the version that a person works by while an experiment runs; a newcomer is dealt to one."""
    return experiments.own_version(person, project) or _deal(person, project)


@transaction.atomic
def _deal(person: PersonRow, project: ProjectRow) -> BriefRow:
    from assay.quality.experiment import deal  # noqa: PLC0415 -- SciPy, which the start need not wait for

    ProjectRow.objects.select_for_update().get(pk=project.pk)  # one after the other, so that both stay even
    found = experiments.running(project)
    if found is None:  # it was closed just now
        return projects.latest_brief(project)
    if known := experiments.own_version(person, project):
        return known
    before = experiments.dealt(found)
    side = deal(before, np.random.default_rng([found.pk, len(before)]))
    version = (found.first, found.second)[side]
    ArmRow.objects.create(experiment=found, person=person, brief=version)
    return version


@transaction.atomic
def close(*, project: ProjectRow, winner: BriefRow | None, lesson: str = "") -> ExperimentRow:
    """End the experiment; the version named the winner is in force from now on, none changes nothing.

    A winner that is not the latest version becomes the next one, so that versions only ever go up.
    """
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    found = experiments.running(project)
    if found is None:
        raise AssayError(_("No experiment is running."))
    if winner is not None and winner.pk not in (found.first_id, found.second_id):
        raise AnswerError("winner", _("Choose one of the two versions, or neither."))
    WorkRow.objects.filter(project=project, use=WorkRow.TRIAL).update(
        use=WorkRow.WORK, cap=Greatest(F("taken"), Value(project.cap))
    )
    found.closed_at, found.winner, found.lesson = timezone.now(), winner, lesson.strip()
    found.save()
    project.experimenting = False
    project.save(update_fields=["experimenting"])
    if winner is not None and winner.pk != projects.latest_brief(project).pk:
        next_version(project, winner.record())
    return found
