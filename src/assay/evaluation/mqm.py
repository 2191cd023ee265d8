"""Marked errors (MQM) as comparisons: of two systems on one text, the one with the smaller penalty wins."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assay import tables
from assay.errors import TableError
from assay.evaluation.battles import Battles

WEIGHT: Mapping[str, float] = {
    "critical": 25.0,
    "major": 5.0,
    "minor": 1.0,
    "neutral": 0.0,
    "no-error": 0.0,
    "no error": 0.0,
}
"""What an error of each severity costs."""

PUNCTUATION = 0.1
"""What a minor error of punctuation costs."""

NON_TRANSLATION = 25.0
"""What a text costs that is no translation at all."""

CHECKS = "hotw"
"""Rows whose severity begins so are attention checks: they say how a rater reads, not how a system writes."""

COLUMNS = {
    "item": ("item", "globalsegid", "segment", "seg_id"),
    "rater": ("rater", "annotator"),
    "model": ("model", "system"),
}


def penalties(table: object) -> pl.DataFrame:
    """Add up what the errors cost that each rater marked in each system's text.

    Needs a row for each error (and one for each text without any), with `item`, `rater`, `model` or `system`,
    and either `category` and `severity`, or `label` as `category|severity`. Attention checks are left out.

    Returns
    -------
    polars.DataFrame
        `item, rater, model, penalty, errors`, one row a text and rater, in the order of the names.

    Source: Freitag et al., TACL 9 (2021), with their weights; critical as 25.

    Raises
    ------
    TableError
        Where a column is missing or a severity is not known; names the row.

    >>> marked = {"item": ["1", "1"], "rater": ["ann"] * 2, "system": ["x"] * 2,
    ...           "category": ["Fluency/Punctuation", "Accuracy/Omission"], "severity": ["Minor", "Major"]}
    >>> penalties(marked)["penalty"].to_list()
    [5.1]
    """
    frame = tables.frame_of(table)
    if frame.is_empty():
        raise TableError("the table of errors has no rows; give at least one")
    by_lower = {column.strip().lower(): column for column in reversed(frame.columns)}
    picked = {}
    for name, aliases in COLUMNS.items():
        found = next((by_lower[alias] for alias in aliases if alias in by_lower), None)
        if found is None:
            raise TableError(
                f"there is no column for {name!r} (looked for {', '.join(aliases)}); "
                f"the table has {', '.join(frame.columns[:12])}"
            )
        picked[name] = frame[found].cast(pl.String)
        empty = picked[name].is_null() | (picked[name].str.strip_chars() == "")
        if empty.any():
            row = int(empty.arg_true()[0]) + 1
            raise TableError("the cell is empty; fill it in or remove the row", row=row, column=found)
    if {"category", "severity"} <= set(by_lower):
        column = by_lower["severity"]
        severity = frame[column].cast(pl.String)
        category = frame[by_lower["category"]].cast(pl.String)
    elif "label" in by_lower:
        column = by_lower["label"]
        parts = frame[column].cast(pl.String).str.splitn("|", 2).struct.unnest()
        category, severity = parts["field_0"], parts["field_1"]
    else:
        raise TableError(
            "there are neither the columns category and severity nor a column label (category|severity); "
            f"the table has {', '.join(frame.columns[:12])}"
        )
    held = pl.DataFrame(
        {
            **picked,
            "category": category.fill_null("").str.to_lowercase(),
            "severity": severity.fill_null("").str.strip_chars().str.to_lowercase(),
        }
    )
    check = pl.col("severity").str.starts_with(CHECKS)
    costs = held.with_columns(
        pl.when(pl.col("category").str.contains("non-translation"))
        .then(NON_TRANSLATION)
        .when((pl.col("severity") == "minor") & pl.col("category").str.contains("punctuation"))
        .then(PUNCTUATION)
        .otherwise(pl.col("severity").replace_strict(dict(WEIGHT), default=None, return_dtype=pl.Float64))
        .alias("penalty")
    )
    strange = costs.select(pl.col("penalty").is_null() & ~check).to_series()
    if strange.any():
        row = int(strange.arg_true()[0])
        raise TableError(
            f"the severity {held['severity'][row]!r} is none of {', '.join(WEIGHT)}",
            row=row + 1,
            column=column,
        )
    return (
        costs.filter(~check)
        .group_by("item", "rater", "model")
        .agg(pl.col("penalty").sum().round(9), (pl.col("penalty") > 0).sum().alias("errors"))
        .sort("item", "rater", "model")
    )


def battles(table: object) -> Battles:
    """Return every two systems that one rater marked on one text as a comparison.

    `strength` is the difference of their penalties. The pairs of one text repeat each other (the standard
    error is 3.7 times that of independent votes on WMT23), so the result is flagged as `derived`.

    >>> marked = {"item": ["1", "1"], "rater": ["ann"] * 2, "system": ["x", "y"],
    ...           "category": ["Style", "Style"], "severity": ["Minor", "Major"]}
    >>> found = battles(marked)
    >>> found.models, found.score_N.tolist(), found.derived
    (('x', 'y'), [1.0], True)
    """
    cost = penalties(table)
    pairs = cost.join(cost, on=["item", "rater"], suffix="_b", maintain_order="left_right").filter(
        pl.col("model") < pl.col("model_b")
    )
    if pairs.is_empty():
        raise TableError("no rater marked two systems on one item, so nothing can be compared")
    gap = pl.col("penalty") - pl.col("penalty_b")
    winner = pl.when(gap < 0).then(pl.lit("a")).when(gap > 0).then(pl.lit("b")).otherwise(pl.lit("tie"))
    frame = pairs.select(
        pl.col("model").alias("model_a"),
        "model_b",
        winner.alias("winner"),
        "rater",
        "item",
        gap.abs().round(9).alias("strength"),
    )
    return Battles.from_frame(frame, derived=True)
