"""Ties as a band around equality, and two bad answers as a loss of both to nothing: Rao–Kupper, grounded.

The other native model of ties beside Davidson's. There a tie competes with the two wins; here somebody calls
a winner only where the difference passes a threshold. Boards hardly ever differ in their order; where they
do, the order hangs on what a tie is taken to be, and a reader should know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from assay.evaluation.battles import Battles, Codes, Floats
from assay.evaluation.counts import OutcomeCounts, PairCounts, refuse_if_apart, summed
from assay.evaluation.davidson import BOTH_BAD, HABIT_SD

FAR = 30.0
"""Ratings beyond this many log-odds only keep a long step of the search from overflowing."""


@dataclass(frozen=True, eq=False)
class RaoKupper:
    """Ratings under the grounded Rao–Kupper model, in log-odds.

    Attributes
    ----------
    theta_M
        Ratings, mean 0.
    threshold
        Log of Rao and Kupper's θ: by so much one answer must be better before it is called the winner. 0
        where nobody ever tied.
    bar
        The rating of "as good as none": π = e^(rating − bar). `-inf` where nobody said that both are bad; the
        model is then the plain one of Rao and Kupper.
    low_M, high_M
        95 % intervals, each vote taken as a person of its own (sandwich).
    covariance_M_M
        Of `theta_M`.
    log_likelihood
        Sum over the votes, in nats.
    """

    models: tuple[str, ...]
    theta_M: Floats
    threshold: float
    bar: float
    low_M: Floats
    high_M: Floats
    covariance_M_M: Floats
    votes: int
    log_likelihood: float

    def chances(self, a_N: Codes, b_N: Codes) -> Floats:
        """Return the probabilities of the four outcomes, N×4, of comparisons of models by code."""
        grounded = bool(np.isfinite(self.bar))
        x_M = self.theta_M - (self.bar if grounded else 0.0)
        tie = np.log(np.expm1(self.threshold)) if self.threshold > 0 else -np.inf
        return _chances(x_M[a_N], x_M[b_N], tie, grounded)[0]

    def log_loss(self, battles: Battles) -> float:
        """Return the mean negative log-probability of what was said, in nats; models must have their codes.

        What the model holds for impossible counts as 10⁻¹².
        """
        chance_N_4 = self.chances(battles.a_N, battles.b_N)
        said_N = chance_N_4[np.arange(len(battles)), battles.outcomes_N]
        return float(-np.log(np.maximum(said_N, 1e-12)).mean())

    def above_bar_M(self) -> Floats:
        """Return the chance of each model to beat an answer that is as good as none (absolute quality)."""
        beats: Floats = 1 / (1 + np.exp(self.bar - self.theta_M))
        return beats


def rao_kupper(battles: Battles, *, prior_sd: float | None = None) -> RaoKupper:
    """Fit P(a) = π_a/(π_a + θπ_b + 1), P(b) likewise, P(both bad) = 1/(1 + π_a + π_b), P(tie) = what is left.

    By Fisher scoring on compressed counts. Where nobody said "both bad" the ones fall away: Rao and Kupper's
    own model. With θ = 1 nobody ties and it is Bradley and Terry's.

    Parameters
    ----------
    prior_sd
        Spread of a normal prior on the ratings, in log-odds; `None` for maximum likelihood.

    Source: Rao & Kupper, JASA 62 (1967); grounded: Frick et al., "Prompt-to-Leaderboard" (2025).

    Raises
    ------
    BoardError
        Where the models fall into groups that were never compared, and no prior is given.

    >>> from assay.records import Battle
    >>> said = ["a"] * 6 + ["b"] * 2 + ["tie"] * 4 + ["both_bad"] * 4
    >>> fit = rao_kupper(Battles.from_records(Battle("i", "x", "y", one) for one in said))
    >>> fit.chances(np.array([0]), np.array([1])).round(2).tolist()
    [[0.38, 0.13, 0.25, 0.25]]
    """
    counts = OutcomeCounts.of(battles)
    if prior_sd is None:
        refuse_if_apart(battles, PairCounts.of(battles))
    n_models = len(battles.models)
    grounded = bool(counts.tally_C_4[:, BOTH_BAD].any())
    ridge_P = np.full(n_models + 1, 1e-6 if prior_sd is None else prior_sd**-2)
    ridge_P[-1] = HABIT_SD**-2
    votes_C = counts.tally_C_4.sum(axis=1)
    place_C_3 = np.stack([counts.a_C, counts.b_C, np.full(len(counts.a_C), n_models)], axis=1)
    # the level of all ratings is known only where bad answers ground it
    level = np.zeros((n_models + 1, n_models + 1))
    if not grounded:
        level[:n_models, :n_models] = 1 / n_models

    def told(x_P: Floats) -> float:
        chance_C_4, _ = _chances(x_P[counts.a_C], x_P[counts.b_C], x_P[-1], grounded)
        logs = np.log(np.where(counts.tally_C_4 > 0, np.maximum(chance_C_4, 1e-300), 1.0))
        return float((counts.tally_C_4 * logs).sum())

    def value(x_P: Floats) -> float:
        return told(x_P) - float((ridge_P * x_P**2).sum() / 2)

    def pieces(x_P: Floats) -> tuple[Floats, Floats, Floats]:
        chance_C_4, slope_C_4_3 = _chances(x_P[counts.a_C], x_P[counts.b_C], x_P[-1], grounded)
        # the score of an outcome, 0 where the model holds it for impossible
        score_C_4_3 = slope_C_4_3 / np.maximum(chance_C_4, 1e-300)[:, :, None]
        score_C_4_3[chance_C_4 < 1e-300] = 0.0
        return chance_C_4, slope_C_4_3, score_C_4_3

    x_P = np.zeros(n_models + 1)
    information_P_P = np.zeros((n_models + 1, n_models + 1))
    for _ in range(200):
        _, slope_C_4_3, score_C_4_3 = pieces(x_P)
        by_C_3 = np.einsum("ck,cki->ci", counts.tally_C_4, score_C_4_3)
        gradient_P = summed(place_C_3.ravel(), by_C_3.ravel(), x_P.size) - ridge_P * x_P
        expected_C_3_3 = votes_C[:, None, None] * np.einsum("cki,ckj->cij", slope_C_4_3, score_C_4_3)
        information_P_P = _scattered(place_C_3, expected_C_3_3, x_P.size) + np.diag(ridge_P)
        step_P = np.linalg.solve(information_P_P + level, gradient_P)
        before, scale = value(x_P), 1.0
        while value(np.clip(x_P + scale * step_P, -FAR, FAR)) < before - 1e-12 * abs(before):
            scale /= 2
            if scale < 1e-6:
                break
        x_P = np.clip(x_P + scale * step_P, -FAR, FAR)
        if np.abs(step_P).max() < 1e-9:
            break
    _, _, score_C_4_3 = pieces(x_P)
    meat_C_3_3 = np.einsum("ck,cki,ckj->cij", counts.tally_C_4, score_C_4_3, score_C_4_3)
    bread_P_P = np.linalg.inv(information_P_P + level)
    covariance_P_P = bread_P_P @ _scattered(place_C_3, meat_C_3_3, x_P.size) @ bread_P_P
    centre_M_M = np.eye(n_models) - 1 / n_models
    covariance_M_M = centre_M_M @ covariance_P_P[:n_models, :n_models] @ centre_M_M
    mean = float(x_P[:n_models].mean())
    theta_M = x_P[:n_models] - mean
    half_M = ndtri(0.975) * np.sqrt(np.clip(np.diag(covariance_M_M), 0, None))
    return RaoKupper(
        battles.models,
        theta_M,
        threshold=float(np.log1p(np.exp(x_P[-1]))),
        bar=-mean if grounded else -np.inf,
        low_M=theta_M - half_M,
        high_M=theta_M + half_M,
        covariance_M_M=covariance_M_M,
        votes=len(battles),
        log_likelihood=told(x_P),
    )


def _chances(first: Floats, second: Floats, tie: float, grounded: bool) -> tuple[Floats, Floats]:
    """Return the four chances of each row, and how they move with its two ratings and log(θ − 1)."""
    a, b, more = np.exp(first), np.exp(second), np.exp(tie)
    theta, ground = 1 + more, 1.0 if grounded else 0.0
    all_a, all_b, all_ = a + theta * b + ground, b + theta * a + ground, a + b + ground
    win, lose = a / all_a, b / all_b
    bad = ground / all_
    drawn = np.maximum(1 - win - lose - bad, 0.0)
    none = np.zeros_like(a)
    moves = np.stack(
        [
            np.stack([win * (1 - win), -win * theta * b / all_a, -win * more * b / all_a], axis=-1),
            np.stack([-lose * theta * a / all_b, lose * (1 - lose), -lose * more * a / all_b], axis=-1),
            np.stack([none, none, none], axis=-1),
            np.stack([-bad * a / all_, -bad * b / all_, none], axis=-1),
        ],
        axis=-2,
    )
    moves[..., 2, :] = -moves.sum(axis=-2)
    return np.stack([win, lose, drawn, bad], axis=-1), moves


def _scattered(place_C_3: Codes, block_C_3_3: Floats, size: int) -> Floats:
    flat = place_C_3[:, :, None] * size + place_C_3[:, None, :]
    return summed(flat.ravel(), block_C_3_3.ravel(), size * size).reshape(size, size)
