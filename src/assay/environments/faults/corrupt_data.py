"""Rows that an import spoilt: letters, columns or units."""

from __future__ import annotations

from typing import Any

from assay.environments.building import Builder
from assay.environments.errors import WorldError
from assay.environments.faults import Planned
from assay.environments.faults.planted import Planted


class CorruptData(Planted):
    """Spoils rows of the table that the scope names, by `how`; what was there is kept as truth.

    `how` is "mojibake" (UTF-8 read as Latin-1), "swapped" (two columns exchanged) or "units" (the columns
    divided by `divisor`); `keys` and `columns` say which.
    """

    def plant(self, made: Builder, fault: Planned) -> None:
        told, columns = fault.parameters, list(fault.parameters["columns"])
        for key in told["keys"]:
            (row,) = made.rows(f"SELECT * FROM {fault.key} WHERE id = ?", key)
            for column in columns:
                made.truth(str(key), column, row[column])
            made.change(fault.key, key, **spoilt(row, columns, told["how"], int(told.get("divisor", 100))))


def spoilt(row: dict[str, Any], columns: list[str], how: str, divisor: int = 100) -> dict[str, Any]:
    """Return the columns of a row as an import would spoil them.

    >>> spoilt({"name": "Café"}, ["name"], "mojibake")
    {'name': 'CafÃ©'}
    >>> spoilt({"name": "Ann", "contact": "ann@x"}, ["name", "contact"], "swapped")
    {'name': 'ann@x', 'contact': 'Ann'}
    """
    if how == "mojibake":
        return {column: str(row[column]).encode().decode("latin-1") for column in columns}
    if how == "swapped":
        one, other = columns
        return {one: row[other], other: row[one]}
    if how == "units":
        return {column: row[column] // divisor for column in columns}
    raise WorldError(f"an import spoils letters, columns or units, not {how!r}")
