"""Ratings as columns: numbers that people gave to items, or ordered classes read as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import add

import numpy as np
import polars as pl

from assay.errors import TableError
from assay.quality import reading
from assay.quality.labels.columns import Columns, VotesError
from assay.quality.ratings.history import RatingHistory
from assay.quality.reading import Codes, Floats

APART = 3.0
"""Farther apart than this, in means or in spreads, two tables are taken for answers on different scales."""

ENOUGH = 10
"""So many ratings show how far they spread."""

MOST_PLACES = 9
"""Decimal places in which ratings are looked for a step; with more there is none that matters."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings of items on one question.

    Attributes
    ----------
    item_N, rater_N, value_N
        The N ratings: codes into `items` and `raters`, and the numbers given.
    weight_N
        What each rating counts; one of weight 2 is the same rating given twice.
    items, raters
        Names, sorted as text, so that the order of the ratings never changes a result.
    low, high
        Ends of the scale where they are known; values out of them are refused, results are kept within.
    levels
        For ordered classes, their labels from the lowest up; class k is the number k. `None` for numbers.
    known_I
        The right value where it is known, NaN elsewhere; set it with `knowing`.
    repeated
        How many ratings were set aside because the same rater rated the same item again later.
    history
        What is known of raters from earlier ratings on the same scale; set it with `remembering`.

    Build one with `from_frame`, `from_lists` or `from_votes`.
    """

    item_N: Codes
    rater_N: Codes
    value_N: Floats
    weight_N: Floats
    items: tuple[str, ...]
    raters: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] | None = None
    known_I: Floats | None = None
    repeated: int = 0
    history: Mapping[str, RatingHistory] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item_N)

    @classmethod
    def from_frame(
        cls,
        frame: pl.DataFrame,
        *,
        levels: Sequence[str] | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> Ratings:
        """Read a table with the columns `item`, `rater`, `value` and perhaps `weight`, one row a rating.

        Of several ratings by one rater on one item the last counts.

        Parameters
        ----------
        levels
            The labels of ordered classes, from the lowest up; then `value` holds labels.
        low, high
            Ends of the scale.

        Raises
        ------
        TableError
            Where a column is missing, or a cell is empty, no finite number, off the scale or none of the
            levels; names the row and the column.
        VotesError
            Where there is no rating, or the ends of the scale or the levels make no sense.
        """
        if low is not None and high is not None and not low < high:
            raise VotesError(f"the scale runs from {low} to {high}; its low end belongs below its high end")
        frame = reading.filled(frame, ["item", "rater"])
        if "value" not in frame.columns:
            raise TableError(
                f"there is no such column; the table has {', '.join(frame.columns)}", column="value"
            )
        if levels is not None:
            frame = frame.with_columns(_places(frame["value"], levels))
            low, high = 0.0, float(len(levels) - 1)
        frame = frame.with_columns(
            pl.Series("value", reading.numbers(frame, "value")), pl.Series("weight", reading.weights(frame))
        )
        _refuse_off_scale(frame["value"], low, high)
        kept = reading.last_answers(frame, ["item", "rater"])
        (item_N,), items = reading.coded(kept["item"])
        (rater_N,), raters = reading.coded(kept["rater"])
        # Sums in another order differ in the last bit, and EM would carry that on: one order for all.
        order_N = np.lexsort((rater_N, item_N))
        return cls(
            item_N[order_N],
            rater_N[order_N],
            kept["value"].to_numpy()[order_N],
            kept["weight"].to_numpy()[order_N],
            items,
            raters,
            low,
            high,
            None if levels is None else tuple(levels),
            repeated=len(frame) - len(kept),
        )

    @classmethod
    def from_lists(
        cls,
        item: Sequence[object],
        rater: Sequence[object],
        value: Sequence[object],
        *,
        levels: Sequence[str] | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> Ratings:
        """Read three sequences of equal length; ids of any type, compared as text.

        >>> Ratings.from_lists(["i"] * 2, ["ann", "ben"], ["fair", "good"], levels=["fair", "good"]).value_N
        array([0., 1.])
        """
        frame = reading.listed(item=item, rater=rater, value=value)
        return cls.from_frame(frame, levels=levels, low=low, high=high)

    @classmethod
    def from_votes(cls, columns: Columns, levels: Sequence[str]) -> Ratings:
        """Read votes on ordered classes, `levels` from the lowest up; known labels come along."""
        place = {label: float(code) for code, label in enumerate(levels)}
        if strange := [label for label in columns.labels if label not in place]:
            raise VotesError(f"the label {strange[0]!r} is none of the levels: {', '.join(levels)}")
        value_K = np.array([place[label] for label in columns.labels])
        known_I = None
        if columns.gold_I is not None:
            known_I = np.where(columns.gold_I >= 0, value_K[columns.gold_I], np.nan)
        order_N = np.lexsort((columns.rater_N, columns.item_N))
        return cls(
            columns.item_N[order_N],
            columns.rater_N[order_N],
            value_K[columns.label_N[order_N]],
            columns.weights_N[order_N],
            columns.items,
            columns.raters,
            0.0,
            float(len(levels) - 1),
            tuple(levels),
            known_I,
            columns.repeated,
        )

    def knowing(self, gold: Mapping[str, object]) -> Ratings:
        """Return the same ratings with the right value (or label) of some items known, on the raters' scale.

        Items without ratings are left out.

        >>> ratings = Ratings.from_lists(["i", "j"], ["ann", "ann"], [3, 5])
        >>> ratings.knowing({"j": 4}).known_I.tolist()
        [nan, 4.0]
        """
        own = {item: gold[item] for item in self.items if item in gold}
        if not own:
            return replace(self, known_I=None)
        frame = pl.DataFrame({"value": [str(value) for value in own.values()]})
        if self.levels is not None:
            frame = frame.with_columns(_places(frame["value"], self.levels))
        value_G = reading.numbers(frame, "value")
        _refuse_off_scale(pl.Series("value", value_G), self.low, self.high)
        known_I = np.full(len(self.items), np.nan)
        known_I[[item in own for item in self.items]] = value_G
        return replace(self, known_I=known_I)

    def remembering(self, history: Mapping[str, RatingHistory]) -> Ratings:
        """Return the same ratings with what is known of some raters from earlier ones on the same scale.

        `history` is such as `RatingsResult.history` of an earlier fit, perhaps faded. Raters not here are
        left out. Values are then on the scale of the earlier crowd: strict raters alone pull nothing down.

        Raises
        ------
        VotesError
            Where the earlier answers cannot have been given on this scale: their mean lies off its ends, or
            more than three standard deviations from that of these ratings by the same people, or one spreads
            more than three times as far as the other. Nothing is rescaled unasked.

        >>> past = {"ann": RatingHistory(40, 3.0, 2.5, 1.0, 0.9, 1.2)}
        >>> list(Ratings.from_lists(["i", "j"], ["ann", "ben"], [3, 4]).remembering(past).history)
        ['ann']
        """
        own = {rater: history[rater] for rater in self.raters if rater in history and history[rater].ratings}
        if own:
            self._refuse_another_scale(own)
        return replace(self, history=own)

    def _refuse_another_scale(self, history: Mapping[str, RatingHistory]) -> None:
        past = reduce(add, history.values())
        of_history_R = np.array([rater in history for rater in self.raters])
        theirs_N = of_history_R[self.rater_N]
        weight_N, value_N = self.weight_N[theirs_N], self.value_N[theirs_N]
        mean = float(weight_N @ value_N / weight_N.sum())
        sd, before = (
            float(np.sqrt(weight_N @ (value_N - mean) ** 2 / weight_N.sum())),
            past.answer_variance**0.5,
        )
        low, high = -np.inf if self.low is None else self.low, np.inf if self.high is None else self.high
        # Of a few ratings the spread says little.
        many = [sd] * (len(value_N) >= ENOUGH) + [before] * (past.ratings >= ENOUGH)
        far = bool(many) and abs(mean - past.answer) > APART * max(many) > 0
        unlike = len(many) == 2 and max(many) > APART * min(many) > 0
        if far or unlike or not low <= past.answer <= high:
            raise VotesError(
                f"the history is of answers around {past.answer:.3g} ± {before:.2g}, these ratings by the "
                f"same people are around {mean:.3g} ± {sd:.2g}: bring both to one scale, or leave it out"
            )

    @cached_property
    def weight_I(self) -> Floats:
        """How much weight each item got."""
        return self.by_item(self.weight_N)

    @cached_property
    def weight_R(self) -> Floats:
        """How much weight each rater gave."""
        return self.by_rater(self.weight_N)

    @cached_property
    def resolution(self) -> float:
        """The smallest step between two values that were given; 0 where there is only one."""
        seen = np.unique(self.value_N)
        return float(np.diff(seen).min()) if len(seen) > 1 else 0.0

    @cached_property
    def step(self) -> float:
        """The step in which people answer, by what they wrote: one in the last decimal place of any answer.

        >>> Ratings.from_lists(["i", "j"], ["ann", "ann"], [70, 80]).step
        1.0
        >>> Ratings.from_lists(["i", "j"], ["ann", "ann"], [0.5, 0.75]).step
        0.01
        """
        value_U = np.unique(self.value_N)
        for places in range(MOST_PLACES):
            if np.allclose(value_U, np.round(value_U, places), rtol=1e-12, atol=0):
                return float(10.0**-places)
        return float(10.0**-MOST_PLACES)

    def by_item(self, amount_N: Floats) -> Floats:
        """Return sums of an amount over the ratings of each item."""
        sum_I: Floats = np.bincount(self.item_N, amount_N, len(self.items)).astype(np.float64, copy=False)
        return sum_I

    def by_rater(self, amount_N: Floats) -> Floats:
        """Return sums of an amount over the ratings of each rater."""
        sum_R: Floats = np.bincount(self.rater_N, amount_N, len(self.raters)).astype(np.float64, copy=False)
        return sum_R


def _places(labels: pl.Series, levels: Sequence[str]) -> pl.Series:
    if len(set(levels)) < len(levels) or not levels:
        raise VotesError("the levels are empty or name one label twice; give each once, from the lowest up")
    found = labels.cast(pl.String).replace_strict(
        list(levels), list(range(len(levels))), default=None, return_dtype=pl.Float64
    )
    if found.null_count():
        row = int(found.is_null().arg_true()[0])
        raise TableError(
            f"{labels[row]!r} is none of the levels: {', '.join(levels)}", row=row + 1, column="value"
        )
    return found.alias("value")


def _refuse_off_scale(values: pl.Series, low: float | None, high: float | None) -> None:
    off = (values < (-np.inf if low is None else low)) | (values > (np.inf if high is None else high))
    if off.any():
        row = int(off.arg_true()[0])
        raise TableError(
            f"{values[row]:g} is off the scale, which runs from {low} to {high}", row=row + 1, column="value"
        )
