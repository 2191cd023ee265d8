"""BWA, the Bayesian weighted average: each rater has a precision, and probabilities stay modest."""

from __future__ import annotations

import numpy as np

from assay.quality.labels.ballots import TWO, Ballots, row_sums
from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.hierarchical import at_rest
from assay.quality.labels.leaps import Leaps
from assay.quality.labels.result import Result
from assay.quality.progress import tell

PRIOR_VOTES = 15.0
"""Votes that the crowd's precision weighs in a rater's: the constant of the paper."""


def bwa(
    columns: Columns, *, tolerance: float = 1e-3, max_iterations: int = 100, leaps: bool = False
) -> Result:
    """Average the votes on each label with a learned precision for each rater, as if votes were measurements.

    For each label k on its own, a vote is y = 1 or 0, y_ir ~ N(z_i, 1/v_r), v_r ~ Gamma, z_i ~ N(μ, 1): v_r
    = (15 + n_r) / (β + Σ(y − z)²), z_i = (μ + Σ v_r·y) / (1 + Σ v_r), μ the mean of z. The scale β makes the
    prior precision that of the vote shares: 15·4(1 − 1/K)·Σ n_i z_i(1 − z_i)/N there. The K values of an
    item are then divided by their sum.

    Source: Li, Y., Rubinstein & Cohn, "Truth inference at scale: a Bayesian model for adjudicating highly
    redundant crowd annotations", WWW 2019; constants are the paper's.

    Parameters
    ----------
    columns
        N votes; one round costs O(N·K). `history_R_K_K` is left aside: the model has no labels to confuse.
    tolerance
        As in `hierarchical`.
    leaps
        Leap ahead in every third round, as in `hierarchical`: here the sums of squares.

    >>> votes = [(i, name, "no" if name == "tired" and i % 2 else "yes") for i in range(8)
    ...          for name in ("ann", "ben", "tired")]
    >>> bwa(Columns.from_lists(*zip(*votes))).posterior_I_K[1].round(1).tolist()
    [0.2, 0.8]
    """
    ballots = columns.ballots
    n_items, n_labels = len(columns.items), len(columns.labels)

    z_P_K = ballots.shares_P_K
    votes_R = ballots.given_R_G.sum(axis=1)
    spread_K = ballots.total(ballots.votes_P[:, None] * z_P_K * (1 - z_P_K))
    scale_K = np.maximum(PRIOR_VOTES * 4 * (1 - 1 / n_labels) * spread_K / votes_R.sum(), 1e-6)

    leaping = Leaps(shared=False) if leaps else None
    converged, iteration = False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("bwa", iteration, max_iterations)
        square_R_K, total_K = _squares(ballots, z_P_K), ballots.total(z_P_K)
        if leaping:
            square_R_K, total_K = leaping.ahead(iteration, square_R_K, total_K)
        precision_R_K = (PRIOR_VOTES + votes_R)[:, None] / (scale_K + square_R_K)
        own_P_K = ballots.own_scores(precision_R_K)
        updated_P_K = own_P_K + total_K / n_items
        updated_P_K /= 1 + _all_precision(ballots, precision_R_K, own_P_K)
        updated_P_K = ballots.clamped(updated_P_K)
        converged = at_rest(z_P_K, updated_P_K, ballots.times_P, tolerance, iteration)
        z_P_K = updated_P_K

    posterior_P_K = np.maximum(z_P_K, 1e-6)
    posterior_P_K /= posterior_P_K.sum(axis=1, keepdims=True)
    return Result(
        columns=columns,
        posterior_I_K=ballots.by_item(posterior_P_K),
        method="bwa",
        assumed=(
            "everybody errs at one rate, on every item and label",
            "mistakes do not repeat from one rater to the next",
        ),
        converged=converged,
        iterations=iteration,
        counts_R_K_K=ballots.confusions(posterior_P_K).transpose(0, 2, 1),
    )


def _squares(ballots: Ballots, z_P_K: Floats) -> Floats:
    """Return Σ(y − z)² over the votes of each rater, for each label."""
    if z_P_K.shape[1] == TWO:
        # A vote is 1 for one label and 0 for the other, with z and 1 − z: off by as much from both.
        square_R_G = ballots.own_counts((1 - z_P_K) ** 2)
        return np.repeat(square_R_G.sum(axis=1), TWO).reshape(-1, TWO)
    # Σz² − 2Σ_{y=1} z + Σ_{y=1} 1.
    square_R_K: Floats = ballots.of_rater @ (z_P_K * z_P_K)
    square_R_K -= 2 * ballots.own_counts(z_P_K)
    square_R_K += ballots.given_R_G
    return np.maximum(square_R_K, 0)


def _all_precision(ballots: Ballots, precision_R_K: Floats, own_P_K: Floats) -> Floats:
    """Sum the precision of each ballot's raters, for each label; `own_P_K` is of those who gave the label."""
    if own_P_K.shape[1] == TWO:
        return row_sums(own_P_K)[:, None]
    every_P_K: Floats = ballots.by_rater @ precision_R_K
    return every_P_K
