"""Which two models to compare next: where a vote may settle a rank, and at random often enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

FLOOR = 0.1
"""Share of the draws that is uniform over all pairs, so that every pair has a chance and a known weight."""

REACH = 2.0
"""Standard errors by which two models have to be apart to count as settled."""

AT_ONCE = 256
"""Pairs whose covariances with all others are held at once: for 200 models all take three gigabytes."""

CAP = 0.01
"""No prompt gets more than this share of a model's votes, once it has a hundred."""


@dataclass(frozen=True)
class Draw:
    """A comparison to ask for: codes of the models and of the prompt, with the chance that the draw had."""

    a: int
    b: int
    item: int
    propensity: float


def uniform(n_models: int) -> Floats:
    """Return the plain policy: every pair alike. M × M, above the diagonal, summing to 1.

    >>> uniform(3).sum().round(6), uniform(3)[0, 1].round(3)
    (np.float64(1.0), np.float64(0.333))
    """
    chance_M_M = np.triu(np.ones((n_models, n_models)), 1)
    policy: Floats = chance_M_M / max(chance_M_M.sum(), 1)
    return policy


def decisive(
    theta_M: Floats, covariance_M_M: Floats, *, cost_M_M: Floats | None = None, floor: float = FLOOR
) -> Floats:
    """Return the chance of drawing each pair, by how much one vote on it adds to settled ranks.

    A pair is settled where its gap passes two standard errors. A vote on (a, b) shrinks the error of every
    gap that it tells about, by the rank-one update of the covariance; its worth is the sum, over the pairs
    that are open, of what it adds to the chance of passing, each weighed by how close the two stand in rank.
    Draws follow the worth for each unit of `cost_M_M`; a share `floor` of them is uniform.

    Source: knowledge gradient: Frazier, Powell & Dayanik, INFORMS J. on Computing 21 (2009).

    >>> theta_M, covariance_M_M = np.array([2.0, 0.1, 0.0]), np.eye(3) * 0.02
    >>> chance_M_M = decisive(theta_M, covariance_M_M)
    >>> bool(chance_M_M[1, 2] > 0.5), bool(chance_M_M.sum().round(9) == 1)
    (True, True)
    """
    n_models = len(theta_M)
    a_P, b_P = np.triu_indices(n_models, 1)
    gap_P = np.abs(theta_M[a_P] - theta_M[b_P])
    variance_P = np.maximum(_spread(covariance_M_M, a_P, b_P), 1e-12)
    rank_M = np.argsort(np.argsort(-theta_M, kind="stable"), kind="stable")
    near_P = 1 / np.abs(rank_M[a_P] - rank_M[b_P])
    open_P = near_P * (gap_P < 2 * REACH * np.sqrt(variance_P))
    chance_P = expit(theta_M[a_P] - theta_M[b_P])
    told_P = chance_P * (1 - chance_P)

    watched = np.flatnonzero(open_P > 0)
    value_P = np.zeros(len(a_P))
    if len(watched):
        # the slope of P(|gap| passes) in the variance, taken once: a single vote moves it little
        scale_W = np.sqrt(variance_P[watched])
        slope_W = _density(gap_P[watched] / scale_W - REACH) * gap_P[watched] / (2 * scale_W**3)
        # models that look alike have no slope yet; they are worth what resolving them would bring
        slope_W += _density(gap_P[watched] / scale_W) * 0.1 / variance_P[watched]
        worth_W = open_P[watched] * slope_W
        # what a vote on pair q takes from the variance of pair p: cov(p, q)² w / (1 + w var(q))
        for start in range(0, len(watched), AT_ONCE):
            some = watched[start : start + AT_ONCE]
            gaps_W_M = covariance_M_M[a_P[some]] - covariance_M_M[b_P[some]]
            covariance_W_P = gaps_W_M[:, a_P] - gaps_W_M[:, b_P]
            value_P += worth_W[start : start + AT_ONCE] @ np.square(covariance_W_P, out=covariance_W_P)
        value_P *= told_P / (1 + told_P * variance_P)
    if cost_M_M is not None:
        value_P = value_P / cost_M_M[a_P, b_P]
    policy_M_M = np.zeros((n_models, n_models))
    total = value_P.sum()
    policy_M_M[a_P, b_P] = value_P / total if total > 0 else 1 / max(len(a_P), 1)
    mixed: Floats = (1 - floor) * policy_M_M + floor * uniform(n_models)
    return mixed


def draw(
    policy_M_M: Floats, seen_M_I: NDArray[np.int64], rng: np.random.Generator, *, cap: float = CAP
) -> Draw:
    """Draw a pair by the policy, a prompt among those that neither model has had too often, and a side.

    `seen_M_I` counts the votes of each model on each prompt. Where every prompt is full, those count that the
    two have had least. `propensity` is the chance of this pair on this prompt, whichever side each stands on;
    it belongs in the record of the vote, since estimates weigh by it.

    >>> found = draw(uniform(3), np.zeros((3, 5), int), np.random.default_rng(0))
    >>> round(found.propensity, 4)
    0.0667
    """
    a_P, b_P = np.triu_indices(len(policy_M_M), 1)
    chance_P = policy_M_M[a_P, b_P]
    place = int(rng.choice(len(a_P), p=chance_P / chance_P.sum()))
    a, b = int(a_P[place]), int(b_P[place])
    most_M = np.maximum(cap * seen_M_I.sum(axis=1), 1)
    free_I = (seen_M_I[a] < most_M[a]) & (seen_M_I[b] < most_M[b])
    if not free_I.any():
        had_I = seen_M_I[a] + seen_M_I[b]
        free_I = had_I == had_I.min()
    item = int(rng.choice(np.flatnonzero(free_I)))
    first, second = (a, b) if rng.random() < 0.5 else (b, a)
    return Draw(first, second, item, float(chance_P[place] / chance_P.sum() / free_I.sum()))


def settled(theta_M: Floats, covariance_M_M: Floats) -> float:
    """Return the share of pairs whose gap passes two standard errors.

    >>> settled(np.array([1.0, 0]), np.eye(2) * 0.01)
    1.0
    """
    a_P, b_P = np.triu_indices(len(theta_M), 1)
    error_P = np.sqrt(np.maximum(_spread(covariance_M_M, a_P, b_P), 1e-300))
    return float((np.abs(theta_M[a_P] - theta_M[b_P]) > REACH * error_P).mean())


def _spread(covariance_M_M: Floats, a_P: Codes, b_P: Codes) -> Floats:
    variance_M = np.diag(covariance_M_M)
    spread: Floats = variance_M[a_P] + variance_M[b_P] - 2 * covariance_M_M[a_P, b_P]
    return spread


def _density(z: Floats) -> Floats:
    density: Floats = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return density
