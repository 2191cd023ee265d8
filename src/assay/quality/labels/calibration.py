"""Calibration: of a hundred verdicts that are said to be 80 % sure, eighty should be right.

Posteriors of confusion models are far too sure, because raters share mistakes and the models hold them for
independent. Two remedies, both applied to the outcome and never inside a fit (where the class prior takes
over): raise a posterior to a power below one, and let a modest second opinion set how sure to be.
"""

from __future__ import annotations

import numpy as np

from assay.quality.labels.ballots import TIE, leading, normalised
from assay.quality.labels.columns import Codes, Floats

DEFAULT_POWER = 0.3
"""The power for posteriors of confusion models where nothing is known about a crowd.

The best power found with gold lies between 0.1 and 0.4 on nearly all real crowds, few or many votes an item;
it is near 1 on simulated crowds that obey the model. Votes cannot choose it: they share the crowd's
mistakes.
"""

FLOOR = 1e-12
"""Added before the logarithm, so that a label ruled out by rounding can come back."""

MARGIN = 1e-6
"""By how much a kept label is moved above one that it ties with."""

FEWEST_KNOWN = 10
"""Known items below which a power is not fitted: the prior would decide."""

PRIOR_SPREAD = 0.5
"""Standard deviation of ln power around ln 1 before any known item: by a factor of 1.6 either way."""

POWERS = np.exp(np.linspace(-2, 2, 81))
"""Powers tried by `fitted_power`: 0.14 to 7.4, five per cent apart."""


def tempered(posterior_P_K: Floats, power: float) -> Floats:
    """Return a posterior raised to a power and normalised; below 1 it grows less sure, and labels stay.

    >>> tempered(np.array([[0.01, 0.99]]), 0.5).round(2).tolist()
    [[0.09, 0.91]]
    """
    return normalised(power * np.log(posterior_P_K + FLOOR))


def keeping_labels(posterior_P_K: Floats, first_P_K: Floats) -> Floats:
    """Return a posterior with the labels on top that lead in a first opinion; others give way to them.

    So the first opinion says which label, and the second how sure. Where another label leads, the two
    exchange their probabilities. Where several tie, in either opinion, nothing chooses among them: labels
    that lead together share the highest probabilities evenly, and those that give way share what is left.
    A label that leads alone is set above one of equal probability by 2e-6.

    Parameters
    ----------
    first_P_K
        Scores of the first opinion; labels within `TIE` of the highest lead together.

    >>> keeping_labels(np.array([[0.6, 0.3, 0.1]]), np.array([[0.0, 1.0, 0.0]])).round(2).tolist()
    [[0.3, 0.6, 0.1]]
    """
    leads_P_K = leading(first_P_K)
    (moved,) = np.nonzero((leads_P_K != leading(posterior_P_K)).any(axis=1))
    kept_P_K = posterior_P_K.copy()
    if not len(moved):
        return kept_P_K
    own_M_K, leads_M_K = posterior_P_K[moved], leads_P_K[moved]
    many_M = leads_M_K.sum(axis=1)
    sorted_M_K = -np.sort(-own_M_K, axis=1)
    each = np.arange(len(moved))
    gives_way_M_K = ~leads_M_K & (own_M_K >= sorted_M_K[each, many_M - 1, None] - TIE)
    few_M = np.maximum(gives_way_M_K.sum(axis=1), 1)
    top_M = sorted_M_K.cumsum(axis=1)[each, many_M - 1]
    rest_M = (own_M_K * (leads_M_K | gives_way_M_K)).sum(axis=1) - top_M
    margin_M = MARGIN * (top_M / many_M - rest_M / few_M < 2 * MARGIN) * gives_way_M_K.any(axis=1)
    own_M_K = np.where(leads_M_K, ((top_M + margin_M) / many_M)[:, None], own_M_K)
    kept_P_K[moved] = np.where(gives_way_M_K, ((rest_M - margin_M) / few_M)[:, None], own_M_K)
    return kept_P_K


def fitted_power(posterior_G_K: Floats, gold_G: Codes) -> float:
    """Return the power that makes known items most probable, with a normal prior on ln power around 0.

    The posterior has to be one that did not see the gold. Temperature scaling (Guo et al., "On calibration of
    modern neural networks", ICML 2017) with a prior, so that few known items move it little.

    >>> sure = np.array([[0.99, 0.01]] * 10)
    >>> fitted_power(sure, np.array([0] * 7 + [1] * 3)) < 0.5  # right 7 times in 10, not 99 in 100
    True
    """
    log_G_K = np.log(posterior_G_K + FLOOR)
    each = np.arange(len(gold_G))

    def support(power: float) -> float:
        log_likelihood = np.log(normalised(power * log_G_K)[each, gold_G] + FLOOR).sum()
        return float(log_likelihood - (np.log(power) / PRIOR_SPREAD) ** 2 / 2)

    best: float = max(POWERS.tolist(), key=support)
    return best
