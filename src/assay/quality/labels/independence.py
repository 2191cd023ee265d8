"""Do the votes look as if raters had answered independently? A test of fit that needs no gold."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from assay.quality.labels.result import Result

FULL_CELL = 5.0
"""Votes a cell at which a confusion matrix counts as half known: the old rule for when a χ² test of a table
may be believed (Cochran 1954)."""

BLOCK = 10_000
"""Votes that are looked at together, which bounds the memory and keeps it near the processor."""


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
    ballots = columns.ballots
    incidence, posterior_P_K = ballots.incidence, ballots.of_item(result.posterior_I_K)
    share_K = (ballots.total(posterior_P_K) + 1) / (len(columns.items) + n_labels)
    # Columns are cells (rater, given label), as in the incidence; labels come first since NumPy is slow along
    # short rows. Each value is fetched by `take`, which is several times faster than brackets.
    posterior_K_P = np.ascontiguousarray(posterior_P_K.T)
    filled_R_K_K = counts_R_K_K + prior_R_K_K
    cell_K_C = np.ascontiguousarray(filled_R_K_K.transpose(1, 0, 2)).reshape(n_labels, -1)
    row_K_C = np.repeat(filled_R_K_K.sum(axis=2).T, n_labels, axis=1)
    mean_K_C = np.ascontiguousarray(result.confusion_R_K_K.transpose(1, 0, 2)).reshape(n_labels, -1)
    all_count_once = bool((incidence.data == 1).all())
    slope, square = 0.0, 0.0
    starts = np.searchsorted(incidence.indptr, np.arange(0, incidence.nnz, BLOCK))
    for first, last in zip(starts, [*starts[1:], len(ballots.times_P)], strict=True):
        if first == last:
            continue
        indptr = incidence.indptr[first : last + 1]
        within = slice(indptr[0], indptr[-1])
        cell_N, weight_N = incidence.indices[within], incidence.data[within]
        own_K_N = np.repeat(posterior_K_P[:, first:last], np.diff(indptr), axis=1)
        given_K_N = mean_K_C.take(cell_N, axis=1)
        rest_K_N = np.maximum(own_K_N, 1e-300)
        # A vote that counts a thousand times has a probability that no number holds: the least stands for it.
        rest_K_N /= given_K_N if all_count_once else np.maximum(given_K_N**weight_N, 1e-300)
        rest_K_N /= rest_K_N.sum(axis=0)
        evidence_K_N = np.maximum(rest_K_N, 1e-300)
        evidence_K_N /= share_K[:, None]
        np.log(evidence_K_N, out=evidence_K_N)
        own_K_N *= weight_N
        answer_K_N = cell_K_C.take(cell_N, axis=1)
        answer_K_N -= own_K_N
        answer_K_N /= row_K_C.take(cell_N, axis=1) - own_K_N
        np.maximum(answer_K_N, 1e-12, out=answer_K_N)
        answer_K_N *= rest_K_N
        answer_K_N /= answer_K_N.sum(axis=0)
        answer_K_N -= rest_K_N
        answer_K_N *= evidence_K_N
        slope_P = np.add.reduceat(answer_K_N.sum(axis=0), indptr[:-1] - indptr[0])
        times_P = ballots.times_P[first:last]
        slope += float(np.einsum("p,p->", times_P, slope_P))
        square += float(np.einsum("p,p,p->", times_P, slope_P, slope_P))
    z = slope / np.sqrt(square + 1e-12)
    cell = columns.weights_N.sum() / (n_raters * n_labels**2)
    return float(min(1.0, 2 * float(ndtr(z))) * cell / (cell + FULL_CELL))
