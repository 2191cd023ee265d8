"""Votes of an arena, read and counted in the process that counts: the only work there that touches tables.

To read a hundred thousand votes takes seconds, in which nobody else would be served.
"""

# ruff: noqa: PLC0415 -- tables can be imported only after Django is set up

from __future__ import annotations

import os
from functools import cache
from typing import Any

import django
from django.apps import apps

from assay.platform.counting import done


def count(
    work: str,
    project: int,
    *given: object,
    between: tuple[int, int] | None = None,
    words: bool = False,
    **named: object,
) -> Any:
    """Do a work, named as `module:function`, that takes the votes of a project before all else.

    `between` and `words` say which votes these are, as `queries.arena_votes.votes` takes them.
    """
    alone = _set_up()
    from django.db import connections

    from assay.platform.queries import arena_votes, projects

    try:
        votes = arena_votes.votes(projects.numbered(project), between=between, words=words)
    finally:
        if alone:  # the count may take long, and needs no table any more
            connections.close_all()
    return done(work, votes, *given, **named)


@cache
def _set_up() -> bool:
    """Set Django up where nobody has, and say whether it was so: nobody else uses its connections then."""
    if apps.ready:
        return False
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.platform.settings")
    django.setup()
    return True
