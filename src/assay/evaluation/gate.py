"""Is one model better than another, did a checkpoint get worse: to be asked as often as one likes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.evaluation import evalues, sequential
from assay.wording import Sentence, counted, say

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EVERYTHING = say("everything")
"""The name of the slice that holds all votes."""


@dataclass(frozen=True, eq=False)
class Votes:
    """What comparing needs of N votes: codes of the models and of the prompt, and the first one's score.

    `bad_N` says which votes hold that both answers are bad, where that could be said.
    """

    a_N: Codes
    b_N: Codes
    score_N: Floats
    item_N: Codes
    bad_N: Flags | None = None


@dataclass(frozen=True)
class Evidence:
    """What the votes on one slice say of the first model against the second.

    `score` is the mean over prompts (1: always better, ½: no difference), `low` to `high` its 95 % confidence
    sequence, `log_e` the evidence for the claim that was tested, `believed` whether it stands among all
    slices that were tested with it.
    """

    slice: str
    prompts: int
    votes: int
    score: float
    low: float
    high: float
    log_e: float
    believed: bool
    sentence: Sentence

    @property
    def e(self) -> float:
        """How many times over one would have multiplied money by betting on the claim."""
        return float(np.exp(min(self.log_e, 700.0)))


def increments(votes: Votes, first: int, second: int) -> tuple[Floats, int]:
    """Return one number in [0, 1] for each prompt, in the order of their first votes, and how many votes.

    Votes between the two count as they are. Where both met a third model on the prompt, half the difference
    of their mean scores against it is added to ½. A prompt is the mean of what it has: people repeat each
    other on it, and an increment must be new.

    >>> votes = Votes(*map(np.array, ([0, 0, 1], [1, 1, 0], [1.0, 0.5, 0.0], [7, 7, 3])))
    >>> increments(votes, 0, 1)
    (array([0.75, 1.  ]), 3)
    """
    gained: dict[int, list[float]] = {}
    against: dict[int, dict[int, tuple[list[float], list[float]]]] = {}
    took_part = {first, second}
    used = 0
    touches_N = np.isin(votes.a_N, list(took_part)) | np.isin(votes.b_N, list(took_part))
    for n in np.flatnonzero(touches_N).tolist():
        a, b, item = int(votes.a_N[n]), int(votes.b_N[n]), int(votes.item_N[n])
        score = float(votes.score_N[n])
        own = gained.setdefault(item, [])
        if {a, b} == took_part:
            own.append(score if a == first else 1 - score)
            used += 1
            continue
        if b in took_part:
            a, b, score = b, a, 1 - score
        against.setdefault(item, {}).setdefault(b, ([], []))[int(a == second)].append(score)
    found = []
    for item, own in gained.items():
        for ours, theirs in against.get(item, {}).values():
            if ours and theirs:
                own.append(0.5 + (float(np.mean(ours)) - float(np.mean(theirs))) / 2)
                used += len(ours) + len(theirs)
        if own:
            found.append(float(np.mean(own)))
    return np.array(found), used


def compare(
    votes: Votes,
    first: int,
    second: int,
    names: tuple[str, str],
    *,
    slices: Mapping[str, Flags] | None = None,
    alpha: float = 0.05,
) -> tuple[Evidence, ...]:
    """Say whether the first model is better or worse than the second, over everything and in each slice.

    Each is tested in both directions by an e-process over prompts; e-BH keeps the share of false claims among
    all slices under α, whatever they share. One may look as often as one likes, as long as the votes of a
    prompt are in when it is counted.

    >>> votes = Votes(np.zeros(80, int), np.ones(80, int), np.tile([1.0, 1, 1, 0], 20), np.arange(80))
    >>> print(compare(votes, 0, 1, ("mica", "slate"))[0].sentence)
    mica is better than slate on everything: it wins 0.75 [0.53, 0.90] of 80 prompts, e = 1,658.
    """
    return _judged(votes, first, second, names, slices, side="two", mean=0.5, alpha=alpha)


def gate(
    votes: Votes,
    new: int,
    old: int,
    names: tuple[str, str],
    *,
    slices: Mapping[str, Flags] | None = None,
    margin: float = 0.0,
    alpha: float = 0.05,
) -> tuple[Evidence, ...]:
    """Say on which slices a new checkpoint is worse than the old one: `believed` is a regression.

    A score under ½ − `margin` is worse. The gate stays shut where it is proven; where nothing is proven the
    sentences say how much worse it may still be.

    >>> votes = Votes(np.zeros(80, int), np.ones(80, int), np.tile([1.0, 0, 0, 0], 20), np.arange(80))
    >>> [each.believed for each in gate(votes, 0, 1, ("v2", "v1"))]
    [True]
    """
    return _judged(votes, new, old, names, slices, side="less", mean=0.5 - margin, alpha=alpha)


def floor(
    votes: Votes,
    model: int,
    name: str,
    *,
    most: float,
    slices: Mapping[str, Flags] | None = None,
    alpha: float = 0.05,
) -> tuple[Evidence, ...]:
    """Say on which slices too many of the comparisons with a model end with "both are bad".

    Being better than a bad model is not good: this is the second question of a gate, about absolute quality.
    A prompt is the mean of what was said on it; the e-process bets that the mean over prompts is above
    `most`. In the evidence, `score` is the share of such votes.

    Raises
    ------
    AssayError
        Where nobody could say that both answers are bad, or `most` is no share.

    >>> bad_N = np.arange(200) % 2 == 0
    >>> votes = Votes(np.zeros(200, int), np.ones(200, int), np.full(200, 0.5), np.arange(200), bad_N)
    >>> print(str(floor(votes, 0, "v2", most=0.1)[0].sentence)[:41])
    v2 is not good enough on everything: 0.50
    """
    if votes.bad_N is None:
        raise AssayError("nobody could say that both answers are bad; ask for it as an outcome, both_bad")
    if not 0 < most < 1:
        raise AssayError(f"{most} is no share of votes; give one between 0 and 1")
    found = []
    for part, chosen_N in {EVERYTHING: np.ones(len(votes.a_N), dtype=bool), **(slices or {})}.items():
        own_N = np.flatnonzero(chosen_N & ((votes.a_N == model) | (votes.b_N == model)))
        _, first_I, item_N = np.unique(votes.item_N[own_N], return_index=True, return_inverse=True)
        mean_I = np.bincount(item_N, votes.bad_N[own_N].astype(float)) / np.maximum(np.bincount(item_N), 1)
        y_N = mean_I[np.argsort(first_I, kind="stable")]
        log_e = float(evalues.betting(y_N, mean=most, side="greater")[-1]) if len(y_N) else 0.0
        found.append((part, y_N, len(own_N), log_e))
    believed_K = evalues.e_bh(np.array([each[3] for each in found]), alpha=alpha)
    return tuple(
        _floor(*each, believed=bool(believed), name=name, most=most, alpha=alpha)
        for each, believed in zip(found, believed_K, strict=True)
    )


def _floor(
    part: str,
    y_N: Floats,
    used: int,
    log_e: float,
    *,
    believed: bool,
    name: str,
    most: float,
    alpha: float,
) -> Evidence:
    prompts = len(y_N)
    share = float(y_N.mean()) if prompts else 0.0
    low_N, high_N = sequential.win_rate(
        np.array([share * prompts]), np.array([float(prompts)]), level=1 - alpha
    )
    low, high = float(low_N[0]), float(high_N[0])
    values = {"name": name, "slice": part, "share": share, "low": low, "high": high, "prompts": prompts}
    e = f"{evalues.said(log_e):,.3g}"
    if not prompts:
        sentence = say("{name} was never compared on {slice}.", **values)
    elif believed:
        sentence = say(
            "{name} is not good enough on {slice}: {share:.2f} [{low:.2f}, {high:.2f}] of {prompts:,} "
            'prompts end with "both are bad", e = {e}.',
            e=e,
            **values,
        )
    else:
        sentence = say(
            "That more than {most:.2f} of what {name} stands in is bad on {slice} is not proven: {share:.2f} "
            "[{low:.2f}, {high:.2f}] of {prompts:,} prompts, e = {e}.",
            e=e,
            most=most,
            **values,
        )
    return Evidence(part, prompts, used, share, low, high, log_e, believed, sentence)


@dataclass(frozen=True)
class Regression:
    """A checkpoint that fell behind the one before it on a slice."""

    checkpoint: str
    before: str
    evidence: Evidence


def watch(
    votes: Votes,
    checkpoints: Sequence[tuple[int, str]],
    *,
    slices: Mapping[str, Flags] | None = None,
    alpha: float = 0.05,
) -> tuple[Regression, ...]:
    """Return the regressions among checkpoints in the order of their time, each against the one before.

    All steps and slices are judged together (e-BH), so that a long training run does not raise false alarms.

    >>> votes = Votes(np.zeros(80, int), np.ones(80, int), np.tile([1.0, 1, 1, 0], 20), np.arange(80))
    >>> [found.checkpoint for found in watch(votes, [(0, "step 100"), (1, "step 200")])]
    ['step 200']
    """
    steps = [
        (new, old, each)
        for old, new in itertools.pairwise(checkpoints)
        for each in gate(votes, new[0], old[0], (new[1], old[1]), slices=slices, alpha=alpha)
    ]
    believed_K = evalues.e_bh(np.array([each.log_e for _, _, each in steps]), alpha=alpha)
    return tuple(
        Regression(new[1], old[1], each)
        for (new, old, each), believed in zip(steps, believed_K, strict=True)
        if believed
    )


def _judged(
    votes: Votes,
    first: int,
    second: int,
    names: tuple[str, str],
    slices: Mapping[str, Flags] | None,
    *,
    side: evalues.Side,
    mean: float,
    alpha: float,
) -> tuple[Evidence, ...]:
    found = []
    for name, chosen_N in {EVERYTHING: np.ones(len(votes.a_N), dtype=bool), **(slices or {})}.items():
        some = Votes(
            votes.a_N[chosen_N], votes.b_N[chosen_N], votes.score_N[chosen_N], votes.item_N[chosen_N]
        )
        y_N, used = increments(some, first, second)
        log_e = float(evalues.betting(y_N, mean=mean, side=side)[-1]) if len(y_N) else 0.0
        found.append((name, y_N, used, log_e))
    believed_K = evalues.e_bh(np.array([each[3] for each in found]), alpha=alpha)
    return tuple(
        _evidence(*each, believed=bool(believed), names=names, side=side, alpha=alpha)
        for each, believed in zip(found, believed_K, strict=True)
    )


def _evidence(
    name: str,
    y_N: Floats,
    used: int,
    log_e: float,
    *,
    believed: bool,
    names: tuple[str, str],
    side: evalues.Side,
    alpha: float,
) -> Evidence:
    first, second = names
    prompts = len(y_N)
    score = float(y_N.mean()) if prompts else 0.5
    low_N, high_N = sequential.win_rate(
        np.array([score * prompts]), np.array([float(prompts)]), level=1 - alpha
    )
    low, high = float(low_N[0]), float(high_N[0])
    values = {
        "first": first,
        "second": second,
        "slice": name,
        "score": score,
        "low": low,
        "high": high,
        "e": evalues.said(log_e),
    }
    if not prompts:
        sentence = say(
            "{first} and {second} never met on {slice}, nor the same third model on one prompt.", **values
        )
    elif believed and side == "less":
        sentence = say(
            "{first} regressed on {slice}: it wins {score:.2f} [{low:.2f}, {high:.2f}] of {count:,} prompts "
            "against {second}, e = {e:,.0f}.",
            count=prompts,
            **values,
        )
    elif believed:
        better = score > 0.5
        sentence = say(
            "{first} is better than {second} on {slice}: it wins {score:.2f} [{low:.2f}, {high:.2f}] of "
            "{count:,} prompts, e = {e:,.0f}."
            if better
            else "{first} is worse than {second} on {slice}: it wins {score:.2f} [{low:.2f}, {high:.2f}] of "
            "{count:,} prompts, e = {e:,.0f}.",
            count=prompts,
            **values,
        )
    else:
        sentence = counted(
            "Nothing is proven on {slice}: {first} wins {score:.2f} [{low:.2f}, {high:.2f}] of {count:,} "
            "prompt against {second}, e = {e:.2g}.",
            "Nothing is proven on {slice}: {first} wins {score:.2f} [{low:.2f}, {high:.2f}] of {count:,} "
            "prompts against {second}, e = {e:.2g}.",
            prompts,
            **values,
        )
    return Evidence(name, prompts, used, score, low, high, log_e, believed, sentence)
