"""What the votes of an arena come to: counted beside the requests, remembered until something changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _

from assay.errors import AssayError
from assay.platform import counting
from assay.platform.models import PersonRow, ProjectRow
from assay.platform.one_at_a_time import stepped_aside
from assay.platform.queries import arena
from assay.platform.queries.outcomes import Counted, counted
from assay.records import Battle

if TYPE_CHECKING:
    from assay.platform.arena_counts import Compared, Report

Policy = dict[tuple[str, str], float]

EVERY = 20
"""After so many votes the policy of the draw is worked out anew."""

FEWEST = 30
"""With fewer votes than this every pair is drawn alike."""

_reports: dict[int, Counted[Report]] = {}
_policies: dict[int, Counted[Policy]] = {}


def report(project: ProjectRow, *, patience: float | None = None) -> Report | None:
    """Return what the board's page shows, `None` where it takes longer than `patience` seconds.

    Raises
    ------
    AssayError
        Where nobody has voted yet.
    """
    if not arena.counts(project)["voted"]:
        raise AssayError(_("Nobody has voted yet. The board begins with the first vote."))

    def begin() -> Future[Report]:
        return counting.begin("assay.platform.arena_counts:report", _battles(project), entered(project))

    return counted(_reports, project.pk, arena.stamp(project), begin, patience)


def card(project: ProjectRow) -> str:
    """Return the card as a page of its own."""
    work = "assay.platform.arena_counts:page", _battles(project), entered(project)
    count = counting.begin(*work, name=project.title)
    with stepped_aside():
        return cast("str", count.result())


def compared(project: ProjectRow, *, first: str, second: str, do: str, margin: str) -> Compared:
    """Return what the votes say of two models: which is better, or whether the first one got worse."""
    names = {row.name for row in arena.entrants(project)}
    if first not in names or second not in names or first == second:
        raise AssayError(_("Choose two different models."))
    try:
        share = float(margin.replace(",", ".") or 0) / 100
    except ValueError as wrong:
        raise AssayError(_("How much worse is still fine: a number from 0 to 49.")) from wrong
    if not 0 <= share < 0.5:
        raise AssayError(_("How much worse is still fine: a number from 0 to 49."))
    records = _battles(project)
    seen = {name for each in records for name in (each.model_a, each.model_b)}
    if missing := [name for name in (first, second) if name not in seen]:
        raise AssayError(_("Nobody has voted on %s yet.") % missing[0])
    work = "assay.platform.arena_counts:compared", records, first, second
    count = counting.begin(*work, gates=do == "gate", margin=share)
    with stepped_aside():
        return cast("Compared", count.result())


def policy(project: ProjectRow) -> Policy | None:
    """Return the chance of drawing each two models next, as far as it is worked out; nobody waits for it."""
    voted = arena.counts(project)["voted"]
    if voted < FEWEST:
        return None
    names = [row.name for row in arena.active(project)]

    def begin() -> Future[Policy]:
        return counting.begin("assay.platform.arena_counts:policy", _battles(project), names)

    now = (voted // EVERY, *(row.pk for row in arena.active(project)))
    try:
        return counted(_policies, project.pk, now, begin, 0.0)
    except AssayError:  # models that never met: every pair is drawn alike until they have
        return None


def entered(project: ProjectRow) -> list[tuple[str, str, str]]:
    """Return when each model was registered, its provider and its name, in that order."""
    return [(row.registered_at.isoformat(), row.provider, row.name) for row in arena.entrants(project)]


def _battles(project: ProjectRow) -> list[Battle]:
    """Return the votes as the board counts them: under a number for each person.

    Its sentences travel further than the people would, and more read them than may know who voted how.
    """
    return [replace(each.battle, rater=f"#{each.person}") for each in arena.fought(project)]


def raters(found: Report) -> list[dict[str, object]]:
    """Return who voted how, by name: for those who run the project."""
    numbers = [int(str(row["rater"])[1:]) for row in found.raters]
    names = dict(PersonRow.objects.filter(pk__in=numbers).values_list("pk", "name"))
    return [
        {**row, "rater": names.get(number, row["rater"])}
        for row, number in zip(found.raters, numbers, strict=True)
    ]


def rows(project: ProjectRow) -> Sequence[dict[str, object]]:
    """Return the votes as a table of battles, in the columns that `assay arena` reads."""
    return [_row(each) for each in arena.fought(project)]


def _row(each: arena.Fought) -> dict[str, object]:
    one = each.battle
    return {
        "id": one.id,
        "item": one.item,
        "model_a": one.model_a,
        "model_b": one.model_b,
        "winner": one.winner,
        "rater": one.rater,
        "language": one.language,
        "domain": one.domain,
        "order": one.order,
        "renderer_a": one.renderer_a,
        "renderer_b": one.renderer_b,
        "propensity": one.propensity,
        "policy": each.policy,
        "strength": one.strength,
        "seconds": None if one.seconds is None else round(one.seconds, 1),
        "dimensions": json.dumps(dict(one.dimensions), ensure_ascii=False) if one.dimensions else "",
        "reason": one.reason,
        "prompt": one.prompt,
        "response_a": one.response_a,
        "response_b": one.response_b,
        "provider_a": each.providers[0],
        "provider_b": each.providers[1],
        "drawn_at": each.drawn_at.isoformat(),
        "at": each.voted_at.isoformat(),
        "brief_version": each.brief_version,
        "events": json.dumps([dict(event) for event in one.events], ensure_ascii=False),
    }
