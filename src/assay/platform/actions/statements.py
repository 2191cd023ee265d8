"""Writes that run for every judgment, written out; `queries.statements` says why."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from assay.platform.queries.statements import Given

Row = TypeVar("Row", bound=Model)


def insert(row: Row) -> Row:
    """Keep a new row, and give it the number it got."""
    text, fields = _insertion(type(row))
    connection = connections[DEFAULT_DB_ALIAS]
    given = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(text, given)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


@cache
def _insertion(table: type[Model]) -> tuple[str, list[Any]]:
    fields = [field for field in table._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return (
        f'INSERT INTO "{table._meta.db_table}" ({columns}) VALUES ({places}) RETURNING id',  # noqa: S608 -- names of ours
        fields,
    )


def save(row: Model, *names: str) -> None:
    """Write these columns of a row that was kept before."""
    text, fields = _update(type(row), names)
    connection = connections[DEFAULT_DB_ALIAS]
    given = [field.get_db_prep_save(field.pre_save(row, False), connection) for field in fields]
    change(text, *given, row.pk)


@cache
def _update(table: type[Model], names: tuple[str, ...]) -> tuple[str, list[Any]]:
    fields = [table._meta.get_field(name) for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)  # type: ignore[union-attr]
    return f'UPDATE "{table._meta.db_table}" SET {columns} WHERE id = %s', fields  # noqa: S608 -- names of ours


def change(text: str, *given: Given) -> int:
    """Run a statement that changes rows, and return how many."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(text, given)
        return int(cursor.rowcount)
