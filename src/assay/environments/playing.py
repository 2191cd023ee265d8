"""Playing a task: a policy says what to do next, the world answers, and everything is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from assay.environments import clock
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Score, Task, score
from assay.environments.world import Reply, World

MOST_STEPS = 200
MOST_MINUTES = 4 * 7 * 24 * 60

WAIT = {
    "name": "wait",
    "description": (
        "Let time pass until a moment, or for some minutes, or until something comes up before."
        " Say one of until and minutes, and perhaps what alone is to wake you."
    ),
    "parameters": {
        "type": "object",
        "properties": {
            "until": {"type": "string", "description": 'a moment, such as "W2 Wed 09:30"'},
            "minutes": {"type": "integer", "description": "how long, instead of a moment"},
            "event": {
                "type": "string",
                "description": 'what alone ends the wait: "mail", "chat", "pager", "tests", "incident"',
            },
        },
        "required": [],
        "additionalProperties": False,
    },
}
FINISH = {
    "name": "finish",
    "description": "Say that the task is done, or cannot be done.",
    "parameters": {
        "type": "object",
        "properties": {"report": {"type": "string", "description": "what was done, or why it was not"}},
        "required": ["report"],
        "additionalProperties": False,
    },
}


def tool_list(world: World) -> list[dict[str, Any]]:
    """Return all that an agent can call, with JSON schemas."""
    return [
        {"name": tool.name, "description": tool.says, "parameters": tool.schema()}
        for tool in world.tools.values()
    ] + [WAIT, FINISH]


@dataclass
class Episode:
    """A task being played in a world: until the agent finishes, the deadline passes, or steps run out."""

    world: World
    task: Task
    most_steps: int = MOST_STEPS
    replies: list[Reply] = field(default_factory=list)
    report: str | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more can be done."""
        return (
            self.report is not None
            or len(self.replies) >= self.most_steps
            or self.world.now >= self.task.deadline
        )

    def call(self, tool: str, arguments: Mapping[str, Any] | None = None) -> Reply:
        """Do one step: a tool of the world, `wait`, or `finish`."""
        given = dict(arguments or {})
        if tool == "wait":
            reply = self._wait(given)
        elif tool == "finish":
            self.report = str(given.get("report", ""))
            reply = Reply(self.world.steps, "ok", "the episode is over", self.world.now, self.world.now, ())
        else:
            reply = self.world.call(tool, given)
        self.replies.append(reply)
        return reply

    def refuse(self, says: str) -> Reply:
        """Answer a call that cannot be read; it counts as a step, and nothing happens."""
        now = self.world.now
        reply = Reply(self.world.steps, "bad_arguments", says, now, now, ())
        self.replies.append(reply)
        return reply

    def _wait(self, given: Mapping[str, Any]) -> Reply:
        now = self.world.now
        try:
            until = _wanted(given, now)
        except ValueError as wrong:
            return Reply(self.world.steps, "bad_arguments", str(wrong), now, now, ())
        return self.world.wait(min(until, self.task.deadline), event=given.get("event"))

    def score(self) -> Score:
        """Return what it came to so far."""
        return score(self.world, self.task)


def _wanted(given: Mapping[str, Any], now: int) -> int:
    """Return the moment until which a wait is wanted."""
    if strange := sorted(set(given) - {"until", "minutes", "event"}):
        raise ValueError(f"wait has no argument {strange[0]!r}; it takes until, minutes, event")
    until, minutes, event = given.get("until"), given.get("minutes"), given.get("event")
    if event is not None and not isinstance(event, str):
        raise ValueError("event has to be a string")
    if (until is None) == (minutes is None):
        raise ValueError('say either until when, like "W2 Wed 09:30", or for how many minutes')
    if until is not None:
        return clock.read(str(until))
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 < minutes <= MOST_MINUTES:
        raise ValueError(f"minutes has to be a whole number from 1 to {MOST_MINUTES}")
    return now + minutes * clock.MINUTE


class Policy(Protocol):
    """Says what to do next in an episode."""

    def act(self, episode: Episode) -> Action | None:
        """Return the next step, `None` to stop."""


class Oracle:
    """Does the steps of the oracle, perhaps but some of them."""

    def __init__(self, task: Task, *, without: Sequence[int] = ()) -> None:
        self._steps = [step for place, step in enumerate(task.oracle) if place not in without]
        self._answers: dict[str, Any] = {}
        self._last: str = ""

    def act(self, episode: Episode) -> Action | None:
        if self._last and episode.replies:
            self._answers[self._last] = episode.replies[-1].answer
        while self._steps:
            step = self._steps.pop(0)
            self._last = step.name
            try:
                return Action(step.tool, _filled(dict(step.arguments), self._answers), step.name)
            except (KeyError, TypeError):  # what it builds on was left out, or was refused
                continue
        return None


class Nothing:
    """Stops at once."""

    def act(self, episode: Episode) -> Action | None:
        return None


class Steps:
    """Does given steps in order."""

    def __init__(self, steps: Sequence[Action]) -> None:
        self._steps = list(steps)

    def act(self, episode: Episode) -> Action | None:
        return self._steps.pop(0) if self._steps else None


class Random:
    """Calls random tools with arguments that fit, and values that it has seen."""

    def __init__(self, stream: Stream, *, steps: int = 30, only: Callable[[str], bool] | None = None) -> None:
        self._stream, self._left, self._only = stream, steps, only

    def act(self, episode: Episode) -> Action | None:
        if not self._left:
            return None
        self._left -= 1
        tools = [tool for tool in episode.world.tools.values() if self._only is None or self._only(tool.name)]
        tool = self._stream.one(tools)
        seen = sorted(set(re.findall(r"[\w-]{2,40}", " ".join(r.text() for r in episode.replies[-5:]))))
        values: dict[str, Any] = {}
        for each in tool.parameters:
            if not each.required and self._stream.chance(0.5):
                continue
            if each.among:
                one: Any = self._stream.one(each.among)
            elif each.kind is str:
                one = self._stream.one(seen or ["hello"])
            elif each.kind is bool:
                one = self._stream.chance(0.5)
            else:
                one = self._stream.below(50)
            values[each.name] = [one] if each.many else one
        return Action(tool.name, values)


def play(episode: Episode, policy: Policy) -> Score:
    """Let a policy play an episode to its end, and return the score.

    What is still to come until the deadline happens after the policy has stopped.
    """
    while not episode.over:
        step = policy.act(episode)
        if step is None:
            break
        episode.call(step.tool, step.arguments)
    return episode.score()


def _filled(value: Any, answers: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, answers) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, answers) for each in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\.(\w+)\}", value)
    if whole:
        return answers[whole[1]][whole[2]]
    return re.sub(r"\{(\w+)\.(\w+)\}", lambda found: str(answers[found[1]][found[2]]), value)
