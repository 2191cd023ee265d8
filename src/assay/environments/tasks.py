"""Tasks and their scores: what has to be so in the end, and what may have been changed on the way.

A task is made from the answer: first what is really so, then the evidence, then the text. Its score reads the
state and the record of steps, never what the agent says about itself: goals are questions over the tables,
and everything that was changed beyond what the task allows is a side effect, which costs the whole score.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Any

import apsw

from assay.environments import sandbox
from assay.environments.errors import WorldError
from assay.environments.git import Repository
from assay.environments.sandbox import Check
from assay.environments.schema import PROVENANCE, SURFACES, columns_of
from assay.environments.world import World, as_json


@dataclass(frozen=True)
class Goal:
    """Something that has to be so: a SELECT that finds a row when it is.

    With `checks` the row names code, as `repo` and `code` (the id of a commit), which has to pass them, too.
    """

    name: str
    statement: str
    values: tuple[Any, ...] = ()
    weight: float = 1.0
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Allowed:
    """Changes that belong to a task.

    Attributes
    ----------
    table, did
        Which table, and "INSERT", "UPDATE" or "DELETE".
    where
        Column → the value it has before (update, delete) or after (insert) the change.
    columns
        Those that may be updated; all of them where it is empty.
    most
        How many such changes at most: a company does not want to be told a thing a hundred times.
    """

    table: str
    did: str
    where: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    most: int = 1_000


@dataclass(frozen=True)
class Action:
    """A step of the oracle. A text "{name.key}" in the arguments stands for what an earlier step answered."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Task:
    """Something to be done in a world.

    Attributes
    ----------
    text
        What the agent is told.
    deadline
        When the episode ends, in simulated microseconds.
    oracle
        Steps that do it.
    knobs
        How hard it was made: number of decoys, hops, faults and so on.
    """

    id: str
    template: str
    seed: int
    text: str
    deadline: int
    goals: tuple[Goal, ...]
    allowed: tuple[Allowed, ...]
    oracle: tuple[Action, ...]
    knobs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """What an episode came to.

    Attributes
    ----------
    reward
        Weighted share of the goals that hold; 0 where there are side effects.
    goals
        Goal → whether it holds.
    side_effects
        What was changed beyond what is allowed, one line each.
    """

    reward: float
    goals: Mapping[str, bool]
    side_effects: tuple[str, ...]


TALK = (
    Allowed("message", "INSERT", most=15),
    Allowed("email", "INSERT", most=10),
    Allowed("email", "UPDATE", columns=("seen",)),
)
"""What every task allows: to talk, within reason, and to read one's mail."""


def score(world: World, task: Task) -> Score:
    """Score what was done in a world.

    Free of side effects and the same whenever it is asked.
    """
    held = {goal.name: holds(world, goal) for goal in task.goals}
    effects = tuple(side_effects(world.changes(), (*task.allowed, *TALK)))
    whole = sum(goal.weight for goal in task.goals)
    reward = 0.0 if effects else sum(goal.weight for goal in task.goals if held[goal.name]) / whole
    return Score(reward, held, effects)


def holds(world: World, goal: Goal) -> bool:
    """Say whether a goal holds; where it has checks, they are run in the sandbox, and judged here."""
    found = world.hidden(goal.statement, *goal.values)
    if not found or not goal.checks:
        return bool(found)
    code = Repository(str(found[0]["repo"]), world.hidden)
    return _passes(tuple(sorted(code.texts(str(found[0]["code"])).items())), as_json(_asked(goal.checks)))


@lru_cache(256)
def _passes(files: tuple[tuple[str, str], ...], checks: str) -> bool:
    """Say whether files pass checks: asked once for the same files, however often a score is taken."""
    return sandbox.checked(dict(files), _checks(json.loads(checks))).passed


def _asked(checks: Sequence[Check]) -> list[list[Any]]:
    return [[each.module, each.name, each.given, each.wanted, each.raises] for each in checks]


def _checks(asked: Sequence[Sequence[Any]]) -> tuple[Check, ...]:
    return tuple(
        Check(module, name, None if given is None else tuple(given), wanted, raises)
        for module, name, given, wanted, raises in asked
    )


@dataclass(frozen=True)
class Change:
    """One row that was changed: its columns before and after."""

    table: str
    did: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def read_changes(changes: Sequence[bytes]) -> list[Change]:
    """Return the rows that some changesets changed, in order."""
    found = []
    for one in changes:
        for row in apsw.Changeset.iter(one):
            names = (*columns_of(row.name), *PROVENANCE)
            found.append(Change(row.name, row.op, _named(names, row.old), _named(names, row.new)))
    return found


def _named(names: Sequence[str], values: Sequence[Any] | None) -> dict[str, Any]:
    if values is None:
        return {}
    return {name: value for name, value in zip(names, values, strict=True) if value is not apsw.no_change}


def side_effects(changes: Sequence[bytes], allowed: Sequence[Allowed]) -> list[str]:
    """Return what was changed beyond what is allowed."""
    used = [0] * len(allowed)
    found = []
    for change in read_changes(changes):
        for place, rule in enumerate(allowed):
            if _allows(rule, change) and used[place] < rule.most:
                used[place] += 1
                break
        else:
            key = change.before.get("id", change.after.get("id"))
            columns = ", ".join(sorted(set(change.after) - {"id"})) if change.did == "UPDATE" else ""
            found.append(f"{change.did.lower()} {change.table} {key}{f': {columns}' if columns else ''}")
    return found


def _allows(rule: Allowed, change: Change) -> bool:
    if (rule.table, rule.did) != (change.table, change.did):
        return False
    if change.did == "UPDATE" and rule.columns and not set(change.after) - {"id"} <= set(rule.columns):
        return False
    seen = change.after if change.did == "INSERT" else change.before
    return all(seen.get(column) == value for column, value in rule.where.items())


def checked(task: Task, rows: Callable[..., object]) -> Task:
    """Refuse a task that cannot be scored, or whose rules can never hold.

    Parameters
    ----------
    rows
        Runs a SELECT in the world of the task.

    Raises
    ------
    WorldError
        Where a goal is no question, weighs nothing, or a rule names a table or column that is not there.
    """
    if not task.goals:
        raise WorldError(f"{task.template} has no goal; say what has to be so in the end")
    for goal in task.goals:
        if not (isinstance(goal.weight, int | float) and 0 < goal.weight < inf):
            raise WorldError(f"{task.template}: the goal {goal.name!r} weighs {goal.weight!r}, not above 0")
        if not goal.statement.lstrip().upper().startswith(("SELECT", "WITH")):
            raise WorldError(f"{task.template}: the goal {goal.name!r} is no SELECT")
        if ";" in re.sub(r"'(?:[^']|'')*'", "", goal.statement):
            raise WorldError(f"{task.template}: the goal {goal.name!r} is more than one question")
        try:
            rows(f"EXPLAIN {goal.statement}", *goal.values)
        except apsw.Error as wrong:
            raise WorldError(f"{task.template}: the goal {goal.name!r} cannot be asked: {wrong}") from None
    for rule in task.allowed:
        if rule.table not in SURFACES or rule.did not in {"INSERT", "UPDATE", "DELETE"}:
            raise WorldError(f"{task.template} allows {rule.did} of {rule.table!r}, which there is not")
        if strange := ({*rule.where, *rule.columns} - {*columns_of(rule.table), *PROVENANCE}):
            raise WorldError(f"{task.template} allows changes of {rule.table}, which has no {min(strange)!r}")
    return task


def told(task: Task) -> str:
    """Return a task as JSON, as it travels to a grader in another process."""
    return json.dumps(
        {
            "id": task.id,
            "template": task.template,
            "seed": task.seed,
            "text": task.text,
            "deadline": task.deadline,
            "knobs": dict(task.knobs),
            "goals": [[g.name, g.statement, list(g.values), g.weight, _asked(g.checks)] for g in task.goals],
            "allowed": [[a.table, a.did, dict(a.where), list(a.columns), a.most] for a in task.allowed],
            "oracle": [[o.tool, dict(o.arguments), o.name] for o in task.oracle],
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def heard(text: str) -> Task:
    """Read a task that `told` wrote."""
    found = json.loads(text)
    return Task(
        found["id"],
        found["template"],
        found["seed"],
        found["text"],
        found["deadline"],
        tuple(
            Goal(name, statement, tuple(values), weight, _checks(checks))
            for name, statement, values, weight, checks in found["goals"]
        ),
        tuple(
            Allowed(table, did, where, tuple(columns), most)
            for table, did, where, columns, most in found["allowed"]
        ),
        tuple(Action(tool, arguments, name) for tool, arguments, name in found["oracle"]),
        found["knobs"],
    )
