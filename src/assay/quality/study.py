"""One question, any type of answer: a long table in, the same findings out.

For people and programs that do not want to know which of several shapes their answers have. Each type names
its registry group, its default method and its reader; the rest of Assay and the command line read `Study`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import polars as pl

from assay import registry, tables
from assay.errors import AssayError
from assay.quality.asking import Asked
from assay.quality.crowd import with_people
from assay.quality.findings import Study
from assay.quality.guessing import guess
from assay.quality.progress import Progress, tell, telling

__all__ = ["TYPES", "AnswerType", "guess", "study"]


@dataclass(frozen=True)
class AnswerType:
    """How answers of one type are read: its registry group, its default method, its reader's address."""

    title: str
    group: str
    default: str
    reader: str

    @property
    def read(self) -> Callable[[Asked], Study]:
        """The reader, imported when it is asked for: who weighs labels pays for no other family."""
        module, _, name = self.reader.partition(":")
        found: Callable[[Asked], Study] = getattr(importlib.import_module(f"assay.quality.{module}"), name)
        return found


_PAIRS = ("pairs", "crowd-bradley-terry")

TYPES: Mapping[str, AnswerType] = {
    "categorical": AnswerType("one of several labels", "quality", "ensemble", "labels.study:categorical"),
    "ordinal": AnswerType("one of several labels in order", "quality", "ensemble", "labels.study:ordinal"),
    "ratings": AnswerType("a number", "ratings", "chosen", "ratings.study:numbers"),
    "pairs": AnswerType("the better of two: left, right, label", *_PAIRS, "pairs.study:compared"),
    "rankings": AnswerType("a ranking, best first", *_PAIRS, "pairs.study:ordered"),
    "best-of-n": AnswerType("the best of what was shown", *_PAIRS, "pairs.study:ordered"),
    "multilabel": AnswerType("a set of labels", "sets", "multilabel", "labels.study:multilabel"),
    "texts": AnswerType("a text", "texts", "rasa", "texts.study:written"),
    "spans": AnswerType("a JSON list of [start, end)", "spans", "soft", "spans.study:marked"),
    "boxes": AnswerType("a JSON list of [x0, y0, x1, y1]", "boxes", "fused", "boxes.study:drawn"),
}
"""The types of answers that `study` reads, one line each."""


def study(
    table: object,
    *,
    type: str = "auto",  # noqa: A002 -- the word that people use
    method: str | None = None,
    gold: object = None,
    known: object = None,
    levels: Sequence[str] | None = None,
    reviews: object = None,
    outcomes: object = None,
    history: object = None,
    half_life: float | None = None,
    progress: Progress | None = None,
) -> Study:
    """Read a table of answers, weigh it, and say what it comes to.

    Parameters
    ----------
    table
        One row an answer, under the column names that `assay.tables` knows: polars, pandas, Arrow or a
        mapping of columns. For one column a rater see `tables.from_wide`.
    type
        A key of `TYPES`, or `auto` to go by the columns.
    method
        A name in the type's registry group; its default where not given.
    gold
        Right answers, for scores: `item` and `label` (for comparisons and ratings a number).
    known
        Right answers, for the method to learn from: its items are held fixed, teach who is reliable and how
        sure to be, and are left out of the scores. Of both, items that nobody answered are counted in
        `notes`, and so are names that no answer has: a slip there must not pass for a wrong verdict.
    levels
        For ordered classes, their labels from the lowest up; needed unless they are numbers.
    reviews, outcomes, history, half_life
        What else is known of people, for their profiles; see `profiles.evidence_of`. For ratings `history`
        may be the `raters` of an earlier study instead: offsets, slopes and noise start from there.
    progress
        Called with a stage's name, how much of it is done, and of how much, while long work goes on: rounds
        of a method, of at most so many; items whose marks are lined up; the fit of profiles. Only in the
        thread that called.

    Raises
    ------
    AssayError
        With the row and the column where a cell is at fault.

    >>> found = study({"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["yes", "yes", "no"]})
    >>> found.type, found.verdicts["verdict"][0]
    ('categorical', 'yes')
    """
    with telling(progress):
        tell("reading", 0)
        frame = tables.frame_of(table)
        right = _filled(gold)
        named = guess(frame) if type == "auto" else type
        if named not in TYPES:
            raise AssayError(f"there is no type {named!r} of answers; known: auto, {', '.join(TYPES)}")
        kind = TYPES[named]
        if right is None and kind.group != "texts":
            right = _gold_of(frame)
        taught = _filled(known)
        chosen = method or kind.default
        run = cast("Callable[..., Any]", registry.get(kind.group, chosen))
        before = _filled(history)
        # Profiles say how often somebody is right; how they use a scale stands in a table of raters.
        of_scales = before is not None and kind.group == "ratings" and "total" not in before.columns
        asked = Asked(frame, named, chosen, run, right, taught, levels, before if of_scales else None)
        found = kind.read(asked)
        found = replace(found, notes=(*found.notes, *_left_out(found, gold=right, known=taught)))
        known_right = tables.gold(right) if right is not None and kind.group == "quality" else None
        return with_people(
            found,
            frame,
            gold=known_right,
            reviews=reviews,
            outcomes=outcomes,
            history=None if of_scales else history,
            half_life=half_life,
        )


def _filled(table: object) -> pl.DataFrame | None:
    """Return a table that has rows; of nothing nothing is known."""
    frame = None if table is None else tables.frame_of(table)
    return None if frame is None or frame.is_empty() else frame


def _left_out(found: Study, **given: pl.DataFrame | None) -> Iterator[str]:
    """Say how many right answers are about items that nobody answered."""
    for name, table in given.items():
        if table is None:
            continue
        column = tables.find(table, "item") or tables.find(table, "label")
        items = table[column].cast(pl.String).str.strip_chars().unique() if column else pl.Series([""])
        many = len(items) - int(items.is_in(found.verdicts["item"].implode()).sum())
        if many:
            noun, verb = ("item", "is") if many == 1 else ("items", "are")
            yield f"{many:,} {name} {noun} got no answer and {verb} left out"


def _gold_of(frame: pl.DataFrame) -> pl.DataFrame | None:
    """Return the right answers that stand beside the answers, in the column `gold`; `None` where none do."""
    item, gold = tables.find(frame, "item"), tables.find(frame, "gold")
    if item is None or gold is None:
        return None
    told = frame.select(pl.col(item).alias("item"), pl.col(gold).cast(pl.String).alias("label"))
    told = told.filter(pl.col("label").str.strip_chars() != "").unique(maintain_order=True)
    return told if len(told) else None
