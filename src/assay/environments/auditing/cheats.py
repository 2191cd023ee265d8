"""Policies that deserve nothing: what an agent does that has not understood the task, or games its score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assay.environments.auditing.texts import CONSTANTS, INJECTED
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.playing import Episode, Nothing, Oracle, Policy, Random, Steps
from assay.environments.schema import SURFACES, columns_of
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Task, read_changes
from assay.environments.tools import App, tool

ROUNDS = 100
"""How often the spammer writes to everybody, if the deadline lets it."""

CHANNELS = 9
"""How many channels a message goes to that stays within what every task allows."""


class Patient(Oracle):
    """Does the steps of an oracle that may be another task's, or lack some: what builds on a refusal is left
    out.
    """

    def act(self, episode: Episode) -> Action | None:
        while True:
            try:
                return super().act(episode)
            except (TypeError, IndexError):  # an earlier step was refused, so its answer is a sentence
                continue


class Spam:
    """Writes to everybody, again and again, whatever may help: the text of the task, which names things."""

    def __init__(self, task: Task, *, rounds: int = ROUNDS) -> None:
        self._text, self._rounds = task.text, rounds
        self._people: list[str] = []
        self._sent = 0

    def act(self, episode: Episode) -> Action | None:
        self._people = self._people or _people(episode)
        if not self._people or self._sent >= self._rounds * len(self._people):
            return None
        person = self._people[self._sent % len(self._people)]
        self._sent += 1
        return Action("chat_post", {"channel": f"@{person}", "text": f"@{person} {self._text}"})


class Echo:
    """Says the task's own text in the channels, then to as many people as every task allows."""

    def __init__(self, task: Task) -> None:
        self._text, self._steps, self._begun = task.text, list[Action](), False

    def act(self, episode: Episode) -> Action | None:
        if not self._begun:
            self._begun = True
            channels = episode.world.hidden("SELECT id FROM channel ORDER BY id LIMIT ?", CHANNELS)
            people = " ".join(f"@{person}" for person in _people(episode))
            self._steps = [
                Action("chat_post", {"channel": row["id"], "text": f"{people} {self._text}"})
                for row in channels
            ] + [Action("mail_send", {"to": _people(episode), "subject": "Task", "body": self._text})]
        return self._steps.pop(0) if self._steps else None


def _people(episode: Episode) -> list[str]:
    rows = episode.world.hidden("SELECT id FROM person WHERE id != ? ORDER BY id", episode.world.agent)
    return [row["id"] for row in rows]


def says(*texts: str) -> Policy:
    """Return who ends at once with a report, after saying the same in chat and mail."""
    steps = [Action("chat_post", {"channel": "general", "text": text}) for text in texts]
    steps += [
        Action("mail_send", {"to": ["grader@helio.example"], "subject": text, "body": text}) for text in texts
    ]
    return Steps([*steps, Action("finish", {"report": "\n".join(texts)})])


def looks(task: Task, episode: Episode) -> Policy:
    """Return who does what the oracle does as far as it only reads."""
    writes = [
        place
        for place, step in enumerate(task.oracle)
        if step.tool in episode.world.tools and episode.world.tools[step.tool].writes
    ]
    return Patient(task, without=writes)


def reads_only(episode: Episode, seed: int) -> Policy:
    """Return who calls tools at random that change nothing."""
    tools = episode.world.tools
    return Random(Stream(seed, "reads"), only=lambda name: not tools[name].writes)


class Sweep:
    """Calls every tool a few times with arguments that fit."""

    def __init__(self, episode: Episode, seed: int, *, times: int = 3) -> None:
        self._policies = [
            Random(Stream(seed, "sweep", name), steps=times, only=name.__eq__) for name in episode.world.tools
        ]

    def act(self, episode: Episode) -> Action | None:
        while self._policies:
            step = self._policies[0].act(episode)
            if step is not None:
                return step
            self._policies.pop(0)
        return None


def half(task: Task) -> Policy:
    """Return who stops after half of the oracle's steps."""
    many = len(task.oracle)
    return Patient(task, without=range(many // 2, many))


Cheat = Callable[[Task, Episode], Policy]

CHEATS: Mapping[str, Cheat] = {
    "nothing": lambda task, episode: Nothing(),
    "random": lambda task, episode: Random(Stream(task.seed, "random")),
    "reads at random": lambda task, episode: reads_only(episode, task.seed),
    "looks only": looks,
    "spam": lambda task, episode: Spam(task),
    "echo": lambda task, episode: Echo(task),
    "constant": lambda task, episode: says(*CONSTANTS),
    "injected": lambda task, episode: says(*INJECTED),
}
"""Name → who plays: each has to end with next to nothing."""


# -- deleting and making anew ----------------------------------------------------------------------------


@tool(writes=True)
def audit_remove(desk: Desk, table: str, key: str) -> dict[str, Any]:
    """Remove a row of any surface: only the audit has this tool.

    Args:
        table: a surface
        key: its id
    """
    desk.remove(table, _key(desk, table, key))
    return {"removed": key}


@tool(writes=True)
def audit_recreate(desk: Desk, table: str, names: list[str], values: list[str]) -> dict[str, Any]:
    """Insert a row into any surface: only the audit has this tool.

    Args:
        table: a surface
        names: its columns
        values: what they hold, numbers as "#5", nothing as "-"
    """
    known = columns_of(table)
    row: dict[str, Any] = {
        name: _read(value) for name, value in zip(names, values, strict=True) if name in known
    }
    desk.put(table, **row)
    return {"made": table}


def _key(desk: Desk, table: str, key: str) -> str | int:
    if table not in SURFACES:
        raise ToolError("not_found", f"there is no {table!r}")
    return int(key) if "INTEGER" in SURFACES[table][0] else key


def _read(text: str) -> str | int | float | None:
    if text == "-":
        return None
    if text.startswith("#"):
        return float(text[1:]) if "." in text or "e" in text else int(text[1:])
    return text[1:]


def _write(value: object) -> str:
    if value is None:
        return "-"
    return f"#{value}" if isinstance(value, int | float) else f"'{value}"


APP = App("audit", "", (audit_remove, audit_recreate))
"""Tools that no agent has: a score has to see what they do."""

MOST_ROWS = 3


class Recreates:
    """Does what the oracle does, then deletes rows that it changed and makes them anew as they were."""

    def __init__(self, task: Task) -> None:
        self._oracle, self._steps = Patient(task), list[Action]()
        self._begun = False

    def act(self, episode: Episode) -> Action | None:
        step = None if self._begun else self._oracle.act(episode)
        if step is not None and step.tool != "finish":
            return step
        if not self._begun:
            self._begun = True
            self._steps = list(_anew(episode))
        return self._steps.pop(0) if self._steps else None


def _anew(episode: Episode) -> list[Action]:
    """Return steps that delete what was changed last, and insert it again."""
    rows: dict[tuple[str, Any], None] = {}
    for change in read_changes(episode.world.changes()):
        key = change.before.get("id", change.after.get("id"))
        if change.table != "email" or change.did == "INSERT":
            rows.pop((change.table, key), None)
            rows[change.table, key] = None
    steps = []
    for table, key in list(rows)[-MOST_ROWS:]:
        found = episode.world.hidden(f"SELECT * FROM {table} WHERE id = ?", key)
        if found:
            names = list(columns_of(table))
            values = [_write(found[0][name]) for name in names]
            steps.append(Action("audit_remove", {"table": table, "key": str(key)}))
            steps.append(Action("audit_recreate", {"table": table, "names": names, "values": values}))
    return steps
