"""What a board says, in sentences that a reader without statistics understands, and what it does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assay.wording import counted, say

Floats = NDArray[np.float64]
Ranks = NDArray[np.int64]

POWER = 0.8416
"""Standard errors by which a gap has to pass its threshold, to be found in 80 of 100 boards."""

NO_END = 100_000
"""Where more votes than this would be needed, the honest answer is that no votes will do."""


@dataclass(frozen=True)
class Gap:
    """Two models and what is between them.

    Attributes
    ----------
    first, second
        The better one, as it looks, and the other.
    gap, error
        Difference of their ratings and its standard error, in log-odds.
    apart
        Whether the difference is sure, all pairs of the board looked at together.
    more
        About how many further votes on these two would settle it, were the gap as large as it looks; 0 where
        it is settled, `None` where no number of votes is likely to.
    """

    first: str
    second: str
    gap: float
    error: float
    apart: bool
    more: int | None


def votes_needed(gap: float, error: float, information: float, critical: float) -> int | None:
    """Return about how many more votes on two models would tell them apart with 80 % power.

    A vote by a new person adds `information` (log-odds⁻²) to what is known of the gap, 1/error². The gap has
    to reach `critical` standard errors, and 0.84 more to do so in four of five boards. The gap is taken as it
    looks now, which flatters it: the number is a lower bound more often than not.

    >>> votes_needed(0.2, 0.15, 0.2, 1.96)
    759
    >>> votes_needed(0.0001, 0.15, 0.2, 1.96) is None
    True
    >>> votes_needed(1.0, 0.1, 0.2, 1.96)
    0
    """
    if gap == 0 or information <= 0:
        return None
    wanted = ((critical + POWER) / gap) ** 2
    held = 0.0 if error <= 0 else error**-2
    more = (wanted - held) / information
    if more > NO_END:
        return None
    return max(int(np.ceil(more)), 0)


def ordinal(number: int) -> str:
    """Return a rank as it is said.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22, 113)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '113th']
    """
    last = 0 if 10 <= number % 100 <= 20 else number % 10
    if last == 1:
        return say("{number}st", number=number)
    if last == 2:
        return say("{number}nd", number=number)
    if last == 3:
        return say("{number}rd", number=number)
    return say("{number}th", number=number)


def place(model: str, low: int, high: int, models: int) -> str:
    """Say which ranks are open to a model.

    >>> place("mica", 3, 7, 59)
    'mica is between 3rd and 7th of 59.'
    >>> place("mica", 1, 1, 59)
    'mica is 1st of 59.'
    >>> place("mica", 1, 2, 2)
    'Of mica nothing can be said yet: every rank from 1st to 2nd is open.'
    """
    if low == 1 and high == models and models > 1:
        last = ordinal(models)
        return say(
            "Of {model} nothing can be said yet: every rank from 1st to {last} is open.",
            model=model,
            last=last,
        )
    if low == high:
        return say("{model} is {rank} of {models}.", model=model, rank=ordinal(low), models=models)
    return say(
        "{model} is between {low} and {high} of {models}.",
        model=model,
        low=ordinal(low),
        high=ordinal(high),
        models=models,
    )


def leaders(models: Sequence[str], low_M: Ranks, named: int = 8) -> str:
    """Say who may be the best; `models` from best to worst as they look, `low_M` their best possible ranks.

    >>> leaders(["mica", "slate"], np.array([1, 2]))
    'mica is the best of the 2.'
    >>> leaders(["mica", "slate", "opal"], np.array([1, 1, 3]))
    'One of these 2 is the best of the 3, and the votes do not say which: mica, slate.'
    """
    first = [model for model, low in zip(models, low_M, strict=True) if low == 1]
    if len(first) == 1:
        return say("{model} is the best of the {models}.", model=first[0], models=len(models))
    if len(first) == len(models):
        return say("Any of the {models} may be the best.", models=len(models))
    return say(
        "One of these {few} is the best of the {models}, and the votes do not say which: {names}.",
        few=len(first),
        models=len(models),
        names=listed(first, named),
    )


def listed(names: Sequence[str], most: int) -> str:
    """Name the first of several, and say how many more there are.

    >>> listed(["mica", "slate", "opal"], 2)
    'mica, slate and 1 more'
    """
    some = ", ".join(names[:most])
    if len(names) <= most:
        return some
    return say("{names} and {more} more", names=some, more=len(names) - most)


def gap_sentence(one: Gap) -> str:
    """Say whether two models can be told apart, and what it would take.

    >>> gap_sentence(Gap("mica", "slate", 0.9, 0.1, apart=True, more=0))
    'mica is better than slate.'
    >>> gap_sentence(Gap("mica", "slate", 0.2, 0.15, apart=False, more=759))
    'mica and slate cannot be told apart yet: about 800 more votes on the two would do.'
    """
    if one.apart:
        return say("{first} is better than {second}.", first=one.first, second=one.second)
    if one.more is None:
        return say(
            "{first} and {second} cannot be told apart, and they look so much alike that more votes will "
            "hardly change that.",
            first=one.first,
            second=one.second,
        )
    return counted(
        "{first} and {second} cannot be told apart yet: about {count:,} more vote on the two would do.",
        "{first} and {second} cannot be told apart yet: about {count:,} more votes on the two would do.",
        rounded(max(one.more, 10)),
        first=one.first,
        second=one.second,
    )


def rounded(number: int) -> int:
    """Return a number to one figure: what is a guess should look like one.

    >>> rounded(759), rounded(1234), rounded(38)
    (800, 1000, 40)
    """
    step: int = 10 ** max(len(str(number)) - 1, 0)
    return max(round(number / step) * step, 1)


def preferred_by(first: str, second: str, share: float, low: float, high: float) -> str:
    """Say for which share of the people one model is the better one, with its 95 % interval.

    >>> preferred_by("mica", "slate", 0.61, 0.55, 0.66)
    'mica is better than slate for 61 % of raters [55, 66].'
    """
    return say(
        "{first} is better than {second} for {share:.0f} % of raters [{low:.0f}, {high:.0f}].",
        first=first,
        second=second,
        share=100 * share,
        low=100 * low,
        high=100 * high,
    )


def wins(first: str, second: str, share: float, low: float, high: float) -> str:
    """Say how often one answer is chosen over the other, among votes that choose one.

    >>> wins("mica", "slate", 0.58, 0.54, 0.62)
    'mica wins 58 of 100 decided comparisons with slate [54, 62].'
    """
    return say(
        "{first} wins {share:.0f} of 100 decided comparisons with {second} [{low:.0f}, {high:.0f}].",
        first=first,
        second=second,
        share=100 * share,
        low=100 * low,
        high=100 * high,
    )


def neighbours(
    models: Sequence[str],
    theta_M: Floats,
    covariance_M_M: Floats,
    above_M_M: NDArray[np.bool_],
    *,
    critical: float,
    information: float,
) -> list[Gap]:
    """Return the gaps between each model and the next one, best first.

    `critical` and `information` are as in `votes_needed`.

    >>> found = neighbours(
    ...     ["slate", "mica"], np.array([0.0, 1.0]), np.eye(2) * 0.01,
    ...     np.array([[False, False], [True, False]]), critical=2.0, information=0.2,
    ... )
    >>> found[0].first, found[0].apart
    ('mica', True)
    """
    order = sorted(range(len(models)), key=lambda m: (-theta_M[m], models[m]))
    return [
        between(
            models, theta_M, covariance_M_M, above_M_M, pair=pair, critical=critical, information=information
        )
        for pair in pairwise(order)
    ]


def between(
    models: Sequence[str],
    theta_M: Floats,
    covariance_M_M: Floats,
    above_M_M: NDArray[np.bool_],
    *,
    pair: tuple[int, int],
    critical: float,
    information: float,
) -> Gap:
    """Return what is between two models, by code; the one with the higher rating comes first.

    >>> between(
    ...     ["slate", "mica"], np.array([0.0, 0.1]), np.eye(2) * 0.01, np.zeros((2, 2), bool),
    ...     pair=(0, 1), critical=2.0, information=0.2,
    ... ).more
    3788
    """
    a, b = pair if theta_M[pair[0]] >= theta_M[pair[1]] else pair[::-1]
    gap = float(theta_M[a] - theta_M[b])
    variance = covariance_M_M[a, a] + covariance_M_M[b, b] - 2 * covariance_M_M[a, b]
    error = float(np.sqrt(max(variance, 0.0)))
    apart = bool(above_M_M[a, b])
    more = 0 if apart else votes_needed(gap, error, information, critical)
    return Gap(models[a], models[b], gap, error, apart, more)
