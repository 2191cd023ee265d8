"""Quality in sight: how a project goes, and what one's own work came to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from assay.errors import AssayError
from assay.platform.actions import own_numbers
from assay.platform.pages import figures
from assay.platform.pages.parts import part
from assay.platform.pages.projects import table
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import attachments, projects
from assay.platform.queries import insight as queries

if TYPE_CHECKING:
    from assay.figures import Figure

PATIENCE = 1.0
MOST_PIECES = 100
"""So many of a person's own judgments are shown beside the verdicts, the most surprising first."""


@login_required
@require_safe
def quality(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the frame of the page; what takes counting comes after, through `quality_parts`."""
    member = projects.membership(person_of(request), slug, "read")
    found = {"project": member.project, "progress": projects.progress(member.project)}
    return render(request, "platform/quality.html", found)


@login_required
@require_safe
def quality_parts(request: HttpRequest, slug: str) -> HttpResponse:
    """Give what rests on statistics, or a promise to ask again."""
    project = projects.membership(person_of(request), slug, "read").project
    show = partial(part, request, project=project, title=gettext("Quality and costs"))
    try:
        found = queries.insight(project, timezone.now(), patience=PATIENCE)
    except AssayError as wrong:
        return show("platform/quality_waits.html", {"problem": problem_of(wrong)})
    if found is None:
        return show("platform/quality_waits.html", {}, waits=True)
    context = {
        "found": found,
        "files": attachments.of_texts(project, [each.text for each in (*found.best, *found.worst)]),
        "figures": figures.all_in_words(_figures(found)),
    }
    return show("platform/quality_parts.html", context)


@login_required
@require_safe
def quality_table(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Give what a figure or a table of the page shows, as a file."""
    project = projects.membership(person_of(request), slug, "read").project
    found = queries.insight(project, timezone.now())
    if found is None:
        raise Http404
    if name == "people":
        return table([_line(each) for each in found.people], f"{slug}-people.csv")
    drawn = _figures(found)
    if name not in drawn:
        raise Http404
    return table(drawn[name].rows, f"{slug}-{name}.csv")


@login_required
@require_safe
def own(request: HttpRequest, slug: str) -> HttpResponse:
    """Show somebody their own judgments beside what everybody's came to."""
    person = person_of(request)
    project = projects.membership(person, slug, "judge").project
    pieces = queries.own_pieces(person, project, patience=PATIENCE)
    numbers = own_numbers.tell(person=person, project=project, patience=PATIENCE)
    read = (
        None
        if pieces is None
        else [(piece, attachments.of_work(project, piece.work)) for piece in pieces[:MOST_PIECES]]
    )
    found = {"project": project, "pieces": read, "count": len(pieces or ()), "numbers": numbers}
    return render(request, "platform/own_pieces.html", found)


def _figures(found: queries.Insight) -> dict[str, Figure]:
    from assay.quality import trends  # noqa: PLC0415 -- only this page waits for it

    drawn = {}
    if len(found.days) > 1:
        drawn["by-day"] = trends.over_days(found.days)
    if found.languages:
        drawn["by-language"] = trends.by_group(
            gettext("How right votes are, by language"), "language", found.languages
        )
    return drawn


def _line(each: queries.Contribution) -> dict[str, object]:
    return {
        "person": each.name,
        "judgments": each.earned.judgments,
        "hours": round(each.earned.hours, 3),
        "median_seconds": each.median_seconds,
        "accepted": each.accepted,
        "changed": each.changed,
        "returned": each.returned,
        "amount": each.earned.amount,
        "hourly": each.earned.hourly,
    }
