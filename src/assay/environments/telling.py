"""Which tasks tell agents apart: how hard each kind is, and whether abler agents do better at it.

Every kind of task gets a difficulty and every agent an ability, by the model of Rasch (1960): the chance that
an agent does a task wholly is the logistic of ability less difficulty. Both are drawn a little towards 0, so
that a kind which everybody does, or nobody, has a number too. Whether a kind tells agents apart is the
correlation of what agents get in it with what they get in all others: two agents are too few for that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assay.environments.trajectories import Trajectory

FEWEST = 3
"""Agents without whom nothing is said of what tells them apart."""

KNOWN = frozenset({"oracle", "nothing"})
"""Who knows the answer and who does nothing: every kind tells these two apart, which says nothing of it."""

SPREAD = 2.0
"""Standard deviation, in logits, that difficulties and abilities are expected to have."""

ROUNDS = 200
LITTLE = 0.2
"""Correlation below which a kind says little of who is abler."""


@dataclass(frozen=True)
class Telling:
    """What a kind of task says of agents.

    Attributes
    ----------
    solved
        Share of episodes with the whole reward, each agent counting alike.
    difficulty
        In logits; an agent of ability 0 does half of the tasks of difficulty 0.
    apart
        Correlation of agents' mean reward here with that elsewhere; `None` where all got the same.
    says
        In words: "everybody does it", "nobody does it", "tells apart", "says little", "the wrong way round".
    """

    template: str
    agents: int
    solved: float
    difficulty: float
    apart: float | None
    says: str


def telling(episodes: Sequence[Trajectory]) -> list[Telling]:
    """Return what each kind of task says of the agents, those that tell most apart first.

    Nothing where there are fewer than three agents beside the oracle and who does nothing. Only kinds that
    all of them played are looked at, so that no agent is the abler for having played what is easy.

    >>> def one(agent, template, reward):
    ...     return Trajectory("", template, 1, 7, {}, "", agent, reward=reward, stopped="finished")
    >>> played = [one(a, t, float(place >= hard)) for place, a in enumerate("abc")
    ...           for t, hard in (("easy", 0), ("mid", 1), ("hard", 2), ("never", 3))]
    >>> [each.template for each in telling(played) if each.says == "tells apart"]
    ['hard', 'mid']
    """
    done = [each for each in episodes if each.done and each.agent not in KNOWN]
    agents = sorted({each.agent for each in done})
    if len(agents) < FEWEST:
        return []
    got: dict[str, dict[str, list[float]]] = {}
    for each in done:
        got.setdefault(each.template, {}).setdefault(each.agent, []).append(each.reward)
    kinds = {
        name: [found[agent] for agent in agents]
        for name, found in sorted(got.items())
        if len(found) == len(agents)
    }
    reward = {name: list(map(_mean, rows)) for name, rows in kinds.items()}
    whole = [[(sum(each == 1.0 for each in row), len(row)) for row in rows] for rows in kinds.values()]
    found = []
    for name, hard, cells in zip(kinds, difficulties(whole), whole, strict=True):
        others = [reward[other] for other in kinds if other != name]
        rest = [_mean([row[place] for row in others]) for place in range(len(agents))]
        apart = _correlation(reward[name], rest)
        solved = _mean([did / of for did, of in cells])
        says = _said(solved, reward[name], apart)
        found.append(Telling(name, len(agents), solved, hard, apart, says))
    return sorted(found, key=lambda each: (-(each.apart if each.apart is not None else -2), each.template))


def _said(solved: float, rewards: Sequence[float], apart: float | None) -> str:
    if solved == 1:
        return "everybody does it"
    if max(rewards) == 0:
        return "nobody does it"
    if apart is None or abs(apart) < LITTLE:
        return "says little"
    return "tells apart" if apart > 0 else "the wrong way round"


def difficulties(whole: Sequence[Sequence[tuple[int, int]]]) -> list[float]:
    """Return a difficulty for each kind: the mode of the posterior, in logits.

    Parameters
    ----------
    whole
        Kind by agent: how many episodes had the whole reward, and of how many.

    >>> [round(each, 1) for each in difficulties([[(9, 10), (10, 10)], [(1, 10), (5, 10)]])]
    [-2.3, 1.4]
    """
    hard, able = [0.0] * len(whole), [0.0] * len(whole[0] if whole else ())
    turned = list(zip(*whole, strict=True))
    for _ in range(ROUNDS):
        for kind, row in enumerate(whole):
            hard[kind] -= _step(row, [each - hard[kind] for each in able], -hard[kind])
        for agent, column in enumerate(turned):
            able[agent] += _step(column, [able[agent] - each for each in hard], able[agent])
    return hard


def _step(cells: Sequence[tuple[int, int]], logits: Sequence[float], now: float) -> float:
    """Return Newton's step for an ability, or for a difficulty with its sign turned."""
    slope, bend = -now / SPREAD**2, 1 / SPREAD**2
    for (did, of), logit in zip(cells, logits, strict=True):
        chance = _chance(logit)
        slope += did - of * chance
        bend += of * chance * (1 - chance)
    return max(-1.0, min(1.0, slope / bend))  # far from the mode, a whole step leaps over it


def _chance(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's correlation, `None` where one of both never differs."""
    a, b = _mean(first), _mean(second)
    both = sum((x - a) * (y - b) for x, y in zip(first, second, strict=True))
    norm = math.sqrt(sum((x - a) ** 2 for x in first) * sum((y - b) ** 2 for y in second))
    return both / norm if norm > 1e-12 else None
