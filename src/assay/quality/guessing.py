"""Which type of answers a table holds, by its columns and cells."""

from __future__ import annotations

import json

import polars as pl

from assay import tables
from assay.errors import AssayError
from assay.quality.asking import as_json

MOST_CLASSES = 10
"""More different whole numbers than this are ratings; fewer may be names of classes."""

SIGNS = r"^\s*[^\[>=\s][^>=]*[>=]\s*[^>=\s]"
"""How an order begins whose candidates stand between signs: ``b > a = c``."""

FOUR_NUMBERS = r"^\s*\[\s*\[(?:\s*-?\d[\d.eE+-]*\s*,){3}\s*-?\d"
"""How a list of boxes begins; a span has two numbers."""


def guess(table: object) -> str:  # noqa: PLR0911 -- one line for each type
    """Return the type that a table's columns and cells suggest.

    >>> guess(pl.DataFrame({"left": ["a"], "right": ["b"], "label": ["a"], "worker": ["ann"]}))
    'pairs'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["[[0, 4]]"]}))
    'spans'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["[[10, 20, 50, 80]]"]}))
    'boxes'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["b > a = c"]}))
    'rankings'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["yes"]}))
    'categorical'
    """
    frame = tables.frame_of(table)
    names = {name.lower() for name in frame.columns}
    if {"left", "right"} <= names:
        return "pairs"
    label = tables.find(frame, "label")
    if label is None:
        return "texts" if "text" in names else "categorical"
    frame = as_json(frame, label, "shown")
    cells = frame[label].drop_nulls().cast(pl.String)
    if "shown" in names:
        return "rankings" if len(cells) and _orders(cells.head(50)).all() else "best-of-n"
    if len(cells) and cells.head(50).str.contains(r"^\s*\[").all() and (named := _named_lists(frame, label)):
        return named
    if len(cells) and cells.head(50).str.contains(SIGNS).all() and cells.str.contains(">").any():
        return "rankings"
    if len(cells) and cells.head(50).str.contains(r"^\s*\[").all():
        # Nothing marked looks the same for both.
        marked = cells.filter(~cells.str.contains(r"^\s*\[\s*\]\s*$")).head(50)
        return "boxes" if len(marked) and marked.str.contains(FOUR_NUMBERS).all() else "spans"
    number = cells.cast(pl.Float64, strict=False)
    # Codes of classes are whole and few; ratings run over a scale.
    whole = number.null_count() == 0 and bool((number == number.floor()).all())
    if number.null_count() == 0 and len(cells) and (not whole or number.n_unique() > MOST_CLASSES):
        return "ratings"
    return "categorical"


def _orders(cells: pl.Series) -> pl.Series:
    """Say which cells can only be read as an order: several in a list, or a sign of order between them."""
    return cells.str.contains(r"^\s*\[.*,") | cells.str.contains(SIGNS)


def _named_lists(frame: pl.DataFrame, label: str) -> str:
    """Return the type of a column of JSON lists of names; empty where they hold numbers, marks, or nothing.

    An order has lists in it, or the same names in different orders and nothing else; a set has not.
    """
    item = tables.find(frame, "item")
    rows = frame.select(item or label, label).drop_nulls().head(1_000).cast(pl.String).rows()
    try:
        lists = [(of, json.loads(cell)) for of, cell in rows]
    except (ValueError, RecursionError):
        return ""
    names = [part for _, said in lists for part in said if isinstance(part, str)]
    if not names:
        return ""
    if any(isinstance(part, list) for _, said in lists for part in said):
        return "rankings"
    orders: dict[str, set[tuple[str, ...]]] = {}
    for of, said in lists:
        orders.setdefault(of, set()).add(tuple(map(str, said)))
    sets = [{frozenset(order) for order in own} for own in orders.values()]
    if any(len(own) > 1 for own in sets) or any(len(order) < 2 for own in orders.values() for order in own):
        return "multilabel"
    if any(len(own) > 1 for own in orders.values()):
        return "rankings"
    raise AssayError(
        "these lists may be rankings or sets of labels; say which: --type rankings or --type multilabel"
    )
