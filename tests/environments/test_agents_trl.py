"""The class for TRL: found by looking at it, as a trainer does, and by the trainer where it is installed."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest

from assay.environments import agents
from assay.environments.adapters.trl import dataset, demonstrations, environment_factory, tool_names
from assay.environments.errors import WorldError
from assay.environments.playing import tool_list
from assay.environments.universe import Universe

from .conftest import steps_of_the_oracle


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return environment_factory("startup", 7, tmp_path_factory.mktemp("trl"))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Worlds with the tools of one template alone."""
    folder = tmp_path_factory.mktemp("narrow")
    return environment_factory("startup", 7, folder, tools=["doc_read", "flag_set", "chat_post"])


def tools_of(environment: object) -> dict[str, Any]:
    """Return what the trainer takes for tools."""
    return {name: getattr(environment, name) for name in tool_names(type(environment))}


def test_every_tool_is_a_method_with_types_and_words_for_each_argument(made: Any, universe: Universe):
    found = tools_of(made())
    with universe.episode(universe.task("bad-deploy", 1)) as episode:
        listed = {tool["name"]: tool for tool in tool_list(episode.world)}

    assert set(found) == set(listed)
    for name, method in found.items():
        schema = listed[name]["parameters"]
        taken = inspect.signature(method).parameters
        assert set(taken) == set(schema["properties"])
        required = [each.name for each in taken.values() if each.default is inspect.Parameter.empty]
        assert sorted(required) == sorted(schema["required"])
        assert set(typing.get_type_hints(method)) == {*taken, "return"}
        for each, said in schema["properties"].items():
            assert f"    {each}: {said['description']}" in inspect.getdoc(method)


def test_the_oracle_gets_the_reward_and_a_used_object_begins_anew(made: Any, universe: Universe):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        steps = steps_of_the_oracle(episode, task)
    environment = made()
    (row,) = dataset([task])

    for _ in range(2):
        said = environment.reset(**row)
        assert "It is now" in said or "It is W" in said
        assert environment.get_reward() == 0.0
        for step in steps:
            assert "answer" in json.loads(getattr(environment, step.tool)(**step.arguments))
        assert environment.get_reward() == 1.0
    environment.finish(report="done")
    assert environment.chat_channels() == "the episode is over"
    environment._close()


def test_what_a_model_gets_wrong_is_said_and_dropped_objects_leave_no_fork(made: Any):
    environment = made()
    with pytest.raises(WorldError, match="reset the environment"):
        environment.chat_channels()
    with pytest.raises(WorldError, match="column template"):
        environment.reset(prompt="x")
    environment.reset(template="bad-deploy", task_seed=1)
    with pytest.raises(TypeError):
        environment.chat_read(channel="general", sudo=True)
    assert "bad_arguments" in environment.chat_read(channel=5)

    folder: Path = made._universe.folder
    assert list(folder.glob("*.fork"))
    del environment
    assert not list(folder.glob("*.fork"))


def test_objects_do_not_see_what_others_do(made: Any):
    one, other = made(), made()
    for each in (one, other):
        each.reset(template="bad-deploy", task_seed=1)
    before = json.loads(other.ticket_read("OPS-1"))["answer"]
    one.ticket_comment("OPS-1", "hello")
    other.reset(template="bad-deploy", task_seed=1)

    assert json.loads(other.ticket_read("OPS-1"))["answer"] == before
    for each in (one, other):
        each._close()


def test_transformers_reads_a_schema_of_every_method(made: Any):
    utils = pytest.importorskip("transformers.utils", reason="wants the extra train")
    for name, method in tools_of(made()).items():
        schema = utils.get_json_schema(method)
        assert schema["function"]["name"] == name
        assert set(schema["function"]["parameters"]["properties"]) == set(
            inspect.signature(method).parameters
        )


def test_a_few_tools_are_given_by_name_and_tasks_that_need_others_are_refused(narrow: Any):
    universe: Universe = narrow._universe

    assert tool_names(narrow) == ["chat_post", "doc_read", "finish", "flag_set", "wait"]
    with pytest.raises(WorldError, match=r"needs deploy_start, .*name them in tools="):
        dataset([universe.task("bad-deploy", 1)], narrow)
    with pytest.raises(WorldError, match="there is no tool 'doc_burn'"):
        environment_factory("startup", 7, universe.folder, tools=["doc_burn"])


def test_a_model_reads_the_same_words_in_training_as_when_it_is_played(narrow: Any):
    universe: Universe = narrow._universe
    task = universe.task("injected-doc", 1)
    (played,) = agents.run(universe, [task], agents.oracle())
    (row,) = dataset([task], narrow)
    environment = narrow()

    system, user = row["prompt"]
    added = environment.reset(**row)
    environment._close()

    assert system == {"role": "system", "content": played.system}
    assert user["content"] + added == played.text


def test_good_episodes_become_demonstrations_that_chat_templates_can_read(narrow: Any):
    pytest.importorskip("transformers.utils", reason="wants the extra train")
    universe: Universe = narrow._universe
    tasks = universe.tasks(2, templates=["injected-doc"])
    good = agents.run(universe, tasks, agents.oracle())
    idle = agents.run(universe, tasks, agents.nothing())

    rows = demonstrations([*good, *idle], narrow)

    assert [row["task"] for row in rows] == [task.id for task in tasks]
    assert [tool["function"]["name"] for tool in json.loads(rows[0]["tools"])] == tool_names(narrow)
    calls = [call["function"] for said in rows[0]["messages"] for call in said.get("tool_calls", ())]
    assert [call["name"] for call in calls] == [step.tool for step in tasks[0].oracle]
    assert calls[0]["arguments"] == dict(tasks[0].oracle[0].arguments)
    assert rows[0]["messages"][-1] == {"role": "assistant", "content": "Done."}


@pytest.mark.slow
def test_a_tiny_model_learns_episodes_by_heart_and_trl_trains_it_on_their_score(tmp_path: Path):
    pytest.importorskip("trl", reason="wants the extra train")
    program = Path(__file__).parents[2] / "bench" / "universe" / "training.py"

    ran = subprocess.run(
        [sys.executable, program, tmp_path, "2"], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert ran.returncode == 0, ran.stderr[-4_000:]
    said = json.loads(ran.stdout.splitlines()[-1])
    assert said["score"] > 0.2
    assert said["calls"] > 1
