"""Taste: what share of people prefer A, how far they are apart, and which model is best for one of them.

A board is one order. Where people differ it is the mean of their tastes, and perhaps nobody's. Here each
rater's ratings are θ + Λu_r with u_r ~ N(0, I): K directions in which people differ, learned from votes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr, ndtri

from assay.evaluation.battles import Battles, BoardError, Codes, Floats

ROUNDS = 60
STEPS = 4
PRIOR_SD = 1.5
LOADING_SD = 1.0
LEAST_VOTES = 3
"""Raters with fewer votes say nothing about how people differ; they count for the mean alone."""


@dataclass(frozen=True, eq=False)
class Taste:
    """A factor model of preferences, in log-odds; ties are half a win.

    Attributes
    ----------
    theta_M
        Ratings of the average rater, mean 0.
    loading_M_K
        Λ: how each rating moves along each direction of taste.
    place_R_K, doubt_R_K_K
        Where each rater stands, and the covariance of what is not known of it.
    """

    models: tuple[str, ...]
    raters: tuple[str, ...]
    theta_M: Floats
    loading_M_K: Floats
    place_R_K: Floats
    doubt_R_K_K: Floats
    votes_R: Codes

    def _code(self, name: str) -> int:
        if name not in self.models:
            raise BoardError(f"there is no model {name!r}; there are: {', '.join(self.models[:12])}")
        return self.models.index(name)

    def polarisation(self, one: str, other: str) -> float:
        """Return how far people are apart about two models: sd of θ_a,r − θ_b,r over raters, in log-odds."""
        a, b = self._code(one), self._code(other)
        return float(np.linalg.norm(self.loading_M_K[a] - self.loading_M_K[b]))

    def share(self, one: str, other: str) -> float:
        """Return the share of people for whom the first is the better one.

        That is not how often it wins: with small gaps nearly all may prefer it and it wins 55 of 100.
        """
        a, b = self._code(one), self._code(other)
        gap, spread = float(self.theta_M[a] - self.theta_M[b]), self.polarisation(one, other)
        return float(ndtr(gap / spread)) if spread > 0 else float(gap > 0) if gap else 0.5

    def share_among(self, one: str, other: str, chosen_R: np.ndarray) -> tuple[float, float, float]:
        """Return the share among these raters, with a 95 % interval for people like them.

        Each rater counts with the chance that the first is better for them, given their votes; the interval
        is Wilson's on that many people.
        """
        if not chosen_R.any():
            raise BoardError("there are no raters in that group")
        chance_R = self._prefers_R(one, other)[chosen_R]
        n, p, z = len(chance_R), float(chance_R.mean()), float(ndtri(0.975))
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return p, float(middle - half), float(middle + half)

    def _prefers_R(self, one: str, other: str) -> Floats:
        a, b = self._code(one), self._code(other)
        way_K = self.loading_M_K[a] - self.loading_M_K[b]
        gap_R = self.theta_M[a] - self.theta_M[b] + self.place_R_K @ way_K
        doubt_R = np.sqrt(np.einsum("k,rkl,l->r", way_K, self.doubt_R_K_K, way_K))
        certain_R = np.where(gap_R > 0, 1.0, np.where(gap_R < 0, 0.0, 0.5))
        chance_R: Floats = np.where(doubt_R > 0, ndtr(gap_R / np.where(doubt_R > 0, doubt_R, 1)), certain_R)
        return chance_R

    def post_stratified(
        self, one: str, other: str, group_R: Sequence[str], weights: Mapping[str, float]
    ) -> float:
        """Return how often the first wins among people who are made up as `weights` says.

        Raters are a sample of whoever came. Within each group the win rate is that of its raters; the groups
        are then weighed as they are in the people who matter.

        Raises
        ------
        BoardError
            Where a group that has a weight has no rater, or the weights do not add up to anything.
        """
        a, b = self._code(one), self._code(other)
        ratings_R_M = self.theta_M + self.place_R_K @ self.loading_M_K.T
        wins_R = expit(ratings_R_M[:, a] - ratings_R_M[:, b])
        total = sum(weights.values())
        if total <= 0 or min(weights.values()) < 0:
            raise BoardError("the weights of the groups must be positive")
        groups = np.array(group_R)
        share = 0.0
        for name, weight in weights.items():
            if weight and not (groups == name).any():
                raise BoardError(f"no rater belongs to the group {name!r}, so nothing is known of it")
            if weight:
                share += weight / total * float(wins_R[groups == name].mean())
        return share

    def best_for(self, rater: str) -> list[tuple[str, float]]:
        """Return the models in the order of one rater, with the ratings as that rater is thought to see them.

        Whoever voted little is shrunk to the average; a stranger gets the board.
        """
        ratings_M = self.theta_M
        if rater in self.raters:
            ratings_M = ratings_M + self.loading_M_K @ self.place_R_K[self.raters.index(rater)]
        return [(self.models[m], float(ratings_M[m])) for m in np.argsort(-ratings_M, kind="stable")]

    def log_loss(self, battles: Battles) -> float:
        """Return the mean log-loss of other votes by the same raters on the same models, ties as half a win.

        What is not known of a rater is averaged over (MacKay's approximation).
        """
        place_R = {name: code for code, name in enumerate(self.raters)}
        code_M = np.array([self._code(name) for name in battles.models])
        a_N, b_N = code_M[battles.a_N], code_M[battles.b_N]
        way_N_K = self.loading_M_K[a_N] - self.loading_M_K[b_N]
        who_N = np.array([place_R.get(name, -1) for name in battles.raters])[battles.rater_N]
        known_N = who_N >= 0
        gap_N = self.theta_M[a_N] - self.theta_M[b_N]
        gap_N = gap_N + known_N * np.einsum("nk,nk->n", way_N_K, self.place_R_K[who_N])
        n_ways = self.loading_M_K.shape[1]
        doubt_N_K_K = np.where(known_N[:, None, None], self.doubt_R_K_K[who_N], np.eye(n_ways))
        variance_N = np.einsum("nk,nkl,nl->n", way_N_K, doubt_N_K_K, way_N_K)
        gap_N = gap_N / np.sqrt(1 + np.pi * variance_N / 8)
        score_N = battles.score_N
        return float(np.mean(np.logaddexp(0, gap_N) - score_N * gap_N))


def taste(battles: Battles, ways: int = 1, *, seed: int = 0) -> Taste:
    """Fit θ_r = θ + Λu_r by EM: Laplace for each u_r, then Newton steps for θ and Λ.

    The E step finds each rater's place and its uncertainty; the M step weighs each vote at three
    Gauss–Hermite points along its own direction of doubt, so that doubt about a person stays doubt.
    `ways` = 0 is the Bradley–Terry board with a weak prior. Choose it by `log_loss` on votes kept aside.

    Source: factor models of paired comparisons, Takane (1980) and Tsai & Böckenholt, Psychometrika 71 (2006);
    EM with Laplace, Tierney & Kadane (1986).

    Raises
    ------
    BoardError
        Where the raters are not known, or fewer than two of them voted often enough to differ.

    >>> rng = np.random.default_rng(0)
    >>> rater_N, a_N = np.repeat(np.arange(40), 30), rng.integers(2, size=1200)
    >>> likes_x_N = rater_N % 2 == 0
    >>> won_N = np.where(likes_x_N, a_N == 0, a_N == 1).astype(float)
    >>> names = tuple(f"r{r}" for r in range(40))
    >>> fit = taste(Battles(a_N, 1 - a_N, won_N, rater_N, ("x", "y"), names))
    >>> round(fit.share("x", "y"), 1), fit.best_for("r0")[0][0], fit.best_for("r1")[0][0]
    (0.5, 'x', 'y')
    """
    n_models, n_raters = len(battles.models), len(battles.raters)
    if not battles.raters:
        raise BoardError("taste needs to know who voted; give a column rater")
    votes_R = np.bincount(battles.rater_N, minlength=n_raters)
    if (votes_R >= LEAST_VOTES).sum() < 2:
        raise BoardError(f"taste needs two raters with at least {LEAST_VOTES} votes each")
    rng = np.random.default_rng(seed)
    theta_M, loading_M_K = np.zeros(n_models), rng.normal(0, 0.3, (n_models, ways))
    place_R_K, doubt_R_K_K = np.zeros((n_raters, ways)), np.tile(np.eye(ways), (n_raters, 1, 1))
    a_N, b_N, who_N, score_N = battles.a_N, battles.b_N, battles.rater_N, battles.score_N
    before = np.inf
    for _ in range(ROUNDS if ways else 1):
        if ways:
            place_R_K, doubt_R_K_K = _places(battles, theta_M, loading_M_K, place_R_K)
        theta_M, loading_M_K = _board(battles, theta_M, loading_M_K, place_R_K, doubt_R_K_K)
        way_N_K = loading_M_K[a_N] - loading_M_K[b_N]
        gap_N = theta_M[a_N] - theta_M[b_N] + np.einsum("nk,nk->n", way_N_K, place_R_K[who_N])
        loss = float(np.mean(np.logaddexp(0, gap_N) - score_N * gap_N))
        if abs(before - loss) < 1e-6:
            break
        before = loss
    if ways:
        place_R_K, doubt_R_K_K = _places(battles, theta_M, loading_M_K, place_R_K)
        # directions of their own, the widest first, and a sign that does not hang on the start
        left_M_K, size_K, right_K_K = np.linalg.svd(loading_M_K, full_matrices=False)
        sign_K = np.sign(left_M_K[np.abs(left_M_K).argmax(axis=0), np.arange(ways)])
        turn_K_K = right_K_K.T * sign_K
        loading_M_K = left_M_K * size_K * sign_K
        place_R_K = place_R_K @ turn_K_K
        doubt_R_K_K = np.einsum("ki,rkl,lj->rij", turn_K_K, doubt_R_K_K, turn_K_K)
    return Taste(
        battles.models, battles.raters, theta_M, loading_M_K, place_R_K, doubt_R_K_K, votes_R.astype(np.int64)
    )


def _places(
    battles: Battles, theta_M: Floats, loading_M_K: Floats, place_R_K: Floats
) -> tuple[Floats, Floats]:
    """Return where each rater stands (posterior mode) and the covariance around it."""
    n_raters, ways = place_R_K.shape
    a_N, b_N, who_N = battles.a_N, battles.b_N, battles.rater_N
    way_N_K, gap_N = loading_M_K[a_N] - loading_M_K[b_N], theta_M[a_N] - theta_M[b_N]
    precision_R_K_K = np.tile(np.eye(ways), (n_raters, 1, 1))
    for _ in range(STEPS):
        chance_N = expit(gap_N + np.einsum("nk,nk->n", way_N_K, place_R_K[who_N]))
        slope_R_K, precision_R_K_K = -place_R_K.copy(), np.tile(np.eye(ways), (n_raters, 1, 1))
        for k in range(ways):
            slope_R_K[:, k] += np.bincount(who_N, (battles.score_N - chance_N) * way_N_K[:, k], n_raters)
            for other in range(ways):
                precision_R_K_K[:, k, other] += np.bincount(
                    who_N, chance_N * (1 - chance_N) * way_N_K[:, k] * way_N_K[:, other], n_raters
                )
        step_R_K = np.linalg.solve(precision_R_K_K, slope_R_K[:, :, None])[:, :, 0]
        place_R_K = place_R_K + np.clip(step_R_K, -2, 2)
    doubt_R_K_K: Floats = np.linalg.inv(precision_R_K_K).astype(np.float64, copy=False)
    return place_R_K, doubt_R_K_K


def _board(
    battles: Battles, theta_M: Floats, loading_M_K: Floats, place_R_K: Floats, doubt_R_K_K: Floats
) -> tuple[Floats, Floats]:
    """Return θ and Λ after Newton steps, a vote counted at three points of what is not known of its rater."""
    n_models, ways = loading_M_K.shape
    a_N, b_N, who_N = battles.a_N, battles.b_N, battles.rater_N
    n_blocks = ways + 1
    x_P = np.concatenate([theta_M, loading_M_K.T.ravel()])
    ridge_P = np.concatenate([np.full(n_models, PRIOR_SD**-2), np.full(n_models * ways, LOADING_SD**-2)])
    for _ in range(STEPS):
        way_N_K = loading_M_K[a_N] - loading_M_K[b_N]
        turned_N_K = np.einsum("nkl,nl->nk", doubt_R_K_K[who_N], way_N_K)
        spread_N = np.sqrt(np.einsum("nk,nk->n", way_N_K, turned_N_K))
        along_N_K = turned_N_K / np.where(spread_N > 0, spread_N, 1)[:, None]
        slope_P, square_P_P = -ridge_P * x_P, np.diag(ridge_P)
        for point, weight in ((-np.sqrt(3), 1 / 6), (0.0, 2 / 3), (np.sqrt(3), 1 / 6)):
            at_N_B = np.column_stack([np.ones(len(a_N)), place_R_K[who_N] + point * along_N_K])
            gap_N = np.zeros(len(a_N))
            for block in range(n_blocks):
                part = x_P[block * n_models : (block + 1) * n_models]
                gap_N += at_N_B[:, block] * (part[a_N] - part[b_N])
            chance_N = expit(gap_N)
            left_N = weight * (battles.score_N - chance_N)
            curve_N = weight * chance_N * (1 - chance_N)
            for block in range(n_blocks):
                rows = slice(block * n_models, (block + 1) * n_models)
                pull_N = left_N * at_N_B[:, block]
                slope_P[rows] += np.bincount(a_N, pull_N, n_models) - np.bincount(b_N, pull_N, n_models)
                for other in range(n_blocks):
                    mass_N = curve_N * at_N_B[:, block] * at_N_B[:, other]
                    met = np.bincount(a_N * n_models + b_N, mass_N, n_models**2)
                    met_M_M = met.reshape(n_models, n_models)
                    met_M_M = met_M_M + met_M_M.T
                    columns = slice(other * n_models, (other + 1) * n_models)
                    square_P_P[rows, columns] += np.diag(met_M_M.sum(axis=1)) - met_M_M
        step_P = np.linalg.solve(square_P_P, slope_P)
        x_P = x_P + np.clip(step_P, -1, 1)
        loading_M_K = x_P[n_models:].reshape(ways, n_models).T
    theta_M = x_P[:n_models] - x_P[:n_models].mean()
    return theta_M, loading_M_K - loading_M_K.mean(axis=0)
