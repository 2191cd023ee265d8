"""Statements that run for every judgment, written out.

Django composes a statement anew each time it runs, which takes ten times as long as the database takes to
answer it. A `Select` is composed once; what comes back are rows as ever, with every column they have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

Given = str | int | float | bool | None
Convert = Callable[[Any], Any]
Row = TypeVar("Row", bound=Model)
Shape = Callable[[Sequence[Any], BaseDatabaseWrapper], Model]


class Select:
    """A SELECT that returns rows of tables.

    In the text, `{w}` stands for all columns of the table that is known as `w` in it; everything else is SQL
    as both databases speak it. Rows come as tuples, one row object for each table in the order given, and
    behind them what else was asked for, as it is.
    """

    def __init__(self, text: str, **tables: type[Model]) -> None:
        self.tables = tables
        self.text = text

    @property
    def sql(self) -> str:
        """The statement with its columns written out."""
        return _written(self)

    def all(self, given: Sequence[Any], *, more: str = "") -> list[tuple[Any, ...]]:
        """Run the statement with these values; `more` is SQL of ours that is put behind it."""
        database = connections[DEFAULT_DB_ALIAS]  # itself: what stands for it looks it up at each use
        with database.cursor() as cursor:
            cursor.execute(self.sql + more, given)
            found = cursor.fetchall()
        if not found:
            return []
        shapes = _shapes(self, database.vendor)
        rest = sum(len(table._meta.concrete_fields) for table in self.tables.values())
        return [(*[shape(row, database) for shape in shapes], *row[rest:]) for row in found]

    def first(self, given: Sequence[Any], *, more: str = "") -> tuple[Any, ...] | None:
        """Run the statement and return its first row, `None` where there is none."""
        found = self.all(given, more=more)
        return found[0] if found else None


@cache
def _written(statement: Select) -> str:
    columns = {
        alias: ", ".join(f'{alias}."{field.column}"' for field in table._meta.concrete_fields)
        for alias, table in statement.tables.items()
    }
    return statement.text.format_map(columns)


@cache
def _shapes(statement: Select, vendor: str) -> list[Shape]:
    shapes, start = [], 0
    for table in statement.tables.values():
        shapes.append(_shape(table, start))
        start += len(table._meta.concrete_fields)
    return shapes


def _shape(table: type[Row], start: int) -> Callable[[Sequence[Any], BaseDatabaseWrapper], Row]:
    """Return what makes a row of a table out of the values from `start` on, as Django itself would."""
    connection = connections[DEFAULT_DB_ALIAS]
    fields = table._meta.concrete_fields
    names = [str(field.attname) for field in fields]
    stop = start + len(fields)
    needed: list[tuple[int, list[Any], Any]] = []
    for place, field in enumerate(fields):
        column = field.get_col(table._meta.db_table)
        convert = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        if convert:
            needed.append((place, convert, column))

    def shape(values: Sequence[Any], database: BaseDatabaseWrapper) -> Row:
        own = list(values[start:stop])
        for place, convert, column in needed:
            for each in convert:
                own[place] = each(own[place], column, database)
        return table.from_db(DEFAULT_DB_ALIAS, names, own)

    return shape


def one_of(column: str, values: Iterable[str]) -> tuple[str, Any]:
    """Return the condition that a column holds one of any number of texts, and the one value it takes."""
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        return f"{column} = ANY(%s)", list(values)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(values))  # noqa: S608 -- a name of ours


def link(row: Model, **others: Model) -> None:
    """Hand a row those it points to, read with it, so that they are not read again."""
    row._state.fields_cache.update(others)
