"""Worker agreement with aggregate: two votes, the second weighed by who agreed with the first.

The parts that `iwmv` and `la` share with it stand here too: how a rater's share of right votes is counted,
and how weighed votes become a posterior.
"""

from __future__ import annotations

import numpy as np

from assay.quality.labels.columns import Codes, Columns, Floats
from assay.quality.labels.result import Result


def wawa(columns: Columns) -> Result:
    """Take a majority vote, measure everybody's agreement with it, and vote again by that measure.

    Model: none. Rater w weighs a_w, the share of their votes that agree with the majority (where the majority
    is tied the credit is shared); an item's posterior is its weighed share of votes. Two passes, O(votes). A
    rater who is always wrong keeps a weight near 0 but is never turned round: see `iwmv`.

    Source: the baseline of that name in Ustalov, Pavlichenko & Tseitlin, "Learning from Crowds with
    Crowd-Kit", JOSS 9 (2024), 6227, after the weighting at Appen (CrowdFlower).

    Parameters
    ----------
    columns
        Votes on one question. Weights multiply, known items count as the majority, and history adds its
        counts to the votes that a rater's agreement is measured on.

    Returns
    -------
    Result with `posterior_I_K` (items × labels) and `counts_R_K_K`.

    >>> columns = Columns.from_lists(list("iiijjjkk"), [*"abc", *"abc", *"bc"], list("xxyyyxxy"))
    >>> wawa(columns).verdicts  # c agreed with nobody: on k, b's word counts
    {'i': 'x', 'j': 'y', 'k': 'x'}
    """
    accuracy_R = agreement(columns, hard(columns.shares_I_K))
    posterior_I_K = shares(columns, accuracy_R)
    return Result(
        columns=columns,
        posterior_I_K=posterior_I_K,
        method="wawa",
        assumed=("most raters are right more often than wrong", "the majority is right on most items"),
        counts_R_K_K=hard_counts(columns, posterior_I_K),
    )


def hard(score_I_K: Floats) -> Floats:
    """Return one where a row is highest, shared among equals, 0 elsewhere."""
    top_I_K = (score_I_K >= score_I_K.max(axis=1, keepdims=True) - 1e-9).astype(np.float64)
    shared_I_K: Floats = top_I_K / top_I_K.sum(axis=1, keepdims=True)
    return shared_I_K


def agreement(columns: Columns, verdict_I_K: Floats, right: float = 0.0, wrong: float = 0.0) -> Floats:
    """Return the share of each rater's votes that are right by a verdict.

    `right` and `wrong` are votes that everybody is given in advance; history adds its own right and wrong
    ones.
    """
    n_raters = len(columns.raters)
    votes_R = np.bincount(columns.rater_N, columns.weights_N, n_raters)
    right_N = verdict_I_K[columns.item_N, columns.label_N] * columns.weights_N
    right_R = np.bincount(columns.rater_N, right_N, n_raters)
    if columns.history_R_K_K is not None:
        votes_R = votes_R + columns.history_R_K_K.sum(axis=(1, 2))
        right_R = right_R + np.trace(columns.history_R_K_K, axis1=1, axis2=2)
    share_R: Floats = (right_R + right) / (votes_R + right + wrong)
    return share_R


def sums(code_N: Codes, weight_N: Floats, size: int) -> Floats:
    """Return the sum of the weights of each code."""
    total_C: Floats = np.bincount(code_N, weight_N, size).astype(np.float64, copy=False)
    return total_C


def tally(columns: Columns, weight_R: Floats) -> Floats:
    """Return the weighed votes for each label of each item, items × labels; they may be negative."""
    n_labels = len(columns.labels)
    cell_N = columns.item_N * n_labels + columns.label_N
    weight_N = weight_R[columns.rater_N] * columns.weights_N
    return sums(cell_N, weight_N, len(columns.items) * n_labels).reshape(-1, n_labels)


def shares(columns: Columns, weight_R: Floats) -> Floats:
    """Return a posterior: each item's weighed share of votes, known items at their right label.

    A vote of negative weight −u counts as u for each of the other labels: the order of the labels is the
    same. Where all weights of an item are 0, every vote counts the same.
    """
    against_N = np.clip(-weight_R, 0, None)[columns.rater_N] * columns.weights_N
    against_I = np.bincount(columns.item_N, against_N, len(columns.items))
    # A rounding error below 0 would be a negative probability.
    score_I_K = np.clip(tally(columns, weight_R) + against_I[:, None], 0, None)
    total_I = score_I_K.sum(axis=1)
    silent_I = total_I <= 1e-12
    score_I_K[silent_I] = columns.counts_I_K[silent_I]
    return columns.clamped(score_I_K / score_I_K.sum(axis=1, keepdims=True))


def hard_counts(columns: Columns, posterior_I_K: Floats) -> Floats:
    """Return how often each rater gave label l where k was chosen, history included."""
    n_raters, n_labels = len(columns.raters), len(columns.labels)
    verdict_I_K = hard(posterior_I_K)
    counts_R_K_K = np.empty((n_raters, n_labels, n_labels))
    cell_N = columns.rater_N * n_labels + columns.label_N
    for right in range(n_labels):
        weight_N = verdict_I_K[columns.item_N, right] * columns.weights_N
        counts_R_K_K[:, right] = np.bincount(cell_N, weight_N, n_raters * n_labels).reshape(-1, n_labels)
    return counts_R_K_K if columns.history_R_K_K is None else counts_R_K_K + columns.history_R_K_K
