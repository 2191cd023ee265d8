"""What every reader of answers is given, and how it says what it found; the readers are the families' own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from assay import tables
from assay.errors import TableError
from assay.quality import reading
from assay.quality.agreement import Agreement
from assay.quality.findings import Study
from assay.quality.reading import Codes, Floats

SEED = 0
"""Of the resampling behind the interval of agreement: the same table always gives the same sentence."""


@dataclass(frozen=True, eq=False)
class Asked:
    """One table, how to read it, and what is known beside it; `run` is the registered method.

    `history` is what is known of raters from an earlier study, for types whose studies write it down.
    """

    frame: pl.DataFrame
    type: str
    method: str
    run: Callable[..., Any]
    gold: pl.DataFrame | None
    known: pl.DataFrame | None
    levels: Sequence[str] | None
    history: pl.DataFrame | None = None

    def numbers(self) -> dict[str, float]:
        """Return gold as item → number, what was known left out."""
        taught = self.known_numbers()
        return {item: value for item, value in _numbers(self.gold).items() if item not in taught}

    def known_numbers(self) -> dict[str, float]:
        """Return what is known as item → number."""
        return _numbers(self.known)


def _numbers(table: pl.DataFrame | None) -> dict[str, float]:
    """Read right answers that are numbers: an item, and its `score` or `label`."""
    if table is None:
        return {}
    value = "score" if "score" in table.columns else tables.find(table, "label")
    item = tables.find(table, "item") or (tables.find(table, "label") if value == "score" else None)
    if value is None or item is None:
        tables.pick(table, ("item", "label"))  # says which of them is missing
        raise TableError("right answers to these are an item and a number for each")
    frame = reading.filled(table.select(item, value), [item])
    told = frame.with_columns(pl.Series(value, reading.numbers(frame, value))).unique(maintain_order=True)
    if (twice := told[item].is_duplicated()).any():
        raise TableError(f"item {told[item].filter(twice)[0]!r} has two different right answers; keep one")
    return dict(told.iter_rows())


def unsaid(said: Iterable[str], right: Iterable[str], what: str) -> list[str]:
    """Return a note on names in right answers that no answer has: they may be misspelt.

    >>> unsaid(["yes", "no"], ["Yes"], "label")
    ["nobody gave the label 'Yes', which is said to be right: check how it is written"]
    """
    strange = sorted(set(right) - set(said))
    if not strange:
        return []
    more = f" and {len(strange) - 1:,} more" if len(strange) > 1 else ""
    named = f"nobody gave the {what} {strange[0]!r}{more}, which is said to be right"
    return [f"{named}: check how it is written"]


def doubts(spread_I: Floats) -> Floats:
    """Return spreads as doubts in [0, 1]: the widest verdict is 1, a certain one 0."""
    widest = float(spread_I.max()) if len(spread_I) else 0.0
    return spread_I / widest if widest > 0 else np.zeros_like(spread_I)


def counts(code_N: Codes, size: int) -> list[int]:
    """Return how often each code is there."""
    found: list[int] = np.bincount(code_N, minlength=size).tolist()
    return found


def people_of(
    raters: Sequence[str], mean: Floats, low: Floats, high: Floats, votes: Sequence[int]
) -> pl.DataFrame:
    """Return the table of raters that every study has."""
    return pl.DataFrame({"rater": raters, "mean": mean, "low": low, "high": high, "votes": votes})


def study_of(
    asked: Asked,
    held: Any,
    verdicts: pl.DataFrame,
    people: pl.DataFrame,
    *,
    measure: str,
    notes: Sequence[str],
    scores: Mapping[str, Mapping[str, float]],
    detail: Any,
    agreement: Agreement | None = None,
) -> Study:
    """Return the study of answers `held` as columns, with what a method came to as its `detail`."""
    return Study(
        type=asked.type,
        method=asked.method,
        answers=len(held),
        repeated=held.repeated,
        verdicts=verdicts,
        raters=people,
        measure=measure,
        against="verdicts",
        assumed=detail.assumed,
        notes=(*notes, *([] if detail.converged else [f"{asked.method} had not come to rest"])),
        scores=scores,
        agreement=agreement,
        detail=detail,
    )


def as_json(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return a table whose columns of lists are JSON texts."""
    for name in names:
        column = tables.find(frame, name) if name in tables.ALIASES else name
        if column in frame.columns and isinstance(frame.schema[column], pl.List):
            cells = [None if cell is None else json.dumps(cell.to_list()) for cell in frame[column]]
            frame = frame.with_columns(pl.Series(column, cells, dtype=pl.String))
    return frame


def json_of(text: str, row: int) -> list[Any]:
    """Return a cell that is a JSON list; `row` is for the error."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list):
        raise TableError(f"{text[:40]!r} is no JSON list", row=row, column="label")
    return said
