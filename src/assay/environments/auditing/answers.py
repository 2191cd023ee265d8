"""How many answers a template has: one that is right for many seeds can be learned by heart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from assay.environments.auditing.cheats import Patient
from assay.environments.playing import play
from assay.environments.situations import Knobs
from assay.environments.tasks import Task, told
from assay.environments.universe import Universe

SEEDS = 20
FIRST = 5_001
"""Of the seeds that are tried, beyond those that people take for their tasks."""


@dataclass(frozen=True)
class Answers:
    """What the answers of a template come to.

    Attributes
    ----------
    seeds
        How many were planted.
    different
        How many different answers they have: what their goals ask for.
    alike
        The share of the other seeds for which the steps of one of them get everything: of the commonest
        answer's, or of the first's, whichever pass more often.
    """

    seeds: int
    different: int
    alike: float


def answers(universe: Universe, template: str, knobs: Knobs | None = None, *, seeds: int = SEEDS) -> Answers:
    """Plant a template with several seeds, and bring the answer of one to all others.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = answers(Universe("startup", 7, pathlib.Path(folder)), "invoice-dispute", seeds=4)
    >>> found
    Answers(seeds=4, different=4, alike=0.0)
    """
    tasks = [universe.task(template, FIRST + place, knobs) for place in range(seeds)]
    wanted = [_wanted(task) for task in tasks]
    commonest = wanted.index(Counter(wanted).most_common(1)[0][0])
    shares = [_share(universe, tasks, place) for place in dict.fromkeys((0, commonest))]
    for task in tasks:
        universe.forget(task)
    return Answers(seeds, len(set(wanted)), max(shares))


def _wanted(task: Task) -> str:
    """Return what the goals of a task ask for, as text."""
    return json.dumps([goal[1:] for goal in json.loads(told(task))["goals"]])


def _share(universe: Universe, tasks: list[Task], place: int) -> float:
    """Return for which share of the other tasks the oracle of one gets everything."""
    others = [task for number, task in enumerate(tasks) if number != place]
    passed = 0
    for task in others:
        with universe.episode(task) as episode:
            passed += play(episode, Patient(tasks[place])).reward >= 1
    return passed / len(others) if others else 0.0
