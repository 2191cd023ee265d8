"""The class for TRL: found by looking at it, as a trainer does, and by the trainer where it is installed."""

from __future__ import annotations

import inspect
import json
import typing
from pathlib import Path
from typing import Any

import pytest

from assay.environments.adapters.trl import dataset, environment_factory
from assay.environments.errors import WorldError
from assay.environments.playing import Oracle, tool_list
from assay.environments.universe import Universe


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return environment_factory("startup", 7, tmp_path_factory.mktemp("trl"))


def tools_of(environment: object) -> dict[str, Any]:
    """Return what the trainer takes for tools."""
    return {
        name: getattr(environment, name)
        for name, _ in inspect.getmembers(type(environment), inspect.isfunction)
        if not name.startswith("_") and name not in {"reset", "get_reward"}
    }


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
        oracle, steps = Oracle(task), []
        while (step := oracle.act(episode)) is not None:
            episode.call(step.tool, step.arguments)
            steps.append(step)
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
