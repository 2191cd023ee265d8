"""Scenes that take long to play: the first test that wants one plays it, the others begin with its rows."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from types import SimpleNamespace

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection

_kept: dict[str, bytes] = {}


def once(name: str, cast: SimpleNamespace, play: Callable[[], None]) -> None:
    """Bring the tables and `cast` to where `play` would bring them.

    `play` may depend on nothing but the beginning of the scene, and what it does has to lie in tables: what a
    server remembers is forgotten between tests, and files are not kept.
    """
    tables = list(apps.get_app_config("platform").get_models(include_auto_created=True))
    if name not in _kept:
        play()
        rows = [list(model._base_manager.order_by("pk")) for model in tables]
        _kept[name] = pickle.dumps((vars(cast), rows))
        return
    found, rows = pickle.loads(_kept[name])  # noqa: S301 -- made above
    for model in tables:  # keys are looked at when all of it is there
        model._base_manager.all()._raw_delete(connection.alias)
    for model, here in zip(tables, rows, strict=True):
        if here:  # as they are: times too, which saving would set anew
            fields = model._meta.local_concrete_fields
            model._base_manager._insert(here, fields=fields, raw=True, using=connection.alias)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
    vars(cast).update(found)
