"""Two versions of a brief tried on the same works, as the demo's story has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone

from assay.demo import HOUSE, story
from assay.demo.raters import Planted, left_alone, newcomers, simulate, worths
from assay.platform.actions import briefs, experiments, people, projects
from assay.platform.actions.judgments import keep_judgments
from assay.platform.models import BriefRow, ExperimentRow, JudgmentRow, PersonRow, ProjectRow, WorkRow
from assay.platform.queries.work import samples_of
from assay.records import Item, Sample

PAUSES_S = (2, 3, 4, 6, 9)
"""Between two works, in seconds."""

SEED = 5
"""Of the people and of what they say; who is dealt to which version, the experiment itself draws."""


@transaction.atomic
def try_two_versions(items: Sequence[Item], samples: Sequence[Sample]) -> ExperimentRow | None:
    """Open a project on the model's English answers and let people judge them by two versions of its brief.

    The experiment is left running: whoever looks at it decides which version wins. Nothing is done where a
    project has that name already.
    """
    if ProjectRow.objects.filter(slug=story.SEND.project).exists():
        return None
    rng = np.random.default_rng(SEED)
    crowd = newcomers(story.NEWCOMERS, rng=rng)
    english = [item for item in items if item.language == "en"]
    read = {item.id for item in english}
    theirs = [each for each in samples if each.item in read and each.author not in HOUSE]
    project, _report = projects.open_with(
        owner=people.ensure_administrator(),
        brief=story.SEND,
        items=english,
        samples=theirs,
        waived="The demo tells of a pilot elsewhere.",
    )
    first = BriefRow.objects.get(project=project)
    ruled = (*story.SEND.principles, story.RULE)
    second = briefs.publish(project=project, brief=replace(story.SEND, principles=ruled))
    begun = experiments.start(
        project=project, first=first, second=second, works=len(theirs), each=story.EACH, question=story.ASKED
    )
    _judge(begun, crowd, rng)
    _put_back(begun)
    return begun


def _judge(begun: ExperimentRow, crowd: Sequence[Planted], rng: np.random.Generator) -> None:
    """Deal everybody to a version, and let them judge by it."""
    project = begun.project
    project.refresh_from_db()
    rows = people.people_named(names=[each.rater for each in crowd])
    PersonRow.objects.filter(name__in=rows).update(languages=["en"])
    version = {}
    for name, person in rows.items():
        people.add_member(project=project, name=name, role="contributor")
        version[name] = experiments.version_for(person=person, project=project)
    tried = list(WorkRow.objects.filter(pk__in=begun.works).select_related("item").order_by("pk"))
    there = samples_of(tried)
    works = [row.record(there) for row in tried]
    worth = worths(works, rng=rng)
    for brief, habits in ((begun.first, left_alone(crowd)), (begun.second, crowd)):
        own = [each for each in habits if version[each.rater] == brief]
        said, _planted = simulate(works, rng=rng, worth=worth, fewest=story.EACH, most=story.EACH, people=own)
        keep_judgments(project=project, judgments=said, by=brief)


def _put_back(begun: ExperimentRow) -> None:
    """Put what happened where the story has it: two days ago, and a day later."""
    start = timezone.now() - timedelta(days=2)
    ProjectRow.objects.filter(pk=begun.project_id).update(created_at=start)
    BriefRow.objects.filter(project=begun.project_id).update(created_at=start)
    ExperimentRow.objects.filter(pk=begun.pk).update(opened_at=start)
    one_after_another(JudgmentRow.objects.filter(project=begun.project_id), start + timedelta(days=1))


def one_after_another(rows: Iterable[JudgmentRow], begun: datetime) -> None:
    """Let everybody submit their judgments one after the other, as long as each took, a few seconds apart."""
    at: dict[int, datetime] = {}
    moved = []
    for row in rows:
        pause = PAUSES_S[row.pk % len(PAUSES_S)]
        row.submitted_at = at.get(row.person_id, begun) + timedelta(seconds=pause + (row.seconds or 0.0))
        at[row.person_id] = row.submitted_at
        moved.append(row)
    JudgmentRow.objects.bulk_update(moved, ["submitted_at"], batch_size=100)
