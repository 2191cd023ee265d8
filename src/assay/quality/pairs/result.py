"""What a method for comparisons returns: a score for each item, and how far each rater can be relied on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.special import expit, ndtr

from assay.quality.pairs.columns import Pairs
from assay.quality.reading import Floats


@dataclass(frozen=True, eq=False)
class PairsResult:
    """The outcome of one method on comparisons.

    Attributes
    ----------
    score_I, sd_I
        Scores in log-odds, mean 0: a reliable person prefers i to j with probability σ(score_i − score_j).
        `sd_I` is the posterior standard deviation of each.
    covariance_I_I
        The whole posterior covariance: sparse where the items fall into small groups that never met, `None`
        where more items than fit in a dense matrix are in one group.
    reliability_R, reliability_low_R, reliability_high_R
        η: how often a rater means what they say, posterior mean and 95 % interval; ½ is a coin, 0 is somebody
        who reads the question the wrong way round. 1 where the method has no model of raters.
    method, assumed, converged, iterations, notes
        The registered name, what has to hold, whether the rounds came to rest, what was noticed.
    counts_R_2
        Expected comparisons of each rater that were meant as said, and that were not.
    """

    pairs: Pairs
    score_I: Floats
    sd_I: Floats
    covariance_I_I: Floats | sparse.csr_array | None = field(repr=False)
    reliability_R: Floats
    reliability_low_R: Floats
    reliability_high_R: Floats
    method: str
    assumed: tuple[str, ...] = ()
    converged: bool = True
    iterations: int = 0
    notes: tuple[str, ...] = ()
    counts_R_2: Floats | None = field(default=None, repr=False)

    @property
    def history(self) -> dict[str, tuple[float, float]]:
        """Rater → comparisons meant as said, and not: what `Pairs.remembering` takes next time.

        Those of this table and those it remembered; empty where the method has no model of raters.
        """
        if self.counts_R_2 is None:
            return {}
        before = self.pairs.history_R_2
        held = self.counts_R_2 + (0 if before is None else before)
        return {
            rater: (float(meant), float(not_))
            for rater, (meant, not_) in zip(self.pairs.raters, held, strict=True)
        }

    @cached_property
    def verdicts(self) -> dict[str, float]:
        """Item → score."""
        return dict(zip(self.pairs.items, self.score_I.tolist(), strict=True))

    @cached_property
    def ranking(self) -> tuple[str, ...]:
        """Items from the best down; equal scores (to nine decimals) in the order of their names."""
        order = np.argsort(-np.round(self.score_I, 9), kind="stable")
        return tuple(self.pairs.items[place] for place in order)

    def beats(self, item: str, other: str) -> float:
        """Return the probability that a reliable person prefers the one to the other, doubt included.

        σ of the difference, averaged over its normal posterior: σ(d / √(1 + π·Var(d)/8)).
        """
        gap, variance = self._gap(item, other)
        return float(expit(gap / np.sqrt(1 + np.pi * variance / 8)))

    def above(self, item: str, other: str) -> float:
        """Return the probability that the one's score is truly above the other's."""
        gap, variance = self._gap(item, other)
        return float(ndtr(gap / np.sqrt(max(variance, 1e-12))))

    def _gap(self, item: str, other: str) -> tuple[float, float]:
        i, j = self.pairs.items.index(item), self.pairs.items.index(other)
        shared = 0.0 if self.covariance_I_I is None else 2 * self.covariance_I_I[i, j]
        variance = float(self.sd_I[i] ** 2 + self.sd_I[j] ** 2 - shared) if i != j else 0.0
        return float(self.score_I[i] - self.score_I[j]), max(variance, 0.0)


class PairsMethod(Protocol):
    """A method for comparisons: one function, comparisons in, a frozen result out."""

    def __call__(self, pairs: Pairs, /) -> PairsResult: ...
