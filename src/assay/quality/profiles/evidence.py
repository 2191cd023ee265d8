"""What is known of people before anything is fitted: sums of right votes and of all, one row a cell.

Evidence is additive, from gold, from peers, from review, from later outcomes and from earlier projects. So a
stream of judgments only adds to it, and a refit on the sum gives the same answer as a fit on everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from assay.errors import AssayError, TableError

AXES = ("skill", "language", "domain")
ANY = {"skill": "", "language": "und", "domain": ""}
"""What an axis holds where nobody said; as in `records.Item`."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Counts for each person × skill × language × domain.

    `frame` has the columns `rater, skill, language, domain, right, total`; right and total may be fractions
    (a vote on an uncertain verdict is partly right), total is positive.
    """

    frame: pl.DataFrame

    @classmethod
    def from_frame(
        cls, frame: pl.DataFrame, *, now: float | None = None, half_life: float | None = None
    ) -> Evidence:
        """Read one row a judged vote: `rater`, `right` in [0, 1], and where known `skill`, `language`,
        `domain`, `weight` and `at`.

        Parameters
        ----------
        now, half_life
            In the unit of `at` (days, say): a vote counts half after one half-life, so that a skill can
            drift. Without them every vote counts the same.

        Raises
        ------
        TableError
            Where a column is missing, or a number is not what it has to be; names the row.

        >>> Evidence.from_frame(pl.DataFrame({"rater": ["ann"] * 2, "right": [1.0, 0.0]})).frame["total"][0]
        2.0
        """
        for name in ("rater", "right"):
            if name not in frame.columns:
                raise TableError(f"there is no column {name!r}; the table has {', '.join(frame.columns)}")
        blank = [
            pl.col(axis).cast(pl.String).fill_null(ANY[axis])
            if axis in frame.columns
            else pl.lit(ANY[axis]).alias(axis)
            for axis in AXES
        ]
        weight = (
            pl.col("weight").cast(pl.Float64) if "weight" in frame.columns else pl.lit(1.0).alias("weight")
        )
        fades = half_life is not None and now is not None
        if fades and "at" not in frame.columns:
            raise TableError("forgetting needs the column 'at', when each vote was given")
        aged = [pl.col("at").cast(pl.Float64)] if fades else []
        told = frame.select(
            pl.col("rater").cast(pl.String), *blank, pl.col("right").cast(pl.Float64), weight, *aged
        )
        _require(told, "rater", pl.col("rater").is_not_null(), "the cell is empty")
        _require(told, "right", pl.col("right").is_between(0, 1), "right is a number from 0 to 1")
        _require(told, "weight", pl.col("weight").is_finite() & (pl.col("weight") > 0), "a weight is above 0")
        if fades:
            _require(told, "at", pl.col("at").is_finite(), "the time is missing")
            fade = pl.lit(0.5) ** ((pl.lit(now) - pl.col("at")).clip(0) / half_life)
            told = told.with_columns(pl.col("weight") * fade)
        return cls._summed(told.with_columns(pl.col("right") * pl.col("weight"), total=pl.col("weight")))

    @classmethod
    def _summed(cls, frame: pl.DataFrame) -> Evidence:
        keys = ["rater", *AXES]
        return cls(frame.group_by(keys).agg(pl.col("right", "total").sum()).sort(keys))

    def __add__(self, other: Evidence) -> Evidence:
        """Return the evidence of both, as from another project or the next hour."""
        return self._summed(pl.concat([self.frame, other.frame]))

    def faded(self, by: float) -> Evidence:
        """Return the evidence with every count multiplied by `by`, as time passes."""
        if not 0 < by <= 1:
            raise AssayError("evidence fades by a factor above 0 and at most 1")
        return Evidence(self.frame.with_columns(pl.col("right", "total") * by))


def _require(frame: pl.DataFrame, column: str, condition: pl.Expr, message: str) -> None:
    wrong = ~frame.select(condition.fill_null(value=False)).to_series()
    if wrong.any():
        raise TableError(message, row=int(wrong.arg_true()[0]) + 1, column=column)
