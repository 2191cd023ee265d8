"""Telling people their own numbers in batches, so that they never tell anything about one judgment.

Whoever could read their numbers after each judgment would see which works have a known answer, whether they
were right, and whether others agree, and could take a judgment back and try another. So what their work came
to is told after at least `BATCH` further judgments, and where answers are known, only if at least `GOLD` of
these were on such works, or after `LONG`. Whether they were is asked at most once in a batch: asked after
each judgment, the moment in which numbers change would tell that the last work was one of them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from assay.errors import AssayError
from assay.platform.models import OwnNumbersRow, PersonRow, ProjectRow
from assay.platform.queries import outcomes
from assay.platform.queries import own_numbers as queries

BATCH = 10
"""Judgments between two times at which somebody is told more."""

GOLD = 5
"""Known answers that have to be among them, where a project has any."""

LONG = 30
"""Judgments that hide the known answers among them however few these are: a project may have only two."""

PATIENCE = 2.0


def tell(*, person: PersonRow, project: ProjectRow, patience: float = PATIENCE) -> queries.Numbers:
    """Return a person's own numbers in a project, brought up to date where a batch is complete."""
    row = queries.told(person, project)
    over = queries.is_over(person, project)
    now = queries.count(person, project)
    if (over and now != row.judged) or now >= row.looked + BATCH:
        try:
            found = outcomes.outcome(project, patience=patience)
        except AssayError:  # told on the dashboard
            found = None
        own = next((each for each in (found.statements if found else ()) if each.rater == person.name), None)
        # An outcome can be older than the last judgment: what counts is how many it rests on itself.
        if own is not None and (over or own.judgments >= row.looked + BATCH):
            skills = [
                {name: value for name, value in asdict(each).items() if name != "rater"}
                for each in own.skills
            ]
            _look(row, own.judgments, skills, list(own.contested), over=over)
    return queries.own(person, project, row)


def tell_skills(*, person: PersonRow) -> OwnNumbersRow:
    """Return what is known of a person over all projects, brought up to date where a batch is complete."""
    row = queries.told(person, None)
    now = queries.count(person, None)
    if now >= row.looked + BATCH:
        _look(row, now, queries.skills_now(person), [])
    return row


def _look(
    row: OwnNumbersRow, judged: int, skills: list[dict[str, Any]], contested: list[str], *, over: bool = False
) -> None:
    """Take note that a batch is complete, and renew the numbers if it holds enough known answers."""
    known = queries.known_among(row.person, row.project, judged)
    row.looked = judged
    if over or known is None or known - row.known >= GOLD or judged - row.judged >= LONG:
        row.judged, row.known, row.told_at = judged, known or 0, timezone.now()
        row.skills, row.contested = skills, contested
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # another tab was told the first time at this moment
        pass
