"""Long tables of answers, one row an answer: filled cells, codes for ids, and one answer a person.

What the columns of every answer type share; each says in its own module what an answer is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay.errors import TableError
from assay.quality.labels.columns import LEAST_WEIGHT, MOST_WEIGHT, VotesError

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LARGEST = 1e100
"""Numbers that people give are smaller than this; squares of larger ones run over."""


def filled(frame: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """Return the frame with its id columns as text, every cell of them filled.

    Raises
    ------
    TableError
        Where a column is missing or a cell is empty; names the row and the column.
    VotesError
        Where there is no row.

    >>> filled(pl.DataFrame({"item": [1, 2], "rater": ["ann", None]}), ["item", "rater"])
    Traceback (most recent call last):
    assay.errors.TableError: row 2, column 'rater': the cell is empty; fill it in or remove the row
    """
    for name in ids:
        if name not in frame.columns:
            raise TableError(
                f"there is no such column; the table has {', '.join(frame.columns)}", column=name
            )
    if frame.is_empty():
        raise VotesError("there are no answers; give a table with at least one row")
    frame = frame.with_columns(pl.col(*ids).cast(pl.String))
    for name in ids:
        # pandas writes a missing cell as NaN.
        empty = frame[name].is_null() | frame[name].str.strip_chars().is_in(["", "NaN"])
        if empty.any():
            row = int(empty.arg_true()[0]) + 1
            raise TableError("the cell is empty; fill it in or remove the row", row=row, column=name)
    return frame


def numbers(frame: pl.DataFrame, name: str, *, positive: bool = False) -> Floats:
    """Return a column as finite numbers; what is not a number is an error that names its row."""
    number = frame[name].cast(pl.Float64, strict=False)
    least, most = (LEAST_WEIGHT, MOST_WEIGHT) if positive else (-LARGEST, LARGEST)
    fine = (number.is_finite() & number.is_between(least, most)).fill_null(value=False)
    if not fine.all():
        row = int((~fine).arg_true()[0])
        wanted = "a finite number above 0" if positive else "a finite number"
        if number[row] is not None and np.isfinite(number[row]) and (number[row] > 0 or not positive):
            wanted = f"a number between {least:g} and {most:g}"
        raise TableError(
            f"{frame[name][row]!r} is not {wanted}; mend it or remove the row", row=row + 1, column=name
        )
    values: Floats = number.to_numpy()
    return values


def weights(frame: pl.DataFrame) -> Floats:
    """Return what each row counts: its column `weight`, or ones where there is none."""
    return numbers(frame, "weight", positive=True) if "weight" in frame.columns else np.ones(len(frame))


def coded(*columns: pl.Series) -> tuple[list[Codes], tuple[str, ...]]:
    """Return codes for columns that share their names, and the names, sorted as text.

    >>> codes, names = coded(pl.Series(["b", "a"]), pl.Series(["c", "b"]))
    >>> [code.tolist() for code in codes], names
    ([[1, 0], [2, 1]], ('a', 'b', 'c'))
    """
    names = sorted(set().union(*(column.unique().to_list() for column in columns)))
    kind = pl.Enum(names)
    return [column.cast(kind).to_physical().to_numpy().astype(np.int64) for column in columns], tuple(names)


def last_answers(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return the frame with one row for each combination of `keys`: the last one."""
    return frame.unique(list(keys), keep="last", maintain_order=True)


def listed(**columns: Sequence[object]) -> pl.DataFrame:
    """Return sequences of equal length as a frame, every value as text.

    >>> listed(item=[1], rater=["ann"]).rows()
    [('1', 'ann')]
    """
    if len({len(values) for values in columns.values()}) > 1:
        raise VotesError(f"{', '.join(columns)} differ in length; give one of each for every answer")
    return pl.DataFrame(
        {
            name: pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
            for name, values in columns.items()
        }
    )


def summed(code_N: Codes, amount_N: Floats, size: int) -> Floats:
    """Return the sum of the amounts of each code, as an array of length `size`."""
    return np.bincount(code_N, amount_N, size).astype(np.float64, copy=False)
