"""The apps of a company: each one file with its tools, its service and its own events."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from assay.environments import clock
from assay.environments.desk import Desk, Plain, Row

MOST = 50
"""Entries of a list at most; who wants more asks more closely."""


def listed(rows: Iterable[Row], *, total: int | None = None) -> dict[str, Any]:
    """Return rows of one SELECT as a tool answers: moments in words, what is empty left out, and whether that
    is all.

    >>> listed([{"id": 1, "due": None, "created_at": 0}], total=2)
    {'found': [{'id': 1, 'at': 'W1 Mon 00:00:00'}], 'complete': False}
    """
    many = list(rows)
    found = _shown(many, _columns(tuple(many[0]))) if many else []
    return {"found": found, "complete": total is None or total <= len(found)}


def search(desk: Desk, statement: str, query: str, *values: Plain) -> dict[str, Any]:
    """Return what a SELECT without its LIMIT finds, as a tool answers; ?1 is the pattern of a query."""
    rows = desk.rows(f"{statement} LIMIT {MOST + 1}", like(query), *values)
    return listed(rows[:MOST], total=len(rows))


def entry(desk: Desk, table: str, key: Plain, called: str, **lists: str) -> dict[str, Any]:
    """Return the row of a key as a tool shows it, with lists of what hangs on it: ? is the key."""
    row = shown(desk.found(table, key, called))
    return row | {name: listed(desk.rows(statement, key))["found"] for name, statement in lists.items()}


def shown(row: Row) -> dict[str, Any]:
    """Return a row as a tool shows it."""
    return _shown([row], _columns(tuple(row)))[0]


@lru_cache(1_000)
def _columns(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the columns are called that a tool shows, and those that hold moments; "" shows none."""
    called = tuple(
        "" if name in ("source_event", "valid_from", "valid_to") else "at" if name == "created_at" else name
        for name in names
    )
    moments = tuple(name for name in called if name in MOMENTS)
    return called, (*moments, "at") if "created_at" in names else moments


def _shown(rows: list[Row], columns: tuple[tuple[str, ...], tuple[str, ...]]) -> list[dict[str, Any]]:
    called, moments = columns
    found = []
    for row in rows:
        told = {name: value for name, value in zip(called, row.values()) if value is not None}  # noqa: B905
        for name in moments:
            if name in told:
                told[name] = clock.shown(told[name])
        told.pop("", None)
        found.append(told)
    return found


MOMENTS = {"begins", "ends", "due", "rotated_at", "expires_at", "merged_at"}
"""Columns that hold moments."""


def like(text: str) -> str:
    """Return a pattern for LIKE that finds a text anywhere; `ESCAPE '!'` goes with it."""
    quoted = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{quoted}%"
