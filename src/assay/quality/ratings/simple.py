"""Ratings without a model of raters, or nearly so: mean, median, z-scored mean and CRH."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.quality.progress import tell
from assay.quality.ratings import certainty, gaussian
from assay.quality.ratings.columns import Ratings
from assay.quality.ratings.result import RatingsResult, kept_on_scale
from assay.quality.reading import Floats

EVERYBODY_ALIKE = "everybody rates equally well"

PSEUDO = 4.0
"""Ratings that everybody's noise weighs in each rater's, where the values are found without it."""


def mean(ratings: Ratings) -> RatingsResult:
    """Return the weighted mean of each item's ratings, known items at their value.

    Its standard deviation is that of all ratings about their items' means, over the root of the item's
    weight. Raters are measured by their distance from the verdicts (`gaussian`, one noise for all).

    >>> mean(Ratings.from_lists(["i", "i", "j"], ["ann", "ben", "ann"], [2, 4, 5])).verdicts
    {'i': 3.0, 'j': 5.0}
    """
    return _averaged(ratings, "mean", _fit(ratings, own_scale=False))


def z_score(ratings: Ratings) -> RatingsResult:
    """Return the mean after every rater's answers are brought to the same mean and spread.

    A rater's own mean and spread are pooled with the crowd's, as if they had given 20 more ratings with
    the crowd's (`gaussian.POOLED`): who rated three poor items is not taken for a strict rater.

    >>> result = z_score(Ratings.from_lists([0, 0, 1, 1] * 1, ["mild", "strict"] * 2, [5, 3, 9, 7]))
    >>> bool(result.offset_R[0] > 0 > result.offset_R[1])
    True
    """
    return _averaged(ratings, "z-score", _fit(ratings, own_scale=True))


def median(ratings: Ratings) -> RatingsResult:
    """Return the weighted median of each item's ratings; halfway between two, their mean.

    Good for absolute error on coarse scales, poor for correlation on fine ones. The standard deviation is
    the mean's times √(π/2), as for normal noise.

    >>> median(Ratings.from_lists(["i"] * 3, ["ann", "ben", "dice"], [2, 3, 9])).verdicts
    {'i': 3.0}
    """
    value_I = _medians(ratings)
    if ratings.known_I is not None:
        value_I = np.where(np.isfinite(ratings.known_I), ratings.known_I, value_I)
    base = mean(ratings)
    return replace(
        base, value_I=value_I, sd_I=base.sd_I * np.sqrt(np.pi / 2), method="median", held_out_N=None
    )


def crh(ratings: Ratings, *, max_iterations: int = 100) -> RatingsResult:
    """Weigh each rater by −log of their share of the crowd's loss, and repeat.

    w_r = log(Σ e / e_r), e_r = (Σ_i (y_ir − x_i)²/sd_i² + ē) / (n_r + 1), x_i the weighted mean, sd_i the
    spread of an item's own ratings: an item that everybody finds hard costs nobody much.

    Source: Li et al., "Resolving conflicts in heterogeneous data by truth discovery and source reliability
    estimation", SIGMOD 2014; the pseudo-rating ē (the mean loss) keeps one lucky rating from weighing all.

    >>> people, given = ["ann", "ben", "dice"] * 4, [1, 1, 5, 2, 2, 1, 3, 3, 4, 4, 4, 2]
    >>> result = crh(Ratings.from_lists([n // 3 for n in range(12)], people, given))
    >>> bool(abs(result.value_I[0] - 1) < abs(7 / 3 - 1))
    True
    """
    equal = _fit(ratings, own_scale=False)
    base = _averaged(ratings, "mean", equal)
    item_N, rater_N, weight_N = ratings.item_N, ratings.rater_N, ratings.weight_N
    value_I = base.value_I
    known_I = np.zeros(len(value_I), dtype=bool) if ratings.known_I is None else np.isfinite(ratings.known_I)
    middle_I = ratings.by_item(weight_N * ratings.value_N) / ratings.weight_I
    about_I = ratings.by_item(weight_N * (ratings.value_N - middle_I[item_N]) ** 2) / ratings.weight_I
    ordinary = float(about_I.mean()) or 1.0
    # Two pseudo-ratings of ordinary spread, for items with one rating or with unanimous ones.
    spread_I = (about_I * ratings.weight_I + 2 * ordinary) / (ratings.weight_I + 2)
    converged, iteration = False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("crh", iteration, max_iterations)
        loss_N = weight_N * (ratings.value_N - value_I[item_N]) ** 2 / spread_I[item_N]
        typical = float(loss_N.sum() / weight_N.sum()) + 1e-12
        loss_R = (ratings.by_rater(loss_N) + typical) / (ratings.weight_R + 1)
        # One rater alone has all the loss; any positive weight is then the same.
        trust_R = np.log(loss_R.sum() / loss_R) if len(loss_R) > 1 else np.ones(1)
        trust_N = weight_N * trust_R[rater_N]
        weighted_I = ratings.by_item(trust_N * ratings.value_N) / ratings.by_item(trust_N)
        updated_I = np.where(known_I, value_I, weighted_I)
        converged = bool(np.abs(updated_I - value_I).max() <= 1e-6 * max(1e-12, np.sqrt(ordinary)))
        value_I = updated_I
    squared_I = ratings.by_item(trust_N**2 / weight_N * base.noise_R[rater_N] ** 2)
    more_I = certainty.noisier(ratings, equal) * certainty.luck(ratings, trust_N, ratings.weight_R + PSEUDO)
    rounded = certainty.rounding(ratings, equal) * float(equal.scale_R[0]) ** 2
    variance_I = squared_I * more_I / ratings.by_item(trust_N) ** 2 + rounded
    sd_I = np.where(known_I, 0.0, np.sqrt(variance_I))
    return replace(
        base,
        value_I=kept_on_scale(ratings, value_I),
        sd_I=sd_I,
        method="crh",
        assumed=gaussian.ASSUMED[:1],
        converged=converged,
        iterations=iteration,
        held_out_N=None,
    )


def _fit(ratings: Ratings, *, own_scale: bool) -> gaussian.Fit:
    return gaussian.fit(ratings, own_noise=False, own_scale=own_scale, shrink=False, remember=False)


def _averaged(ratings: Ratings, method: str, fit: gaussian.Fit) -> RatingsResult:
    result = gaussian.result_of(ratings, fit, method, (EVERYBODY_ALIKE, *gaussian.ASSUMED[:1]))
    distance_N = (fit.work_N - fit.x_I[ratings.item_N]) ** 2
    # For the raters' sake alone.
    square_R = ratings.by_rater(ratings.weight_N * distance_N) + PSEUDO * fit.typical
    noise_R = np.sqrt(square_R / (ratings.weight_R + PSEUDO))
    own = gaussian.explained(ratings, fit, noise_R, ratings.weight_R + PSEUDO)
    return replace(
        result,
        noise_R=fit.scale_R * noise_R,
        reliability_R=own[0],
        reliability_low_R=own[1],
        reliability_high_R=own[2],
    )


def _medians(ratings: Ratings) -> Floats:
    """Return weighted medians by one sort: the middle of the interval in which half the weight is reached."""
    order_N = np.lexsort((ratings.value_N, ratings.item_N))
    item_N, value_N = ratings.item_N[order_N], ratings.value_N[order_N]
    before_I = np.concatenate([[0.0], np.cumsum(ratings.weight_I)[:-1]])
    reached_N = np.cumsum(ratings.weight_N[order_N]) - before_I[item_N]
    half_I = ratings.weight_I / 2
    slack = 1e-9 * ratings.weight_I
    lower_I = _first(value_N, item_N, reached_N >= (half_I - slack)[item_N], len(half_I))
    upper_I = _first(value_N, item_N, reached_N > (half_I + slack)[item_N], len(half_I))
    middle: Floats = (lower_I + upper_I) / 2
    return middle


def _first(value_N: Floats, item_N: np.ndarray, there_N: np.ndarray, n_items: int) -> Floats:
    """Return for each item the first value at which the condition holds; it holds at its last."""
    place = np.flatnonzero(there_N)
    first_I = np.zeros(n_items)
    first_I[item_N[place][::-1]] = value_N[place][::-1]
    return first_I
