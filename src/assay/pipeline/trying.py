"""Two versions of a brief side by side: judgments by both, to what the second one changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.judgments import kind as kind_named
from assay.pipeline import run
from assay.quality.experiment import Effect, ExperimentError, Measurement, agreement, effect
from assay.records import Brief, Judgment, Question, Work

LEAST_SECONDS = 1.0
"""A shorter time is measured as this one: what is compared is by what factor times differ."""


@dataclass(frozen=True)
class Comparison:
    """One thing that was compared.

    `measure` is `right` (share of labels that are the known ones), `agree` (share of pairs of people who say
    the same), `seconds` (time a judgment takes; as a factor: its effect is on logarithms), or `sure` (mean
    probability of a verdict reached by one version alone; no interval, since both rest on few people).
    `question` is empty for `seconds`.
    """

    measure: str
    question: str
    means: tuple[float, float]
    effect: Effect | None

    @property
    def factor(self) -> tuple[float, float, float] | None:
        """Return by what factor times change, with its interval."""
        found = self.effect
        if self.measure != "seconds" or found is None or found.low is None or found.high is None:
            return None
        return math.exp(found.difference), math.exp(found.low), math.exp(found.high)


def compare_versions(
    brief: Brief,
    works: Sequence[Work],
    judgments: Sequence[Judgment],
    dealt: Mapping[str, int],
    *,
    gold: Mapping[tuple[str, str], str] | None = None,
    rng: np.random.Generator,
) -> list[Comparison]:
    """Return what the second version changes, for everything that can be compared.

    Parameters
    ----------
    brief
        Either version; both ask the same questions.
    judgments
        Of people who were dealt to a version; each counts for the version of its person.
    dealt
        Person → 0 (first version) or 1 (second), in the order in which they were dealt.
    gold
        (work id, question) → right label, where it is known.

    >>> from assay.records import Item, Sample
    >>> work = Work("w", Item("w", "…"), (Sample("x", "w", "x", "…"), Sample("y", "w", "y", "…")))
    >>> said = [
    ...     Judgment(rater, "w", rater, "pairwise", {"choice": choice}, seconds=30.0)
    ...     for rater, choice in (("ann", "x"), ("ben", "y"), ("cy", "tie"), ("dee", "y"))
    ... ]
    >>> dealt = {"ann": 0, "ben": 1, "cy": 0, "dee": 1}
    >>> brief = Brief("p", "g", "pairwise")
    >>> found = compare_versions(brief, [work], said, dealt, rng=np.random.default_rng(0))
    >>> [(one.measure, one.means) for one in found if one.effect]
    [('agree', (0.0, 1.0)), ('seconds', (30.0, 30.0))]
    """
    kind = kind_named(brief.kind)
    work_of = {work.id: work for work in works}
    said: dict[str, list[tuple[str, str, str]]] = {}
    seconds: list[Measurement] = []
    counted = [judgment for judgment in judgments if judgment.rater in dealt and judgment.work in work_of]
    for judgment in counted:
        for name, label in kind.votes(brief, work_of[judgment.work], judgment.answer).items():
            said.setdefault(name, []).append((judgment.rater, judgment.work, label))
        if judgment.seconds is not None:
            time = math.log(max(judgment.seconds, LEAST_SECONDS))
            seconds.append(Measurement(judgment.rater, judgment.work, time))
    found: list[Comparison] = []
    for question in kind.questions(brief):
        votes = said.get(question.name, [])
        known = [
            Measurement(rater, work, float(_is(question, label, (gold or {})[work, question.name])))
            for rater, work, label in votes
            if (work, question.name) in (gold or {})
        ]
        found += _compared("right", question.name, known, dealt, rng)
        found += _compared("agree", question.name, agreement(votes), dealt, rng)
    found += _compared("seconds", "", seconds, dealt, rng)
    return found + _sureness(brief, works, counted, dealt)


def _compared(
    measure: str,
    question: str,
    measurements: Sequence[Measurement],
    dealt: Mapping[str, int],
    rng: np.random.Generator,
) -> list[Comparison]:
    try:
        found = effect(measurements, dealt, rng=rng)
    except ExperimentError:  # nothing of this kind was measured on an item by both
        return []
    first, second = found.means if measure != "seconds" else [math.exp(mean) for mean in found.means]
    return [Comparison(measure, question, (round(first, 6), round(second, 6)), found)]


def _sureness(
    brief: Brief, works: Sequence[Work], judgments: Sequence[Judgment], dealt: Mapping[str, int]
) -> list[Comparison]:
    """Return how sure the verdicts of either version alone are, over the works that both have."""
    sides = [[judgment for judgment in judgments if dealt[judgment.rater] == side] for side in (0, 1)]
    both = {judgment.work for judgment in sides[0]} & {judgment.work for judgment in sides[1]}
    if not both:
        return []
    alone = [
        run(brief, works, [judgment for judgment in own if judgment.work in both]).verdicts for own in sides
    ]
    found = []
    for question in dict.fromkeys(verdict.question for verdict in alone[0]):
        sure = [
            np.mean([verdict.probability for verdict in own if verdict.question == question])
            for own in alone
            if any(verdict.question == question for verdict in own)
        ]
        if len(sure) == 2:
            found.append(
                Comparison("sure", question, (round(float(sure[0]), 6), round(float(sure[1]), 6)), None)
            )
    return found


def _is(question: Question, label: str, right: str) -> bool:
    """Say whether a label is the right one; a number within half a step of its scale."""
    if question.type == "ratings":
        from assay.pipeline.weighing import step  # noqa: PLC0415 -- polars, as in `pipeline.run`

        return abs(float(label) - float(right)) <= step(question) / 2
    return label == right
