"""How far a value may be off: its standard deviation, with all that had to be learned from the same ratings.

The fit says how sure a value is where raters, their noise and the spread of the items are known. They are
not: on few items they come from a handful of ratings. What that adds is put on top here, and moves no value:

- the size of the noise: the tails of Student's t instead of the normal distribution's;
- who is noisy: weights learned from few ratings follow luck (Meier's term);
- the spread of the items: all spreads that go with the ratings are averaged over, since the likeliest is
  often 0 on few items, and every value would then be the mean, for certain;
- offsets and slopes: their posterior jointly with the values', by elimination;
- rounding: where people differ by less than the step in which they answer, all of them round alike.

Sources: Gelman et al., "Bayesian Data Analysis" (2013), 5.4, for the average over spreads, with the
half-Cauchy prior of Gelman, Bayesian Analysis 1 (2006); Meier, "Variance of a weighted mean", Biometrics 9
(1953).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, sparse
from scipy.special import stdtrit

from assay.quality.ratings.columns import Ratings
from assay.quality.ratings.result import SURE
from assay.quality.reading import Bools, Floats

if TYPE_CHECKING:
    from assay.quality.ratings.gaussian import Fit

PRIOR = 1.0
"""Ratings' worth of what is taken for granted of the noise: half of the answers' variance is noise."""

SPREADS = 48
"""Spreads of the items that are tried, each as likely as the next before the ratings are seen."""

MANY = 300
"""From so many items on, their spread is as good as known."""

JOINT = 60
"""So many raters at most are eliminated jointly; of more, each on their own, since any two share little."""


def sd(ratings: Ratings, fit: Fit) -> Floats:
    """Return the standard deviation of each value in the fit's working units; 0 where it is known."""
    unknown_I = fit.doubt_I > 0
    if not unknown_I.any():
        return np.zeros(len(fit.x_I))
    trust_N = ratings.weight_N / fit.variance_R[ratings.rater_N]
    power_N = trust_N * fit.people.square_R[ratings.rater_N]
    power_I = np.maximum(ratings.by_item(power_N), 1e-9)
    more = noisier(ratings, fit)
    data_I = power_I / more
    if fit.own_noise:
        data_I = data_I / luck(ratings, power_N, ratings.weight_R + fit.past.count_R + fit.freedom_R)
    if not fit.shrunk:
        return np.where(unknown_I, np.sqrt(1 / data_I + rounding(ratings, fit)), 0.0)
    toward_I = ratings.by_item(trust_N * fit.people.toward(fit.work_N, ratings.rater_N))
    whole_I = power_I + 1 / fit.spread
    # Where the fit holds the values at variance 1 it has stretched them by this after weighing them.
    stretch = float(np.sqrt((fit.doubt_I * whole_I)[unknown_I].mean()))
    away_I = toward_I / power_I - (toward_I + fit.mean / fit.spread) / whole_I
    own_I, data_I = fit.x_I + stretch * away_I, data_I / stretch**2
    spread, variance_I = fit.spread, 1 / (data_I + 1 / fit.spread)
    if unknown_I.sum() < MANY:
        spread, variance_I = _over_spreads(fit, own_I, data_I, unknown_I)
    if fit.has_offset:
        variance_I = variance_I + more * stretch**2 * _raters(ratings, fit, trust_N, power_I + 1 / spread)
    return np.where(unknown_I, np.sqrt(variance_I + rounding(ratings, fit)), 0.0)


def noisier(ratings: Ratings, fit: Fit) -> float:
    """Return what to multiply variances by since the size of the noise was learned from few ratings.

    The degrees of freedom are what values, offsets and slopes leave of the ratings. `PRIOR` more stand for
    half of the answers' variance (or half a step's, where all say the same), and the interval is that of a t
    with both, written as the normal one of the same width. Nobody is noisier than the answers vary.
    """
    pull = 1 / fit.spread if fit.shrunk else 0.0
    learned = float((1 - fit.doubt_I * pull)[fit.doubt_I > 0].sum())
    if fit.has_offset:
        learned += float((1 - fit.people.offset_variance_R / fit.prior_offset).clip(0, 1).sum())
        learned += float((1 - fit.people.slope_variance_R / fit.prior_slope)[fit.free_R].clip(0, 1).sum())
    total = float(ratings.weight_N.sum() + fit.past.count_R.sum())
    left = max(total - learned, 0.0)
    share_R = ratings.weight_R / ratings.weight_R.sum()
    seen = float(share_R @ fit.variance_R)
    weight_N = ratings.weight_N / ratings.weight_N.sum()
    varied = float(weight_N @ (fit.work_N - weight_N @ fit.work_N) ** 2)
    most = max(varied, _step(ratings, fit) ** 2)
    wider = (left * seen + PRIOR * max(most / 2, seen)) / (left + PRIOR) * _tails(left)
    return min(wider, max(most, seen) * _tails(total - 1)) / seen


def _tails(freedom: float) -> float:
    """Return the variance of the normal distribution whose 95 % interval is that of a t with `PRIOR` more."""
    return float(stdtrit(max(freedom, 1.0) + PRIOR, 0.975) / SURE) ** 2


def rounding(ratings: Ratings, fit: Fit) -> float:
    """Return the variance that rounding leaves in every value, however many people answer.

    step²/12 where nobody errs; of normal noise with variance s², exp(−(2π s/step)²) of it is left (the first
    harmonic of the error of dithered rounding).
    """
    step, share_R = _step(ratings, fit), ratings.weight_R / ratings.weight_R.sum()
    return step**2 / 12 * float(np.exp(-((2 * np.pi / step) ** 2) * (share_R @ fit.variance_R)))


def _step(ratings: Ratings, fit: Fit) -> float:
    """Return the step in which people answer, in working units."""
    return ratings.step / float(ratings.weight_R @ fit.scale_R / ratings.weight_R.sum())


def luck(ratings: Ratings, trust_N: Floats, freedom_R: Floats) -> Floats:
    """Return what to multiply the variance of weighted means by since the weights were learned.

    1 + 4 Σ w(1 − w)/freedom over the shares w of an item's trust, for weights learned with so many degrees of
    freedom: few ratings make whoever was lucky heavy.
    """
    share_N = trust_N / np.maximum(ratings.by_item(trust_N), 1e-9)[ratings.item_N]
    return 1 + 4 * ratings.by_item(share_N * (1 - share_N) / freedom_R[ratings.rater_N])


def _over_spreads(fit: Fit, own_I: Floats, data_I: Floats, unknown_I: Bools) -> tuple[float, Floats]:
    """Return the mean spread (as variance) and the expected squared distances from the fit's values.

    Given a spread τ, own_i ~ N(μ, τ² + 1/data_i), μ flat: all in closed form. τ has a half-Cauchy prior, and
    the grid is its quantiles.
    """
    spread_G = np.tan(np.pi / 2 * (np.arange(SPREADS) + 0.5) / SPREADS) ** 2
    noise_I = np.where(unknown_I, 1 / data_I, 0.0)
    at_I = np.where(unknown_I, own_I, fit.x_I)
    weight_G_I = 1 / (spread_G[:, None] + noise_I)
    total_G = weight_G_I.sum(axis=1)
    mean_G = weight_G_I @ at_I / total_G
    log_G = 0.5 * (np.log(weight_G_I).sum(axis=1) - np.log(total_G))
    log_G -= 0.5 * (weight_G_I * (at_I - mean_G[:, None]) ** 2).sum(axis=1)
    share_G = np.exp(log_G - log_G.max())
    share_G /= share_G.sum()
    # noise/(noise + spread): how far a value is pulled to the mean.
    pulled_G_I = noise_I * weight_G_I
    value_G_I = at_I + pulled_G_I * (mean_G[:, None] - at_I)
    within_G_I = pulled_G_I * spread_G[:, None] + pulled_G_I**2 / total_G[:, None]
    variance_I: Floats = share_G @ (within_G_I + (value_G_I - fit.x_I) ** 2)
    return float(share_G @ np.minimum(spread_G, 10.0)), variance_I


def _raters(ratings: Ratings, fit: Fit, trust_N: Floats, power_I: Floats) -> Floats:
    """Return what offsets and slopes, learned from the same ratings, add to the variance of each value."""
    item_N, rater_N, people = ratings.item_N, ratings.rater_N, fit.people
    n_items, n_raters = len(ratings.items), len(ratings.raters)
    x_N, slope_N = fit.x_I[item_N], people.slope_R[rater_N]
    unknown_N = (fit.doubt_I > 0)[item_N]
    # What an item's value has to do with the offset and with the slope of who rated it.
    offset_N = np.where(unknown_N, trust_N * slope_N, 0.0)
    stretch_N = offset_N * x_N * fit.free_R[rater_N]
    if n_raters > JOINT:
        own_N = (
            offset_N**2 * people.offset_variance_R[rater_N]
            + stretch_N**2 * people.slope_variance_R[rater_N]
            + 2 * offset_N * stretch_N * people.both_R[rater_N]
        )
        return ratings.by_item(own_N) / power_I**2
    linked = sparse.csr_array(
        (
            np.concatenate([offset_N, stretch_N]),
            (np.tile(item_N, 2), np.concatenate([rater_N, rater_N + n_raters])),
        ),
        shape=(n_items, 2 * n_raters),
    )
    xx_R, x_R, one_R, _, _ = (
        ratings.by_rater(trust_N * part_N) + before_R / fit.variance_R
        for part_N, before_R in zip(
            (x_N**2 + fit.doubt_I[item_N], x_N, np.ones_like(x_N), x_N, x_N), fit.past.sums(), strict=True
        )
    )
    free_R = fit.free_R
    system = np.diag(
        np.concatenate([one_R + 1 / fit.prior_offset, np.where(free_R, xx_R + 1 / fit.prior_slope, 1.0)])
    )
    place_R = np.arange(n_raters)
    system[place_R, place_R + n_raters] = system[place_R + n_raters, place_R] = np.where(free_R, x_R, 0.0)
    size = np.sqrt(system.diagonal())
    system -= (linked.T @ (linked / power_I[:, None])).toarray()
    inverse = _inverse(system, size)
    if not fit.anchored:
        # Values are on the scale of these people: their average offset and slope are 0 and 1 by definition.
        share_R = ratings.weight_R / ratings.weight_R.sum() * fit.scale_R
        for along in (np.append(share_R, 0 * share_R), np.append(0 * share_R, share_R * free_R)):
            toward = inverse @ along
            inverse -= np.outer(toward, toward) / max(float(along @ toward), 1e-300)
    added_I: Floats = np.asarray(linked.multiply(linked @ inverse).sum(axis=1)).ravel() / power_I**2
    return np.maximum(added_I, 0.0)


def _inverse(system: Floats, size: Floats) -> Floats:
    """Return the inverse of a symmetric positive matrix whose rows and columns are about `size` each.

    Weights may lie twelve orders of magnitude apart: parts that are but rounding are taken for 1e-9.
    """
    value, vector = linalg.eigh(system / np.outer(size, size))
    inverse: Floats = (vector / np.maximum(value, 1e-9)) @ vector.T / np.outer(size, size)
    return inverse
