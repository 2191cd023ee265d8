"""Ranks that a board may claim: sets that hold for all models at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RankSets:
    """Which ranks each of M models may hold, all at once, best first.

    Attributes
    ----------
    low_M, high_M
        Best and worst rank, from 1.
    above_M_M
        Whether the model of the row is surely above that of the column.
    critical
        How many standard errors a difference had to reach in the last step.
    """

    low_M: NDArray[np.int64]
    high_M: NDArray[np.int64]
    above_M_M: Flags
    critical: float


def rank_sets(
    theta_M: Floats,
    covariance_M_M: Floats,
    rng: np.random.Generator,
    *,
    freedom: int | None = None,
    level: float = 0.95,
    draws: int = 2000,
) -> RankSets:
    """Decide every pair of models together, and say which ranks that leaves open.

    Each pair has t = |θ_a − θ_b| / se. The largest t among all pairs is drawn again and again from the joint
    law of the ratings (a Gaussian multiplier bootstrap of the cluster scores is one product with a root of
    their covariance; no fit is repeated), over a chi where `freedom` says that the errors are known from few
    clusters. Pairs beyond its 95 % point are decided; the others are tried again among themselves, until none
    is added. With chance `level` no pair at all is decided wrongly. A model's ranks go from one more than the
    number surely above it to M less the number surely below.

    Source: Romano & Wolf, Econometrica 73 (2005); Mogstad, Romano, Shaikh & Wilhelm, Rev. Econ. Studies 91
    (2024); Chernozhukov, Chetverikov & Kato, Annals of Statistics 41 (2013).

    >>> found = rank_sets(np.array([1.0, 0.9, -1]), np.eye(3) * 0.04, np.random.default_rng(0))
    >>> found.low_M.tolist(), found.high_M.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    n_models = len(theta_M)
    a_P, b_P = (side.astype(np.int32) for side in np.triu_indices(n_models, 1))
    variance_M = np.diag(covariance_M_M)
    spread_P = np.sqrt(np.clip(variance_M[a_P] + variance_M[b_P] - 2 * covariance_M_M[a_P, b_P], 0, None))
    gap_P = theta_M[a_P] - theta_M[b_P]
    known_P = spread_P > 1e-12
    t_P = np.where(known_P, np.abs(gap_P) / np.where(known_P, spread_P, 1), 0.0)

    values, vectors = np.linalg.eigh(covariance_M_M)
    root_M_M = vectors * np.sqrt(np.clip(values, 0, None))
    moved_M_B = (root_M_M @ rng.standard_normal((n_models, draws))).astype(np.float32)
    if freedom is not None:
        moved_M_B /= np.sqrt(rng.chisquare(freedom, draws) / freedom).astype(np.float32)

    open_P = known_P.copy()
    critical = np.inf
    while open_P.any():
        critical = float(
            np.quantile(
                _largest(moved_M_B, a_P[open_P], b_P[open_P], spread_P[open_P]), level, method="higher"
            )
        )
        added_P = open_P & (t_P > critical)
        if not added_P.any():
            break
        open_P &= ~added_P
    decided_P = known_P & ~open_P
    above_M_M = np.zeros((n_models, n_models), dtype=bool)
    above_M_M[a_P, b_P] = decided_P & (gap_P > 0)
    above_M_M[b_P, a_P] = decided_P & (gap_P < 0)
    return RankSets(1 + above_M_M.sum(0), n_models - above_M_M.sum(1), above_M_M, critical)


def rank_sets_plain(
    theta_M: Floats,
    covariance_M_M: Floats,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    draws: int = 2000,
) -> RankSets:
    """Do the same pair by pair and draw by draw, as the definition reads; slow, it judges the fast one.

    >>> rank_sets_plain(np.array([1.0, -1]), np.eye(2) * 0.01, np.random.default_rng(0)).high_M.tolist()
    [1, 2]
    """
    n_models = len(theta_M)
    drawn = rng.multivariate_normal(np.zeros(n_models), covariance_M_M, draws)
    error = {
        (a, b): float(np.sqrt(covariance_M_M[a, a] + covariance_M_M[b, b] - 2 * covariance_M_M[a, b]))
        for a in range(n_models)
        for b in range(a)
    }
    left, above, critical = set(error), np.zeros((n_models, n_models), dtype=bool), np.inf
    while left:
        largest = [max(abs(one[a] - one[b]) / error[a, b] for a, b in left) for one in drawn]
        critical = float(np.quantile(largest, level, method="higher"))
        added = {(a, b) for a, b in left if abs(theta_M[a] - theta_M[b]) / error[a, b] > critical}
        for a, b in added:
            above[(a, b) if theta_M[a] > theta_M[b] else (b, a)] = True
        if not added:
            break
        left -= added
    return RankSets(1 + above.sum(0), n_models - above.sum(1), above, critical)


def _largest(
    moved_M_B: NDArray[np.float32], a_P: NDArray[np.int32], b_P: NDArray[np.int32], spread_P: Floats
) -> NDArray[np.float32]:
    """Return the largest |t| over the pairs, for each draw, in blocks that stay in the cache."""
    largest_B = np.zeros(moved_M_B.shape[1], dtype=np.float32)
    scale_P = (1 / spread_P).astype(np.float32)
    for first in np.unique(a_P):
        own = a_P == first
        gap_Q_B = moved_M_B[b_P[own]] - moved_M_B[first]
        np.abs(gap_Q_B, out=gap_Q_B)
        gap_Q_B *= scale_P[own, None]
        np.maximum(largest_B, gap_Q_B.max(0), out=largest_B)
    return largest_B
