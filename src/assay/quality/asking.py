"""What every reader of answers is given, and how it says what it found; the readers are the families' own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from assay import tables
from assay.errors import AssayError, TableError
from assay.quality.agreement import Agreement
from assay.quality.findings import Study
from assay.quality.reading import Codes, Floats

SEED = 0
"""Of the resampling behind the interval of agreement: the same table always gives the same sentence."""


@dataclass(frozen=True, eq=False)
class Asked:
    """One table, how to read it, and what is known beside it; `run` is the registered method."""

    frame: pl.DataFrame
    type: str
    method: str
    run: Callable[..., Any]
    gold: pl.DataFrame | None
    known: pl.DataFrame | None
    levels: Sequence[str] | None

    def numbers(self) -> dict[str, float]:
        """Return gold as item → number, what was known left out."""
        taught = self.known_numbers()
        return {item: value for item, value in _numbers(self.gold).items() if item not in taught}

    def known_numbers(self) -> dict[str, float]:
        """Return what is known as item → number."""
        return _numbers(self.known)


def _numbers(table: pl.DataFrame | None) -> dict[str, float]:
    if table is None:
        return {}
    name = "score" if "score" in table.columns else "label"
    kept = table.rename({name: "value"}) if name != "value" else table
    item = "item" if tables.find(kept, "item") else "label"
    column = tables.find(kept, "item") or item
    values = kept["value"].cast(pl.Float64, strict=False)
    if values.null_count():
        raise AssayError("right answers to these are a number for each item; some cells are none")
    return dict(zip(kept[column].cast(pl.String).to_list(), values.to_list(), strict=True))


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
