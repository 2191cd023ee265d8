"""Scores that people gave, by rubrics or as marked errors: tables as instruments over the same models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from assay import tables
from assay.errors import TableError
from assay.evaluation.battles import Codes, Floats
from assay.evaluation.mqm import penalties

MOST_GRADES = 12
"""More different scores than this are measured; fewer are grades."""


@dataclass(frozen=True, eq=False)
class Instrument:
    """N scores by one question of a rubric, or by marked errors.

    Attributes
    ----------
    grade_N
        Codes 0, 1, … of ordered grades; or nothing where `value_N` measures.
    value_N
        Numbers, higher is better, with mean 0 and spread 1.
    grades
        How many grades there are.
    """

    name: str
    model_N: Codes
    rater_N: Codes
    item_N: Codes
    grade_N: Codes | None = None
    value_N: Floats | None = None
    grades: int = 0


@dataclass(frozen=True, eq=False)
class Sheets:
    """Instruments over the same models, raters and items, by name."""

    models: tuple[str, ...]
    raters: tuple[str, ...]
    items: tuple[str, ...]
    instruments: tuple[Instrument, ...]


def rubric(table: object) -> Sheets:
    """Read scores: `item, rater, model, score`, and `dimension` where there are several questions.

    Up to a dozen different scores of a question are grades; more are measured, and standardised.

    Raises
    ------
    TableError
        Where a column is missing or a score is no number; names the row.

    >>> cells = {"item": ["1", "1"], "rater": ["ann", "ben"], "model": ["x", "y"], "score": ["3", "1"]}
    >>> found = rubric(cells)
    >>> found.instruments[0].grade_N.tolist(), found.instruments[0].grades
    ([1, 0], 2)
    """
    frame = tables.frame_of(table)
    by_lower = {column.strip().lower(): column for column in reversed(frame.columns)}
    named = {
        "item": ("item", "item_id", "id"),
        "rater": ("rater", "annotator", "worker", "judge"),
        "model": ("model", "system"),
        "score": ("score", "rating", "grade"),
    }
    picked = {}
    for name, aliases in named.items():
        column = next((by_lower[alias] for alias in aliases if alias in by_lower), None)
        if column is None:
            held = ", ".join(frame.columns[:12])
            raise TableError(
                f"there is no column for {name!r} (looked for {', '.join(aliases)}); it has {held}"
            )
        picked[name] = frame[column].cast(pl.String).str.strip_chars().replace("", None)
        empty = picked[name].is_null()
        if empty.any():
            row = int(empty.arg_true()[0]) + 1
            raise TableError("the cell is empty; fill it in or remove the row", row=row, column=column)
    score = picked["score"].cast(pl.Float64, strict=False)
    wrong = ~score.is_finite().fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_true()[0]) + 1
        raise TableError("the score is no number", row=row, column="score")
    if "dimension" in by_lower:
        asked = frame[by_lower["dimension"]].cast(pl.String).fill_null("score")
    else:
        asked = pl.Series(["score"] * len(frame))
    return _sheets(pl.DataFrame({**picked, "score": score, "dimension": asked}))


def errors(table: object, *, tokens: Mapping[tuple[str, str], int] | None = None) -> Sheets:
    """Read marked errors as one measured instrument: −log(1 + penalty per 100 tokens).

    The log keeps one disaster from deciding a board. `tokens` gives the length of the text of each (item,
    model); without it the penalty of a whole text counts, and long texts are at a disadvantage.

    >>> marked = {"item": ["1", "1"], "rater": ["ann"] * 2, "system": ["x", "y"],
    ...           "category": ["Style", "Style"], "severity": ["Minor", "Major"]}
    >>> sheets = errors(marked, tokens={("1", "x"): 50, ("1", "y"): 50})
    >>> sheets.instruments[0].value_N.round(6).tolist()
    [1.0, -1.0]
    """
    cost = penalties(table)
    rate = cost["penalty"]
    if tokens is not None:
        keys = list(zip(cost["item"], cost["model"], strict=True))
        unknown = [key for key in keys if tokens.get(key, 0) <= 0]
        if unknown:
            item, model = unknown[0]
            raise TableError(
                f"the length of the text by {model} on item {item} is not known; give its tokens"
            )
        rate = rate * 100 / pl.Series([tokens[key] for key in keys])
    return _sheets(
        cost.select("item", "rater", "model").with_columns(
            score=-(1 + rate).log(), dimension=pl.lit("marked errors")
        ),
        measured=True,
    )


def lengths(table: object) -> dict[tuple[str, str], int] | None:
    """Return the tokens of each (item, model) from a column `tokens`; nothing where there is none.

    >>> lengths({"item": ["1"], "model": ["x"], "tokens": ["50"]})
    {('1', 'x'): 50}
    """
    frame = tables.frame_of(table)
    by_lower = {column.strip().lower(): column for column in reversed(frame.columns)}
    model = by_lower.get("model", by_lower.get("system"))
    segments = ("item", "globalsegid", "segment", "seg_id")
    item = next((by_lower[name] for name in segments if name in by_lower), None)
    if "tokens" not in by_lower or model is None or item is None:
        return None
    tokens = frame[by_lower["tokens"]].cast(pl.String).str.strip_chars().cast(pl.Int64, strict=False)
    wrong = ~(tokens > 0).fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_true()[0]) + 1
        raise TableError("the length is no whole number above 0", row=row, column=by_lower["tokens"])
    keys = zip(frame[item].cast(pl.String), frame[model].cast(pl.String), strict=True)
    return dict(zip(keys, tokens, strict=True))


def _sheets(held: pl.DataFrame, *, measured: bool = False) -> Sheets:
    names = {column: tuple(held[column].unique().sort().to_list()) for column in ("model", "rater", "item")}
    code = {
        column: held[column].replace_strict(list(known), range(len(known)), return_dtype=pl.Int64).to_numpy()
        for column, known in names.items()
    }
    score_N, found = held["score"].to_numpy(), []
    for question in held["dimension"].unique(maintain_order=True):
        own = (held["dimension"] == question).to_numpy()
        values, grade_N = np.unique(score_N[own], return_inverse=True)
        codes = (code["model"][own], code["rater"][own], code["item"][own])
        if measured or len(values) > MOST_GRADES:
            spread = float(score_N[own].std())
            value_N = (score_N[own] - score_N[own].mean()) / (spread if spread > 0 else 1.0)
            found.append(Instrument(question, *codes, value_N=value_N))
        elif len(values) > 1:
            found.append(Instrument(question, *codes, grade_N=grade_N.astype(np.int64), grades=len(values)))
    if not found:
        raise TableError("every score is the same, so that nothing can be told from them")
    return Sheets(names["model"], names["rater"], names["item"], tuple(found))
