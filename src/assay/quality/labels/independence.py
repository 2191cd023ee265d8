"""Do the votes look as if raters had answered independently? A test of fit that needs no gold."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from assay.quality.labels.result import Result

FULL_CELL = 5.0
"""Votes a cell at which a confusion matrix counts as half known: the old rule for when a χ² test of a table
may be believed (Cochran 1954)."""

BLOCK = 200_000
"""Votes that are looked at together, which bounds the memory."""


def independence(result: Result) -> float:
    """Return how far a confusion model may be believed, from 0 to 1.

    If raters answer independently given the right label, the evidence of all other votes on an item, as a
    logarithm, predicts one more vote best when multiplied by 1. Where items differ in difficulty or raters
    share mistakes, it predicts better when multiplied by less. The slope of each vote's log-probability at 1
    is E[evidence | vote] − E[evidence]; summed over items it is a score test, z. What comes back is the
    one-sided p-value, doubled and at most 1, times n / (n + 5) with n the mean number of votes a cell of the
    matrices: few votes can neither support nor reject the model.

    A rater's own vote is taken out of both the posterior and their counts.

    Mistakes that everybody makes in one way cannot be seen in votes, so 1 means "not rejected", never
    "right".

    Parameters
    ----------
    result
        Of a method with confusion matrices, their counts and their prior.

    >>> from assay.quality import Columns, hierarchical
    >>> independence(hierarchical(Columns.from_lists(["i", "i"], ["ann", "ben"], ["yes", "no"]))) < 0.2
    True
    """
    columns = result.columns
    counts_R_K_K, prior_R_K_K = result.counts_R_K_K, result.prior_R_K_K
    if result.confusion_R_K_K is None or counts_R_K_K is None or prior_R_K_K is None:
        raise ValueError(f"{result.method} has no confusion matrices to test")
    n_raters, n_labels = len(columns.raters), len(columns.labels)
    if n_labels == 1:
        return 0.0
    incidence = columns.incidence
    share_K = (result.posterior_I_K.sum(axis=0) + 1) / (len(columns.items) + n_labels)
    filled_R_K_K = counts_R_K_K + prior_R_K_K
    # Rows are cells (rater, given label), as in the incidence.
    cell_C_K = np.ascontiguousarray(filled_R_K_K.transpose(0, 2, 1)).reshape(-1, n_labels)
    row_R_K = filled_R_K_K.sum(axis=2)
    mean_C_K = np.ascontiguousarray(result.confusion_R_K_K.transpose(0, 2, 1)).reshape(-1, n_labels)
    slope, square = 0.0, 0.0
    starts = np.searchsorted(incidence.indptr, np.arange(0, incidence.nnz, BLOCK))
    for first, last in zip(starts, [*starts[1:], len(columns.items)], strict=True):
        if first == last:
            continue
        indptr = incidence.indptr[first : last + 1]
        within = slice(indptr[0], indptr[-1])
        cell_N, weight_N = incidence.indices[within], incidence.data[within, None]
        own_N_K = np.repeat(result.posterior_I_K[first:last], np.diff(indptr), axis=0)
        rest_N_K = np.maximum(own_N_K, 1e-300) / mean_C_K[cell_N] ** weight_N
        rest_N_K /= rest_N_K.sum(axis=1, keepdims=True)
        evidence_N_K = np.log(np.maximum(rest_N_K, 1e-300) / share_K)
        own_N_K *= weight_N
        answer_N_K = cell_C_K[cell_N] - own_N_K
        answer_N_K /= row_R_K[cell_N // n_labels] - own_N_K
        with_vote_N_K = rest_N_K * np.maximum(answer_N_K, 1e-12)
        with_vote_N_K /= with_vote_N_K.sum(axis=1, keepdims=True)
        slope_N = ((with_vote_N_K - rest_N_K) * evidence_N_K).sum(axis=1)
        slope_I = np.add.reduceat(slope_N, indptr[:-1] - indptr[0])
        slope += float(slope_I.sum())
        square += float((slope_I * slope_I).sum())
    z = slope / np.sqrt(square + 1e-12)
    cell = columns.weights_N.sum() / (n_raters * n_labels**2)
    return float(min(1.0, 2 * float(ndtr(z))) * cell / (cell + FULL_CELL))
