"""What a step changes on the surfaces, recorded row by row and written as SQLite writes a changeset.

SQLite's own sessions look up the columns of each table anew for each session, which takes as long as the
rest of a step. Here the hook that they use says which rows are touched, and what they were; what they are by
then is read when the step is over, so that what was done and undone meanwhile is no change.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import apsw

from assay.environments.schema import PROVENANCE, SURFACES, columns_of

Value = str | int | float | bytes | None
Values = tuple[Value, ...]

_HEADS = {
    table: b"T%c\x01%b%b\0"
    % (
        many := len(columns_of(table)) + len(PROVENANCE),
        bytes(many - 1),  # the id comes first, and is the key
        table.encode(),
    )
    for table in SURFACES
}
_ROWS = {table: f"/*changes*/ SELECT * FROM {table} WHERE id = ?" for table in SURFACES}
_INSERT, _UPDATE, _DELETE = b"\x12\0", b"\x17\0", b"\x09\0"
_number, _fraction = struct.Struct(">q").pack, struct.Struct(">d").pack


class Record:
    """Records what changes on the surfaces while it is open. Use as a context manager.

    Attributes
    ----------
    changes
        A changeset, once it is closed; empty where nothing changed.
    """

    def __init__(self, held: apsw.Connection) -> None:
        self._held = held
        self._was: dict[tuple[str, Value], Values | None] = {}
        self.changes = b""

    def __enter__(self) -> Record:
        self._held.preupdate_hook(self._touched, id="record")
        return self

    def __exit__(self, *_: object) -> None:
        self._held.preupdate_hook(None, id="record")
        self.changes = self._changeset()

    def _touched(self, row: apsw.PreUpdate) -> None:
        table, old, new = row.table_name, row.old, row.new
        if table not in SURFACES:
            return
        if old is not None:
            self._was.setdefault((table, old[0]), old)
        if new is not None and (old is None or new[0] != old[0]):
            self._was.setdefault((table, new[0]), None)

    def _changeset(self) -> bytes:
        parts: dict[str, list[bytes]] = {}
        for (table, key), old in self._was.items():
            new = self._held.execute(_ROWS[table], (key,)).fetchone()
            if one := _change(old, new):
                parts.setdefault(table, [_HEADS[table]]).append(one)
        return b"".join(part for rows in parts.values() for part in rows)


def _change(old: Values | None, new: Values | None) -> bytes:
    """Return one row of a changeset; nothing where the row is as it was."""
    if old is None:
        return b"" if new is None else _INSERT + _written(new)
    if new is None:
        return _DELETE + _written(old)
    changed = [
        place
        for place, (was, now) in enumerate(zip(old, new, strict=True))
        if was != now or type(was) is not type(now)
    ]
    if not changed:
        return b""
    # Of an update: the key and what changed, as it was; then what changed, as it is.
    before, after = [b"\0"] * len(old), [b"\0"] * len(new)
    before[0] = _value(old[0])
    for place in changed:
        before[place], after[place] = _value(old[place]), _value(new[place])
    return _UPDATE + b"".join(before) + b"".join(after)


def _written(row: Sequence[Value]) -> bytes:
    return b"".join(map(_value, row))


def _value(value: Value) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        many = len(text)
        return (_SHORT[many] if many < 128 else b"\x03" + _long(many)) + text
    if isinstance(value, int):
        return b"\x01" + _number(value)
    if isinstance(value, float):
        return b"\x02" + _fraction(value)
    return b"\x04" + _long(len(value)) + value


_SHORT = [bytes((3, many)) for many in range(128)]
"""How short texts begin."""


def _long(number: int) -> bytes:
    """Return a number as SQLite's varint, of at most nine bytes; lengths never need the ninth.

    >>> _long(5), _long(300)
    (b'\\x05', b'\\x82,')
    """
    found = [number & 127]
    while number := number >> 7:
        found.append(number & 127 | 128)
    return bytes(reversed(found))
