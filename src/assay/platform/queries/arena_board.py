"""What the votes of an arena come to: counted beside the requests, remembered until something changes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _

from assay import figures
from assay.errors import AssayError
from assay.platform import counting
from assay.platform.arena_reports import Compared, Report
from assay.platform.models import PersonRow, ProjectRow
from assay.platform.queries import arena, arena_votes
from assay.platform.queries.outcomes import Counted, counted
from assay.wording import Words, joined, say

Policy = dict[tuple[str, str], float]

EVERY = 20
"""After so many votes the policy of the draw is worked out anew, while there are few."""

STEADY = 50
"""Later votes change it less: it is worked out anew after at least a hundredth of them, by doubling."""

MOST_COMPARED = 64
"""So many comparisons of two models are remembered."""

FEWEST = 30
"""With fewer votes than this every pair is drawn alike."""

REST = 10
"""After a count of the board there is none for so many times as long as it took: other counts wait for it."""

QUICK_S = 1.0
"""What takes no longer is counted anew whenever somebody looks."""

ASIDE = 2_000
"""From so many votes on whoever counts them reads them, too: here it would hold up everybody."""

_reports: dict[int, Counted[Report]] = {}
_last: dict[int, Shown] = {}
_compared: dict[str, Counted[Compared]] = {}
_policies: dict[int, Counted[Policy]] = {}


@dataclass(frozen=True)
class Shown:
    """A board as it was counted last: so many votes, at a time; `newer` where votes came in since."""

    report: Report
    stamp: arena.Stamp
    votes: int
    at: datetime
    took: float
    newer: bool = False

    @property
    def rests(self) -> bool:
        """Whether it is too early to count anew."""
        since = (timezone.now() - self.at).total_seconds() - self.took
        return self.took > QUICK_S and since < REST * self.took


@dataclass(frozen=True)
class Begun:
    """A count of a board that runs: of about so many votes, since a time."""

    votes: int
    at: datetime


_begun: dict[int, Begun] = {}


def begun(project: ProjectRow) -> Begun | None:
    """Return how the count of a board began that runs now, or ran last."""
    return _begun.get(project.pk)


def _count(
    work: str,
    project: ProjectRow,
    *given: object,
    between: tuple[int, int] | None = None,
    words: bool = False,
    **named: object,
) -> Future[Any]:
    """Have a work of `arena_counts` done with the votes of a project."""
    work = f"assay.platform.arena_counts:{work}"
    if counting.apart() and arena.about_voted(project) >= ASIDE:
        aside = "assay.platform.arena_aside:count"
        return counting.begin(aside, work, project.pk, *given, between=between, words=words, **named)
    return counting.begin(work, arena_votes.votes(project, between=between, words=words), *given, **named)


def _require_votes(project: ProjectRow) -> None:
    if not arena.any_vote(project):
        raise AssayError(_("Nobody has voted yet. The board begins with the first vote."))


def latest(project: ProjectRow, *, patience: float) -> Shown | None:
    """Return what the board's page shows: as of now where that is quickly counted, else as counted last.

    `None` only while the first count of all runs.

    Raises
    ------
    AssayError
        Where nobody has voted yet.
    """
    _require_votes(project)
    now, last, current = arena.stamp(project), _last.get(project.pk), _reports.get(project.pk)
    if last is not None and (
        last.stamp == now or (last.rests and (current is None or current.future.done()))
    ):
        return replace(last, newer=last.stamp != now)
    # Who sees the one before does not have to wait long for the next.
    quick = last is None or last.took <= QUICK_S
    report(project, patience=patience if quick else min(patience, 0.05))
    found = _last.get(project.pk)
    return found and replace(found, newer=found.stamp != now)


def report(project: ProjectRow, *, patience: float | None = None) -> Report | None:
    """Return what the board says as of now, `None` where that takes longer than `patience` seconds.

    Raises
    ------
    AssayError
        Where nobody has voted yet.
    """
    _require_votes(project)
    now = arena.stamp(project)

    def begin() -> Future[Report]:
        at, since = timezone.now(), time.monotonic()
        _begun[project.pk] = Begun(arena.about_voted(project), at)
        found = _count("report", project, entered(project), words=True)

        def keep(done: Future[Report]) -> None:
            if not done.cancelled() and done.exception() is None:
                took = time.monotonic() - since
                _last[project.pk] = Shown(done.result(), now, done.result().votes, at, took)

        found.add_done_callback(keep)
        return found

    return counted(_reports, project.pk, now, begin, patience)


def card(project: ProjectRow, words: Words) -> str:
    """Return the card as a page of its own: as of now, or as the board shows it while a long count rests.

    Raises
    ------
    AssayError
        Where nobody has voted yet, and where nothing can be ranked.
    """
    _require_votes(project)
    shown = _last.get(project.pk)
    if shown is not None and (shown.rests or shown.stamp == arena.stamp(project)):
        told, at = shown.report, shown.at
    else:
        told, at = cast("Report", report(project)), timezone.now()
    if told.refusal:
        raise AssayError(told.refusal)
    counted_at = say("Counted on {day} at {time} UTC.", day=f"{at:%Y-%m-%d}", time=f"{at:%H:%M}")
    title = say("What {name} says about its models", name=project.title)
    return figures.page(title, told.sections, intro=joined([told.intro, counted_at]), words=words)


def compared(
    project: ProjectRow, *, first: str, second: str, do: str, margin: str, patience: float | None = None
) -> Compared | None:
    """Return what the votes say of two models: which is better, or whether the first one got worse.

    `None` where that takes longer than `patience` seconds.
    """
    number = {row.name: row.pk for row in arena.entrants(project)}
    if first not in number or second not in number or first == second:
        raise AssayError(_("Choose two different models."))
    try:
        share = float(margin.replace(",", ".") or 0) / 100
    except ValueError as wrong:
        raise AssayError(_("How much worse is still fine: a number from 0 to 49.")) from wrong
    if not 0 <= share < 0.5:
        raise AssayError(_("How much worse is still fine: a number from 0 to 49."))
    if missing := [name for name in (first, second) if not arena.any_vote(project, number[name])]:
        raise AssayError(_("Nobody has voted on %s yet.") % missing[0])
    gates = do == "gate"
    if gates and not arena_votes.any_between(project, number[first], number[second]):
        raise AssayError(
            _("Nobody has compared %(first)s with %(second)s yet.") % {"first": first, "second": second}
        )

    def begin() -> Future[Compared]:
        # A gate reads the votes on the two alone; which is better is asked of the whole board, too.
        both = (number[first], number[second]) if gates else None
        return _count("compared", project, first, second, between=both, gates=gates, margin=share)

    if len(_compared) > MOST_COMPARED:
        _compared.clear()
    asked = json.dumps([project.pk, first, second, gates, share])
    return counted(_compared, asked, arena.stamp(project), begin, patience)


def policy(project: ProjectRow) -> Policy | None:
    """Return the chance of drawing each two models next, as far as it is worked out; nobody waits for it."""
    voted = arena.about_voted(project)
    if voted < FEWEST:
        return None
    drawn = arena.active(project)
    names = [row.name for row in drawn]

    def begin() -> Future[Policy]:
        return _count("policy", project, names)

    now = (voted // _every(voted), *(row.pk for row in drawn))
    try:
        return counted(_policies, project.pk, now, begin, 0.0)
    except AssayError:  # models that never met: every pair is drawn alike until they have
        return None


def entered(project: ProjectRow) -> list[tuple[str, str, str]]:
    """Return when each model was registered, its provider and its name, in that order."""
    return [(row.registered_at.isoformat(), row.provider, row.name) for row in arena.entrants(project)]


def _every(voted: int) -> int:
    """Return after how many votes the policy is worked out anew: as many as can change it."""
    return EVERY << max((voted // (EVERY * STEADY)).bit_length() - 1, 0)


def raters(found: Report) -> list[dict[str, object]]:
    """Return who voted how, by name: for those who run the project."""
    numbers = [int(str(row["rater"])[1:]) for row in found.raters]
    names = dict(PersonRow.objects.filter(pk__in=numbers).values_list("pk", "name"))
    return [
        {**row, "rater": names.get(number, row["rater"])}
        for row, number in zip(found.raters, numbers, strict=True)
    ]


def rows(project: ProjectRow) -> Iterator[dict[str, object]]:
    """Give the votes as a table of battles, in the columns that `assay arena` reads."""
    return map(_row, arena.fought(project))


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
