"""Krippendorff's alpha: any number of raters, gaps, any level of measurement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy import sparse

from assay.quality.agreement.ratings import AgreementError, Ratings, patterns
from assay.quality.agreement.result import CELLS, DRAWS, Agreement, settle
from assay.quality.labels.columns import Columns, Floats

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Distance = Callable[[Floats, Floats], Floats]
Measure = Callable[[Floats], tuple[Floats, Floats]]

MAX_DISTANCES = 4_000
"""Distinct values for which all distances are held at once (128 MB)."""


def alpha(
    votes: Columns | Ratings,
    level: Level | Distance = "nominal",
    *,
    order: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
    draws: int = DRAWS,
) -> Agreement:
    """Return Krippendorff's alpha, 1 − D_o / D_e.

    D_o is the mean distance δ² between two votes on one item, every item weighed by its votes; D_e the mean
    distance between any two votes. With n_iv votes for value v on item i, m_i votes on i and n in all, D_o =
    1/n Σ_i Σ_vw n_iv n_iw δ²_vw / (m_i − 1) and D_e = 1/(n(n−1)) Σ_vw n_v n_w δ²_vw. Items with one vote are
    left out. Worked on counts of values, O(votes) for each level but ratio and a distance of one's own, which
    hold a table values × values.

    Levels: *nominal* δ² = [v ≠ w]; *interval* (v − w)²; *ratio* ((v − w)/(v + w))²; *ordinal* the square of
    how many votes lie between the two values, half of those at either end counted.

    Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011; "Content Analysis", 4th ed., ch.
    12.

    Parameters
    ----------
    votes
        Votes on one question, or `Ratings`. Weights are left aside.
    level
        Level of measurement, or a function of two arrays of numbers that gives δ² (not its root).
    order
        The labels from lowest to highest; needed for *ordinal* where they are no numbers.
    rng
        Dice for an interval from resampling items; without them there is none.

    >>> votes = Columns.from_lists(list("iijjkk"), ["ann", "ben"] * 3, list("aabbab"))
    >>> round(alpha(votes).coefficient, 3)
    0.444
    """
    ratings = Ratings.from_columns(votes, order) if isinstance(votes, Columns) else votes
    pairable_I_V = ratings.counts_I_V[np.flatnonzero(ratings.votes_I > 1)]
    counts_P_V, multiplicity_P = patterns(pairable_I_V)
    scale = 1.0
    if level == "nominal":
        measure = _nominal(counts_P_V)
    elif level == "ordinal":
        if order is None and ratings.number_V is None:
            raise AgreementError("give the order of the labels, lowest first: they are no numbers")
        measure = _ordinal(counts_P_V)
    elif level == "interval":
        measure, scale = _interval(counts_P_V, ratings.numbers("the interval level"))
    elif level == "ratio":
        number_V = ratings.numbers("the ratio level")
        if (number_V < 0).any():
            raise AgreementError("the ratio level needs numbers of at least 0")
        measure = _with_distance(counts_P_V, number_V, _ratio)
    elif callable(level):
        measure = _with_distance(counts_P_V, ratings.numbers("a distance"), level)
    else:
        raise AgreementError(f"there is no level {level!r}; known: nominal, ordinal, interval, ratio")
    name = f"Krippendorff's alpha, {level if isinstance(level, str) else 'own distance'}"
    return settle(name, ratings.size, measure, multiplicity_P, rng=rng, draws=draws, scale=scale)


def _ratio(v: Floats, w: Floats) -> Floats:
    total = np.where(v + w == 0, 1, v + w)
    squared: Floats = ((v - w) / total) ** 2
    return squared


def _shape(counts_P_V: sparse.csr_array) -> tuple[Floats, Floats]:
    """Return votes m of each pattern, and the factor 1/(m − 1) of its pairs."""
    votes_P = np.asarray(counts_P_V.sum(axis=1)).ravel()
    return votes_P, 1 / (votes_P - 1)


def _disagreement(observed_B: Floats, all_pairs_B: Floats, votes_B: Floats) -> tuple[Floats, Floats]:
    return observed_B / votes_B, all_pairs_B / (votes_B * (votes_B - 1))


def _nominal(counts_P_V: sparse.csr_array) -> Measure:
    votes_P, factor_P = _shape(counts_P_V)
    within_P = (votes_P**2 - np.asarray(counts_P_V.multiply(counts_P_V).sum(axis=1)).ravel()) * factor_P

    def measure(drawn_B_P: Floats) -> tuple[Floats, Floats]:
        votes_B = drawn_B_P @ votes_P
        count_B_V = (counts_P_V.T @ drawn_B_P.T).T
        return _disagreement(drawn_B_P @ within_P, votes_B**2 - (count_B_V**2).sum(axis=1), votes_B)

    return measure


def _interval(counts_P_V: sparse.csr_array, number_V: Floats) -> tuple[Measure, float]:
    """Measure in units of the widest deviation, and return its square with it.

    Σ_vw n_v n_w (v − w)² = 2 (n Σ n_v v² − (Σ n_v v)²), so that moments are all it takes.
    """
    votes_P, factor_P = _shape(counts_P_V)
    # Near 0 and of spread 1, so that the difference of two large squares does not eat the digits.
    count_V = np.asarray(counts_P_V.sum(axis=0)).ravel()
    middle = float(count_V @ number_V) / max(float(count_V.sum()), 1.0)
    spread = float(np.abs(number_V - middle).max()) or 1.0
    scaled_V = (number_V - middle) / spread
    sum_P, square_P = counts_P_V @ scaled_V, counts_P_V @ scaled_V**2
    within_P = np.clip(2 * (votes_P * square_P - sum_P**2), 0, None) * factor_P

    def measure(drawn_B_P: Floats) -> tuple[Floats, Floats]:
        votes_B, sum_B, square_B = (drawn_B_P @ column_P for column_P in (votes_P, sum_P, square_P))
        return _disagreement(drawn_B_P @ within_P, 2 * (votes_B * square_B - sum_B**2), votes_B)

    return measure, spread**2


def _ordinal(counts_P_V: sparse.csr_array) -> Measure:
    """The interval level on mid-ranks, which change with the items drawn."""
    votes_P, factor_P = _shape(counts_P_V)

    def measure(drawn_B_P: Floats) -> tuple[Floats, Floats]:
        votes_B = drawn_B_P @ votes_P
        count_B_V = (counts_P_V.T @ drawn_B_P.T).T
        rank_B_V = np.cumsum(count_B_V, axis=1) - count_B_V / 2 - votes_B[:, None] / 2
        sum_P_B, square_P_B = counts_P_V @ rank_B_V.T, counts_P_V @ (rank_B_V**2).T
        within_P_B = 2 * (votes_P[:, None] * square_P_B - sum_P_B**2) * factor_P[:, None]
        observed_B = np.einsum("bp,pb->b", drawn_B_P, np.clip(within_P_B, 0, None))
        all_pairs_B = 2 * (
            votes_B * (count_B_V * rank_B_V**2).sum(axis=1) - (count_B_V * rank_B_V).sum(axis=1) ** 2
        )
        return _disagreement(observed_B, all_pairs_B, votes_B)

    return measure


def _with_distance(counts_P_V: sparse.csr_array, number_V: Floats, distance: Distance) -> Measure:
    if len(number_V) > MAX_DISTANCES:
        raise AgreementError(
            f"{len(number_V)} distinct values are more than {MAX_DISTANCES}; "
            "round them, or use the interval level"
        )
    votes_P, factor_P = _shape(counts_P_V)
    distance_V_V = np.asarray(distance(number_V[:, None], number_V[None, :]), dtype=np.float64)
    if not (np.isfinite(distance_V_V).all() and (distance_V_V >= 0).all()):
        raise AgreementError("the distance between two values has to be a finite number of at least 0")
    within_P = np.empty(len(votes_P))
    step = max(1, CELLS // len(number_V))
    for start in range(0, len(votes_P), step):
        block = counts_P_V[start : start + step]
        pairs = block.multiply(block @ distance_V_V)
        within_P[start : start + step] = np.asarray(pairs.sum(axis=1)).ravel()
    within_P *= factor_P

    def measure(drawn_B_P: Floats) -> tuple[Floats, Floats]:
        votes_B = drawn_B_P @ votes_P
        count_B_V = (counts_P_V.T @ drawn_B_P.T).T
        all_pairs_B = ((count_B_V @ distance_V_V) * count_B_V).sum(axis=1)
        return _disagreement(drawn_B_P @ within_P, all_pairs_B, votes_B)

    return measure
