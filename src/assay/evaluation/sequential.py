"""Intervals that stay true however often one looks, and whenever one stops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from assay.evaluation.evalues import CLOSE

Floats = NDArray[np.float64]


def win_rate(
    wins_N: Floats, votes_N: Floats, *, level: float = 0.95, prior: float = CLOSE
) -> tuple[Floats, Floats]:
    """Return the confidence sequence of a win rate after `wins_N` of `votes_N`, at each look.

    A rate p stays inside while ∏ (likelihood under a Beta(prior, prior) mixture / under p) < 1/α. Wins may be
    halves or averages over a prompt: the product is convex in each increment, so that it stays fair for
    anything between 0 and 1.

    Source: Robbins (1970); Howard, Ramdas, McAuliffe & Sekhon, Annals of Statistics 49 (2021).

    >>> low_N, high_N = win_rate(np.array([55.0, 5500]), np.array([100.0, 10000]))
    >>> low_N.round(3).tolist(), high_N.round(3).tolist()
    ([0.415, 0.533], [0.68, 0.567])
    """
    wins_N, votes_N = np.asarray(wins_N, dtype=float), np.asarray(votes_N, dtype=float)
    losses_N = votes_N - wins_N
    bound_N = betaln(prior + wins_N, prior + losses_N) - betaln(prior, prior) + np.log(1 - level)
    rate_N = np.where(votes_N > 0, wins_N / np.maximum(votes_N, 1e-300), 0.5)

    def outside(p_N: Floats) -> NDArray[np.bool_]:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_p_N = np.where(wins_N > 0, wins_N * np.log(p_N), 0.0)
            log_q_N = np.where(losses_N > 0, losses_N * np.log1p(-p_N), 0.0)
        flags: NDArray[np.bool_] = bound_N > log_p_N + log_q_N
        return flags

    low = _bisected(np.zeros_like(rate_N), rate_N, outside)
    high = _bisected(np.ones_like(rate_N), rate_N, outside)
    return low, high


def ratings(
    theta_M: Floats, variance_M: Floats, votes: float, *, tuned_at: float = 2000, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Return the confidence sequence of fitted ratings whose (clustered) variances are given.

    radius² = v (1 + m/n) (2 log(1/α) + log(1 + n/m)): a normal mixture, narrowest about m = `tuned_at` votes.
    It holds in the limit of many votes, as the sandwich does, and simultaneously over all n, not over models.

    Source: Robbins (1970); asymptotic: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, Annals of Statistics 52
    (2024).

    >>> low_M, high_M = ratings(np.array([0.0]), np.array([0.01]), 2000)
    >>> high_M.round(2).tolist()
    [0.37]
    """
    ratio = votes / tuned_at
    radius_M = np.sqrt(variance_M * (1 + 1 / ratio) * (2 * np.log(1 / (1 - level)) + np.log1p(ratio)))
    return theta_M - radius_M, theta_M + radius_M


def _bisected(outer_N: Floats, inner_N: Floats, outside: Callable[[Floats], NDArray[np.bool_]]) -> Floats:
    for _ in range(50):
        middle_N = (outer_N + inner_N) / 2
        out_N = outside(middle_N)
        outer_N, inner_N = np.where(out_N, middle_N, outer_N), np.where(out_N, inner_N, middle_N)
    return outer_N
