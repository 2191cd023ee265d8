"""GLAD: how able each rater is and how hard each item, learned together with the verdicts."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.result import Result
from assay.quality.labels.wawa import hard_counts, sums
from assay.quality.progress import tell

ABILITY, ABILITY_SPREAD = 1.0, 1.0
"""Prior of α: a newcomer on an item of usual difficulty is right with probability σ(1) = 0.73."""

EASE_SPREAD = 0.5
"""Prior of log β around 0: two in three items lie within a factor 1.6 of the usual difficulty.

Wider, and an item with few votes is called easy because they agree, which then makes the raters able.
"""

STEPS = 2
"""Scoring steps in each M-step; more of them change the result in the third digit only."""

MAX_STEP = 1.0


def glad(columns: Columns, *, tolerance: float = 1e-3, max_iterations: int = 100) -> Result:
    """Estimate verdicts, abilities and difficulties by expectation maximisation.

    Model: rater w of ability α_w gives the right label of item i with probability σ(α_w·β_i), β_i > 0 being
    how easy it is, and otherwise one of the K − 1 others evenly; α_w ~ N(1, 1), log β_i ~ N(0, ½²). A right
    label is σ/(1 − σ)·(K − 1) times as probable as a wrong one, so that a vote adds α_w·β_i + log(K − 1) to
    its label. The M-step climbs with Fisher scoring, α then log β, each step at most 1 long; O(votes) a
    round.

    Every label is equally probable beforehand. Learning the shares as well lets a crowd of spammers and one
    frequent label confirm each other until everything has that label (39 points lost on one real crowd).

    Where it fails: with fewer than about five votes an item its difficulty is mostly the prior, and the
    verdicts hardly differ from `iwmv`'s at many times the cost; raters who err on one label only, or know
    only some, are not in the model (`dawid-skene` is for them); posteriors are far too sure. Use it to see
    which items are hard. `confusion_R_K_K` is each rater's on an item of usual difficulty.

    Source: Whitehill, Ruvolo, Wu, Bergsma & Movellan, "Whose vote should count more: optimal integration of
    labels from labelers of unknown expertise", NIPS 2009.

    Parameters
    ----------
    columns
        Votes on one question. Weights multiply, known items are held, history adds its right and wrong votes
        as if they had fallen on items of usual difficulty.
    tolerance
        Stop when no probability moves by more.

    Returns
    -------
    Result with `posterior_I_K` (items × labels), `confusion_R_K_K` and `counts_R_K_K`.

    >>> rng = np.random.default_rng(1)
    >>> truth = rng.integers(2, size=100)
    >>> able = {"ann": 0.9, "ben": 0.8, "coin": 0.5}
    >>> votes = [(str(i), name, str(truth[i] ^ int(rng.random() > p)))
    ...          for i in range(100) for name, p in able.items()]
    >>> found = glad(Columns.from_lists(*zip(*votes))).confusion_R_K_K[:, 0, 0]
    >>> found.argsort().tolist()  # the coin knows least
    [2, 1, 0]
    """
    n_labels = len(columns.labels)
    item_N, rater_N, weight_N = columns.item_N, columns.rater_N, columns.weights_N
    cell_N = item_N * n_labels + columns.label_N
    past_right_R, past_wrong_R = _past(columns)
    ability_R, ease_I = np.full(len(columns.raters), ABILITY), np.zeros(len(columns.items))
    odds_of_one = np.log(max(n_labels - 1, 1))

    posterior_I_K = columns.shares_I_K
    converged, iteration = False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("glad", iteration, max_iterations)
        right_N = posterior_I_K[item_N, columns.label_N]
        for _ in range(STEPS):
            beta_N = np.exp(ease_I)[item_N]
            chance_N = expit(ability_R[rater_N] * beta_N)
            chance_R = expit(ability_R)
            slope_R = sums(rater_N, weight_N * (right_N - chance_N) * beta_N, len(ability_R))
            slope_R += past_right_R - (past_right_R + past_wrong_R) * chance_R
            slope_R -= (ability_R - ABILITY) / ABILITY_SPREAD**2
            bend_R = sums(rater_N, weight_N * chance_N * (1 - chance_N) * beta_N**2, len(ability_R))
            bend_R += (past_right_R + past_wrong_R) * chance_R * (1 - chance_R) + 1 / ABILITY_SPREAD**2
            ability_R = ability_R + np.clip(slope_R / bend_R, -MAX_STEP, MAX_STEP)

            logit_N = ability_R[rater_N] * beta_N
            chance_N = expit(logit_N)
            slope_I = sums(item_N, weight_N * (right_N - chance_N) * logit_N, len(ease_I))
            slope_I -= ease_I / EASE_SPREAD**2
            bend_I = sums(item_N, weight_N * chance_N * (1 - chance_N) * logit_N**2, len(ease_I))
            bend_I += 1 / EASE_SPREAD**2
            ease_I = ease_I + np.clip(slope_I / bend_I, -MAX_STEP, MAX_STEP)
        evidence_N = weight_N * (ability_R[rater_N] * np.exp(ease_I)[item_N] + odds_of_one)
        score_I_K = sums(cell_N, evidence_N, posterior_I_K.size).reshape(posterior_I_K.shape)
        updated_I_K = columns.clamped(softmax(score_I_K, axis=1))
        converged = bool(np.max(np.abs(updated_I_K - posterior_I_K)) < tolerance)
        posterior_I_K = updated_I_K

    return Result(
        columns=columns,
        posterior_I_K=posterior_I_K,
        method="glad",
        assumed=(
            "raters answer independently of each other once the right label and the difficulty are known",
            "wrong labels are equally probable",
            "every label is equally probable before the votes",
            "who is abler is abler on every item",
        ),
        converged=converged,
        iterations=iteration,
        confusion_R_K_K=_usual_confusion(expit(ability_R), n_labels),
        counts_R_K_K=hard_counts(columns, posterior_I_K),
    )


def _past(columns: Columns) -> tuple[Floats, Floats]:
    """Return the right and wrong votes of everybody's history."""
    if columns.history_R_K_K is None:
        nothing_R = np.zeros(len(columns.raters))
        return nothing_R, nothing_R
    right_R: Floats = np.trace(columns.history_R_K_K, axis1=1, axis2=2)
    wrong_R: Floats = columns.history_R_K_K.sum(axis=(1, 2)) - right_R
    return right_R, wrong_R


def _usual_confusion(right_R: Floats, n_labels: int) -> Floats:
    if n_labels == 1:
        return np.ones((len(right_R), 1, 1))
    wrong_R_1_1 = ((1 - right_R) / (n_labels - 1))[:, None, None]
    confusion_R_K_K: Floats = wrong_R_1_1 + (right_R[:, None, None] - wrong_R_1_1) * np.eye(n_labels)
    return confusion_R_K_K
