"""The pilot of an arena: its battles are judged by others too, and then it opens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.briefs import to_mapping
from assay.errors import AnswerError, AssayError
from assay.platform import talking
from assay.platform.actions import arena, people, pilots, projects, work
from assay.platform.models import ProjectRow, State, WorkRow
from assay.platform.queries import pilots as queries
from assay.records import Brief, Live

from .arenas import answered, begun, enter, vote
from .talks import piece, speaking


@pytest.fixture
def trial(cast, monkeypatch):
    """An arena whose pilot has begun: two battles, each for two people."""
    with speaking() as model:
        model.script = lambda body: iter([piece("A coin.")])
        monkeypatch.setattr(talking, "start", list)
        brief = Brief("trial", "Find the better editor.", "pairwise", live=Live(), judgments_per_work=1)
        cast.trial = projects.open_project(owner=cast.ann, brief=brief)
        for name in ("mica", "slate"):
            enter(cast.trial, cast.ann, name, model.url)
        for name in ("Ben", "Cleo"):
            people.add_member(project=cast.trial, name=name, role="contributor")
        pilots.start(project=cast.trial, people=2, works=2)
        cast.trial.refresh_from_db()
        yield cast


def test_others_judge_a_battle_of_the_pilot_once_its_answers_are_there(trial):
    found, lease = begun(trial.ben, trial.trial)
    assert work.claim_work(person=trial.cleo, project=trial.trial) is None
    answered(found)
    vote(trial.ben, lease, "mica")

    other = work.claim_work(person=trial.cleo, project=trial.trial)

    assert other.work_id == found.work_id
    assert vote(trial.cleo, other, "slate").work_id == found.work_id
    assert work.claim_work(person=trial.cleo, project=trial.trial) is None


def test_answers_that_somebody_else_reads_in_a_pilot_stay_as_they_are(trial):
    live = replace(trial.trial.briefs.get().record(), live=Live(follow_ups=1))
    trial.trial.briefs.update(content=to_mapping(live))
    found, _lease = begun(trial.ben, trial.trial)
    answered(found)
    work.claim_work(person=trial.cleo, project=trial.trial)

    with pytest.raises(AnswerError, match="Others are reading"):
        arena.follow_up(person=trial.ben, token=found.token, number=2, said={"message": "And the sea?"})


def test_a_pilot_takes_no_more_battles_than_it_asked_for(trial):
    for k in range(2):
        found, lease = begun(trial.ben, trial.trial, f"Moon {k}?")
        answered(found)
        vote(trial.ben, lease, "tie")

    with pytest.raises(AssayError, match="has all its battles"):
        begun(trial.cleo, trial.trial)


def test_an_arena_opens_after_its_pilot(trial):
    for k in range(2):
        found, lease = begun(trial.ben, trial.trial, f"Moon {k}?")
        answered(found)
        vote(trial.ben, lease, "tie")
        vote(trial.cleo, work.claim_work(person=trial.cleo, project=trial.trial), "tie")
    assert queries.lacking_to_close(queries.running(trial.trial)) == ""

    pilots.close(project=trial.trial, person=trial.ann)
    pilots.open_up(project=trial.trial)

    project = ProjectRow.objects.get(pk=trial.trial.pk)
    assert project.state == State.OPEN
    assert begun(trial.ben, project)[0].work.use == WorkRow.BATTLE


def test_a_battle_that_waits_for_its_models_while_the_pilot_ends_stays_its_writers(trial):
    found, _lease = begun(trial.ben, trial.trial)

    pilots.withdraw(project=trial.trial, reason="We changed our minds.")

    assert WorkRow.objects.get(pk=found.work_id).use == WorkRow.BATTLE
