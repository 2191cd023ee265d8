"""What tools, events and coworkers get of a world: the surfaces, read and written with provenance."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import apsw

from assay.environments.errors import ToolError, WorldError
from assay.environments.schema import HIDDEN, SURFACES, columns_of

Row = dict[str, Any]
Plain = str | int | float | None


class Table(NamedTuple):
    """What a SELECT finds: the names of its columns, and rows of their values."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]


MARK = "/*desk*/ "
"""Before every statement of a tool: prepared statements are kept by their text, so that one which the engine
prepared for itself is never handed to a tool."""

MOST_STATEMENTS = 1_000
"""Whose columns are remembered; tables of worlds are all alike."""

_names: dict[str, tuple[str, ...]] = {}

_WRITES = {apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE}
_ROWS = {apsw.SQLITE_READ, *_WRITES}
_LOOKS = frozenset({apsw.SQLITE_READ, apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE})
_TOUCHES = _LOOKS | _WRITES

LOOK = "/*look*/ "
"""Before every statement of a tool that says that it only looks: those that write are not prepared so."""


class Guard:
    """Decides what a statement may touch when it is prepared: with `lets`, that on surfaces only."""

    def __init__(self) -> None:
        self.lets: frozenset[int] | None = None

    def __call__(
        self, did: int, one: str | None, _two: str | None, _base: str | None, _trigger: str | None
    ) -> int:
        if self.lets is None:
            return apsw.SQLITE_OK
        if did not in self.lets or (did in _ROWS and one not in SURFACES):
            return apsw.SQLITE_DENY
        return apsw.SQLITE_OK


class Desk:
    """Reads and writes surfaces on behalf of one person.

    Attributes
    ----------
    who
        The person for whom it is done: the agent, a coworker, or "" for the world itself.
    now
        The moment, in simulated microseconds.
    writes
        Whether something may be written: what a tool changes that says it only looks would not be recorded.
    """

    def __init__(
        self,
        held: apsw.Connection,
        guard: Guard,
        *,
        who: str,
        now: int,
        source: int,
        later: Callable[[int, str, dict[str, Any]], None],
        writes: bool = True,
    ) -> None:
        self._held, self._guard = held, guard
        self._mark, self._lets = (MARK, _TOUCHES) if writes else (LOOK, _LOOKS)
        self.who, self.now, self._source, self._later = who, now, source, later

    def rows(self, statement: str, *values: Plain) -> list[Row]:
        """Return what a SELECT over surfaces finds."""
        cursor = self._run(statement, values)
        first = next(cursor, None)
        if first is None:
            return []
        names = _names.get(statement) or _named(statement, cursor)
        return [dict(zip(names, row)) for row in (first, *cursor)]  # noqa: B905 -- SQLite counts them

    def table(self, statement: str, *values: Plain) -> Table:
        """Return what a SELECT over surfaces finds, names and values apart; no names where nothing."""
        cursor = self._run(statement, values)
        first = next(cursor, None)
        if first is None:
            return Table((), [])
        return Table(_names.get(statement) or _named(statement, cursor), [first, *cursor])

    def one(self, statement: str, *values: Plain) -> Row | None:
        """Return the first row that a SELECT finds."""
        cursor = self._run(statement, values)
        first = next(cursor, None)
        if first is None:
            return None
        return dict(zip(_names.get(statement) or _named(statement, cursor), first))  # noqa: B905 -- the same

    def found(self, table: str, key: Plain, called: str) -> Row:
        """Return the row of a key, or answer that there is none."""
        row = self.one(f"SELECT * FROM {_surface(table)} WHERE id = ?", key)
        if row is None:
            raise ToolError("not_found", f"there is no {called} {key!r}")
        return row

    def put(self, table: str, *, by: str | None = None, **values: Plain) -> int:
        """Insert a row and return its number; provenance is added."""
        more = (self.now, self.who if by is None else by, self._source, self.now, None)
        self._run(_insert(table, tuple(values)), (*values.values(), *more))
        return int(self._held.last_insert_rowid())

    def change(self, table: str, key: Plain, **values: Plain) -> None:
        """Change columns of the row of a key."""
        self._run(_update(table, tuple(values)), (*values.values(), key))

    def remove(self, table: str, key: Plain) -> None:
        """Remove the row of a key."""
        self._run(f"DELETE FROM {_surface(table)} WHERE id = ?", (key,))

    def later(self, at: int, kind: str, **payload: Any) -> None:
        """Let an event happen at a moment."""
        if self._lets is _LOOKS:
            raise WorldError(f"a tool that only looks schedules {kind!r}; declare it with writes=True")
        self._later(at, kind, payload)

    def require(self, scope: str) -> None:
        """Refuse who lacks a permission."""
        row = self.one(
            "SELECT level FROM permission WHERE person = ? AND scope = ? AND valid_to IS NULL",
            self.who,
            scope,
        )
        if row is None:
            raise ToolError("forbidden", f"{self.who} has no permission for {scope!r}; ask who owns it")

    def _run(self, statement: str, values: tuple[Plain, ...]) -> apsw.Cursor:
        guard = self._guard
        was, guard.lets = guard.lets, self._lets
        try:
            return self._held.execute(self._mark + statement, values)
        except apsw.AuthError as wrong:
            only = self._lets is _LOOKS
            did = "write, though it is declared to look only, or to read" if only else "read"
            raise WorldError(f"a tool tried to {did} what no tool may: {statement[:200]}") from wrong
        finally:
            guard.lets = was


def _named(statement: str, cursor: apsw.Cursor) -> tuple[str, ...]:
    """Return the names of the columns of a SELECT that has found something, and remember them."""
    if len(_names) >= MOST_STATEMENTS:
        _names.clear()
    names = _names[statement] = tuple(name for name, _ in cursor.get_description())
    return names


def _surface(table: str) -> str:
    if table not in SURFACES:
        raise WorldError(f"{table!r} is no surface" + (", and hidden" if table in HIDDEN else ""))
    return table


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    if strange := sorted(set(columns) - set(columns_of(_surface(table)))):
        raise WorldError(f"{table} has no column {strange[0]!r}")
    names = (*columns, "created_at", "author", "source_event", "valid_from", "valid_to")
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    if strange := sorted(set(columns) - {*columns_of(_surface(table)), "valid_to"}):
        raise WorldError(f"{table} has no column {strange[0]!r}")
    return f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?"
