"""How an agent faced what broke: noticed, tried again sanely, told the right person, did nothing twice.

Read from the record of steps and from the contacts with faults, never from what the agent says about itself.
For reports only: the score of a task does not depend on it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.environments.situations import told
from assay.environments.tasks import Task, read_changes
from assay.environments.world import World

REFUSED = frozenset({"down", "failed", "refused", "lost"})
"""What contacts are called where the agent was given an error."""

MOST_AT_ONCE = 2
"""How often the same call may be tried again without a pause before it is no longer sane."""

MADE = ("payment", "ticket", "incident", "invoice", "meeting", "interview", "pull_request", "deploy")
"""Tables in which the same row twice is one too many."""


@dataclass(frozen=True)
class Faced:
    """How one fault was faced.

    Attributes
    ----------
    met
        How many calls met it.
    noticed
        Whether it was mended, somebody was told, or what came next was not the very same call at once; `None`
        where it was never met.
    sane
        Whether each wait that a service asked for was kept, and the same call not repeated more than twice
        without a pause; `None` where no call was refused.
    told
        Whether the right person (`tell` of the fault) was written to after it was met; `None` where nobody
        has to be.
    duplicates
        Rows that the agent made more than once with the same values from its first contact on.
    """

    fault: int
    kind: str
    scope: str
    met: int
    noticed: bool | None
    sane: bool | None
    told: bool | None
    duplicates: int


@dataclass(frozen=True)
class _Step:
    number: int
    begins: int
    ends: int
    tool: str
    arguments: str


def faced(world: World, task: Task) -> list[Faced]:
    """Return how the faults of a world were faced, in the order in which they were planted.

    Free of side effects. `task` says from which step on it was played: all of them, as tasks are played in
    forks of their own.
    """
    steps = [
        _Step(row["id"], row["begins"], row["ends"], row["tool"], row["arguments"])
        for row in world.hidden(
            "SELECT id, begins, ends, tool, arguments FROM step WHERE begins < ? ORDER BY id", task.deadline
        )
    ]
    found = []
    for fault in world.hidden("SELECT * FROM fault ORDER BY id"):
        contacts = world.hidden("SELECT step, did FROM contact WHERE fault = ? ORDER BY id", fault["id"])
        met = sorted({row["step"] for row in contacts if row["did"] != "served"})
        refused = sorted({row["step"] for row in contacts if row["did"].split()[0] in REFUSED})
        knows = _told(world, json.loads(fault["parameters"]).get("tell"), met, steps)
        found.append(
            Faced(
                fault["id"],
                fault["kind"],
                fault["scope"],
                len(met),
                _noticed(world, fault, met, knows, steps),
                _sane(refused, steps, _asked_for(world)),
                knows,
                _duplicates(world, met[0]) if met else 0,
            )
        )
    return found


def _noticed(
    world: World, fault: dict[str, Any], met: Sequence[int], knows: bool | None, steps: Sequence[_Step]
) -> bool | None:
    if not met:
        return None
    ended = fault["ends"] is not None and fault["ends"] <= world.now
    if ("mended_when" in fault["parameters"] and ended) or knows:
        return True
    first = next(step for step in steps if step.number == met[0])
    after = [step for step in steps if step.number > first.number]
    return bool(after) and (after[0].tool, after[0].arguments) != (first.tool, first.arguments)


def _asked_for(world: World) -> dict[int, int]:
    """Return step → the moment until which a service asked to stay away."""
    rows = world.hidden("SELECT step, did FROM contact WHERE did LIKE 'refused until %' ORDER BY id")
    return {row["step"]: int(row["did"].rpartition(" ")[2]) for row in rows}


def _sane(refused: Sequence[int], steps: Sequence[_Step], asked: dict[int, int]) -> bool | None:
    if not refused:
        return None
    place = {step.number: index for index, step in enumerate(steps)}
    at_once = 0
    for number in refused:
        step = steps[place[number]]
        again = next(
            (
                each
                for each in steps[place[number] + 1 :]
                if (each.tool, each.arguments) == (step.tool, step.arguments)
            ),
            None,
        )
        if again is None:
            at_once = 0
            continue
        if again.begins < asked.get(number, 0):
            return False
        # Nothing between the two, no waiting and no looking elsewhere: tried again at once.
        at_once = at_once + 1 if place[again.number] == place[number] + 1 else 0
        if at_once > MOST_AT_ONCE:
            return False
    return True


def _told(world: World, person: str | None, met: Sequence[int], steps: Sequence[_Step]) -> bool | None:
    if not person or not met:
        return None
    since = next(step.begins for step in steps if step.number == met[0])
    goal = told(person)
    rows = world.hidden(f"SELECT max(at) AS at FROM ({goal.statement})", *goal.values)
    return rows[0]["at"] is not None and rows[0]["at"] >= since


def _duplicates(world: World, first: int) -> int:
    made: Counter[str] = Counter()
    for change in read_changes(world.changes(first)):
        if change.did == "INSERT" and change.table in MADE:
            values = {
                name: value
                for name, value in change.after.items()
                if name not in ("id", "created_at", "source_event", "valid_from", "valid_to")
            }
            made[json.dumps([change.table, values], sort_keys=True, default=str)] += 1
    return sum(times - 1 for times in made.values())


def shares(all_faced: Sequence[Faced]) -> dict[str, float]:
    """Return the shares of what was met that was noticed, tried again sanely and told, and the duplicates.

    >>> one = Faced(1, "outage", "service:docs", 2, True, True, None, 0)
    >>> shares([one, Faced(2, "outage", "service:ci", 1, False, None, None, 1)])
    {'noticed': 0.5, 'sane': 1.0, 'duplicates': 1}
    """
    found: dict[str, float] = {}
    for name in ("noticed", "sane", "told"):
        said = [getattr(each, name) for each in all_faced if getattr(each, name) is not None]
        if said:
            found[name] = sum(said) / len(said)
    found["duplicates"] = max((each.duplicates for each in all_faced), default=0)
    return found
