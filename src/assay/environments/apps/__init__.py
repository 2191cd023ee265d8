"""The apps of a company: each one file with its tools, its service and its own events."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from assay.environments import clock
from assay.environments.desk import Desk, Plain, Row, Table
from assay.environments.errors import ToolError

MOST = 50
"""Entries of a list at most; who wants more asks more closely."""


def listed(rows: Iterable[Row], *, total: int | None = None) -> dict[str, Any]:
    """Return rows of one SELECT as a tool answers: moments in words, what is empty left out, and whether that
    is all.

    >>> listed([{"id": 1, "due": None, "created_at": 0}], total=2)
    {'found': [{'id': 1, 'at': 'W1 Mon 00:00:00'}], 'complete': False}
    """
    many = list(rows)
    found = _shown([row.values() for row in many], _columns(tuple(many[0]))) if many else []
    return {"found": found, "complete": total is None or total <= len(found)}


def told(table: Table, limit: int, *, turned: bool = False) -> dict[str, Any]:
    """Return as many rows of a table as a tool answers; it was asked for one more, which says whether that
    is all. With `turned` the last one comes first.
    """
    names, rows = table
    kept = rows[:limit]
    if turned:
        kept.reverse()
    return {"found": _shown(kept, _columns(names)), "complete": len(rows) <= limit}


def search(desk: Desk, statement: str, query: str, *values: Plain) -> dict[str, Any]:
    """Return what a SELECT without its LIMIT finds, as a tool answers; ?1 is the pattern of a query."""
    return told(desk.table(f"{statement} LIMIT {MOST + 1}", like(query), *values), MOST)


def entry(desk: Desk, table: str, key: Plain, called: str, **lists: str) -> dict[str, Any]:
    """Return the row of a key as a tool shows it, with lists of what hangs on it: ? is the key."""
    row = shown(desk.found(table, key, called))
    for name, statement in lists.items():
        names, rows = desk.table(statement, key)
        row[name] = _shown(rows, _columns(names))
    return row


def shown(row: Row) -> dict[str, Any]:
    """Return a row as a tool shows it."""
    return _shown([row.values()], _columns(tuple(row)))[0]


@lru_cache(1_000)
def _columns(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the columns are called that a tool shows, and those that hold moments; "" shows none."""
    called = tuple(
        "" if name in ("source_event", "valid_from", "valid_to") else "at" if name == "created_at" else name
        for name in names
    )
    moments = tuple(name for name in called if name in MOMENTS)
    return called, (*moments, "at") if "created_at" in names else moments


def _shown(
    rows: Iterable[Collection[Any]], columns: tuple[tuple[str, ...], tuple[str, ...]]
) -> list[dict[str, Any]]:
    called, moments = columns
    found = []
    for values in rows:
        pairs = zip(called, values)  # noqa: B905 -- SQLite counts them
        row: dict[str, Any] = (
            {name: value for name, value in pairs if value is not None} if None in values else dict(pairs)
        )
        for name in moments:
            if name in row:
                row[name] = clock.shown(row[name])
        row.pop("", None)
        found.append(row)
    return found


LONGEST = 1_000
"""Characters that are searched for: the store refuses much longer ones, and nobody needs them."""

MOMENTS = {"begins", "ends", "due", "rotated_at", "expires_at", "merged_at"}
"""Columns that hold moments."""


def like(text: str) -> str:
    """Return a pattern for LIKE that finds a text anywhere; `ESCAPE '!'` goes with it."""
    if len(text) > LONGEST:
        raise ToolError("bad_arguments", f"ask for at most {LONGEST:,} characters; a part is enough")
    quoted = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{quoted}%"
