"""Choose one whole answer: the one in the middle of what good writers wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse
from scipy.special import chdtri, ndtr

from assay.quality.progress import tell
from assay.quality.reading import Codes, Floats
from assay.quality.texts.certainty import certainty
from assay.quality.texts.columns import Texts, WritingHistory
from assay.quality.texts.likeness import hashed, likeness, tf_idf
from assay.quality.texts.result import TextsResult, quality

DIMENSIONS = 1 << 20
"""Cells of the hashed encoder; vectors are sparse, so many cells cost nothing and keep n-grams apart."""

LEVEL = 0.05
"""RASA weighs a rater by the 1 − LEVEL/2 quantile of χ² with as many degrees of freedom as they answered."""

STEEP = 0.7
"""How fast a weighted medoid's weights grow, per standard deviation of a rater's likeness to others."""

ASSUMED = (
    "good answers to an item resemble each other more than poor ones do",
    "what resembles in letters resembles in worth",
)


def medoid(texts: Texts) -> TextsResult:
    """Choose the answer most like all others to the item: highest summed cosine, every rater alike.

    Texts as TF-IDF of character 2–4-grams, counts as 1 + ln. Equal sums: the first text in code point order.

    >>> said = ["The cat sat.", "The cat sat", "A cat sits.", "Dog!"]
    >>> medoid(Texts.from_lists(["i"] * 4, ["ann", "ben", "cleo", "dan"], said)).verdicts
    {'i': 'The cat sat'}
    """
    alike = _alike(texts, tf_idf)
    return _result(texts, alike, np.ones(len(texts.raters)), "medoid", own=False)


def weighted_medoid(texts: Texts) -> TextsResult:
    """Choose as `medoid` does, each rater weighing exp(0.7·z).

    z standardises how like others' a rater's answers are, each compared with what is usual for its item and
    the mean shrunk by three answers. One pass, no rounds.

    >>> said = ["The cat sat.", "The cat sat", "A cat sits.", "Dog!"]
    >>> weighted_medoid(Texts.from_lists(["i"] * 4, ["ann", "ben", "cleo", "dan"], said)).verdicts
    {'i': 'The cat sat.'}
    """
    alike = _alike(texts, tf_idf)
    around = _Around.of(texts, alike, np.ones(len(texts.raters)))
    mean_R, _, _ = quality(texts, around.to_others_N, around.seen_N)
    spread = float(mean_R.std())
    z_R = (mean_R - mean_R.mean()) / spread if spread > 1e-9 else np.zeros_like(mean_R)
    return _result(texts, alike, np.exp(STEEP * z_R), "weighted-medoid", own=False)


def rasa(texts: Texts, *, tolerance: float = 1e-4, max_iterations: int = 100) -> TextsResult:
    """Choose the answer nearest to the weighted mean, weighing raters by their distance from others' means.

    Texts become hashed character 1–4-gram vectors x. Rounds of: the mean of each item's vectors, weighted;
    each answer's squared distance d from the mean of the *other* answers to its item, since whoever is
    measured against themselves is near; weights χ²(0.975; n_r) / Σ d over a rater's n_r answers, mean 1. All
    of it needs only the cosines within items, O(Σ answers²) a round. The default: choosing one whole answer
    suits translations, summaries and anything with many good wordings.

    Source: Li & Fukumoto, "A dataset of crowdsourced word sequences", AnnoNLP 2019 (RASA), with an encoder
    that has learned nothing, and leaving the own answer out.

    >>> said = ["The cat sat.", "The cat sat", "A cat sits.", "Dog!"]
    >>> rasa(Texts.from_lists(["i"] * 4, ["ann", "ben", "cleo", "dan"], said)).verdicts
    {'i': 'The cat sat'}
    """
    alike = _alike(texts, partial(hashed, dimensions=DIMENSIONS))
    past_R_2 = np.array([_past(texts, rater) for rater in texts.raters])
    n_raters = len(texts.raters)
    weight_R, converged, iteration = np.ones(n_raters), False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("rasa", iteration, max_iterations)
        around = _Around.of(texts, alike, weight_R)
        counted_N = texts.weight_N * around.seen_N
        answered_R = np.bincount(texts.rater_N, counted_N, n_raters) + past_R_2[:, 0]
        away_R = np.bincount(texts.rater_N, counted_N * around.distance_N, n_raters) + past_R_2[:, 1]
        # The least distance is that of rounding; without it, who copies the consensus weighs infinitely.
        least_R = 0.01 * answered_R * (away_R.sum() / max(answered_R.sum(), 1.0))
        met_R = answered_R > 0
        updated_R = np.ones(n_raters)
        quantile_R = chdtri(np.maximum(answered_R[met_R], 1e-3), LEVEL / 2)
        updated_R[met_R] = quantile_R / np.maximum(np.maximum(away_R, least_R)[met_R], 1e-9)
        updated_R[met_R] /= updated_R[met_R].mean() if met_R.any() else 1.0
        converged = bool(np.abs(updated_R - weight_R).max() < tolerance)
        weight_R = updated_R
    return _result(texts, alike, weight_R, "rasa", own=True, converged=converged, iterations=iteration)


def _past(texts: Texts, rater: str) -> tuple[float, float]:
    past = texts.history.get(rater)
    return (past.texts, past.away) if past else (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class _Alike:
    """Cosines of the texts' `pairs`, and of each text to the known one of its item, NaN where none is."""

    to_other_P: Floats
    to_known_N: Floats


def _alike(texts: Texts, encode: Callable[[Sequence[str]], sparse.csr_array]) -> _Alike:
    right = [texts.known[item] for item in texts.items if item in texts.known]
    vectors = encode([*texts.text_N, *right])
    to_known_N = np.full(len(texts), np.nan)
    if right:
        row_I = np.cumsum([item in texts.known for item in texts.items]) - 1 + len(texts)
        place = np.flatnonzero([texts.items[item] in texts.known for item in texts.item_N.tolist()])
        cosines = (vectors[place] * vectors[row_I[texts.item_N[place]]]).sum(axis=1)
        to_known_N[place] = np.clip(np.asarray(cosines).ravel(), 0, 1)
    return _Alike(likeness(texts, vectors[: len(texts)]), to_known_N)


@dataclass(frozen=True, eq=False)
class _Around:
    """Each answer among the others to its item.

    Attributes
    ----------
    seen_N
        1 where somebody else answered the item too, else 0.
    towards_N
        Sum of the weighted cosines to the others.
    to_others_N
        Cosine to the weighted mean of the others.
    distance_N
        Squared distance from that mean.
    """

    seen_N: Floats
    towards_N: Floats
    to_others_N: Floats
    distance_N: Floats

    @classmethod
    def of(cls, texts: Texts, alike: _Alike, weight_R: Floats) -> _Around:
        alike_P = alike.to_other_P
        one_P, other_P = texts.pairs
        n_texts, n_items, item_N = len(texts), len(texts.items), texts.item_N
        weight_N = texts.weight_N * weight_R[texts.rater_N]
        towards_N = np.bincount(one_P, weight_N[other_P] * alike_P, n_texts)
        rest_N = np.bincount(one_P, weight_N[other_P], n_texts)
        seen_N = (rest_N > 0).astype(np.float64)
        # Squared length of the sum of an item's weighted vectors, and of the same without one of them.
        square_I = np.bincount(item_N, weight_N * (towards_N + weight_N), n_items)
        square_N = np.maximum(square_I[item_N] - 2 * weight_N * towards_N - weight_N**2, 0)
        rest_N = np.maximum(rest_N, 1e-12)
        mean_N = towards_N / rest_N
        distance_N = np.maximum(1 - 2 * mean_N + square_N / rest_N**2, 0) * seen_N
        to_others_N = seen_N * towards_N / np.sqrt(np.maximum(square_N, 1e-12))
        # Where the right text is known it takes the place of the others'.
        known_N = np.isfinite(alike.to_known_N)
        return cls(
            np.where(known_N, 1.0, seen_N),
            towards_N.astype(np.float64),
            np.where(known_N, alike.to_known_N, np.clip(to_others_N, 0, 1)),
            np.where(known_N, 2 - 2 * alike.to_known_N, distance_N),
        )


def _result(
    texts: Texts,
    alike: _Alike,
    weight_R: Floats,
    method: str,
    *,
    own: bool,
    converged: bool = True,
    iterations: int = 1,
) -> TextsResult:
    """Choose by summed weighted cosines; `own` counts an answer's likeness to itself, as a mean does."""
    around = _Around.of(texts, alike, weight_R)
    alike_P = alike.to_other_P
    weight_N = texts.weight_N * weight_R[texts.rater_N]
    score_N = around.towards_N + (weight_N if own else 0.0)
    # Rounding makes ties exact that differ in the last bit only, so that they break the same everywhere.
    order_N = np.lexsort((np.arange(len(texts)), -np.round(score_N, 9), texts.item_N))
    _, first = np.unique(texts.item_N[order_N], return_index=True)
    choice_I = order_N[first]
    rest_N = np.bincount(texts.pairs[0], weight_N[texts.pairs[1]], len(texts))
    mean_R, low_R, high_R = quality(texts, around.to_others_N, around.seen_N)
    stated = certainty(texts, alike_P, weight_N, own=own)
    found = TextsResult(
        texts=texts,
        text_I=tuple(texts.text_N[place] for place in choice_I),
        choice_I=choice_I,
        sure_I=stated.best_I,
        support_I=(around.towards_N / np.maximum(rest_N, 1e-12))[choice_I],
        quality_R=mean_R,
        quality_low_R=low_R,
        quality_high_R=high_R,
        weight_R=weight_R / weight_R.mean(),
        method=method,
        assumed=ASSUMED,
        converged=converged,
        iterations=iterations,
        ahead_I=_ahead(texts, alike_P, weight_N, score_N=score_N, choice_I=choice_I, order_N=order_N),
        expected_I=stated.expected_I,
        history=_history(texts, around),
    )
    return with_known(found, np.nan_to_num(alike.to_known_N), weight_N) if texts.known else found


def _history(texts: Texts, around: _Around) -> dict[str, WritingHistory]:
    """Return how each rater wrote, with what was remembered."""
    sums = [
        np.bincount(texts.rater_N, texts.weight_N * around.seen_N * of, len(texts.raters)).tolist()
        for of in (np.ones(len(texts)), around.distance_N, around.to_others_N)
    ]
    found = {}
    for rater, *own in zip(texts.raters, *sums, strict=True):
        past = texts.history.get(rater, WritingHistory(0, 0, 0))
        found[rater] = WritingHistory(past.texts + own[0], past.away + own[1], past.like + own[2])
    return found


def with_known(found: TextsResult, to_known_N: Floats, weight_N: Floats) -> TextsResult:
    """Return a result whose known items have the known text, for certain."""
    texts = found.texts
    known_I = np.array([item in texts.known for item in texts.items])
    same = {(texts.item_N[n], text): n for n, text in enumerate(texts.text_N)}
    right = [texts.known.get(item, "") for item in texts.items]
    choice_I = np.array([same.get((item, text), -1) for item, text in enumerate(right)])
    n_items = len(texts.items)
    support_I = np.bincount(texts.item_N, weight_N * to_known_N, n_items) / np.bincount(
        texts.item_N, weight_N, n_items
    )
    return replace(
        found,
        text_I=tuple(
            text if known else said for text, known, said in zip(right, known_I, found.text_I, strict=True)
        ),
        choice_I=np.where(known_I, choice_I, found.choice_I),
        sure_I=np.where(known_I, 1.0, found.sure_I),
        ahead_I=np.where(known_I, 1.0, found.ahead_I),
        expected_I=np.where(known_I, 1.0, found.expected_I),
        support_I=np.where(known_I, support_I, found.support_I),
    )


def _ahead(
    texts: Texts, alike_P: Floats, weight_N: Floats, *, score_N: Floats, choice_I: Codes, order_N: Codes
) -> Floats:
    """Return the probability that the choice stays ahead of the best different text.

    The lead is a sum over the other answers k of w_k (alike(choice, k) − alike(runner-up, k)); with the
    spread of these differences, pooled over items, it is about normal.
    """
    n_items, item_N = len(texts.items), texts.item_N
    name_N = np.unique(np.array(texts.text_N), return_inverse=True)[1]
    other_N = order_N[name_N[order_N] != name_N[choice_I][item_N[order_N]]]
    has, first = np.unique(item_N[other_N], return_index=True)
    sure_I = np.where(np.bincount(item_N, minlength=n_items) > 1, 1.0, 0.5)
    if not len(has):
        return sure_I
    second_I = np.full(n_items, -1)
    second_I[has] = other_N[first]
    one_P, k_P = texts.pairs
    item_P = item_N[one_P]
    third_P = (k_P != choice_I[item_P]) & (k_P != second_I[item_P])
    of_choice_P, of_second_P = third_P & (one_P == choice_I[item_P]), third_P & (one_P == second_I[item_P])
    # Both runs are sorted by item and then by the third answer, so they stand side by side.
    keep_P = second_I[item_P[of_choice_P]] >= 0
    difference = alike_P[of_choice_P][keep_P] - alike_P[of_second_P]
    spread = float(np.sqrt((difference**2).mean())) if len(difference) else 0.0
    third = k_P[of_second_P]
    square_I = np.bincount(item_N[third], weight_N[third] ** 2, n_items)
    lead_I = score_N[choice_I[has]] - score_N[second_I[has]]
    scale = spread * np.sqrt(square_I[has])
    sure_I[has] = np.where(scale > 1e-12, ndtr(lead_I / np.maximum(scale, 1e-12)), 0.5)
    return sure_I
