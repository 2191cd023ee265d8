"""Worlds for TRL: a class with a method for each tool for `GRPOTrainer`, demonstrations for `SFTTrainer`.

TRL makes one object for each rollout, uses it again and again, and finds tools by looking at what is defined
on the class: every public function but `reset` and `get_reward`. It reads their signatures and docstrings, in
Google's style. TRL itself is not imported here.

What a model reads is the same everywhere: in `dataset` and `demonstrations`, and where `assay universe run`
plays it. A model that learned in one is at home in the others.
"""

from __future__ import annotations

import inspect
import json
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from assay import extras
from assay.environments.agents import instruction, opening
from assay.environments.errors import WorldError
from assay.environments.playing import FINISH, WAIT
from assay.environments.situations import Knobs
from assay.environments.tasks import Task
from assay.environments.tools import Parameter, Tool
from assay.environments.trajectories import Trajectory, messages
from assay.environments.universe import OpenEpisode, Universe

KEPT = frozenset({"reset", "get_reward"})

Environment = Any
"""A class made by `environment_factory`: its methods are the tools of a world."""


CLOSING = "Done."
"""Ends a demonstration that did not call `finish`: a trainer's loop ends with a turn that calls nothing."""


def dataset(tasks: Sequence[Task], environment: type[Environment] | None = None) -> list[dict[str, Any]]:
    """Return tasks as rows of a training set: `datasets.Dataset.from_list` takes them.

    The text of the task is in the prompt; `reset` adds what time it is.

    Parameters
    ----------
    environment
        The class of the worlds: the prompt then begins with the same words to the model as everywhere else
        (who it is, how it works, when to stop), and a task that its tools cannot do is refused.

    Raises
    ------
    WorldError
        Where a tool was left out that a task needs.
    """
    told = []
    for task in tasks:
        prompt = [{"role": "user", "content": task.text}]
        if environment is not None:
            lacking = {step.tool for step in task.oracle} - set(tool_names(environment))
            if lacking:
                raise WorldError(
                    f"the task {task.id!r} needs {', '.join(sorted(lacking))}; name them in tools= too"
                )
            prompt.insert(0, {"role": "system", "content": _instruction(environment, task)})
        told.append({"prompt": prompt, "template": task.template, "task_seed": task.seed, "task": task.id})
    return told


def demonstrations(
    episodes: Iterable[Trajectory], environment: type[Environment], *, reward: float = 1.0
) -> list[dict[str, Any]]:
    """Return good episodes as rows for `SFTTrainer`: `messages`, and `tools` as JSON.

    Arguments of calls are mappings, as chat templates want them. Two tools' arguments are not of one type, so
    the rows go through `datasets.Dataset.from_list(rows, on_mixed_types="use_json")`.

    Parameters
    ----------
    reward
        Episodes that got less are left out.

    Raises
    ------
    assay.errors.MissingExtraError
        Without transformers, which writes the tools down for models: the extra `train`.
    """
    utils = extras.need("transformers.utils", extra="train")
    methods = [getattr(environment, name) for name in tool_names(environment)]
    tools = json.dumps([utils.get_json_schema(method) for method in methods], ensure_ascii=False)
    return [
        {"messages": _as_templates_want(messages(one)["messages"]), "tools": tools, "task": one.task}
        for one in episodes
        if one.reward >= reward
    ]


def tool_names(environment: type[Environment]) -> list[str]:
    """Return the names of what a trainer takes for tools, in its order."""
    found = inspect.getmembers(environment, inspect.isfunction)
    return [name for name, _ in found if not name.startswith("_") and name not in KEPT]


def _as_templates_want(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for message in told:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    if told[-1]["role"] == "tool":
        told.append({"role": "assistant", "content": CLOSING})
    return told


def _instruction(environment: type[Environment], task: Task) -> str:
    universe: Universe = environment._universe
    with universe.episode(task) as episode:
        return instruction(episode)


def environment_factory(
    kind: str = "startup",
    seed: int = 1,
    folder: Path | str = "worlds",
    *,
    entities: int = 2_500,
    knobs: Knobs | None = None,
    most_steps: int = 200,
    tools: Iterable[str] | None = None,
) -> type[Environment]:
    """Return a class for `GRPOTrainer(environment_factory=…)`; all its objects fork one world.

    Parameters
    ----------
    tools
        Names of the tools to give, beside `wait` and `finish`; all, where it is left out. All of a company's
        fill some 7,000 tokens of every prompt, which is much for a small model.

    Raises
    ------
    WorldError
        Where there is no such tool, or one is called like a word of the trainer's.

    >>> import inspect, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = environment_factory(folder=folder)
    ...     environment = made()
    ...     said = environment.reset(template="bad-deploy", task_seed=1)
    ...     answer = environment.people_on_call(team="serving")
    ...     environment.get_reward()
    ...     environment._close()
    0.0
    >>> inspect.signature(made.chat_post)
    <Signature (self, channel: str, text: str, thread: int | None = None) -> str>
    """
    universe = Universe(kind, seed, Path(folder), entities=entities)
    apps = universe.kind.apps
    found = [tool for app in apps for tool in app.tools]
    if tools is not None:
        wanted = set(tools) - {str(listed["name"]) for listed in (WAIT, FINISH)}
        if unknown := wanted - {tool.name for tool in found}:
            raise WorldError(
                f"there is no tool {min(unknown)!r}; there are: {', '.join(t.name for t in found)}"
            )
        found = [tool for tool in found if tool.name in wanted]
    members: dict[str, Any] = {
        "__doc__": f"A world of kind {kind!r} with seed {seed}; a fork of it for each episode.",
        "__module__": __name__,
        "_universe": universe,
        "_knobs": knobs,
        "_most_steps": most_steps,
        "__init__": _begin,
        "_close": _close,
        "reset": _reset,
        "get_reward": _reward,
    }
    for tool in found:
        members[tool.name] = _method(tool)
    for listed in (WAIT, FINISH):
        members[str(listed["name"])] = _plain_method(cast("dict[str, Any]", listed))
    if clash := KEPT & {tool.name for tool in found}:
        raise WorldError(f"a tool cannot be called {min(clash)!r}, which is the trainer's own word")
    return type(f"{kind.title()}World", (), members)


def _begin(self: Environment) -> None:
    self._episode = None
    self._gone = None


def _reset(self: Environment, **row: Any) -> str:
    """Begin the episode of a row of the training set, and forget everything before."""
    self._close()
    universe: Universe = self._universe
    template, seed = row.get("template"), row.get("task_seed", 1)
    if not isinstance(template, str) or template not in universe.templates:
        known = ", ".join(universe.templates)
        raise WorldError(f"the row's column template says {template!r}; there are: {known}")
    task = universe.task(template, int(seed), self._knobs)
    self._episode = universe.episode(task, most_steps=self._most_steps)
    # An object that the trainer drops takes its fork with it.
    self._gone = weakref.finalize(self, self._episode.close)
    return "\n\n" + opening(self._episode).removeprefix(task.text).strip()


def _reward(self: Environment) -> float:
    """Return the score of the episode so far."""
    episode: OpenEpisode | None = self._episode
    return 0.0 if episode is None else episode.score().reward


def _close(self: Environment) -> None:
    """Close the episode and remove its fork."""
    if self._gone is not None:
        self._gone()
    self._episode = self._gone = None


def _called(self: Environment, name: str, given: dict[str, Any]) -> str:
    """Call a tool; what goes wrong is what the model reads."""
    episode: OpenEpisode | None = self._episode
    if episode is None:
        raise WorldError("reset the environment before its tools are called")
    if episode.over:
        return "the episode is over"
    return episode.call(name, {key: value for key, value in given.items() if value is not None}).text()


def _method(tool: Tool) -> Callable[..., str]:
    """Return a tool as a method: its signature and docstring are all that a trainer sees."""
    defaults = {
        name: each.default
        for name, each in list(inspect.signature(tool.run).parameters.items())[1:]
        if each.default is not inspect.Parameter.empty
    }
    parameters = [(each.name, _hint(each), each.says) for each in tool.parameters]
    return _made(tool.name, tool.says, parameters, defaults)


def _plain_method(listed: dict[str, Any]) -> Callable[..., str]:
    """Return one of the loop's own tools as a method."""
    wanted = listed["parameters"]
    kinds = {"string": str, "integer": int}
    parameters = [
        (name, kinds[each["type"]], each["description"]) for name, each in wanted["properties"].items()
    ]
    left_out = {name: None for name in wanted["properties"] if name not in wanted["required"]}
    return _made(listed["name"], listed["description"], parameters, left_out)


def _made(
    name: str, says: str, parameters: Sequence[tuple[str, Any, str]], defaults: dict[str, Any]
) -> Callable[..., str]:
    def method(self: Environment, *values: Any, **given: Any) -> str:
        bound = signature.bind(self, *values, **given)
        _, *rest = bound.arguments.items()
        return _called(self, name, dict(rest))

    # Who has a default comes last, as Python wants it.
    ordered = sorted(parameters, key=lambda each: each[0] in defaults)
    found = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for each, hint, _ in ordered:
        default = defaults.get(each, inspect.Parameter.empty)
        wanted = hint | None if each in defaults and defaults[each] is None else hint
        found.append(
            inspect.Parameter(
                each, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=wanted
            )
        )
    signature = inspect.Signature(found, return_annotation=str)
    lines = [says]
    if ordered:
        lines += ["", "Args:", *(f"    {each}: {what}" for each, _, what in ordered)]
    lines += ["", "Returns:", "    What the world answers, as JSON."]
    method.__name__, method.__qualname__, method.__doc__ = name, name, "\n".join(lines)
    method.__annotations__ = {
        **{each.name: each.annotation for each in found[1:]},
        "return": str,
    }
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def _hint(parameter: Parameter) -> Any:
    one: Any = Literal[parameter.among] if parameter.among else parameter.kind
    return list[one] if parameter.many else one
