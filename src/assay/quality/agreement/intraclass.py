"""Intraclass correlation: how much of the spread of ratings is between items rather than between raters."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import fdtri

from assay.quality.agreement.ratings import AgreementError, Ratings
from assay.quality.agreement.result import NOBODY, Agreement, Size, undefined
from assay.quality.labels.columns import Columns, Floats

IntraclassForm = Literal["1,1", "1,k", "2,1", "2,k", "3,1", "3,k"]

TAIL = 0.025


def intraclass(votes: Columns | Ratings, form: IntraclassForm = "1,1") -> Agreement:
    """Return an intraclass correlation in the notation of Shrout and Fleiss.

    | form | raters | asks |
    |---|---|---|
    | 1,1 | different ones for each item, drawn at random | how good is one rating |
    | 2,1 | the same ones for all items, drawn at random | the same; who is strict counts as error |
    | 3,1 | the same ones, and nobody else matters | the same; who is strict does not count |
    | n,k | | how good is the mean of all ratings of an item |

    Forms 1 allow gaps and different numbers of ratings (k is then the mean number n₀ of an unbalanced
    analysis of variance, and the interval is approximate). Forms 2 and 3 compare raters on the same items:
    they use the items that every rater judged.

    Source: Shrout & Fleiss, Psychological Bulletin 86 (1979), 420–428; intervals: McGraw & Wong,
    Psychological Methods 1 (1996), 30–46.

    Returns
    -------
    `observed` is the variance that counts as error, `expected` that of a rating (or of a mean of k).

    >>> ratings = Ratings.from_lists([1, 1, 2, 2, 3, 3], ["ann", "ben"] * 3, [1, 2, 3, 4, 6, 5])
    >>> round(intraclass(ratings, "3,1").coefficient, 3)
    0.846
    """
    if form not in ("1,1", "1,k", "2,1", "2,k", "3,1", "3,k"):
        raise AgreementError(f"there is no form {form!r}; known: 1,1 1,k 2,1 2,k 3,1 3,k")
    ratings = Ratings.from_columns(votes) if isinstance(votes, Columns) else votes
    number_N = ratings.numbers("an intraclass correlation")[ratings.value_N]
    return _one_way(ratings, number_N, form) if form[0] == "1" else _two_way(ratings, number_N, form)


def _one_way(ratings: Ratings, number_N: Floats, form: str) -> Agreement:
    name, size = f"ICC({form})", ratings.size
    if size.items == 0:
        return undefined(name, size, NOBODY)
    # An item with one rating says nothing about raters, but something about how far apart items are.
    votes_I = ratings.votes_I.astype(np.float64)
    n_items, votes = len(votes_I), float(votes_I.sum())
    if n_items < 2:
        return undefined(name, size, "because there is only one item")
    mean_I = np.bincount(ratings.item_N, number_N, n_items) / votes_I
    between = float((votes_I * (mean_I - number_N.mean()) ** 2).sum()) / (n_items - 1)
    within = float(((number_N - mean_I[ratings.item_N]) ** 2).sum()) / (votes - n_items)
    per_item = (votes - float((votes_I**2).sum()) / votes) / (n_items - 1)
    if not between + within > 1e-12 * float(np.square(number_N).mean()):
        return undefined(name, size, "because everybody always gave the same rating")
    size = Size(n_items, len(ratings.raters), int(votes), 0)
    degrees = n_items - 1, votes - n_items
    low, high = _f_bounds(between, within, *degrees)
    ends: tuple[float, ...]
    if form == "1,1":
        ends = tuple((ratio - 1) / (ratio + per_item - 1) for ratio in (low, high))
        return _answer(name, size, within, (between - within) / per_item + within, ends)
    if not between > 0:
        return undefined(name, size, "because the items' means do not differ")
    # Error and spread of a mean of n₀ ratings: MSW/n₀ of MSB/n₀.
    ends = tuple(1 - 1 / ratio if ratio > 0 else -np.inf for ratio in (low, high))
    return _answer(name, size, within / per_item, between / per_item, ends)


def _two_way(ratings: Ratings, number_N: Floats, form: str) -> Agreement:
    name, n_raters = f"ICC({form})", len(ratings.raters)
    whole_I = ratings.votes_I == n_raters
    kept_N = whole_I[ratings.item_N]
    n_items = int(whole_I.sum())
    size = Size(n_items, n_raters, int(kept_N.sum()), int((~kept_N).sum()))
    if n_raters < 2 or n_items < 2:
        reason = f"because {n_items} items were judged by all {n_raters} raters; it takes two of each"
        return undefined(name, size, reason)
    number_I_R = np.empty((n_items, n_raters))
    row_I = np.cumsum(whole_I) - 1
    number_I_R[row_I[ratings.item_N[kept_N]], ratings.rater_N[kept_N]] = number_N[kept_N]
    n, k = n_items, n_raters
    centred_I_R = number_I_R - number_I_R.mean()
    item_I, rater_R = centred_I_R.mean(axis=1), centred_I_R.mean(axis=0)
    rows = k * float((item_I**2).sum()) / (n - 1)
    columns = n * float((rater_R**2).sum()) / (k - 1)
    rest = float(((centred_I_R - item_I[:, None] - rater_R) ** 2).sum()) / ((n - 1) * (k - 1))
    if not rows + columns + rest > 1e-12 * float(np.square(number_I_R).mean()):
        return undefined(name, size, "because everybody always gave the same rating")
    item_variance = (rows - rest) / k
    ends: tuple[float, ...]
    # Who is strict counts as error in form 2 and does not in form 3.
    error = rest + ((columns - rest) / n if form[0] == "2" else 0.0)
    if not item_variance + error > 0:
        return undefined(name, size, "because the variances do not add up to a positive number")
    if form[0] == "2":
        ends = _absolute_bounds(item_variance / (item_variance + error), rows, columns, rest, (n, k))
    else:
        ends = tuple(
            (ratio - 1) / (ratio + k - 1) for ratio in _f_bounds(rows, rest, n - 1, (n - 1) * (k - 1))
        )
    if form.endswith("k"):
        error /= k
        ends = tuple(k * end / (1 + (k - 1) * end) for end in ends)  # Spearman–Brown
    return _answer(name, size, error, item_variance + error, ends)


def _f_bounds(above: float, below: float, df_above: float, df_below: float) -> tuple[float, float]:
    """Return the 95 % interval of a ratio of variances; infinite where there is no error at all."""
    if below <= 0:
        return np.inf, np.inf
    ratio = above / below
    low = ratio / fdtri(df_above, df_below, 1 - TAIL)
    return float(low), float(ratio * fdtri(df_below, df_above, 1 - TAIL))


def _absolute_bounds(
    single: float, rows: float, columns: float, rest: float, shape: tuple[int, int]
) -> tuple[float, float]:
    """Return McGraw and Wong's interval of ICC(2,1), with Satterthwaite's degrees of freedom."""
    n, k = shape
    if rest <= 0 and columns <= 0:
        return 1.0, 1.0
    a = k * single / (n * (1 - single))
    b = 1 + k * single * (n - 1) / (n * (1 - single))
    spread = (a * columns) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
    df = (a * columns + b * rest) ** 2 / spread if spread > 0 else 1.0
    error = k * columns + (k * n - k - n) * rest
    upper = fdtri(n - 1, df, 1 - TAIL)
    lower = fdtri(df, n - 1, 1 - TAIL)
    low = n * (rows - upper * rest) / (upper * error + n * rows)
    high = n * (lower * rows - rest) / (error + n * lower * rows)
    return float(low), float(high)


def _answer(name: str, size: Size, observed: float, expected: float, ends: tuple[float, ...]) -> Agreement:
    low, high = (1.0 if np.isnan(end) else float(end) for end in ends)
    coefficient = 1 - observed / expected
    given = bool(np.isfinite([low, high]).all())
    return Agreement(
        name,
        coefficient,
        low if given else None,
        high if given else None,
        observed,
        expected,
        size.items,
        size.raters,
        size.votes,
        size.left_out,
        "95 % by the F distribution" if given else "",
    )
