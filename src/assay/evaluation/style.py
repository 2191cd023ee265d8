"""How much of a rating is style: a regression without a hidden ridge, and what its doubt does to the board.

Adjusting for style is a choice. Style that carries substance is taken away by it, and style that nobody
measured stays. So the answer is a range over every adjustment that can be defended, never one controlled
number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtri

from assay.evaluation.battles import Battles, BoardError, Codes, Floats
from assay.evaluation.counts import PairCounts, refuse_if_apart, slices
from assay.evaluation.davidson import BOTH_BAD, TIE, davidson

SURE = 0.95


@dataclass(frozen=True, eq=False)
class StyleFit:
    """Ratings beside the worth of style, in log-odds on Davidson's scale.

    Attributes
    ----------
    theta_M
        Ratings at equal style, mean 0.
    gamma_K
        What each feature is worth, per unit of the difference that was passed in.
    side
        What standing first is worth.
    covariance_P_P
        Sandwich of all parameters: ratings, features, side, ties, the bar.
    moves_M_K
        ∂θ/∂γ: how each rating moves when a feature is worth one unit more.
    """

    models: tuple[str, ...]
    features: tuple[str, ...]
    theta_M: Floats
    gamma_K: Floats
    side: float
    log_tie: float
    covariance_P_P: Floats
    moves_M_K: Floats

    @property
    def gamma_covariance_K_K(self) -> Floats:
        start = len(self.models)
        return self.covariance_P_P[start : start + len(self.features), start : start + len(self.features)]

    @property
    def gamma_error_K(self) -> Floats:
        """Standard errors of `gamma_K`."""
        return np.sqrt(np.diag(self.gamma_covariance_K_K))

    @property
    def theta_error_M(self) -> Floats:
        """Standard errors of the centred ratings."""
        n_models = len(self.models)
        centre = np.eye(n_models) - 1 / n_models
        covariance = centre @ self.covariance_P_P[:n_models, :n_models] @ centre
        return np.sqrt(np.clip(np.diag(covariance), 0, None))

    def interval_K_2(self) -> Floats:
        """Return 95 % intervals of what each feature is worth."""
        half_K = ndtri(0.975) * self.gamma_error_K
        return np.stack([self.gamma_K - half_K, self.gamma_K + half_K], axis=1)


def with_style(
    battles: Battles,
    style_N_K: Floats,
    features: Sequence[str],
    *,
    by_rater: bool = False,
) -> StyleFit:
    """Fit Davidson's model with d = θ_a − θ_b + z·γ + side, by Newton steps over the votes in slices.

    There is no ridge on γ: a penalty of ½γ² on the *mean* loss weighs as much as all the votes, and left 87 %
    of the effect of style in the ratings of a board that is fitted so by default. For slopes of each rater
    pass the same differences to `hierarchical`.

    Parameters
    ----------
    style_N_K
        Differences of the two answers (`assay.evaluation.features`), not centred.
    by_rater
        Take each rater's votes together for the standard errors.

    Source: Davidson, JASA 65 (1970); style as covariates: Li, Angelopoulos & Chiang, "Does style matter?"
    (2024), without their centring and penalty; sandwich: Liang & Zeger, Biometrika 73 (1986).

    Raises
    ------
    BoardError
        Where models were never compared, a feature is the same in all comparisons, or shapes do not fit.

    >>> rng = np.random.default_rng(0)
    >>> a_N = rng.integers(3, size=4000)
    >>> b_N, z_N = (a_N + rng.integers(1, 3, 4000)) % 3, rng.normal(size=4000)
    >>> won_N = (rng.random(4000) < 1 / (1 + np.exp(-0.5 * z_N))).astype(float)
    >>> fit = with_style(Battles(a_N, b_N, won_N, a_N, tuple("xyz"), ()), z_N[:, None], ["length"])
    >>> bool(abs(fit.gamma_K[0] - 0.5) < 2 * fit.gamma_error_K[0])
    True
    """
    refuse_if_apart(battles, PairCounts.of(battles))
    style_N_K = np.asarray(style_N_K, float)
    if style_N_K.shape != (len(battles), len(features)):
        raise BoardError(
            f"style has the shape {style_N_K.shape}, and {len(battles)} comparisons with {len(features)} "
            "named features are given; pass one row a comparison and one name a column"
        )
    same = [name for name, column in zip(features, style_N_K.T, strict=True) if np.ptp(column) == 0]
    if same:
        raise BoardError(f"the feature {same[0]!r} is the same in all comparisons; leave it out")
    if by_rater and not battles.raters:
        raise BoardError("the raters are not known; ask for standard errors without by_rater")
    plain = davidson(battles)
    n_models, n_features = len(battles.models), len(features)
    size = n_models + n_features + 3
    grounded = bool(np.isfinite(plain.bar))
    x_P = np.concatenate(
        [plain.theta_M, np.zeros(n_features + 1), [plain.log_tie, plain.bar if grounded else 0.0]]
    )
    ridge_P = np.full(size, 1e-6)
    ridge_P[-2:] = 1e-3
    for _ in range(30):
        gradient_P, information_P_P, _ = _sums(battles, style_N_K, x_P, grounded=grounded)
        step_P = np.linalg.solve(information_P_P + np.diag(ridge_P), gradient_P - ridge_P * x_P)
        step_P = np.clip(step_P, -2, 2)
        x_P = x_P + step_P
        if np.abs(step_P).max() < 1e-6:
            break
    _, information_P_P, meat_P_P = _sums(
        battles, style_N_K, x_P, grounded=grounded, meat="rater" if by_rater else "vote"
    )
    bread_P_P = np.linalg.inv(information_P_P + np.diag(ridge_P))
    within = information_P_P[:n_models, :n_models] + 1 / n_models
    moves_M_K = -np.linalg.solve(within, information_P_P[:n_models, n_models : n_models + n_features])
    return StyleFit(
        battles.models,
        tuple(features),
        theta_M=x_P[:n_models] - x_P[:n_models].mean(),
        gamma_K=x_P[n_models : n_models + n_features],
        side=float(x_P[n_models + n_features]),
        log_tie=float(x_P[-2]),
        covariance_P_P=bread_P_P @ meat_P_P @ bread_P_P,
        moves_M_K=moves_M_K - moves_M_K.mean(axis=0),
    )


def robust_range(
    battles: Battles,
    style_N_K: Floats,
    features: Sequence[str],
    *,
    gamma_K: Floats | None = None,
    gamma_covariance_K_K: Floats | None = None,
) -> Floats:
    """Return the lowest and highest rating of each model over the adjustments that can be defended, M×2.

    These are: none; all features; all but one, each in turn; and every worth of style within the 95 % region
    of the regression, or of a measurement that is better than it (`gamma_K` with its covariance, from
    randomised rendering and length twins). It says nothing about chance: add the intervals to it.

    >>> rng = np.random.default_rng(0)
    >>> a_N = rng.integers(3, size=900)
    >>> b_N, z_N = (a_N + rng.integers(1, 3, 900)) % 3, rng.normal(size=(900, 2))
    >>> won_N = (rng.random(900) < 0.5).astype(float)
    >>> spans = robust_range(Battles(a_N, b_N, won_N, a_N, tuple("xyz"), ()), z_N, ["length", "lists"])
    >>> bool((spans[:, 0] <= spans[:, 1]).all())
    True
    """
    full = with_style(battles, style_N_K, features)
    held = [davidson(battles).theta_M, full.theta_M]
    if len(features) > 1:
        for k in range(len(features)):
            rest = [other for other in range(len(features)) if other != k]
            held.append(with_style(battles, style_N_K[:, rest], [features[other] for other in rest]).theta_M)
    middle_M = full.theta_M
    region_K_K = full.gamma_covariance_K_K
    if gamma_K is not None:
        middle_M = full.theta_M + full.moves_M_K @ (np.asarray(gamma_K) - full.gamma_K)
        region_K_K = np.zeros_like(region_K_K) if gamma_covariance_K_K is None else gamma_covariance_K_K
    spread_M = np.sqrt(np.einsum("mk,kl,ml->m", full.moves_M_K, region_K_K, full.moves_M_K))
    half_M = np.sqrt(chdtri(len(features), 1 - SURE)) * spread_M
    held += [middle_M - half_M, middle_M + half_M]
    return np.stack([np.min(held, axis=0), np.max(held, axis=0)], axis=1)


def _sums(
    battles: Battles, style_N_K: Floats, x_P: Floats, *, grounded: bool, meat: str = ""
) -> tuple[Floats, Floats, Floats]:
    """Return gradient, information and, where asked, the meat of the sandwich, summed over slices."""
    size, n_raters = len(x_P), len(battles.raters)
    gradient_P, information_P_P, meat_P_P = np.zeros(size), np.zeros((size, size)), np.zeros((size, size))
    score_G_P = np.zeros((n_raters, size)) if meat == "rater" else np.zeros((0, size))
    outcomes_N = battles.outcomes_N
    for part in slices(battles):
        a_N, b_N = battles.a_N[part], battles.b_N[part]
        outcome_N = outcomes_N[part]
        drivers = np.column_stack([style_N_K[part], np.ones(len(a_N))])
        chance = _chances(a_N, b_N, drivers, x_P, grounded=grounded)
        gap_N = (chance[0] - chance[1]) / 2
        by_d = ((outcome_N == 0).astype(float) - (outcome_N == 1)) / 2 - gap_N
        by_t, by_b = (outcome_N == TIE) - chance[2], (outcome_N == BOTH_BAD) - chance[3]
        gradient_P += _scattered_row(a_N, b_N, drivers, (by_d, by_t, by_b), size)
        weights = (
            (chance[0] + chance[1]) / 4 - gap_N**2,
            -gap_N * chance[2],
            -gap_N * chance[3],
            chance[2] * (1 - chance[2]),
            -chance[2] * chance[3],
            chance[3] * (1 - chance[3]),
        )
        information_P_P += _scattered_square(a_N, b_N, drivers, weights, size, grounded=grounded)
        if meat == "vote":
            squares = (by_d**2, by_d * by_t, by_d * by_b, by_t**2, by_t * by_b, by_b**2)
            meat_P_P += _scattered_square(a_N, b_N, drivers, squares, size, grounded=grounded)
        elif meat == "rater":
            who_N, n_models = battles.rater_N[part], size - drivers.shape[1] - 2
            np.add.at(score_G_P, (who_N, a_N), by_d - by_b / 2)
            np.add.at(score_G_P, (who_N, b_N), -by_d - by_b / 2)
            for k in range(drivers.shape[1]):
                score_G_P[:, n_models + k] += np.bincount(who_N, by_d * drivers[:, k], n_raters)
            score_G_P[:, -2] += np.bincount(who_N, by_t, n_raters)
            score_G_P[:, -1] += np.bincount(who_N, by_b, n_raters)
    if meat == "rater":
        meat_P_P = score_G_P.T @ score_G_P * n_raters / max(n_raters - 1, 1)
    return gradient_P, information_P_P, meat_P_P


def _chances(a_N: Codes, b_N: Codes, drivers: Floats, x_P: Floats, *, grounded: bool) -> tuple[Floats, ...]:
    n_models = len(x_P) - drivers.shape[1] - 2
    first_N, second_N = x_P[a_N], x_P[b_N]
    half_N = (first_N - second_N + drivers @ x_P[n_models:-2]) / 2
    up_N = np.exp(half_N)
    weights = [up_N, 1 / up_N, np.full_like(up_N, np.exp(x_P[-2]))]
    weights.append(np.exp(x_P[-1] - (first_N + second_N) / 2) if grounded else np.zeros_like(up_N))
    total_N = weights[0] + weights[1] + weights[2] + weights[3]
    return tuple(weight / total_N for weight in weights)


def _scattered_row(
    a_N: Codes, b_N: Codes, drivers: Floats, slopes: tuple[Floats, Floats, Floats], size: int
) -> Floats:
    by_d, by_t, by_b = slopes
    n_models = size - drivers.shape[1] - 2
    row_P = np.zeros(size)
    row_P[:n_models] = np.bincount(a_N, by_d - by_b / 2, n_models)
    row_P[:n_models] += np.bincount(b_N, -by_d - by_b / 2, n_models)
    row_P[n_models:-2] = by_d @ drivers
    row_P[-2], row_P[-1] = by_t.sum(), by_b.sum()
    return row_P


def _scattered_square(
    a_N: Codes, b_N: Codes, drivers: Floats, weights: tuple[Floats, ...], size: int, *, grounded: bool
) -> Floats:
    """Sum w·JᵀJ over votes: a vote's margin d, tie t and bar b each touch few parameters."""
    dd, dt, db, tt, tb, bb = weights
    n_models = size - drivers.shape[1] - 2
    total = np.zeros((size, size))
    # d touches +a, −b and the drivers; b touches −½a, −½b and the bar
    aa, bb_, ab = (dd, dd, -dd)
    if grounded:
        aa, bb_, ab = dd - db + bb / 4, dd + db + bb / 4, -dd + bb / 4
    met = np.bincount(a_N * np.int64(n_models) + b_N, ab, n_models**2).reshape(n_models, n_models)
    own = np.bincount(a_N, aa, n_models) + np.bincount(b_N, bb_, n_models)
    total[:n_models, :n_models] = met + met.T + np.diag(own)
    for k in range(drivers.shape[1]):
        column = drivers[:, k]
        plus, minus = (dd - db / 2, -dd - db / 2) if grounded else (dd, -dd)
        total[:n_models, n_models + k] = np.bincount(a_N, plus * column, n_models) + np.bincount(
            b_N, minus * column, n_models
        )
    total[n_models:-2, n_models:-2] = drivers.T @ (drivers * dd[:, None])
    total[:n_models, -2] = np.bincount(a_N, dt - tb / 2, n_models) + np.bincount(b_N, -dt - tb / 2, n_models)
    total[n_models:-2, -2] = dt @ drivers
    total[-2, -2] = tt.sum()
    if grounded:
        total[:n_models, -1] = np.bincount(a_N, db - bb / 2, n_models)
        total[:n_models, -1] += np.bincount(b_N, -db - bb / 2, n_models)
        total[n_models:-2, -1] = db @ drivers
        total[-2, -1], total[-1, -1] = tb.sum(), bb.sum()
    upper = np.triu(total, 1)
    return upper + upper.T + np.diag(np.diag(total))
