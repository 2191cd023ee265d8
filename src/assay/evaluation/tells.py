"""What gives a model away: naming the author of an answer from its text, and what the guess rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

LENGTHS = (2, 3, 4)
"""How many letters in a row are counted together."""

READ = 1500
"""So many letters of an answer are read; the tell is in how it begins."""

BITS = 13
"""Strings of letters are counted by a hash of 2^BITS values, with a sign, so that collisions cancel."""

HOLD = 0.3
"""Ridge, as a share of one answer's length: fixed beforehand, since it hardly matters."""

FOLDS = 5

HABITS: Mapping[str, re.Pattern[str]] = {
    "headers": re.compile(r"^#{1,6} ", re.MULTILINE),
    "numbered lists": re.compile(r"^\s*\d+[.)] ", re.MULTILINE),
    "bullets": re.compile(r"^\s*[-*•] ", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*"),
    "tables": re.compile(r"^\|.*\|\s*$", re.MULTILINE),
    "code": re.compile(r"```"),
    "dashes": re.compile("[—–]"),
    "exclamation marks": re.compile("!"),
    "questions": re.compile(r"\?"),
    "paragraphs": re.compile(r"\n\s*\n"),
    "emoji": re.compile("[\U0001f300-\U0001faff☀-➿]"),
    "praise": re.compile(r"(?i)\b(great|excellent|wonderful|good) (question|idea|point)\b"),
    "hedges": re.compile(r"(?i)\b(perhaps|might|may|possibly|generally|typically|likely)\b"),
    "itself": re.compile(r"(?i)\bas an? (ai|language model|artificial)|\bi am an? (ai|language)"),
}
"""Habits of writing, counted per 1,000 letters."""

PRIOR = 0.3
"""Share of a model's phrases that is lent to it from what all together write, before they are compared."""

SPOKEN = re.compile(r"\w\w")

WORDS = re.compile(r"\w+(?:['’]\w+)?|[^\w\s]")


@dataclass(frozen=True, eq=False)
class Tells:
    """How easily authors are named, out of N answers by M models.

    Attributes
    ----------
    accuracy
        Share of answers whose author was named by a reader that had never seen the answer's prompt.
    chance
        The same by always naming the commonest author.
    named_N
        The model that was named.
    odds_N
        How much more likely the true author was than the likeliest other (log-odds; above 0 where named
        rightly): high is a giveaway.
    accuracy_M
        The accuracy over each model's own answers.
    """

    accuracy: float
    chance: float
    named_N: Codes
    odds_N: Floats
    accuracy_M: Floats


def name_authors(
    texts: Sequence[str], author_N: Codes, group_N: Codes, n_models: int, *, folds: int = FOLDS
) -> Tells:
    """Name the author of each answer from strings of two to four letters, prompts kept apart.

    Answers to one prompt are all read or all guessed: otherwise what a prompt is about could give an author
    away. A linear reader (ridge on log counts, one model against all others) is fitted on four parts and
    guesses the fifth. Work and memory grow with the square of the answers: draw at most a few thousand.

    Source: character n-grams as the mark of an author: Kešelj, Peng, Cercone & Thomas, PACLING (2003).

    >>> texts = ["Sure! Here you go!"] * 20 + ["In summary, it depends."] * 20
    >>> author_N, group_N = np.repeat([0, 1], 20), np.tile(np.arange(20), 2)
    >>> name_authors(texts, author_N, group_N, 2).accuracy
    1.0
    """
    counts_N_F = letters(texts)
    _, group_N = np.unique(group_N, return_inverse=True)
    fold_N = np.random.default_rng(0).permutation(int(group_N.max()) + 1)[group_N] % folds
    target_N_M = np.where(author_N[:, None] == np.arange(n_models), 1.0, 0.0)
    votes_N_M = np.tile(target_N_M.mean(axis=0), (len(texts), 1))
    alike_N_N = (counts_N_F @ counts_N_F.T).astype(float)
    for fold in range(folds):
        guessed, known = np.flatnonzero(fold_N == fold), np.flatnonzero(fold_N != fold)
        if not len(guessed) or not len(known):
            continue
        share_M = target_N_M[known].mean(axis=0)
        held = alike_N_N[np.ix_(known, known)] + HOLD * np.eye(len(known))
        dual = linalg.solve(held, target_N_M[known] - share_M, assume_a="pos")
        votes_N_M[guessed] = alike_N_N[np.ix_(guessed, known)] @ dual + share_M
    named_N = votes_N_M.argmax(axis=1)
    own_N = votes_N_M[np.arange(len(texts)), author_N]
    others_N_M = votes_N_M.copy()
    others_N_M[np.arange(len(texts)), author_N] = -np.inf
    right_N = named_N == author_N
    written_M = np.bincount(author_N, minlength=n_models)
    return Tells(
        float(right_N.mean()),
        float(written_M.max() / len(texts)),
        named_N,
        own_N - others_N_M.max(axis=1),
        np.bincount(author_N, right_N, n_models) / np.maximum(written_M, 1),
    )


def letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return N × F weights of strings of letters, hashed, each answer of length 1: rare strings count more.

    >>> letters(["abc", "abd"]).shape
    (2, 8192)
    """
    cut = [text[:READ] for text in texts]
    signs = np.frombuffer("\x00".join([*cut, ""]).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    row = np.repeat(np.arange(len(cut)), [len(text) + 1 for text in cut])
    table = np.zeros((len(cut), 1 << BITS))
    for length in LENGTHS:
        if len(signs) < length:
            continue
        key = np.zeros(len(signs) - length + 1, dtype=np.uint64)
        for place in range(length):
            key = (key * np.uint64(1_000_003)) ^ signs[place : place + len(key)]
        key = (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - 22)
        # a string that runs into the next answer is none
        whole = (row[: len(key)] == row[length - 1 :]) & (signs[length - 1 :] != 0)
        cell, times = np.unique(
            (row[: len(key)][whole] << 22) | key[whole].astype(np.int64), return_counts=True
        )
        string = cell & ((1 << 22) - 1)
        held = np.bincount(string, minlength=1 << 22)[string]
        weight = np.log1p(times) * (np.log(len(cut) / held) + 1) * np.where(string & 1, 1.0, -1.0)
        place_N = (cell >> 22) * (1 << BITS) + (string >> (22 - BITS))
        table += np.bincount(place_N[held > 1], weight[held > 1], table.size).reshape(table.shape)
    table /= np.maximum(np.sqrt((table**2).sum(axis=1, keepdims=True)), 1e-12)
    return table.astype(np.float32)


def phrases(
    texts: Sequence[str], author_N: Codes, n_models: int, *, most: int = 8
) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Return for each model the words and phrases that it uses and others do not, with their z.

    One to three words in a row, each counted once an answer, out of all that stands in its answers, against
    all others' answers: log-odds with a prior of what all together write. Long answers gain nothing by it.

    Source: Monroe, Colaresi & Quinn, Political Analysis 16 (2008).

    >>> found = phrases(["Certainly! Yes."] * 40 + ["No. It is."] * 40, np.repeat([0, 1], 40), 2)
    >>> found[0][0][0] in {"certainly", "certainly !", "yes", "! yes", "certainly ! yes", "yes .", "! yes ."}
    True
    """
    held: dict[str, Floats] = {}
    for text, author in zip(texts, author_N.tolist(), strict=True):
        words = WORDS.findall(text[:READ].lower())
        for phrase in {
            " ".join(words[at : at + length]) for length in (1, 2, 3) for at in range(len(words) - length + 1)
        }:
            held.setdefault(phrase, np.zeros(n_models))[author] += 1
    written_M = np.sum(list(held.values()), axis=0) if held else np.zeros(n_models)
    named = [phrase for phrase, count_M in held.items() if count_M.sum() >= 4 and SPOKEN.search(phrase)]
    # of phrases that tell equally much, the shortest one that begins with a word; never by the luck of a set
    names = sorted(named, key=lambda phrase: (not phrase[0].isalnum(), phrase.count(" "), phrase))
    if not names:
        return ((),) * n_models
    count_P_M = np.array([held[name] for name in names])
    all_P = count_P_M.sum(axis=1)
    lent = PRIOR * float(written_M.mean())
    prior_P = lent * all_P / all_P.sum()
    found = []
    for model in range(n_models):
        own_P, other_P = count_P_M[:, model], all_P - count_P_M[:, model]
        own, other = max(written_M[model], 1), max(written_M.sum() - written_M[model], 1)
        gap_P = np.log((own_P + prior_P) / (own + lent)) - np.log((other_P + prior_P) / (other + lent))
        z_P = gap_P / np.sqrt(1 / (own_P + prior_P) + 1 / (other_P + prior_P))
        best = np.argsort(-z_P, kind="stable")[: 4 * most]
        kept: list[tuple[str, float]] = []
        for at in best.tolist():
            # a phrase inside one that is already named says nothing new
            if z_P[at] > 2 and not any(names[at] in one or one in names[at] for one, _ in kept):
                kept.append((names[at], float(z_P[at])))
        found.append(tuple(kept[:most]))
    return tuple(found)


def habits(texts: Sequence[str], author_N: Codes, n_models: int) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Return for each model the habits of writing that differ from others', in standard deviations.

    >>> found = habits(["Yes! Oh! Ah!"] * 5 + ["Yes. Oh. Ah."] * 5, np.repeat([0, 1], 5), 2)
    >>> found[0][0][0]
    'exclamation marks'
    """
    rate_N_H = np.array(
        [
            [1000 * len(pattern.findall(text)) / max(len(text), 1) for pattern in HABITS.values()]
            + [np.log1p(len(text))]
            for text in texts
        ]
    )
    named = (*HABITS, "length")
    spread_H = rate_N_H.std(axis=0)
    found: list[tuple[tuple[str, float], ...]] = []
    for model in range(n_models):
        own = author_N == model
        if not own.any() or own.all():
            found.append(())
            continue
        gap_H = (rate_N_H[own].mean(axis=0) - rate_N_H[~own].mean(axis=0)) / np.maximum(spread_H, 1e-12)
        gap_H[spread_H == 0] = 0
        order = [h for h in np.argsort(-np.abs(gap_H), kind="stable").tolist() if abs(gap_H[h]) > 0.5]
        found.append(tuple((named[h], float(gap_H[h])) for h in order[:3]))
    return tuple(found)


def by_decile(
    odds_N: Floats, surplus_N: Floats, cluster_N: Codes, *, parts: int = 10
) -> tuple[Floats, float]:
    """Return how much more a model wins than its rating says, from its least to its most telling answers.

    `odds_N` says how telling its answer was in each of its battles, `surplus_N` its score less what the board
    expects. Votes that can tell who wrote an answer and use it show as a slope.

    Returns
    -------
    The mean surplus of each part, and the t of the slope over the ranks of tellingness, clustered by rater.

    >>> surplus, t = by_decile(np.arange(100.0), np.repeat([-0.3, 0.3], 50), np.arange(100))
    >>> surplus.round(1).tolist()[0], surplus.round(1).tolist()[-1], bool(t > 5)
    (-0.3, 0.3, True)
    """
    rank_N = np.argsort(np.argsort(odds_N, kind="stable"), kind="stable")
    part_N = rank_N * parts // max(len(odds_N), 1)
    mean_P = np.bincount(part_N, surplus_N, parts) / np.maximum(np.bincount(part_N, minlength=parts), 1)
    centred_N = rank_N - rank_N.mean()
    square = float((centred_N**2).sum())
    if square == 0:
        return mean_P, 0.0
    slope = float((centred_N * surplus_N).sum() / square)
    rest_N = surplus_N - surplus_N.mean() - slope * centred_N
    _, code_N = np.unique(cluster_N, return_inverse=True)
    moved_G = np.bincount(code_N, centred_N * rest_N) / square
    groups = len(moved_G)
    error = float(np.sqrt((moved_G**2).sum() * groups / max(groups - 1, 1)))
    return mean_P, slope / error if error > 0 else 0.0
