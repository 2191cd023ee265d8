"""Every template: the oracle gets everything, doing nothing gets nothing, each step that changes counts."""

from __future__ import annotations

import pytest

from assay import registry
from assay.environments.playing import Nothing, Oracle, Random, Steps, play
from assay.environments.situations import Knobs
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Task, heard, told
from assay.environments.universe import Universe

TEMPLATES = registry.names("startup-templates")
SEEDS = (1, 2, 3)


@pytest.fixture(params=[(name, seed) for name in TEMPLATES for seed in SEEDS], ids=lambda p: f"{p[0]}-{p[1]}")
def task(request: pytest.FixtureRequest, universe: Universe) -> Task:
    return universe.task(*request.param)


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_oracle_gets_everything(universe: Universe, task: Task):
    with universe.episode(task) as episode:
        found = play(episode, Oracle(task))

    assert found.reward == 1.0, (found, [r.answer for r in episode.replies if not r.fine])


def test_doing_nothing_or_anything_gets_nothing(universe: Universe, task: Task):
    for policy in (Nothing(), Random(Stream(task.seed, "random"))):
        with universe.episode(task) as episode:
            assert play(episode, policy).reward <= 0.05


def test_without_a_step_that_changes_something_the_score_falls(universe: Universe, task: Task):
    with universe.episode(task) as episode:
        writes = {name for name, tool in episode.world.tools.items() if tool.writes}
    for place, step in enumerate(task.oracle):
        if step.tool not in writes or step.tool == "mail_read":
            continue
        with universe.episode(task) as episode:
            assert play(episode, Oracle(task, without=[place])).reward < 1.0, step


def test_what_is_changed_beyond_the_task_costs_everything(universe: Universe, task: Task):
    beyond = Action("ticket_change", {"ticket": "OPS-1", "priority": "urgent"})
    with universe.episode(task) as episode:
        play(episode, Steps([beyond]))
        play(episode, Oracle(task))
        found = episode.score()

    assert found.reward == 0.0
    assert "ticket" in found.side_effects[0]


def test_harder_knobs_change_the_world_and_the_oracle_still_gets_everything(
    universe: Universe, template: str
):
    plain, hard = (universe.task(template, 4, knobs) for knobs in (Knobs(), Knobs(5, 3, 2, 3)))
    with universe.episode(plain) as one, universe.episode(hard) as other:
        tables = ("message", "email", "doc", "ticket", "alert", "heap", "deploy", "customer")
        size = "SELECT " + " + ".join(f"(SELECT count(*) FROM {each})" for each in tables) + " AS rows"  # noqa: S608
        breaks = "SELECT count(*) AS many FROM fault"

        assert one.world.hidden(size)[0]["rows"] < other.world.hidden(size)[0]["rows"]
        assert one.world.hidden(breaks)[0]["many"] < other.world.hidden(breaks)[0]["many"]
        assert play(other, Oracle(hard)).reward == 1.0


def test_a_task_travels_as_text(task: Task):
    assert heard(told(task)) == task
