"""Ties and two bad answers as what they are: a third outcome, and a fourth that speaks about quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax, ndtri, softmax

from assay.evaluation.battles import OUTCOMES, Battles, Codes, Floats
from assay.evaluation.counts import OutcomeCounts, PairCounts, refuse_if_apart, summed

TIE, BOTH_BAD = OUTCOMES.index("tie"), OUTCOMES.index("both_bad")

HABIT_SD = 3.0
"""Spread of the prior of the tie parameter and of the bar, in log-odds: it matters where nobody ever tied."""


@dataclass(frozen=True, eq=False)
class Davidson:
    """Ratings under the Davidson model, in log-odds, with what ties and bad answers say.

    Attributes
    ----------
    theta_M
        Ratings, mean 0. Divide no more by the share of ties: they are modelled.
    log_tie
        Log of Davidson's ν: at equal strength a tie is ν times as likely as a win of the first.
    bar
        The rating at which an answer is as good as none: two bad answers are a win of a third competitor with
        this rating. `-inf` where nobody ever said so.
    low_M, high_M
        95 % intervals, each vote taken as a person of its own (sandwich).
    covariance_M_M
        Of `theta_M`.
    log_likelihood
        Sum over the votes, in nats.
    """

    models: tuple[str, ...]
    theta_M: Floats
    log_tie: float
    bar: float
    low_M: Floats
    high_M: Floats
    covariance_M_M: Floats
    votes: int
    log_likelihood: float

    def chances(self, a_N: Codes, b_N: Codes) -> Floats:
        """Return the probabilities of the four outcomes, N×4, of comparisons of models by code."""
        logit_N_4 = _logits(self.theta_M[a_N], self.theta_M[b_N], self.log_tie, self.bar)
        chance_N_4: Floats = softmax(logit_N_4, axis=1)
        return chance_N_4

    def log_loss(self, battles: Battles) -> float:
        """Return the mean negative log-probability of what was said, in nats; models must have their codes.

        A vote that says `both_bad` where none did in training has no probability; it counts as 10⁻¹².
        """
        chance_N_4 = self.chances(battles.a_N, battles.b_N)
        said_N = chance_N_4[np.arange(len(battles)), battles.outcomes_N]
        return float(-np.log(np.maximum(said_N, 1e-12)).mean())

    def above_bar_M(self) -> Floats:
        """Return the chance of each model to beat an answer that is as good as none (absolute quality)."""
        beats: Floats = 1 / (1 + np.exp(self.bar - self.theta_M))
        return beats


def davidson(battles: Battles, *, prior_sd: float | None = None, weight_N: Floats | None = None) -> Davidson:
    """Fit P(a, b, tie, both bad) ∝ e^θa, e^θb, ν·e^((θa+θb)/2), e^bar by Newton steps on compressed counts.

    Half a win for a tie draws a board together (slope 0.74 of the truth at 25 % ties) and throws away what
    two bad answers say. Here the scale stays, and the fourth outcome fixes an absolute level, the `bar`.

    Parameters
    ----------
    prior_sd
        Spread of a normal prior on the ratings, in log-odds; `None` for maximum likelihood. Models that never
        met are refused without one: with it, what is between them is the prior's word alone.
    weight_N
        How much each vote counts, with mean 1, where the voters are weighed to be like other people.

    Source: Davidson, JASA 65 (1970); the fourth outcome follows the grounded Rao–Kupper model of Frick et
    al., "Prompt-to-Leaderboard" (2025), with Davidson's ties.

    Raises
    ------
    BoardError
        Where the models fall into groups that were never compared, and no prior is given.

    >>> from assay.records import Battle
    >>> said = ["a"] * 6 + ["b"] * 2 + ["tie"] * 4 + ["both_bad"] * 4
    >>> fit = davidson(Battles.from_records(Battle("i", "x", "y", one) for one in said))
    >>> fit.chances(np.array([0]), np.array([1])).round(2).tolist()
    [[0.38, 0.13, 0.25, 0.25]]
    """
    counts = OutcomeCounts.of(battles, weight_N)
    squares = counts if weight_N is None else OutcomeCounts.of(battles, weight_N**2)
    if prior_sd is None:
        refuse_if_apart(battles, PairCounts.of(battles))
    n_models = len(battles.models)
    grounded = bool(counts.tally_C_4[:, BOTH_BAD].any())
    # A weak prior keeps a model that won everything finite; it moves others by less than 0.01 Elo.
    ridge_P = np.full(n_models + 2, 1e-6 if prior_sd is None else prior_sd**-2)
    ridge_P[n_models:] = HABIT_SD**-2
    x_P = np.zeros(n_models + 2)
    votes_C = counts.tally_C_4.sum(axis=1)

    def value(x_P: Floats) -> float:
        logit_C_4 = _logits(x_P[counts.a_C], x_P[counts.b_C], x_P[-2], x_P[-1] if grounded else -np.inf)
        log_C_4 = log_softmax(logit_C_4, axis=1)
        told = (counts.tally_C_4 * np.where(counts.tally_C_4 > 0, log_C_4, 0)).sum()
        return float(told - (ridge_P * x_P**2).sum() / 2)

    for _ in range(100):
        gradient_P, information_P_P, _ = _derivatives(counts, votes_C, x_P, grounded)
        step_P = np.linalg.solve(information_P_P + np.diag(ridge_P), gradient_P - ridge_P * x_P)
        before, scale = value(x_P), 1.0
        while value(x_P + scale * step_P) < before - 1e-12 * abs(before) and scale > 1e-6:
            scale /= 2
        x_P = x_P + scale * step_P
        if np.abs(step_P).max() < 1e-9:
            break
    _, information_P_P, chance_C_4 = _derivatives(counts, votes_C, x_P, grounded)
    covariance_P_P = _sandwich(squares, chance_C_4, information_P_P + np.diag(ridge_P), x_P.size)
    centre_M_M = np.eye(n_models) - 1 / n_models
    covariance_M_M = centre_M_M @ covariance_P_P[:n_models, :n_models] @ centre_M_M
    theta_M, mean = x_P[:n_models] - x_P[:n_models].mean(), float(x_P[:n_models].mean())
    half_M = ndtri(0.975) * np.sqrt(np.clip(np.diag(covariance_M_M), 0, None))
    return Davidson(
        battles.models,
        theta_M,
        log_tie=float(x_P[-2]),
        bar=float(x_P[-1]) - mean if grounded else -np.inf,
        low_M=theta_M - half_M,
        high_M=theta_M + half_M,
        covariance_M_M=covariance_M_M,
        votes=len(battles),
        log_likelihood=value(x_P) + float((ridge_P * x_P**2).sum() / 2),
    )


def _logits(first: Floats, second: Floats, log_tie: float, bar: float) -> Floats:
    """Return the four logits of each row, given its two ratings; the mean of these is taken off all four."""
    half, mean = (first - second) / 2, (first + second) / 2
    logits: Floats = np.stack([half, -half, np.full_like(half, log_tie), bar - mean], axis=1)
    return logits


JACOBIAN = np.array([[0.5, -0.5, 0, 0], [-0.5, 0.5, 0, 0], [0, 0, 1, 0], [-0.5, -0.5, 0, 1]])
"""How the four logits (rows) move with the first rating, the second, ν and the bar."""


def _places(counts: OutcomeCounts) -> Codes:
    """Return where the four parameters of each cell stand, C×4."""
    n_models, n_cells = counts.n_models, len(counts.a_C)
    return np.stack(
        [counts.a_C, counts.b_C, np.full(n_cells, n_models), np.full(n_cells, n_models + 1)], axis=1
    )


def _derivatives(
    counts: OutcomeCounts, votes_C: Floats, x_P: Floats, grounded: bool
) -> tuple[Floats, Floats, Floats]:
    """Return gradient, Fisher information and the chances of each cell."""
    bar = x_P[-1] if grounded else -np.inf
    chance_C_4 = softmax(_logits(x_P[counts.a_C], x_P[counts.b_C], x_P[-2], bar), axis=1)
    surplus_C_4 = (counts.tally_C_4 - votes_C[:, None] * chance_C_4) @ JACOBIAN
    mean_C_4 = chance_C_4 @ JACOBIAN
    second_C_4_4 = np.einsum("ck,ki,kj->cij", chance_C_4, JACOBIAN, JACOBIAN)
    weight_C_4_4 = votes_C[:, None, None] * (second_C_4_4 - mean_C_4[:, :, None] * mean_C_4[:, None, :])
    place_C_4 = _places(counts)
    gradient_P = summed(place_C_4.ravel(), surplus_C_4.ravel(), x_P.size)
    return gradient_P, _scattered(place_C_4, weight_C_4_4, x_P.size), chance_C_4


def _sandwich(counts: OutcomeCounts, chance_C_4: Floats, information_P_P: Floats, size: int) -> Floats:
    """Return H⁻¹ (Σ_v U_v U_vᵀ) H⁻¹, the votes of a cell and outcome sharing one score."""
    score_C_4_4 = JACOBIAN - (chance_C_4 @ JACOBIAN)[:, None, :]
    meat_C_4_4 = np.einsum("ck,cki,ckj->cij", counts.tally_C_4, score_C_4_4, score_C_4_4)
    bread_P_P = np.linalg.inv(information_P_P)
    covariance: Floats = bread_P_P @ _scattered(_places(counts), meat_C_4_4, size) @ bread_P_P
    return covariance


def _scattered(place_C_4: Codes, block_C_4_4: Floats, size: int) -> Floats:
    flat = place_C_4[:, :, None] * size + place_C_4[:, None, :]
    return summed(flat.ravel(), block_C_4_4.ravel(), size * size).reshape(size, size)
