"""Ratings as columns: numbers that people gave to items, or ordered classes read as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from assay.errors import TableError
from assay.quality import reading
from assay.quality.labels.columns import Columns, VotesError
from assay.quality.reading import Codes, Floats


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
