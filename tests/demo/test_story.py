"""The demo's project has a past: a pilot, two versions, readers, an appeal; all through real actions."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils import timezone

from assay import briefs, demo, pipeline
from assay.demo import story
from assay.platform.actions.rehearsal import rehearse
from assay.platform.actions.rehearsed_trial import try_two_versions
from assay.platform.models import (
    AdjudicationRow,
    EdgeCaseRow,
    ExperimentRow,
    FlagRow,
    GoldRow,
    JudgmentRow,
    LeaseRow,
    PersonRow,
    PilotRow,
    ReviewRow,
    SkillRow,
)
from assay.platform.queries import experiments, insight, outcomes, pilots, projects


@pytest.fixture(scope="module")
def told():
    brief, items, samples = demo.load()
    works = briefs.plan(items, samples, shows=2)
    judgments, _ = demo.simulate(works, rng=np.random.default_rng(7))
    return brief, items, samples, judgments


@pytest.fixture
def project(db, told):
    return rehearse(*told)


def test_a_pilot_found_the_principles_that_the_first_version_lacked(project, told):
    first, second = (row.record() for row in projects.briefs(project).order_by("version"))
    cases = EdgeCaseRow.objects.filter(project=project)

    assert first.principles == told[0].principles[: story.TRIED]
    assert set(second.principles) == set(told[0].principles)
    assert {row.state for row in cases} == {"settled", "dismissed"}
    assert cases.filter(state="settled").count() == len(story.SILENT)
    assert {row.work.use for row in GoldRow.objects.filter(source="pilot")} == {"gold", "training"}
    assert pilots.lacking(project)
    assert PilotRow.objects.get().closed_at < JudgmentRow.objects.latest("submitted_at").submitted_at
    assert (project.state, project.waived) == ("open", "")


def test_every_judgment_of_the_report_is_there_and_none_is_of_the_future(project, told):
    first = JudgmentRow.objects.filter(project=project, supersedes__isnull=True)

    assert first.count() == len(told[3])
    assert {row.brief.version for row in first.select_related("brief")} == {1, 2}
    assert not first.filter(submitted_at__gt=timezone.now()).exists()
    assert len(projects.per_day(project)) > story.DAYS / 2


def test_readers_accept_change_and_return_and_one_appeal_waits_for_you(project):
    states = list(ReviewRow.objects.order_by("pk").values_list("state", flat=True))
    decided, waiting = AdjudicationRow.objects.order_by("pk")

    assert states == [each.outcome for each in story.READINGS]
    assert LeaseRow.objects.get(reason="returned").person.name == "kyle"
    assert decided.upheld is False
    assert waiting.decided_at is None
    for row in ReviewRow.objects.filter(state="edited"):  # the reader is right by the demo's own reading
        assert row.edited.answer["choice"].rpartition("/")[2] in demo.HOUSE


def test_skills_flags_and_quality_are_in_sight(project):
    found = insight.insight(project, timezone.now())

    assert SkillRow.objects.filter(person__name="tereza").exists()
    assert FlagRow.objects.filter(settled_at__isnull=True, cause="other").count() == 1
    assert FlagRow.objects.get(cause="broken").settled_with == story.ANSWERED
    assert len(found.people) == 16
    assert len(found.days) > 1
    assert 2 <= found.pace.between <= 9
    assert outcomes.outcome(project).board.standings[0].model == "house-writer"


def test_nobody_made_up_can_sign_in(project):
    assert not [person.name for person in PersonRow.objects.all() if person.has_usable_password()]


def test_the_story_fits_whatever_the_dice_say(db, told):
    brief, items, samples, _ = told
    works = briefs.plan(items, samples, shows=2)
    judgments, _ = demo.simulate(works, rng=np.random.default_rng(11))

    project = rehearse(brief, items, samples, judgments)

    assert (
        projects.latest_brief(project).record().principles[: story.TRIED] == brief.principles[: story.TRIED]
    )
    assert set(projects.latest_brief(project).record().principles) == set(brief.principles)
    assert ReviewRow.objects.exclude(state="held").count() >= 3
    assert pipeline.run(brief, works, judgments).board is not None


def test_an_experiment_finds_what_a_rule_of_the_brief_changes_and_what_it_does_not(project):
    found = ExperimentRow.objects.get()
    said = JudgmentRow.objects.filter(project=found.project)

    by_measure = {one.measure: one.effect for one in experiments.comparisons(found)}

    assert (found.question, found.closed_at) == (story.ASKED, None)
    assert found.second.record().principles == (*found.first.record().principles, story.RULE)
    assert experiments.progress(found) == experiments.Progress(120, 120, 120)
    assert said.count() == len(found.works) * 2 * story.EACH
    assert by_measure["agree"].people == (story.NEWCOMERS // 2, story.NEWCOMERS // 2)
    assert by_measure["agree"].low > 0.05  # the rule is planted in what people say
    assert not by_measure["seconds"].sure  # and not in how long they take
    assert not said.filter(submitted_at__gt=timezone.now()).exists()


def test_a_project_that_is_there_already_is_left_as_it_is(project, told):
    _, items, samples, _ = told

    assert try_two_versions(items, samples) is None
    assert ExperimentRow.objects.count() == 1
