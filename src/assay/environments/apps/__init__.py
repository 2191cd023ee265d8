"""The apps of a company: each one file with its tools, its service and its own events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assay.environments import clock
from assay.environments.desk import Row

MOST = 50
"""Entries of a list at most; who wants more asks more closely."""


def listed(rows: Iterable[Row], *, total: int | None = None) -> dict[str, Any]:
    """Return rows as a tool answers: moments in words, what is empty left out, and whether that is all."""
    found = [shown(row) for row in rows]
    return {"found": found, "complete": total is None or total <= len(found)}


def shown(row: Row) -> dict[str, Any]:
    """Return a row as a tool shows it."""
    told: dict[str, Any] = {}
    for name, value in row.items():
        if value is None or name in ("source_event", "valid_from", "valid_to"):
            continue
        if name == "created_at":
            told["at"] = clock.shown(value)
        elif name in MOMENTS:
            told[name] = clock.shown(value)
        else:
            told[name] = value
    return told


MOMENTS = {"begins", "ends", "due", "rotated_at", "expires_at"}
"""Columns that hold moments."""


def like(text: str) -> str:
    """Return a pattern for LIKE that finds a text anywhere; `ESCAPE '!'` goes with it."""
    quoted = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{quoted}%"
