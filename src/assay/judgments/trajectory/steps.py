"""Steps of an agent, read from text that anybody may have written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

OTHERS = frozenset({"user", "human", "system", "developer", "tool", "function", "environment"})
"""Roles whose turns are not the agent's own work, so nobody says whether they are right."""

ANSWERS = frozenset({"tool", "function", "environment"})
"""Roles that say what a tool answered."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: who acted, what was said, which tool was called with what, and what it answered."""

    number: int
    role: str = ""
    text: str = ""
    tool: str = ""
    args: str = ""
    result: str = ""

    @property
    def judged(self) -> bool:
        """Whether the step is the agent's own."""
        return self.role.lower() not in OTHERS


def read(text: str) -> tuple[Step, ...]:
    """Return the steps in a JSON list of objects with `role`, `text`, `tool`, `args` and `result`.

    Chat messages are read too: `content` is the text, and each of `tool_calls` with its function a step of
    its own. Whatever is not such a list is one step, shown as it is written: nobody's work stops because an
    agent wrote nonsense.

    >>> [(step.tool, step.args) for step in read('[{"tool": "search", "args": {"q": "moon"}}]')]
    [('search', '{\\n  "q": "moon"\\n}')]
    >>> read("[[[")
    (Step(number=1, role='', text='[[[', tool='', args='', result=''),)
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list) or not said:
        return (Step(1, text=text),)
    found: list[Step] = []
    for one in said:
        found += _steps(one, len(found) + 1)
    return tuple(found)


def _steps(said: object, number: int) -> list[Step]:
    if not isinstance(said, Mapping):
        return [Step(number, text=_shown(said))]
    calls = said.get("tool_calls")
    if isinstance(calls, list) and calls and all(_is_call(call) for call in calls):
        first = Step(number, _shown(said.get("role")), _shown(said.get("content")))
        spoken = [first] if first.text else []
        called = [call["function"] for call in calls]
        return spoken + [
            Step(number + len(spoken) + place, first.role, "", _shown(one.get("name")), _arguments(one))
            for place, one in enumerate(called)
        ]
    role, text = _shown(said.get("role")), _shown(said.get("text", said.get("content")))
    result = _shown(said.get("result"))
    if role.lower() in ANSWERS and not result:
        text, result = "", text
    known = {"role", "text", "content", "tool", "args", "result"}
    rest = {name: value for name, value in said.items() if name not in known}
    return [
        Step(
            number,
            role=role,
            # What has no place of its own is shown all the same.
            text="\n\n".join(part for part in (text, rest and f"```json\n{_shown(rest)}\n```") if part),
            tool=_shown(said.get("tool")),
            args=_shown(said.get("args")),
            result=result,
        )
    ]


def _is_call(call: object) -> bool:
    return isinstance(call, Mapping) and isinstance(call.get("function"), Mapping)


def _arguments(function: Mapping[str, object]) -> str:
    """Return the arguments of a call, which chat models send as JSON within JSON."""
    said = function.get("arguments")
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except (ValueError, RecursionError):
            return str(said)
    return _shown(said)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return json.dumps("nested too deeply to be shown")
