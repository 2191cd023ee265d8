"""Crowds to route: made-up ones with known skills, and real ones whose votes are played back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from harness import ROOT

from assay import quality
from assay.quality import Columns
from assay.records import Verdict
from assay.work import Ability, Candidate, Finished, grow, order

TRUTH = ROOT.parent / "shared" / "data" / "truth"
REAL = ("bluebird", "rte", "snow_temp", "dog", "trec_vuurens", "zencrowd_all", "weather_amt", "music_genre")
"""Sets with four votes an item and more, so that there is something to save."""

Vote = tuple[str, str, str]
Queues = Mapping[str, Sequence[Vote]]
"""For each item its votes in the order in which they would come in."""


@dataclass(frozen=True)
class Point:
    """Votes spent for each item, and the share of verdicts that are right."""

    votes: float
    accuracy: float


def weighed(votes: Sequence[Vote]) -> tuple[Verdict, ...]:
    return quality.weigh(Columns.from_lists(*zip(*votes, strict=True)), question="q").verdicts


def score(votes: Sequence[Vote], gold: Mapping[str, str]) -> Point:
    said = {verdict.item: verdict.label for verdict in weighed(votes)}
    right = [said.get(item) == label for item, label in gold.items() if item in said]
    return Point(len(votes) / len(said), float(np.mean(right)))


def fixed(queues: Queues, gold: Mapping[str, str], each: int) -> Point:
    """Give every item the same number of votes."""
    return score([vote for queue in queues.values() for vote in queue[:each]], gold)


def growing(queues: Queues, gold: Mapping[str, str], *, start: int, most: int, confidence: float) -> Point:
    """Begin with a few votes, and add one where the verdict is not sure, round after round."""
    taken = {item: min(start, len(queue)) for item, queue in queues.items()}
    while True:
        votes = [vote for item, queue in queues.items() for vote in queue[: taken[item]]]
        finished = [Finished(v.item, taken[v.item], {"q": v.posterior}) for v in weighed(votes)]
        open_items = [each for each in finished if taken[each.work] < len(queues[each.work])]
        more = grow(open_items, confidence=confidence, most=most)
        if not more:
            return score(votes, gold)
        for item in more:
            taken[item] += 1


def votes_of_fixed(curve: Sequence[Point], accuracy: float) -> float:
    """Return how many votes an item a fixed overlap needs for an accuracy; all it can have if never."""
    best = [curve[0]]
    for point in curve[1:]:
        best.append(Point(point.votes, max(point.accuracy, best[-1].accuracy)))
    for before, after in pairwise(best):
        if before.accuracy >= accuracy:
            return before.votes
        if after.accuracy >= accuracy:
            share = (accuracy - before.accuracy) / (after.accuracy - before.accuracy)
            return before.votes + share * (after.votes - before.votes)
    return best[-1].votes


# -- real crowds ---------------------------------------------------------------------------------------------


def real(name: str, rng: np.random.Generator) -> tuple[Queues, dict[str, str]]:
    """Return the votes of a development set, those of each item in a drawn order, and what is right."""
    import polars as pl

    votes = pl.read_parquet(TRUTH / name / "labels.parquet").select(
        pl.col("task", "worker", "label").cast(pl.String)
    )
    gold = pl.read_parquet(TRUTH / name / "gold.parquet").select(pl.col("task", "label").cast(pl.String))
    rows = votes.unique(["task", "worker"], keep="last", maintain_order=True).rows()
    queues: dict[str, list[Vote]] = {}
    for place in rng.permutation(len(rows)):
        queues.setdefault(rows[place][0], []).append(rows[place])
    return queues, dict(gold.iter_rows())


# -- made-up crowds ------------------------------------------------------------------------------------------


def simulated(
    rng: np.random.Generator, *, items: int, people: int, labels: int = 2, depth: int = 12
) -> tuple[Queues, dict[str, str]]:
    """Return votes of people whose skill is drawn from Beta(6, 2), on items of which a third are hard."""
    truth = rng.integers(labels, size=items)
    skill, hard = rng.beta(6, 2, people), rng.random(items) < 1 / 3
    queues, gold = {}, {}
    for item in range(items):
        gold[f"i{item}"] = str(truth[item])
        queues[f"i{item}"] = []
        for rater in rng.permutation(people)[:depth]:
            sure = 0.5 + (skill[rater] - 0.5) / 2 if hard[item] else skill[rater]
            error = (truth[item] + rng.integers(1, labels)) % labels
            label = truth[item] if rng.random() < sure else error
            queues[f"i{item}"].append((f"i{item}", f"r{rater}", str(label)))
    return queues, gold


Choice = Callable[[list[Candidate], int], str]


def routed(rng: np.random.Generator, *, by_skill: bool, items: int, people: int, cap: int = 3) -> Point:
    """Let people who are good at one of two domains ask for work in turn, and score the verdicts.

    Everybody judges as many works as everybody else. What is known of them is what gold would tell: ten works
    in each domain. Verdicts weigh each vote by the known skill of its rater in the domain.
    """
    domains = ("law", "verse")
    domain, better = rng.integers(2, size=items), rng.integers(2, size=people)
    strong, weak = rng.beta(18, 2, (people, 2)), rng.beta(6, 4, (people, 2))
    skill = np.where(np.arange(2) == better[:, None], strong, weak)
    seen = rng.binomial(10, skill)
    mean = (seen + 2) / (10 + 3)
    half = 1.96 * np.sqrt(mean * (1 - mean) / 14)
    taken, judged = np.zeros(items, int), [set() for _ in range(people)]
    odds = np.zeros(items)
    for _turn in range(items * cap // people):
        for person in rng.permutation(people):
            candidates = [
                Candidate(str(item), "en", int(taken[item]), domains[domain[item]], cap)
                for item in np.flatnonzero(taken < cap)
                if item not in judged[person]
            ]
            if not candidates:
                continue
            known = [
                Ability(float(mean[person, d]), float(mean[person, d] - half[person, d]),
                        float(mean[person, d] + half[person, d]), domain=domains[d])
                for d in range(2)
            ]  # fmt: skip
            chosen = (
                order(candidates, languages=(), rng=rng, abilities=known, crowd=0.75)[0]
                if by_skill
                else candidates[rng.integers(len(candidates))].work
            )
            item = int(chosen)
            right = rng.random() < skill[person, domain[item]]
            weight = np.log(mean[person, domain[item]] / (1 - mean[person, domain[item]]))
            odds[item] += weight if right else -weight
            taken[item] += 1
            judged[person].add(item)
    return Point(float(taken.mean()), float(np.mean((odds > 0) + 0.5 * (odds == 0))))
