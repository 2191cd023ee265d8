"""Made-up crowds with a known truth, by which methods are judged before people are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from assay.evaluation.battles import Battles

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

ATTENUATION = 16 * np.sqrt(3) / (15 * np.pi)
"""c for which a logistic curve with the scale c·sd is the mean of logistic curves over a normal spread."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """N votes by people on M models: codes, 1 where the first won, and the ratings that a fit should find."""

    a_N: Codes
    b_N: Codes
    score_N: Floats
    rater_N: Codes
    theta_M: Floats


def taste(
    rng: np.random.Generator, *, models: int = 20, raters: int = 300, spread: float = 0.5, own: float = 0.6
) -> Crowd:
    """Draw people who each rate the models in their own way, a few of whom cast most of the votes.

    The ratings have the sd `spread`, each person's deviations from them `own` (log-odds); a person casts
    ⌊8·Pareto(1.3)⌋ votes between 1 and 400. `theta_M` is what a board over the whole crowd converges to:
    θ / √(1 + 2·own²·c²).

    >>> crowd = taste(np.random.default_rng(0))
    >>> len(crowd.theta_M), bool((crowd.a_N != crowd.b_N).all())
    (20, True)
    """
    theta_M = rng.normal(0, spread, models)
    theta_M -= theta_M.mean()
    own_R_M = theta_M + rng.normal(0, own, (raters, models))
    votes_R = np.clip(np.floor(8 * rng.pareto(1.3, raters)), 1, 400).astype(np.int64)
    rater_N = np.repeat(np.arange(raters), votes_R)
    a_N = rng.integers(0, models, len(rater_N))
    b_N = (a_N + rng.integers(1, models, len(rater_N))) % models
    chance_N = expit(own_R_M[rater_N, a_N] - own_R_M[rater_N, b_N])
    score_N = (rng.random(len(rater_N)) < chance_N).astype(float)
    return Crowd(a_N, b_N, score_N, rater_N, theta_M / np.sqrt(1 + 2 * (own * ATTENUATION) ** 2))


def fitted(crowd: Crowd) -> Floats:
    """Return the centred Bradley–Terry ratings of a crowd, written out as Newton's method over the rows.

    >>> crowd = taste(np.random.default_rng(0))
    >>> bool(np.corrcoef(fitted(crowd), crowd.theta_M)[0, 1] > 0.9)
    True
    """
    n_models = len(crowd.theta_M)
    theta_M = np.zeros(n_models)
    for _ in range(50):
        chance_N = expit(theta_M[crowd.a_N] - theta_M[crowd.b_N])
        slope_M = np.bincount(crowd.a_N, crowd.score_N - chance_N, n_models)
        slope_M -= np.bincount(crowd.b_N, crowd.score_N - chance_N, n_models)
        information_M_M = np.zeros((n_models, n_models))
        np.add.at(information_M_M, (crowd.a_N, crowd.b_N), -chance_N * (1 - chance_N))
        information_M_M += information_M_M.T
        np.fill_diagonal(information_M_M, -information_M_M.sum(1))
        step_M = np.linalg.solve(information_M_M + 1 / n_models, slope_M)
        theta_M = theta_M + step_M
        if np.abs(step_M).max() < 1e-10:
            break
    centred_M: Floats = theta_M - theta_M.mean()
    return centred_M


def voter(rng: np.random.Generator, votes: int, how: str = "honest") -> tuple[Floats, Codes, Codes]:
    """Draw one person's votes on pairs of which others say what an honest person would choose.

    The shares of others are Beta(4, 4). `honest` chooses the first with that chance, `coin` with ½, `left`
    always what stands first on the page, `clock` by turns, `rigger` prefers provider 0, which is on one side
    of a fifth of the pairs, by 1.5 log-odds.

    Returns
    -------
    The honest chance of the first, 1 where the first was chosen, and +1 or −1 where provider 0 made the
    first or the second.

    >>> share_N, chose_N, favoured_N = voter(np.random.default_rng(0), 4, "left")
    >>> chose_N.tolist()
    [1, 1, 1, 1]
    """
    share_N = rng.beta(4, 4, votes)
    favoured_N = np.where(rng.random(votes) < 0.2, rng.choice([-1, 1], votes), 0)
    chance_N = {
        "honest": share_N,
        "coin": np.full(votes, 0.5),
        "left": np.ones(votes),
        "clock": np.arange(votes) % 2.0,
        "rigger": expit(logit(share_N) + 1.5 * favoured_N),
    }[how]
    return share_N, (rng.random(votes) < chance_N).astype(np.int64), favoured_N


@dataclass(frozen=True, eq=False)
class Kinds:
    """Votes by people of several tastes, the kind of each, and what each kind thinks of the models."""

    battles: Battles
    kind_R: Codes
    theta_C_M: Floats


def kinds(
    rng: np.random.Generator,
    *,
    shares: tuple[float, ...] = (0.7, 0.3),
    models: int = 6,
    raters: int = 120,
    votes: int = 40,
    spread: float = 0.9,
) -> Kinds:
    """Draw people who fall into kinds with boards of their own, independent of each other.

    >>> crowd = kinds(np.random.default_rng(0))
    >>> len(crowd.battles), crowd.theta_C_M.shape
    (4800, (2, 6))
    """
    theta_C_M = rng.normal(0, spread, (len(shares), models))
    theta_C_M -= theta_C_M.mean(axis=1, keepdims=True)
    kind_R = np.repeat(np.arange(len(shares)), np.round(np.array(shares) * raters).astype(int))
    rater_N = np.repeat(np.arange(len(kind_R)), votes)
    a_N = rng.integers(0, models, len(rater_N))
    b_N = (a_N + rng.integers(1, models, len(rater_N))) % models
    own_N = kind_R[rater_N]
    won_N = (rng.random(len(a_N)) < expit(theta_C_M[own_N, a_N] - theta_C_M[own_N, b_N])).astype(float)
    names = tuple(f"m{m}" for m in range(models)), tuple(f"r{r:03d}" for r in range(len(kind_R)))
    return Kinds(Battles(a_N, b_N, won_N, rater_N, *names), kind_R, theta_C_M)
