"""What a study finds out about people, beside their reliability: who is good at what, who was in a hurry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from assay import tables
from assay.quality.findings import Study
from assay.quality.labels.weigh import Finding
from assay.quality.pairs.result import PairsResult
from assay.quality.profiles import evidence_of

HASTY = 0.25
"""An answer is hasty that took less than this part of what people usually take on the item."""

FEWEST_TIMED = 3
"""Timed answers from which an item has a usual time of its own; below, that of all items holds."""

FEWEST_ANSWERS = 10
"""Timed answers from which a person can be called hasty."""

MOST_HASTY = 0.5
"""Share of hasty answers from which a person is shown to the lead."""


def with_people(
    found: Study,
    table: object,
    *,
    gold: Mapping[str, str] | None = None,
    reviews: object = None,
    outcomes: object = None,
    history: object = None,
    half_life: float | None = None,
) -> Study:
    """Return a study with what its table says of people besides: profiles, seconds, who gave which answer.

    Profiles are drawn for labels and comparisons, where an answer is right or wrong; for other types a note
    says that only reviews, outcomes and history speak of people.

    >>> from assay.quality.study import study
    >>> votes = {"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["a", "a", "b"],
    ...          "seconds": [20, 30, 2]}
    >>> with_people(study(votes), votes).raters["seconds"].to_list()
    [20.0, 30.0, 2.0]
    """
    frame = tables.frame_of(table)
    others = {"reviews": reviews, "outcomes": outcomes, "history": history}
    given = _given(frame)
    notes = list(found.notes)
    method = found.detail.result if isinstance(found.detail, Finding) else found.detail
    judged = isinstance(found.detail, Finding | PairsResult)
    drawn = None
    if judged or any(table is not None for table in others.values()):
        gathered = evidence_of(frame, method if judged else None, gold, half_life=half_life, **others)
        drawn = gathered.profiles() if gathered.by_source else None
        if drawn is None and gathered.by_source:
            notes.append("people and their languages are too many to draw profiles of them together")
        elif not judged:
            notes.append(
                f"answers read as {found.type} are no evidence of being right; profiles rest on the rest"
            )
    raters, hurried = found.raters, None
    if given is not None and "seconds" in given.columns:
        timed = given.drop_nulls("seconds")
        took = timed.group_by("rater").agg(pl.col("seconds").median())
        raters = raters.join(took, on="rater", how="left", maintain_order="left")
        hurried = hasty(timed)
    return replace(found, raters=raters, notes=tuple(notes), profiles=drawn, given=given, hasty=hurried)


def hasty(timed: pl.DataFrame) -> pl.DataFrame:
    """Return who answered again and again much faster than others: `rater, hasty, answers, seconds, usual`.

    An answer is hasty that took less than a quarter of the median of all answers to the item (of all items,
    where fewer than three were timed). A person is named from ten timed answers on, where at least half of
    them are hasty. Medians, so that pauses and a few hurried answers move nothing. It is a reason to look,
    not a verdict: some people read fast.

    Parameters
    ----------
    timed
        `item`, `rater`, `seconds`, all filled.

    >>> rows = [(f"i{n}", name, s) for n in range(12) for name, s in (("ann", 20), ("ben", 30), ("dash", 2))]
    >>> hasty(pl.DataFrame(rows, schema=["item", "rater", "seconds"], orient="row"))["rater"].to_list()
    ['dash']
    """
    own = pl.when(pl.len().over("item") >= FEWEST_TIMED).then(pl.col("seconds").median().over("item"))
    usual = timed.with_columns(own.otherwise(pl.col("seconds").median()).alias("usual"))
    people = usual.group_by("rater").agg(
        (pl.col("seconds") < HASTY * pl.col("usual")).mean().alias("hasty"),
        pl.len().alias("answers"),
        pl.col("seconds").median(),
        pl.col("usual").median(),
    )
    named = people.filter((pl.col("answers") >= FEWEST_ANSWERS) & (pl.col("hasty") >= MOST_HASTY))
    return named.sort("hasty", "answers", "rater", descending=[True, True, False])


def _given(frame: pl.DataFrame) -> pl.DataFrame | None:
    """Return who gave which answer to what, the last answer of each: `item, rater, answer` and `seconds`."""
    rater = tables.find(frame, "rater")
    label = tables.find(frame, "label") or tables.find(frame, "text")
    item = tables.find(frame, "item")
    sides = {"left", "right"} <= set(frame.columns)
    if rater is None or label is None or (item is None and not sides):
        return None
    both = [pl.col(side).cast(pl.String) for side in ("left", "right") if sides]
    pair = pl.format("{} / {}", pl.min_horizontal(both), pl.max_horizontal(both)) if both else pl.lit("")
    what = pl.col(item) if item is not None and not sides else pair
    answer = pl.col(label)
    if isinstance(frame.schema[label], pl.List):
        answer = pl.col(label).map_elements(lambda cell: str(cell.to_list()), return_dtype=pl.String)
    took = tables.find(frame, "seconds")
    seconds = [] if took is None else [tables.seconds(frame[took].cast(pl.String)).alias("seconds")]
    given = frame.select(
        what.cast(pl.String).str.strip_chars().alias("item"),
        pl.col(rater).cast(pl.String).str.strip_chars().alias("rater"),
        answer.cast(pl.String).alias("answer"),
        *seconds,
    )
    return given.unique(["item", "rater"], keep="last", maintain_order=True)
