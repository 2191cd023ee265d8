"""What every coefficient of agreement returns, and how its interval is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.quality.labels.columns import Floats

DRAWS = 1_000
"""Resamples behind an interval: its ends then move by about a twentieth of its width from seed to seed."""

CELLS = 4_000_000
"""Numbers held at once while resampling."""

NOBODY = "because no item was judged by two raters"
ONE_VALUE = "because everybody always gave the same answer, so that no disagreement is to be expected"


@dataclass(frozen=True)
class Agreement:
    """One coefficient of agreement.

    Attributes
    ----------
    name
        Which coefficient, in words.
    coefficient
        1 − observed / expected; 1 is perfect, 0 is chance. `None` where it is not defined.
    low, high
        95 % interval; `None` where none was asked for or none can be given.
    observed, expected
        Disagreement within items, and that to be expected by chance, both on the coefficient's own scale.
    items, raters, votes
        How many of each it rests on. `left_out` votes could not be compared with any other.
    interval
        How the interval was found; empty where there is none.
    undefined
        Empty, or "because …" where there is no coefficient.
    """

    name: str
    coefficient: float | None
    low: float | None
    high: float | None
    observed: float | None
    expected: float | None
    items: int
    raters: int
    votes: int
    left_out: int
    interval: str = ""
    undefined: str = ""


@dataclass(frozen=True)
class Size:
    """How many items, raters and votes a coefficient rests on, and how many votes it could not use."""

    items: int
    raters: int
    votes: int
    left_out: int


def settle(
    name: str,
    size: Size,
    measure: Callable[[Floats], tuple[Floats, Floats]],
    multiplicity_P: Floats,
    *,
    rng: np.random.Generator | None,
    draws: int,
    scale: float = 1.0,
) -> Agreement:
    """Return a coefficient with an interval from resampling items.

    Items with the same votes are one pattern. To draw I items with replacement is to draw the multiplicities
    of the P patterns from a multinomial distribution, so a million items cost no more than their patterns.

    Parameters
    ----------
    measure
        B × P multiplicities → observed and expected disagreement, each of length B.
    multiplicity_P
        How many items have each pattern.
    rng
        Dice for the interval; without them there is none.
    scale
        What the two disagreements are multiplied by in the answer.
    """
    if size.items == 0:
        return undefined(name, size, NOBODY)
    observed_1, expected_1 = measure(multiplicity_P[None, :])
    observed, expected = float(observed_1[0]), float(expected_1[0])
    if not expected > 1e-12:
        return undefined(name, size, ONE_VALUE)
    low = high = None
    interval = ""
    if rng is not None and size.items > 1:
        total, share_P = round(float(multiplicity_P.sum())), multiplicity_P / multiplicity_P.sum()
        step = max(1, CELLS // len(multiplicity_P))
        drawn = []
        for start in range(0, draws, step):
            drawn_B_P = rng.multinomial(total, share_P, size=min(step, draws - start)).astype(np.float64)
            observed_B, expected_B = measure(drawn_B_P)
            fine_B = expected_B > 1e-12
            drawn.append(1 - observed_B[fine_B] / expected_B[fine_B])
        coefficient_B = np.concatenate(drawn)
        # Where half of the resamples have no coefficient, what is left of them is no interval.
        if len(coefficient_B) > draws / 2:
            low, high = (float(end) for end in np.quantile(coefficient_B, [0.025, 0.975]))
            interval = f"95 % of {len(coefficient_B)} resamples of the items"
    return Agreement(
        name,
        1 - observed / expected,
        low,
        high,
        observed * scale,
        expected * scale,
        size.items,
        size.raters,
        size.votes,
        size.left_out,
        interval,
    )


def undefined(name: str, size: Size, reason: str) -> Agreement:
    """Return the answer where there is no coefficient."""
    return Agreement(
        name, None, None, None, None, None, size.items, size.raters, size.votes, size.left_out, "", reason
    )
