"""Uncertainty of fitted numbers where votes come in clusters: of a rater, of an item, of both at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import stdtrit

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

FEW_CLUSTERS = 40
"""Under this many clusters Student's quantile is checked against a wild bootstrap of the scores."""

HEAVY = 256
"""So many of the largest clusters of each way are left out one at a time (CR3); others have no leverage."""

LEVERAGE = 0.02
"""A cluster with less than this of one fitted number's worth of information is never left out."""

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
"""The six points ±√½, ±1, ±√(3/2) by which a wild bootstrap turns the scores of few clusters."""


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Covariance of K fitted numbers, and how far to trust it.

    Attributes
    ----------
    covariance_K_K
        In the squared units of the fitted numbers.
    groups
        How many clusters there are, one number for each way of clustering.
    freedom
        Degrees of freedom of Student's quantile: the smallest number of clusters less 1.
    quantile_K
        How many standard errors a 95 % interval reaches to each side.
    """

    covariance_K_K: Floats
    groups: tuple[int, ...]
    freedom: int
    quantile_K: Floats

    @property
    def error_K(self) -> Floats:
        """Standard errors."""
        error_K: Floats = np.sqrt(np.clip(np.diag(self.covariance_K_K), 0, None))
        return error_K

    @property
    def half_K(self) -> Floats:
        """Half the width of the 95 % intervals."""
        half_K: Floats = self.quantile_K * self.error_K
        return half_K


def pairs(a_N: Codes, b_N: Codes, n_models: int) -> sparse.csr_array:
    """Return the N × M rows of a comparison: +1 at the first model, −1 at the second.

    >>> pairs(np.array([0]), np.array([2]), 3).toarray().tolist()
    [[1.0, 0.0, -1.0]]
    """
    n_votes = len(a_N)
    signs = np.tile([1.0, -1.0], n_votes)
    ends = np.arange(0, 2 * n_votes + 1, 2)
    return sparse.csr_array((signs, np.column_stack([a_N, b_N]).ravel(), ends), shape=(n_votes, n_models))


def clustered(
    design_N_K: sparse.csr_array,
    surplus_N: Floats,
    curvature_N: Floats,
    ways: Sequence[Codes],
    *,
    prior_K_K: Floats | None = None,
    rng: np.random.Generator | None = None,
    draws: int = 999,
) -> Uncertainty:
    """Return H⁻¹ (Σ U_rU_rᵀ + Σ U_iU_iᵀ − Σ U_riU_riᵀ) H⁻¹ for votes that share a rater or an item.

    The likelihood is that of any model with one predictor x·β a vote: `surplus_N` is its derivative by the
    predictor at the maximum, `curvature_N` minus the second derivative (Bradley–Terry: y − p and p(1 − p)),
    both times the vote's weight. `ways` holds one or two columns of cluster codes. A direction in which the
    likelihood is flat, such as moving all ratings, has no variance.

    The clusters with the largest share of the information are left out one at a time (CR3 in one Newton
    step), since a few people cast most votes and the maximum bends towards them; the others count by CR1,
    G/(G−1). The difference of three matrices may have negative directions where clusters are few; they are
    set to 0. The quantile is Student's with min(G)−1 degrees of freedom; under 40 clusters it is the larger
    of that and the 95 % point of a wild (Webb) bootstrap of the scores, where `rng` is given.

    Source: Liang & Zeger, Biometrika 73 (1986); two ways: Cameron, Gelbach & Miller, JBES 29 (2011); CR3:
    Bell & McCaffrey, Survey Methodology 28 (2002); scores: Kline & Santos, J. Econometric Methods 1 (2012).

    >>> a_N, b_N, y_N = np.array([0, 0, 0, 0]), np.array([1, 1, 1, 1]), np.array([1.0, 1, 1, 0])
    >>> each = clustered(pairs(a_N, b_N, 2), y_N - 0.75, np.full(4, 0.1875), [np.arange(4)])
    >>> bool(each.error_K[0] > 0), each.freedom
    (True, 3)
    """
    if not ways or len(ways) > 2:
        raise ValueError("votes are clustered in one way or in two")
    design_N_K = sparse.csr_array(design_N_K)
    information_K_K = (design_N_K.T @ design_N_K.multiply(curvature_N[:, None])).toarray()
    if prior_K_K is not None:
        information_K_K = information_K_K + prior_K_K
    flat_K_K, bread_K_K = _inverse(information_K_K)
    score_N_K = sparse.csr_array(design_N_K.multiply(surplus_N[:, None]))
    coded = [np.unique(way, return_inverse=True)[1] for way in ways]
    groups = tuple(int(codes.max()) + 1 for codes in coded)

    moved_by_way = []
    covariance_K_K = np.zeros_like(bread_K_K)
    for code_N, n_groups in zip(coded, groups, strict=True):
        moved_G_K = _sums(score_N_K, code_N, n_groups) @ bread_K_K
        _leave_out(
            moved_G_K,
            design_N_K,
            surplus_N=surplus_N,
            curvature_N=curvature_N,
            code_N=code_N,
            information_K_K=information_K_K + flat_K_K,
        )
        covariance_K_K += moved_G_K.T @ moved_G_K * (n_groups / max(n_groups - 1, 1))
        moved_by_way.append(moved_G_K)
    if len(coded) == 2:
        both_N = np.unique(coded[0] * groups[1] + coded[1], return_inverse=True)[1]
        cells = int(both_N.max()) + 1
        cell_C_K = _cells(score_N_K, both_N, cells)
        meat_K_K = (cell_C_K.T @ cell_C_K).toarray()
        covariance_K_K -= bread_K_K @ meat_K_K @ bread_K_K * (cells / max(cells - 1, 1))
    values, vectors = np.linalg.eigh((covariance_K_K + covariance_K_K.T) / 2)
    covariance_K_K = (vectors * np.clip(values, 0, None)) @ vectors.T

    least = int(np.argmin(groups))
    freedom = max(groups[least] - 1, 1)
    quantile_K = np.full(len(bread_K_K), float(stdtrit(freedom, 0.975)))
    if rng is not None and groups[least] < FEW_CLUSTERS:
        quantile_K = np.maximum(quantile_K, wild_quantiles(moved_by_way[least], rng, draws=draws))
    return Uncertainty(covariance_K_K, groups, freedom, quantile_K)


def wild_quantiles(
    moved_G_K: Floats, rng: np.random.Generator, *, draws: int = 999, level: float = 0.95
) -> Floats:
    """Return the points that |t| passes with chance 1 − `level` when each cluster's part is turned at random.

    `moved_G_K` says by how much each cluster moves each number. The turns are Webb's six points: with G
    clusters two signs would only give 2^(G−1) different draws.

    Source: Webb, Canadian J. of Economics 56 (2023); MacKinnon & Webb, Econometrics J. 21 (2018).

    >>> wild_quantiles(np.ones((12, 1)), np.random.default_rng(0)).shape
    (1,)
    """
    groups = len(moved_G_K)
    turn_B_G = rng.choice(np.concatenate([-WEBB, WEBB]), (draws, groups))
    sum_B_K = turn_B_G @ moved_G_K
    # a cluster's own square less its share of the mean, as the real errors have it
    square_B_K = turn_B_G**2 @ moved_G_K**2 - sum_B_K**2 / groups
    square_B_K *= groups / max(groups - 1, 1)
    t_B_K = np.abs(sum_B_K) / np.sqrt(np.maximum(square_B_K, 1e-300))
    t_B_K[(np.abs(moved_G_K).sum(0) == 0)[None, :].repeat(draws, 0)] = 0
    quantile_K: Floats = np.quantile(t_B_K, level, axis=0, method="higher")
    return quantile_K


def _inverse(information_K_K: Floats) -> tuple[Floats, Floats]:
    """Return what fills the flat directions, and the inverse in all others."""
    values, vectors = np.linalg.eigh(information_K_K)
    flat = values < values[-1] * 1e-10
    scale = float(values[~flat].mean()) if (~flat).any() else 1.0
    flat_K_K = scale * vectors[:, flat] @ vectors[:, flat].T
    bread_K_K = (vectors[:, ~flat] / values[~flat]) @ vectors[:, ~flat].T
    return flat_K_K, bread_K_K


def _sums(score_N_K: sparse.csr_array, code_N: Codes, n_groups: int) -> Floats:
    summed: Floats = _cells(score_N_K, code_N, n_groups).toarray()
    return summed


def _cells(score_N_K: sparse.csr_array, code_N: Codes, n_groups: int) -> sparse.csr_array:
    n_votes = len(code_N)
    member = sparse.csr_array((np.ones(n_votes), (code_N, np.arange(n_votes))), shape=(n_groups, n_votes))
    return sparse.csr_array(member @ score_N_K)


def _leave_out(
    moved_G_K: Floats,
    design_N_K: sparse.csr_array,
    *,
    surplus_N: Floats,
    curvature_N: Floats,
    code_N: Codes,
    information_K_K: Floats,
) -> None:
    """Put, for the heaviest clusters, the step that the maximum takes without them, in place."""
    share_G = np.bincount(code_N, curvature_N, len(moved_G_K))
    # a little curvature stays where a model was judged by one cluster only
    held_K_K = np.eye(len(information_K_K)) * 1e-3 * float(np.diag(information_K_K).mean())
    order_N = np.argsort(code_N, kind="stable")
    ends_G = np.searchsorted(code_N[order_N], np.arange(len(moved_G_K) + 1))
    matters_G = share_G > LEVERAGE * share_G.sum() / len(information_K_K)
    for group in np.argsort(-share_G)[: min(HEAVY, int(matters_G.sum()))]:
        rows = order_N[ends_G[group] : ends_G[group + 1]]
        own_K_K, own_K = np.zeros_like(information_K_K), np.zeros(len(information_K_K))
        for some in np.array_split(rows, len(rows) // 8192 + 1):
            own_R_K = design_N_K[some].toarray()
            own_K_K += own_R_K.T @ (own_R_K * curvature_N[some, None])
            own_K += own_R_K.T @ surplus_N[some]
        # at the maximum of the whole, the rest pulls with minus the cluster's own score
        moved_G_K[group] = np.linalg.solve(information_K_K - own_K_K + held_K_K, own_K)
