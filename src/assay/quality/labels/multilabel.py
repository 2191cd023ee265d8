"""Answers that are sets of labels: which of them hold for each item, from who ticked what.

A long table says who ticked which label on what, and a list of pairs says who looked: whoever looked and did
not tick said no. Each label is a yes-or-no question of its own, but a person who overlooks one label is
likely to overlook another, so that what is learned of them is shared between labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.special import expit

from assay.quality.labels.columns import Floats, VotesError
from assay.quality.progress import tell

SHARED = 10.0
"""How many votes on a label a rater's record on all other labels weighs.

0 would be a model for each label alone, which learns nothing of a rater on rare labels; without end it would
be one rate for all labels.
"""

CROWD = 5.0
"""How many votes the crowd's rates weigh in each rater's own."""

TICKS, MISSES = (4.0, 2.0), (1.0, 4.0)
"""Beta prior on the crowd's share of labels ticked where right (4 to 2), and where wrong (1 to 4)."""


@dataclass(frozen=True, eq=False)
class MultilabelResult:
    """What the ticks come to.

    Attributes
    ----------
    posterior_I_L
        Probability that each label holds for each item.
    sensitivity_R_L, false_alarm_R_L
        How often each rater ticks a label where it holds, and where it does not.
    share_L
        How often each label holds.
    """

    items: tuple[str, ...]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    posterior_I_L: Floats
    sensitivity_R_L: Floats = field(repr=False)
    false_alarm_R_L: Floats = field(repr=False)
    share_L: Floats = field(repr=False)
    converged: bool = True
    iterations: int = 0
    assumed: tuple[str, ...] = (
        "labels are independent of each other given the item",
        "who looked and did not tick a label said no to it",
    )

    def verdicts(self, sure: float = 0.5) -> dict[str, frozenset[str]]:
        """Return item → the labels that hold with more than that probability."""
        return {
            item: frozenset(label for label, holds in zip(self.labels, row, strict=True) if holds > sure)
            for item, row in zip(self.items, self.posterior_I_L.tolist(), strict=True)
        }


def multilabel(
    ticks: Iterable[tuple[str, str, str]],
    shown: Iterable[tuple[str, str]],
    *,
    labels: Sequence[str] | None = None,
    gold: Mapping[str, Iterable[str]] | None = None,
    weights: Mapping[tuple[str, str], float] | None = None,
    shared: float = SHARED,
    tolerance: float = 1e-3,
    max_iterations: int = 100,
) -> MultilabelResult:
    """Estimate which labels hold, and each rater's eye for each label, by expectation maximisation.

    Model: label l holds for item i with probability π_l; where it holds rater w ticks it with probability
    s_wl, where not with f_wl. Binary relevance, with the rates partially pooled in two steps: s_wl is a beta
    mean of w's votes on l and `shared` votes at w's rate over all labels, which in turn is one of w's votes
    and 5 votes at the crowd's rate; f alike. The E-step adds log-odds over the raters who looked, those who
    ticked nothing included; O(votes × labels) a round.

    Labels are independent of each other given the item: that two of them exclude one another is not in the
    model.

    Source: binary relevance as in Tsoumakas & Katakis, IJDWM 3 (2007); each label after Dawid & Skene (1979);
    pooling over labels of one rater after the hierarchical models in Paun et al., TACL 6 (2018).

    Parameters
    ----------
    ticks
        (item, rater, label), one for each label that somebody ticked; ticking twice is ticking.
    shown
        (item, rater) for everybody who looked, those who ticked nothing included.
    labels
        Labels that could have been ticked; those nobody ticked hold nowhere.
    gold
        Item → the labels that hold, where that is known. Held fixed, and raters are learned from it.
    weights
        What each (item, rater) counts, where they do not all count the same; 2 is to have looked twice.
    shared
        How many votes a rater's other labels weigh on each.

    Raises
    ------
    VotesError
        Where nobody looked at anything, or a tick is by somebody who was not shown the item.

    >>> shown = [(item, rater) for item in "ij" for rater in ("ann", "ben", "cleo")]
    >>> ticks = [("i", "ann", "cat"), ("i", "ben", "cat"), ("i", "ben", "sofa"), ("j", "cleo", "dog")]
    >>> sorted(multilabel(ticks, shown).verdicts()["i"])
    ['cat']
    """
    held = _held(ticks, shown, labels, gold or {}, weights or {})
    by_item, by_rater = held.by_item, held.by_rater
    posterior_I_L = held.clamped((by_item @ held.ticked_P_L + 0.5) / (held.looked_I[:, None] + 1))
    converged, iteration = False, 0
    sensitivity_R_L = false_alarm_R_L = np.empty((len(held.raters), len(held.labels)))
    share_L = np.empty(len(held.labels))
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("multilabel", iteration, max_iterations)
        holds_P_L = posterior_I_L[held.item_P]
        sensitivity_R_L = _rates(
            by_rater @ (holds_P_L * held.ticked_P_L), by_rater @ holds_P_L, TICKS, shared
        )
        false_alarm_R_L = _rates(
            by_rater @ ((1 - holds_P_L) * held.ticked_P_L), by_rater @ (1 - holds_P_L), MISSES, shared
        )
        share_L = (posterior_I_L.sum(axis=0) + 0.5) / (len(held.items) + 1)
        yes_R_L = np.log(sensitivity_R_L) - np.log(false_alarm_R_L)
        no_R_L = np.log1p(-sensitivity_R_L) - np.log1p(-false_alarm_R_L)
        said_P_L = np.where(held.ticked_P_L > 0, yes_R_L[held.rater_P], no_R_L[held.rater_P])
        updated_I_L = held.clamped(expit(np.log(share_L) - np.log1p(-share_L) + by_item @ said_P_L))
        converged = bool(np.max(np.abs(updated_I_L - posterior_I_L)) < tolerance)
        posterior_I_L = updated_I_L
    return MultilabelResult(
        held.items,
        held.raters,
        held.labels,
        posterior_I_L,
        sensitivity_R_L,
        false_alarm_R_L,
        share_L,
        converged,
        iteration,
    )


def _rates(hits_R_L: Floats, chances_R_L: Floats, prior: tuple[float, float], shared: float) -> Floats:
    """Return rates pooled over each rater's labels, and over the crowd; never 0 or 1."""
    crowd = (hits_R_L.sum() + prior[0]) / (chances_R_L.sum() + sum(prior))
    own_R = (hits_R_L.sum(axis=1) + CROWD * crowd) / (chances_R_L.sum(axis=1) + CROWD)
    # One vote of the crowd's keeps a rate off its ends where nothing is shared.
    prior_R_L = shared * own_R[:, None] + crowd
    rates_R_L: Floats = (hits_R_L + prior_R_L) / (chances_R_L + shared + 1)
    return rates_R_L


@dataclass(frozen=True, eq=False)
class _Held:
    """The votes as arrays: P pairs of item and rater, and what was ticked in each."""

    items: tuple[str, ...]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    item_P: Floats
    rater_P: Floats
    ticked_P_L: Floats
    by_item: sparse.csr_array
    by_rater: sparse.csr_array
    looked_I: Floats
    known_I: Floats
    gold_I_L: Floats

    def clamped(self, posterior_I_L: Floats) -> Floats:
        fixed_I_L: Floats = np.where(self.known_I[:, None], self.gold_I_L, posterior_I_L)
        return fixed_I_L


def _held(
    ticks: Iterable[tuple[str, str, str]],
    shown: Iterable[tuple[str, str]],
    labels: Sequence[str] | None,
    gold: Mapping[str, Iterable[str]],
    weights: Mapping[tuple[str, str], float],
) -> _Held:
    pairs = sorted(set(shown))
    if not pairs:
        raise VotesError("nobody was shown anything; give the pairs of item and rater")
    place = {pair: row for row, pair in enumerate(pairs)}
    ticked = sorted(set(ticks))
    items, raters = sorted({item for item, _ in pairs}), sorted({rater for _, rater in pairs})
    for item, rater, label in ticked:
        if (item, rater) not in place:
            raise VotesError(f"{rater!r} ticked {label!r} on {item!r}, which was not shown to them")
    right = {item: set(gold[item]) for item in items if item in gold}
    seen = {label for _, _, label in ticked}.union(*right.values())
    if labels is not None and (strange := sorted(seen - set(labels))):
        raise VotesError(f"the label {strange[0]!r} is none of: {', '.join(labels)}")
    names = sorted(seen if labels is None else set(labels))
    if not names:
        raise VotesError("nobody ticked anything; name the labels that could have been ticked")
    row_of, column_of = (
        {item: row for row, item in enumerate(items)},
        {name: c for c, name in enumerate(names)},
    )
    rater_of = {rater: row for row, rater in enumerate(raters)}
    item_P = np.array([row_of[item] for item, _ in pairs])
    rater_P = np.array([rater_of[rater] for _, rater in pairs])
    ticked_P_L = np.zeros((len(pairs), len(names)))
    for item, rater, label in ticked:
        ticked_P_L[place[item, rater], column_of[label]] = 1
    gold_I_L = np.zeros((len(items), len(names)))
    for item, own in right.items():
        gold_I_L[row_of[item], [column_of[label] for label in own]] = 1
    every_P, weight_P = np.arange(len(pairs)), np.array([float(weights.get(pair, 1)) for pair in pairs])
    return _Held(
        tuple(items),
        tuple(raters),
        tuple(names),
        item_P,
        rater_P,
        ticked_P_L,
        sparse.csr_array((weight_P, (item_P, every_P)), shape=(len(items), len(pairs))),
        sparse.csr_array((weight_P, (rater_P, every_P)), shape=(len(raters), len(pairs))),
        np.bincount(item_P, weight_P, len(items)).astype(np.float64),
        np.array([item in right for item in items]),
        gold_I_L,
    )
