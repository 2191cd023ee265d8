"""Put one text together from several, word by word: for transcripts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assay.quality.progress import each
from assay.quality.reading import Floats
from assay.quality.texts.choose import weighted_medoid
from assay.quality.texts.columns import Texts
from assay.quality.texts.result import TextsResult

ROUNDS = 2
"""Votes: the first with everybody alike, the second with raters weighed by their errors in the first."""


def rover(texts: Texts) -> TextsResult:
    """Vote on each word, after aligning every answer to the weighted medoid.

    The medoid is the backbone. Levenshtein alignment gives each of its words one vote an answer: the same
    word, another, or none; words that answers put in between stand in slots of their own, where whoever has
    nothing votes for none. The second vote weighs raters by log((1 − e + .01)/(e + .01)) + 2, at least 0.05,
    with e their share of wrong words in the first, one error in two pseudo-words added. Equal votes: the
    backbone's word, then the first in code point order.

    For transcripts, where all good answers have the same words. Of translations it makes sentences that
    nobody wrote: there `rasa` is better.

    Source: Fiscus, "A post-processing system to yield reduced word error rates: ROVER", ASRU 1997; aligning
    to the medoid instead of in order of arrival.

    >>> said = ["the cat sat on the mat", "the cat sat on a mat", "the hat sat on the mat"]
    >>> rover(Texts.from_lists(["i"] * 3, ["ann", "ben", "cleo"], said)).verdicts
    {'i': 'the cat sat on the mat'}
    """
    base = weighted_medoid(texts)
    words_N = [text.split() for text in texts.text_N]
    members = np.split(np.arange(len(texts)), np.flatnonzero(np.diff(texts.item_N)) + 1)
    slots_I = [
        _slots(words_N[backbone], [words_N[n] for n in places])
        for backbone, places in each(
            "lining up words", zip(base.choice_I.tolist(), members, strict=True), len(members)
        )
    ]
    weight_R = np.ones(len(texts.raters))
    composed: list[tuple[tuple[str, ...], float, float]] = []
    for round_ in range(ROUNDS):
        if round_:
            weight_R = _weights(texts, words_N, composed)
        weight_N = texts.weight_N * weight_R[texts.rater_N]
        composed = [_vote(slots, weight_N[places]) for slots, places in zip(slots_I, members, strict=True)]
        # A known text is the verdict, and what its writers' errors are counted against.
        composed = [
            (tuple(texts.known[item].split()), 1.0, found[2]) if item in texts.known else found
            for item, found in zip(texts.items, composed, strict=True)
        ]
    same = [
        next((n for n in places.tolist() if words_N[n] == list(words)), -1)
        for (words, _, _), places in zip(composed, members, strict=True)
    ]
    return replace(
        base,
        text_I=tuple(
            texts.known.get(item, " ".join(words))
            for item, (words, _, _) in zip(texts.items, composed, strict=True)
        ),
        choice_I=np.array(same),
        sure_I=np.array([least for _, least, _ in composed]),
        support_I=np.array([mean for _, _, mean in composed]),
        weight_R=weight_R / weight_R.mean(),
        method="rover",
        assumed=("all good answers have the same words in the same order", "slips fall on different words"),
        iterations=ROUNDS,
    )


def align(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Return the steps of a shortest edit from one word list to the other, by Levenshtein's distance.

    Each step is (place in one, place in other); −1 stands for a word that the side does not have. Of
    equally short edits, words are matched or replaced rather than dropped, as late as possible.

    >>> align("a b c".split(), "a c".split())
    [(0, 0), (1, -1), (2, 1)]
    """
    rows, columns = len(one), len(other)
    cost = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows + 1):
        for j in range(columns + 1):
            if not i or not j:
                cost[i][j] = i + j
            else:
                swap = cost[i - 1][j - 1] + (one[i - 1] != other[j - 1])
                cost[i][j] = min(swap, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    steps, i, j = [], rows, columns
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + (one[i - 1] != other[j - 1]):
            i, j = i - 1, j - 1
            steps.append((i, j))
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            steps.append((i, -1))
        else:
            j -= 1
            steps.append((-1, j))
    return steps[::-1]


def _slots(backbone: Sequence[str], answers: Sequence[Sequence[str]]) -> list[tuple[str, list[str]]]:
    """Return the slots of an item in order: the backbone's word ("" between words) and each answer's word."""
    votes: dict[tuple[int, int], list[str]] = defaultdict(lambda: [""] * len(answers))
    for who, words in enumerate(answers):
        at, between = 0, 0
        for i, j in align(backbone, words):
            if i >= 0:
                votes[i, -1][who] = words[j] if j >= 0 else ""
                at, between = i + 1, 0
            else:
                # Before the word at place `at` come the slots (at − 1, 0), (at − 1, 1) …
                votes[at - 1, between][who] = words[j]
                between += 1
    return [(backbone[key[0]] if key[1] < 0 else "", votes[key]) for key in sorted(votes)]


def _vote(slots: Sequence[tuple[str, list[str]]], weight_A: Floats) -> tuple[tuple[str, ...], float, float]:
    """Return the winning words, the least share of the weight behind one slot, and the mean share."""
    words, shares = [], []
    total = float(weight_A.sum())
    for own, votes in slots:
        sums: dict[str, float] = defaultdict(float)
        for word, weight in zip(votes, weight_A.tolist(), strict=True):
            sums[word] += weight
        winner = min(sums, key=lambda word: (-round(sums[word], 9), word != own, word))
        shares.append(sums[winner] / total)
        if winner:
            words.append(winner)
    return tuple(words), min(shares, default=1.0), float(np.mean(shares)) if shares else 1.0


def _weights(
    texts: Texts, words_N: Sequence[Sequence[str]], composed: Sequence[tuple[tuple[str, ...], float, float]]
) -> Floats:
    wrong_R, words_R = np.ones(len(texts.raters)), np.full(len(texts.raters), 2.0)
    for item, rater, words in zip(texts.item_N.tolist(), texts.rater_N.tolist(), words_N, strict=True):
        right = composed[item][0]
        steps = align(right, words)
        wrong_R[rater] += sum(i < 0 or j < 0 or right[i] != words[j] for i, j in steps)
        words_R[rater] += len(steps)
    error_R = wrong_R / words_R
    weight_R: Floats = np.maximum(np.log((1 - error_R + 0.01) / (error_R + 0.01)) + 2, 0.05)
    return weight_R
