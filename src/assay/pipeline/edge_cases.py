"""Works that a brief does not decide: skilled people part on them, or say that the brief is silent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from assay.judgments import kind as kind_named
from assay.pipeline import run
from assay.records import Brief, Judgment, Question, Work

PARTED = 0.4
"""From this share of weighted pairs on, people part: one against two, or one against four."""

FAR = 2.0
"""Two numbers so many steps of their scale apart are as far apart as two labels."""


@dataclass(frozen=True, slots=True)
class EdgeCase:
    """A work that its brief does not decide, and the evidence.

    Attributes
    ----------
    cause
        `split` where people part, `silent` where somebody says that the brief does not decide this.
    doubt
        How far people part on the question on which they part most: the share of pairs that differ, each
        pair weighing what its two people are trusted.
    questions
        The questions on which they part, the most parted first.
    """

    work: str
    cause: Literal["split", "silent"]
    doubt: float
    questions: tuple[str, ...] = ()


def edge_cases(
    brief: Brief,
    works: Sequence[Work],
    judgments: Sequence[Judgment],
    *,
    silent: Sequence[str] = (),
    known: Mapping[str, float] | None = None,
) -> list[EdgeCase]:
    """Return the works that the brief does not decide, the most doubtful first.

    Parameters
    ----------
    judgments
        The ones in force: at most one for each person and work.
    silent
        Ids of the works of which somebody said that the brief is silent.
    known
        Person → how often they are right, from 0 to 1, where this is known from elsewhere; others are
        trusted as these judgments alone suggest.

    >>> from assay.records import Item, Sample
    >>> answers = lambda item: tuple(Sample(f"{item}/{name}", item, name, "…") for name in "xy")
    >>> works = [Work(name, Item(name, "…"), answers(name)) for name in ("moon", "sea")]
    >>> said = [
    ...     Judgment(f"{work}{rater}", work, rater, "pairwise", {"choice": f"{work}/{choice}"})
    ...     for work, choices in (("moon", "xxy"), ("sea", "yyy"))
    ...     for rater, choice in zip(("ann", "ben", "cy"), choices)
    ... ]
    >>> [(case.work, case.cause) for case in edge_cases(Brief("p", "g", "pairwise"), works, said)]
    [('moon', 'split')]
    """
    kind = kind_named(brief.kind)
    questions = kind.questions(brief)
    work_of = {work.id: work for work in works}
    said: dict[tuple[str, str], dict[str, str]] = {}
    for judgment in judgments:
        for name, label in kind.votes(brief, work_of[judgment.work], judgment.answer).items():
            said.setdefault((judgment.work, name), {})[judgment.rater] = label
    trust = {(skill.rater, skill.question): skill.mean for skill in run(brief, works, judgments).skills}
    parted: dict[str, list[tuple[float, str]]] = {}
    for question in questions:
        for work in work_of:
            labels = said.get((work, question.name), {})
            weight = {
                rater: (known or {}).get(rater, trust.get((rater, question.name), 1.0)) for rater in labels
            }
            doubt = parting(question, labels, weight)
            if doubt >= PARTED:
                parted.setdefault(work, []).append((doubt, question.name))
    found = []
    for work in work_of:
        most = sorted(parted.get(work, ()), key=lambda pair: -pair[0])
        if most or work in silent:
            cause: Literal["split", "silent"] = "silent" if work in silent else "split"
            found.append(EdgeCase(work, cause, most[0][0] if most else 0.0, tuple(name for _, name in most)))
    return sorted(found, key=lambda case: (-case.doubt, case.work))


def parting(question: Question, labels: Mapping[str, str], weight: Mapping[str, float]) -> float:
    """Return how far people part, from 0 (all alike) to 1 (each pair as far apart as can be).

    >>> alike = dict.fromkeys(("ann", "ben", "cy"), 1.0)
    >>> stars = Question("stars", "?", type="ratings", low=1, high=5)
    >>> parting(stars, {"ann": "4", "ben": "5", "cy": "4"}, alike)
    0.3333333333333333
    """
    total = apart = 0.0
    for one, other in combinations(sorted(labels), 2):
        # Squared: whoever is right by the toss of a coin can split nothing by themselves.
        own = (weight[one] * weight[other]) ** 2
        total += own
        apart += own * _distance(question, labels[one], labels[other])
    return apart / total if total else 0.0


def _distance(question: Question, one: str, other: str) -> float:
    if one == other:
        return 0.0
    if question.type == "ratings":
        from assay.pipeline.weighing import step  # noqa: PLC0415 -- polars, as in `pipeline.run`

        return min(abs(float(one) - float(other)) / (FAR * step(question)), 1.0)
    if question.type == "rankings":
        first, second = _order(one), _order(other)
        turned = [first[pair] != first_second for pair, first_second in second.items() if pair in first]
        return sum(turned) / len(turned) if turned else 1.0
    if question.type == "spans":
        mine, theirs = _covered(one), _covered(other)
        return 1 - len(mine & theirs) / max(len(mine | theirs), 1)
    return 1.0


def _order(label: str) -> dict[tuple[str, str], int]:
    """Return for each two names which of them stands above: 1 the first, -1 the second, 0 neither."""
    from assay.pipeline.weighing import outcomes  # noqa: PLC0415 -- polars, as in `pipeline.run`

    found = {}
    for better, worse, tied in outcomes(label):
        first, second = sorted((better, worse))
        found[first, second] = 0 if tied else 1 if better == first else -1
    return found


def _covered(label: str) -> set[int]:
    return {place for mark in json.loads(label) for place in range(int(mark[0]), int(mark[1]))}
