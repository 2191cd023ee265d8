"""What is known of raters from earlier ratings: how their answers went with the values of what they rated.

A rater's offset, slope and noise are no counts that could be added up, but they are computed from moments
of answers and values, which can. Kept on the raters' own scale, these enter any later fit on that scale as if
the earlier ratings stood in its table, with their items' values held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np
import polars as pl

from assay.errors import TableError
from assay.quality import reading
from assay.quality.labels.columns import VotesError
from assay.quality.reading import Floats

COLUMNS = ("ratings", "value", "answer", "value_variance", "covariance", "answer_variance")
"""Columns of a table that holds histories, beside `rater`: the fields of `RatingHistory`."""


@dataclass(frozen=True)
class RatingHistory:
    """How a rater answered before, in the units of the scale.

    Attributes
    ----------
    ratings
        How many ratings that was. Who wants it faded lowers this number alone.
    value, answer
        The mean value of what they rated, and the mean of what they answered.
    value_variance, covariance, answer_variance
        About these means; the variance of the values has in it how unsure each of them was.

    >>> strict = RatingHistory(40, 3.1, 2.6, value_variance=1.2, covariance=1.1, answer_variance=1.5)
    >>> strict.answer < strict.value
    True
    """

    ratings: float
    value: float
    answer: float
    value_variance: float
    covariance: float
    answer_variance: float

    def __post_init__(self) -> None:
        moments = astuple(self)
        if not (np.isfinite(moments).all() and np.abs(moments).max() <= reading.LARGEST**2):
            raise VotesError(
                "a history of ratings holds numbers that are infinite, missing or out of all size"
            )
        least = min(self.ratings, self.value_variance, self.answer_variance)
        # Sums may pass their bound in the last bits.
        most = (
            np.sqrt(self.value_variance) * np.sqrt(self.answer_variance) * (1 + 1e-6) if least >= 0 else 0.0
        )
        if least < 0 or abs(self.covariance) > most + 1e-9 * max(self.value_variance, self.answer_variance):
            raise VotesError(
                "a history of ratings has no count or variance below 0, and no covariance beyond these"
            )

    def __add__(self, other: RatingHistory) -> RatingHistory:
        """Return both in one, as if all ratings had stood in one table.

        >>> one, two = RatingHistory(1, 2, 3, 0, 0, 0), RatingHistory(1, 4, 7, 0, 0, 0)
        >>> one + two == RatingHistory(2, 3.0, 5.0, 1.0, 2.0, 4.0)
        True
        """
        total = self.ratings + other.ratings
        if not total:
            return self
        share = other.ratings / total
        up, over = other.value - self.value, other.answer - self.answer
        between = share * (1 - share)

        def pooled(own: float, theirs: float, apart: float) -> float:
            return (1 - share) * own + share * theirs + between * apart

        return RatingHistory(
            total,
            self.value + share * up,
            self.answer + share * over,
            pooled(self.value_variance, other.value_variance, up * up),
            pooled(self.covariance, other.covariance, up * over),
            pooled(self.answer_variance, other.answer_variance, over * over),
        )


def to_frame(history: Mapping[str, RatingHistory]) -> pl.DataFrame:
    """Return histories as a table, one row a rater; `from_frame` reads it."""
    rows = [(rater, *map(float, astuple(past))) for rater, past in history.items()]
    return pl.DataFrame(rows, schema={"rater": pl.String, **dict.fromkeys(COLUMNS, pl.Float64)}, orient="row")


def from_frame(frame: pl.DataFrame) -> dict[str, RatingHistory]:
    """Read a table of histories, such as the raters.parquet of an earlier study of ratings.

    Several rows of one rater count as one after the other: what two tables hold may be put under each other.

    Raises
    ------
    TableError
        Where a column is missing, or a cell is empty, no number or none that can be; names row and column.

    >>> past = {"ann": RatingHistory(40.0, 3.0, 2.5, 1.0, 0.9, 1.2)}
    >>> from_frame(to_frame(past)) == past
    True
    """
    for name in ("rater", *COLUMNS):
        if name not in frame.columns:
            raise TableError(
                f"there is no column {name!r}; a history of ratings is a raters.parquet that assay quality "
                "wrote for ratings"
            )
    frame = reading.filled(frame, ["rater"])
    # Variances of the largest numbers are their squares.
    held = frame.select("rater", *(pl.Series(name, _numbers(frame, name)) for name in COLUMNS))
    found: dict[str, RatingHistory] = {}
    for row, (rater, *moments) in enumerate(held.iter_rows(), 1):
        try:
            past = RatingHistory(*moments)
        except VotesError as wrong:
            raise TableError(str(wrong), row=row) from None
        found[rater] = found[rater] + past if rater in found else past
    return found


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    if frame[name].dtype == pl.Float64 and frame[name].is_finite().fill_null(value=False).all():
        values: Floats = frame[name].to_numpy()
        return values
    return reading.numbers(frame, name)
