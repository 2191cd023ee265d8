"""Comparisons as people bring them: one call from a file's bytes or a table, all rows or none.

Knows the columns of released vote tables, the frames of FastChat and arena-rank (`model_a, model_b,
winner` with `model_a`, `model_b`, `tie`, `tie (bothbad)`), and polars, pandas and Arrow tables or mappings of
columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assay import tables
from assay.errors import TableError
from assay.evaluation.battles import Battles

OWN: Mapping[str, tuple[str, ...]] = {
    "id": ("battle_id", "vote_id", "judgment_id"),
    "order": ("order", "side_order"),
    "renderer_a": ("renderer_a",),
    "renderer_b": ("renderer_b",),
    "propensity": ("propensity",),
    "strength": ("strength",),
    "reason": ("reason", "rationale"),
    "dimension": ("dimension", "aspect"),
    "dimensions": ("dimensions",),
    "events": ("events",),
}
"""Columns that only comparisons have → the names they may come under."""

SHARED = (
    "item",
    "rater",
    "rater_kind",
    "language",
    "domain",
    "seconds",
    "at",
    "prompt",
    "response_a",
    "response_b",
)
"""Columns that other tables have too; `assay.tables.ALIASES` knows their names."""


def read(source: object, name: str = "battles", *, keep: Sequence[str] = ()) -> Battles:
    """Read comparisons from a file's bytes (`name` tells the format) or from any table.

    A cell that nobody filled is unknown; where raters or items are known for some rows only, they count as
    unknown for all, since half a clustering is none. Nothing is dropped and nothing is mended. `keep` names
    columns of one's own that come along, such as what people say of themselves.

    Raises
    ------
    TableError
        Where the file is empty, a column is missing, a winner is none of the known words, a model meets
        itself, a vote's id comes twice, or a number is none; names the row and the column.

    >>> rows = b"model_a,model_b,winner,judge\\nmica,slate,model_a,ann\\nslate,mica,tie (bothbad),ben\\n"
    >>> battles = read(rows, "votes.csv")
    >>> battles.models, battles.raters, battles.outcomes_N.tolist()
    (('mica', 'slate'), ('ann', 'ben'), [0, 3])
    """
    frame = (
        tables.read(bytes(source), name)
        if isinstance(source, bytes | bytearray | memoryview)
        else tables.frame_of(source)
    )
    if frame.is_empty():
        raise TableError(f"{name} has no rows; give at least one comparison")
    won = tables.battles(frame)
    shared = [each for each in SHARED if tables.find(frame, each) is not None]
    columns = [won["model_a"], won["model_b"], won["winner"]]
    if shared:
        columns += tables.pick(frame, (), optional=shared).get_columns()
    by_lower = {column.strip().lower(): column for column in reversed(frame.columns)}
    known = dict(OWN)
    if "id" in by_lower and tables.find(frame, "item") != by_lower["id"]:
        known["id"] = (*OWN["id"], "id")  # the item goes by a name of its own: this is the vote's
    for own, aliases in known.items():
        found = next((by_lower[alias] for alias in aliases if alias in by_lower), None)
        if found is not None and not frame.schema[found].is_nested():
            columns.append(_checked(frame[found], own, found))
    for column in dict.fromkeys(keep):
        if column not in {each.name for each in columns}:
            if column not in frame.columns or frame.schema[column].is_nested():
                there = ", ".join(frame.columns[:12])
                raise TableError(f"{name} has no column {column!r} of plain values; it has {there}")
            columns.append(frame[column].cast(pl.String).str.strip_chars())
    read_ = pl.DataFrame(columns).with_columns(
        pl.when(pl.col(pl.String).str.strip_chars() != "").then(pl.col(pl.String))
    )
    if "seconds" in read_.columns:
        read_ = read_.with_columns(tables.seconds(read_["seconds"].fill_null("")))
    empty = [column for column in read_.columns if read_[column].null_count() == len(read_)]
    return Battles.from_frame(read_.drop(empty))


ARENA_RANK: Mapping[str, str] = {"a": "model_a", "b": "model_b"}
"""Our words for who won → those of FastChat and arena-rank, where they differ."""


def for_arena_rank(battles: Battles) -> pl.DataFrame:
    """Return the comparisons as FastChat and arena-rank read them: `model_a, model_b, winner` in their words.

    arena-rank takes a word that it does not know for a tie, and says nothing; so our words must not reach it.

    >>> rows = b"model_a,model_b,winner\\nmica,slate,a\\nslate,mica,both_bad\\n"
    >>> for_arena_rank(read(rows, "votes.csv"))["winner"].to_list()
    ['model_a', 'both_bad']
    """
    return battles.to_frame().with_columns(pl.col("winner").replace(dict(ARENA_RANK)))


def _checked(cells: pl.Series, own: str, column: str) -> pl.Series:
    """Return a column under our name, its type and its values checked."""
    text = cells.cast(pl.String).str.strip_chars()
    filled = text.is_not_null() & (text != "")
    if own in {"propensity", "strength"}:
        number = text.cast(pl.Float64, strict=False)
        fits = number.is_finite() & ((number > 0) & (number <= 1) if own == "propensity" else True)
        wanted = "a chance above 0 and at most 1" if own == "propensity" else "a number"
        _refuse(filled & ~fits.fill_null(value=False), text, column, f"is not {wanted}")
        return number.alias(own)
    if own == "order":
        _refuse(filled & ~text.is_in(["ab", "ba"]), text, column, "is neither ab nor ba")
    if own == "id":
        again = filled & ~text.is_first_distinct()
        _refuse(again, text, column, "is the id of an earlier row too; a vote counts once")
    return text.alias(own)


def _refuse(wrong: pl.Series, text: pl.Series, column: str, why: str) -> None:
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise TableError(f"{text[row]!r} {why}", row=row + 1, column=column)
