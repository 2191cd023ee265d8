"""Vote on every character: by share, by weighted share, and by STAPLE's model of raters."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from assay.quality.progress import tell
from assay.quality.reading import Floats, summed
from assay.quality.spans.columns import Spans
from assay.quality.spans.result import SpansResult, against_others, result_of

THRESHOLD = 0.4
"""Share of raters from which a character belongs. People leave out more than they add, so half is strict:
two of five is enough."""

PRIOR = (4.0, 1.0)
"""STAPLE: Beta prior of a rater's sensitivity and of their specificity, in items of ordinary length."""


def soft(spans: Spans, *, threshold: float = THRESHOLD) -> SpansResult:
    """Take every character that at least two in five raters marked.

    Votes are counted on runs of characters between boundaries, O(marks), whatever the texts' length.

    >>> said = Spans.from_lists(["i"] * 3, ["ann", "ben", "cleo"], [[(0, 10)], [(0, 6)], [(4, 6)]])
    >>> result = soft(said)
    >>> result.verdicts, [round(p, 2) for _, _, p in result.probabilities("i")]
    ({'i': ((0, 6),)}, [0.67, 1.0, 0.33])
    """
    ones_R = np.ones(len(spans.raters))
    everybody = "raters mark equally well, and leave out more than they add"
    share_U = _share(spans, ones_R)
    return result_of(spans, share_U, ones_R, "soft", threshold=threshold, assumed=(everybody,))


def weighted(spans: Spans, *, threshold: float = THRESHOLD, rounds: int = 3) -> SpansResult:
    """Vote as `soft` does, each rater weighing the F1 of their marks against everybody else's vote.

    F1 = 2PR/(P + R) of the shrunk precision and recall, so that a newcomer weighs what the crowd does;
    recomputed with the weighted vote for `rounds` rounds.

    >>> said = Spans.from_lists(["i"] * 3, ["ann", "ben", "cleo"], [[(0, 10)], [(0, 6)], [(4, 6)]])
    >>> weighted(said).verdicts
    {'i': ((0, 6),)}
    """
    weight_R = np.ones(len(spans.raters))
    for _ in range(rounds):
        (precision_R, _, _), (recall_R, _, _) = against_others(spans, weight_R, threshold)
        weight_R = 2 * precision_R * recall_R / np.maximum(precision_R + recall_R, 1e-9) + 1e-3
        weight_R = weight_R / weight_R.mean()
    return result_of(
        spans,
        _share(spans, weight_R),
        weight_R,
        "weighted",
        threshold=threshold,
        assumed=("who agrees with the others' marks marks well",),
        iterations=rounds,
    )


def staple(
    spans: Spans, *, threshold: float = 0.5, tolerance: float = 1e-4, max_iterations: int = 100
) -> SpansResult:
    """Estimate each character's probability together with each rater's sensitivity and specificity.

    Every character belongs with probability π; a rater marks it with probability p_r where it belongs and
    1 − q_r where not. EM from the vote shares; p, q ~ Beta(4, 1) with the prior counted in items of ordinary
    length, π learned. Characters of a run share one posterior. Neighbouring characters are not independent,
    so posteriors are far too sure and the vote is the default; sensitivity and specificity are useful.

    Source: Warfield, Zou & Wells, "Simultaneous truth and performance level estimation (STAPLE)", IEEE
    Transactions on Medical Imaging 23 (2004); the prior is ours.

    >>> said = Spans.from_lists(["i"] * 3, ["ann", "ben", "cleo"], [[(0, 10)], [(0, 6)], [(0, 6)]])
    >>> staple(said).verdicts
    {'i': ((0, 6),)}
    """
    runs, n_raters = spans.runs, len(spans.raters)
    ones_R = np.ones(n_raters)
    posterior_U = _share(spans, ones_R)
    usual = max(float(spans.length_I[spans.item_N].mean()) / 2, 1.0)
    right, wrong = (prior * usual for prior in PRIOR)
    weighted_cover = runs.covered * spans.weight_N[:, None]
    converged, iteration = False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("staple", iteration, max_iterations)
        # How much belongs and does not, in all an answer saw and in what it marked.
        inside_U = runs.size_U * posterior_U
        outside_U = runs.size_U - inside_U
        inside_I = summed(runs.item_U, inside_U, len(spans.items))
        outside_I = summed(runs.item_U, outside_U, len(spans.items))
        hit_R = _by_rater(spans, runs.covered @ inside_U)
        extra_R = _by_rater(spans, runs.covered @ outside_U)
        inside_R, outside_R = (_by_rater(spans, of[spans.item_N]) for of in (inside_I, outside_I))
        sensitivity_R = (hit_R + right) / (inside_R + right + wrong)
        specificity_R = (outside_R - extra_R + right) / (outside_R + right + wrong)
        share = (inside_U.sum() + 1) / (runs.size_U.sum() + 2)
        # An answer moves the odds of its item one way, and those of the runs it marks the other.
        unmarked_R = np.log1p(-sensitivity_R) - np.log(specificity_R)
        marked_R = np.log(sensitivity_R) - np.log1p(-specificity_R) - unmarked_R
        item_I = summed(spans.item_N, spans.weight_N * unmarked_R[spans.rater_N], len(spans.items))
        odds_U = logit(share) + item_I[runs.item_U] + marked_R[spans.rater_N] @ weighted_cover
        updated_U = runs.clamped(expit(odds_U))
        converged = bool(np.abs(updated_U - posterior_U).max(initial=0) < tolerance)
        posterior_U = updated_U
    return result_of(
        spans,
        posterior_U,
        ones_R,
        "staple",
        threshold=threshold,
        assumed=("characters are marked independently of their neighbours", "raters err independently"),
        converged=converged,
        iterations=iteration,
    )


def _share(spans: Spans, weight_R: Floats) -> Floats:
    weight_N = spans.weight_N * weight_R[spans.rater_N]
    total_I = summed(spans.item_N, weight_N, len(spans.items))
    share_U = np.asarray(weight_N @ spans.runs.covered).ravel() / total_I[spans.runs.item_U]
    return spans.runs.clamped(share_U)


def _by_rater(spans: Spans, amount_N: Floats) -> Floats:
    return summed(spans.rater_N, spans.weight_N * amount_N, len(spans.raters))
