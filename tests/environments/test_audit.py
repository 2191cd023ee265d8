"""The audit passes tasks whose score is earned, and says of every other one what is wrong with it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from click.testing import CliRunner

from assay import registry
from assay.cli import program
from assay.environments import store
from assay.environments.auditing import report
from assay.environments.auditing.findings import MOST_ALIKE, Audited
from assay.environments.auditing.grading import Grader, bytes_of, copied
from assay.environments.auditing.worlds import audit
from assay.environments.building import Builder
from assay.environments.desk import Desk
from assay.environments.errors import WorldError
from assay.environments.playing import Oracle, play
from assay.environments.situations import Knobs, Situation
from assay.environments.startup.templates.bad_deploy import BadDeploy
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Allowed, Goal, Task
from assay.environments.tools import App, tool
from assay.environments.universe import Universe


@pytest.fixture
def task(universe: Universe) -> Task:
    return universe.task("invoice-dispute", 1)


def broke(universe: Universe, task: Task) -> str:
    (found,) = audit(universe, [task])
    return "; ".join(found.broke)


def test_some_tasks_of_the_company_are_sound(universe: Universe):
    names = universe.templates[:3]

    found = audit(universe, [universe.task(name, 1) for name in names])

    assert [each.template for each in found] == list(names)
    assert {each.oracle for each in found} == {1.0}
    assert [each.broke for each in found] == [()] * len(names)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 11])
def test_every_task_of_the_company_is_sound_and_no_template_can_be_learned_by_heart(
    tmp_path: Path, seed: int
):
    made = Universe("startup", seed, tmp_path)

    found = audit(made, made.tasks(len(made.templates)))

    assert {each.template for each in found} == set(made.templates)
    assert {each.task: each.broke for each in found if not each.sound} == {}
    assert {each.template: each.alike for each in found if each.alike > MOST_ALIKE} == {}


def test_a_goal_that_holds_from_the_beginning_is_found(universe: Universe, task: Task):
    held = Goal("there are people", "SELECT 1 FROM person")

    assert "doing nothing gets 0.33" in broke(universe, replace(task, goals=(*task.goals, held)))


def test_a_goal_that_any_message_reaches_is_found(universe: Universe, task: Task):
    said = Goal("somebody was told", "SELECT 1 FROM message WHERE author = 'robin' AND text LIKE '%done%'")

    assert "saying that it is done gets" in broke(universe, replace(task, goals=(*task.goals, said)))


def test_a_goal_that_the_words_of_the_task_reach_is_found(universe: Universe, task: Task):
    said = Goal("somebody was told", "SELECT 1 FROM message WHERE author = 'robin' AND text LIKE '%invoice%'")

    assert "repeating the task to everybody gets" in broke(universe, replace(task, goals=(*task.goals, said)))


def test_a_task_that_lets_everything_be_done_is_found(universe: Universe, task: Task):
    loose = (
        Allowed("invoice", "UPDATE"),
        Allowed("invoice", "DELETE"),
        Allowed("invoice", "INSERT"),
        Allowed("email", "DELETE"),
    )

    assert "deleting rows and making them anew gets 1.00" in broke(universe, replace(task, allowed=loose))


def test_an_oracle_that_does_not_get_there_is_found_with_the_goal_that_it_misses(
    universe: Universe, task: Task
):
    found = broke(universe, replace(task, oracle=task.oracle[:-1]))

    assert "the oracle gets 0.50" in found
    assert "customer is answered" in found


def test_a_step_that_no_goal_asks_for_is_found(universe: Universe, task: Task):
    chat = Action("chat_post", {"channel": "general", "text": "good morning"})

    assert "without step 1 (chat_post)" in broke(universe, replace(task, oracle=(chat, *task.oracle)))


def test_a_score_that_is_another_one_each_time_is_found(universe: Universe, task: Task):
    dice = tuple(Goal(f"luck {n}", "SELECT 1 WHERE random() > 0") for n in range(40))

    found = broke(universe, replace(task, goals=(*task.goals, *dice)))

    assert "another one when it is taken twice" in found
    assert "another process comes to another score" in found


def test_a_goal_that_asks_for_looking_and_does_not_mean_it_is_found(universe: Universe, task: Task):
    looked = Goal("looked", "SELECT 1 FROM step WHERE tool LIKE 'mail_%'")

    assert "who does not look gets as much" in broke(universe, replace(task, goals=(*task.goals, looked)))


@tool(writes=False)
def truth_tell(desk: Desk) -> list[object]:
    """Tell what is so, past the guard."""
    return desk._held.execute("SELECT value FROM truth").fetchall()


def test_a_tool_that_tells_what_is_hidden_is_found(
    universe: Universe, task: Task, monkeypatch: pytest.MonkeyPatch
):
    leaky = App("leaky", "mail", (truth_tell,))
    monkeypatch.setattr(universe, "kind", replace(universe.kind, apps=(*universe.kind.apps, leaky)))

    assert "a tool tells what is hidden" in broke(universe, task)


def test_who_grades_has_a_copy_and_leaves_it_as_it_is(universe: Universe, task: Task, tmp_path: Path):
    with universe.episode(task) as episode, Grader() as grader:
        here = play(episode, Oracle(task))
        copy = copied(episode.world.path, tmp_path)
        before = bytes_of(copy)

        there = grader.score(copy, task)

        assert there == here
        assert copy.stat().st_ino != episode.world.path.stat().st_ino
        assert bytes_of(copy) == before
        assert store.fingerprint(universe.base) == universe.fingerprint


def test_a_copy_that_is_no_world_is_an_error_and_the_grader_goes_on(
    universe: Universe, task: Task, tmp_path: Path
):
    (tmp_path / "none").write_bytes(b"no world at all" * 100)

    with universe.episode(task) as episode, Grader() as grader:
        with pytest.raises(WorldError, match="could not score none"):
            grader.score(tmp_path / "none", task)
        assert grader.score(copied(episode.world.path, tmp_path), task).reward == 0


class OneAnswer(BadDeploy):
    """Draws what does not matter alone: the answer is one for all seeds."""

    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
        return super().situate(made, Stream(1, "always"), knobs)


def test_a_template_with_one_answer_for_all_seeds_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ours", SimpleNamespace(OneAnswer=OneAnswer))
    monkeypatch.setitem(registry.BUILT_IN["startup-templates"], "one-answer", "ours:OneAnswer")
    made = Universe("startup", 7, tmp_path)

    one, several = audit(made, [made.task("one-answer", 1), made.task("bad-deploy", 1)])

    assert (one.seeds, one.answers, one.alike) == (20, 1, 1.0)
    assert "one answer passes for 100% of seeds" in one.broke
    assert several.answers > 10
    assert several.sound
    rows = report.show([one, several])
    assert rows[1][rows[0].index("answers")] == "1 of 20"


def test_the_page_says_what_is_wrong_and_runs_no_text_of_a_task():
    hostile = "<script>alert(1)</script>"
    one = Audited(hostile, "t", 0.5, {"spam": 0.5}, broke=(f"the oracle misses {hostile}",))

    text = report.page([one], "startup")

    assert "1 of 1 tasks have a score that is not earned" in text
    assert hostile not in text


def test_the_command_writes_a_table_and_a_page(tmp_path: Path):
    out = tmp_path / "audit.csv"

    ran = CliRunner().invoke(
        program,
        ["universe", "audit", "--tasks", "1", "--template", "invoice-dispute", "--out", str(out)],
    )

    assert ran.exit_code == 0, ran.output
    assert pl.read_csv(out)["oracle"].to_list() == [1.0]
    assert "Audit of startup 7" in out.with_suffix(".html").read_text()


def test_the_command_fails_where_a_score_is_not_earned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    weak = Audited("t-1", "t", 1.0, {"spam": 0.5}, broke=("spam gets 0.50",))
    monkeypatch.setattr("assay.environments.auditing.worlds.audit", lambda *_, **__: [weak])

    ran = CliRunner().invoke(program, ["universe", "audit", "--tasks", "1", "--out", str(tmp_path / "a.csv")])

    assert ran.exit_code == 1
    assert "not earned" in ran.output
