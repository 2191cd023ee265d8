"""Who builds a world or a task wrongly is told so in a sentence; a tool does no more than it says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay import registry
from assay.environments.building import Builder
from assay.environments.clock import SECOND
from assay.environments.desk import Desk
from assay.environments.errors import WorldError
from assay.environments.playing import Oracle, play
from assay.environments.situations import Knobs, Situation
from assay.environments.startup.templates.bad_deploy import BadDeploy
from assay.environments.streams import Stream
from assay.environments.tasks import Allowed, Goal
from assay.environments.tools import App, tool
from assay.environments.universe import OpenEpisode, Universe


@tool(writes=False, costs=SECOND)
def puts(desk: Desk) -> int:
    """Write, against what it says of itself."""
    return desk.put("ticket_comment", ticket="OPS-1", text="unseen")


@tool(writes=False, costs=SECOND)
def updates(desk: Desk) -> object:
    """Write in a question, against what it says of itself."""
    return desk.rows("UPDATE ticket SET priority = 'low' WHERE id = ? RETURNING id", "OPS-1")


@tool(writes=False, costs=SECOND)
def schedules(desk: Desk) -> None:
    """Let something happen, against what it says of itself."""
    desk.later(desk.now + SECOND, "put", table="ticket_comment", values={})


@tool(writes=True, costs=SECOND)
def changes(desk: Desk) -> object:
    """Write just as it says, in the same words as one that may not."""
    return desk.rows("UPDATE ticket SET priority = 'low' WHERE id = ? RETURNING id", "OPS-1")


@tool(writes=True, costs=SECOND)
def no_number(desk: Desk) -> float:
    """Answer what is no number."""
    desk.change("ticket", "OPS-1", priority="low")
    return float("nan")


@tool(writes=True, costs=SECOND)
def no_json(desk: Desk) -> object:
    """Answer what JSON cannot hold."""
    desk.change("ticket", "OPS-1", priority="low")
    return {1, 2}


@pytest.fixture
def odd(episode: OpenEpisode) -> OpenEpisode:
    episode.world.add(App("odd", "directory", (puts, updates, schedules, changes, no_number, no_json)))
    return episode


@pytest.mark.parametrize("name", ["puts", "updates", "schedules"])
def test_a_tool_that_says_it_only_looks_cannot_write(odd: OpenEpisode, name: str):
    odd.call("changes", {})  # the same words, prepared for a tool that may
    before = odd.world.state_hash()

    with pytest.raises(WorldError, match="look"):
        odd.call(name, {})
    assert odd.world.state_hash() == before


@pytest.mark.parametrize("name", ["no_number", "no_json"])
def test_what_json_cannot_hold_is_no_answer_and_changes_nothing(odd: OpenEpisode, name: str):
    before = odd.world.state_hash()

    with pytest.raises(WorldError, match=f"{name} is asked or answers what JSON cannot hold"):
        odd.call(name, {})
    assert odd.world.state_hash() == before
    assert odd.call("ticket_read", {"ticket": "OPS-1"}).fine


def test_a_tool_says_of_which_type_its_arguments_are_and_costs_time():
    def untyped(desk, what):  # type: ignore[no-untyped-def]
        """Do.

        Args:
            what: something
        """

    with pytest.raises(WorldError, match="untyped does not say what what is, and its type"):
        tool(writes=False)(untyped)
    with pytest.raises(WorldError, match="at least a microsecond"):
        tool(writes=False, costs=0)


def spoilt(**values: Any) -> type:
    """Return a template that makes a task with something else in it."""

    class Spoilt:
        def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
            return replace(BadDeploy().situate(made, draw, knobs), **values)

    return Spoilt


class Nothing:
    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> None:
        return None


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (spoilt(goals=()), "has no goal; say what has to be so"),
        (spoilt(goals=(Goal("g", "SELECT 1", weight=0.0),)), "weighs 0.0, not above 0"),
        (spoilt(goals=(Goal("g", "SELECT 1", weight=float("nan")),)), "weighs nan"),
        (spoilt(goals=(Goal("g", "SELECT 1", weight=-1.0),)), "weighs -1.0"),
        (spoilt(goals=(Goal("g", "DELETE FROM ticket"),)), "the goal 'g' is no SELECT"),
        (spoilt(goals=(Goal("g", "SELECT 1 FROM nowhere"),)), "cannot be asked: no such table: nowhere"),
        (spoilt(goals=(Goal("g", "SELECT ?"),)), "cannot be asked: Incorrect number of bindings"),
        (spoilt(goals=(Goal("g", "SELECT 1; SELECT 2", ()),)), "is more than one question"),
        (spoilt(allowed=(Allowed("nowhere", "INSERT"),)), "allows INSERT of 'nowhere', which there is not"),
        (spoilt(allowed=(Allowed("truth", "INSERT"),)), "allows INSERT of 'truth', which there is not"),
        (spoilt(allowed=(Allowed("ticket", "EAT"),)), "allows EAT of 'ticket'"),
        (spoilt(allowed=(Allowed("ticket", "UPDATE", {"colour": 1}),)), "which has no 'colour'"),
        (Nothing, "returns no Situation"),
    ],
)
def test_a_task_that_cannot_be_scored_is_refused_when_it_is_made(
    universe: Universe, monkeypatch: pytest.MonkeyPatch, template: type, says: str
):
    monkeypatch.setattr("assay.environments.startup.templates.spoilt", template, raising=False)
    address = "assay.environments.startup.templates:spoilt"
    monkeypatch.setitem(registry.BUILT_IN["startup-templates"], "spoilt", address)

    with pytest.raises(WorldError) as wrong:
        universe.task("spoilt", 1)

    assert says in str(wrong.value)
    assert not list(universe.folder.glob("*.half*"))
    with universe.episode(universe.task("bad-deploy", 1)) as episode:
        assert episode.call("chat_channels", {}).fine


@pytest.mark.parametrize(
    ("seed", "task_seed", "inside", "says"),
    [
        ("7", 1, "worlds", "the seed of a world is a whole number, not '7'"),
        (True, 1, "worlds", "the seed of a world is a whole number, not True"),
        (7, "x", "worlds", "the seed of a task is a whole number, not 'x'"),
        (7, 1, "file", "file cannot hold worlds: File exists; name another folder"),
    ],
)
def test_a_universe_that_cannot_be_says_why(
    tmp_path: Path, seed: Any, task_seed: Any, inside: str, says: str
):
    (tmp_path / "file").touch()

    with pytest.raises(WorldError) as wrong:
        Universe("startup", seed, tmp_path / inside).task("bad-deploy", task_seed)

    assert says in str(wrong.value)


def test_universes_of_several_seeds_share_a_folder_and_keep_their_tasks_apart(tmp_path: Path):
    made = [Universe("startup", seed, tmp_path) for seed in (7, 8)]
    tasks = [each.task("bad-deploy", 1) for each in made]

    for universe, task in zip(made, tasks, strict=True):
        with universe.episode(task) as episode:
            assert play(episode, Oracle(task)).reward == 1


TOGETHER = """
import sys
from pathlib import Path
from assay.environments.playing import Oracle, play
from assay.environments.universe import Universe
for again in range(4):
    universe = Universe("startup", 7, Path(sys.argv[1]))
    task = universe.task("bad-deploy", 1 + again // 2)
    with universe.episode(task) as episode:
        print(play(episode, Oracle(task)).reward, episode.world.state_hash())
"""


def test_processes_that_share_a_folder_make_the_same_worlds_at_the_same_time(tmp_path: Path):
    together = [
        subprocess.Popen([sys.executable, "-c", TOGETHER, tmp_path], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {process.communicate()[0] for process in together}

    assert [process.returncode for process in together] == [0] * 4
    assert len(said) == 1
    assert [line.split()[0] for line in said.pop().splitlines()] == ["1.0"] * 4
