"""Work on code is scored by what the code does, which its tests cannot say and nobody can forge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assay.environments.auditing.grading import Grader, copied
from assay.environments.git import Repository
from assay.environments.playing import Oracle, play
from assay.environments.sandbox import checked
from assay.environments.schema import HIDDEN, SURFACES
from assay.environments.startup.templates import failing_test
from assay.environments.tasks import Action
from assay.environments.universe import Universe


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_guilty_commit_is_the_first_that_is_wrong_and_its_tests_pass(universe: Universe, seed: int):
    task = universe.task("guilty-commit", seed)
    tried = [step.arguments for step in task.oracle if step.tool == "code_test"]
    with universe.episode(task) as episode:
        ledger = Repository("ledger", episode.world.hidden)
        guilty = episode.world.hidden("SELECT value FROM truth WHERE key = 'guilty'")[0]["value"]
        answers = [
            episode.call("code_test", {"repo": "ledger", "branch": oid, "test": tried[0]["test"]}).answer
            for oid in reversed(ledger.log(ledger.branch("main")))
            if "ledger/fees.py" in ledger.files(oid)
        ]
        plain = episode.call("code_test", {"repo": "ledger", "branch": guilty}).answer

    states = [answer["status"] for answer in answers]
    first = states.index("failed")
    assert answers[first]["commit"] == guilty
    assert set(states[:first]) == {"passed"}
    assert set(states[first:]) == {"failed"}
    assert plain["status"] == "passed"


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("template", ["failing-test", "revert-commit", "finish-pull"])
def test_who_changes_another_file_as_well_gets_nothing(universe: Universe, template: str):
    task = universe.task(template, 1)
    at = next(place for place, step in enumerate(task.oracle) if step.tool in {"code_write", "code_revert"})
    given = task.oracle[at].arguments
    beside = Action(
        "code_write",
        {"repo": given["repo"], "branch": given["branch"], "path": "other.py", "text": "", "title": "Other"},
    )
    with universe.episode(task) as episode:
        steps = (*task.oracle[: at + 1], beside, *task.oracle[at + 1 :])
        widened = play(episode, Oracle(replace(task, oracle=steps)))

    assert widened.side_effects
    assert widened.reward == 0


@pytest.mark.usefixtures("sandboxed")
def test_code_that_makes_its_own_tests_pass_is_merged_and_gets_nothing_for_it(
    universe: Universe, tmp_path: Path
):
    task = universe.task("failing-test", 1)
    forged = (
        "import unittest\n\nunittest.TestCase.assertEqual = lambda *each: None\n\n\n"
        "class Same(int):\n    def __eq__(self, other):\n        return True\n\n"
        "    __hash__ = int.__hash__\n\n\n"
        "def total(lines):\n    return Same()\n\n\ndef prorated(*each):\n    return Same()\n"
    )
    steps = tuple(
        replace(step, arguments={**step.arguments, "text": forged}) if step.tool == "code_write" else step
        for step in task.oracle
    )
    with universe.episode(task) as episode, Grader() as grader:
        found = play(episode, Oracle(replace(task, oracle=steps)))
        elsewhere = grader.score(copied(episode.world.path, tmp_path), task)
        runs = episode.world.hidden("SELECT status FROM ci_run ORDER BY id DESC LIMIT 2")

    assert [run["status"] for run in runs] == ["passed", "passed"]
    assert [name for name, held in found.goals.items() if held] == ["the ticket is done"]
    assert elsewhere == found


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("template", ["failing-test", "new-function", "revert-commit", "finish-pull"])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_what_is_planted_does_not_pass_and_its_checks_are_not_in_the_world(
    universe: Universe, template: str, seed: int
):
    task = universe.task(template, seed)
    checks = task.goals[0].checks
    with universe.episode(task) as episode:
        given = next(step.arguments for step in task.oracle if step.tool in {"code_write", "code_revert"})
        repository = Repository(str(given["repo"]), episode.world.hidden)
        head = repository.branch(str(given["branch"])) or repository.branch("main") or ""
        planted = checked(repository.texts(head), checks)
        whole = str([episode.world.hidden(f"SELECT * FROM {table}") for table in (*SURFACES, *HIDDEN)])  # noqa: S608

    assert len(checks) > 5
    assert not planted.passed
    assert "Check(" not in whole
    assert "wanted" not in whole


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_test_that_fails_in_the_task_fails_for_each_mistake(seed: int):
    for step in (2, 3, 25):
        for cents in (step * (4 * seed + 1), step * (4 * seed + 401)):
            due = failing_test.prorated(cents, 15, step)
            for wrong in failing_test.WRONG:
                given = {"cents": cents, "days": 15, "month": 30}
                assert eval(wrong.format(step=step), {}, given) != due  # noqa: S307 -- ours
            right = failing_test.STEPPED.format(step=step, twice=2 * step)
            assert eval(right, {}, given) == due  # noqa: S307 -- ours
