"""A project for those who run it: how it goes, what came out, what goes in and out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assay import registry
from assay.errors import AssayError
from assay.platform import files
from assay.platform.actions import importing
from assay.platform.actions import people as people_actions
from assay.platform.actions.attachments import brought_along
from assay.platform.pages import figures
from assay.platform.pages.parts import part
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import attachments, outcomes, pilots
from assay.platform.queries import projects as queries
from assay.platform.queries import work as works

PATIENCE = 1.0
UPLOAD_LIMIT = 1 << 30


@login_required
@require_safe
def dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how a project goes; what takes counting comes after, through `outcome`."""
    member = queries.membership(person_of(request), slug, "read")
    found: dict[str, object] = {
        "project": member.project,
        "brief": queries.latest_brief(member.project).record(),
        "live": queries.is_live(member.project),
        "life": pilots.life(member.project),
        "progress": queries.progress(member.project),
        "members": queries.members(member.project),
        "outside": queries.judged_from_outside(member.project),
        "roles": queries.roles_to_give(),
        **queries.rights_of(member),
    }
    return render(request, "platform/project.html", found)


@login_required
@require_safe
def outcome(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the part of the dashboard that rests on statistics, or a promise to ask again."""
    member = queries.membership(person_of(request), slug, "read")
    show = partial(part, request, project=member.project, title=_("What came out"))
    try:
        found = outcomes.outcome(member.project, patience=PATIENCE)
    except AssayError as wrong:
        return show("platform/outcome_waits.html", {"problem": problem_of(wrong)})
    if found is None:
        return show("platform/outcome_waits.html", {}, waits=True)
    contested = found.contested[:12]
    numbers = works.numbers(member.project, [verdict.item for verdict in contested])
    context = {
        "outcome": found,
        "skills": sorted(found.skills, key=lambda skill: (-skill.low, skill.rater)),
        "figures": figures.all_in_words(figures.drawn(found, queries.per_day(member.project))),
        "contested": [(verdict, *numbers[verdict.item]) for verdict in contested if verdict.item in numbers],
        "formats": figures.formats_for(found) if queries.may(member, "manage") else [],
        "manage": queries.may(member, "manage"),
    }
    return show("platform/outcome.html", context)


@login_required
@require_safe
def figure_table(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Give what a figure draws as a table."""
    member = queries.membership(person_of(request), slug, "read")
    found = outcomes.outcome(member.project)
    drawn = figures.drawn(found, queries.per_day(member.project)) if found else {}
    if name not in drawn:
        raise Http404
    return table(drawn[name].rows, f"{slug}-{name}.csv")


@login_required
@require_POST
def bring_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a table of prompts, answers or comparisons."""
    member = queries.membership(person_of(request), slug, "manage")
    file = request.FILES.get("table")
    try:
        if file is None:
            raise AssayError(_("Choose a file first."))
        if (file.size or 0) > UPLOAD_LIMIT:
            raise AssayError(_("The file is larger than 1 GB; bring it in with assay import."))
        along = files.from_uploads(request.FILES.getlist("attachments"))
        with brought_along(project=member.project, files=along):
            found = importing.bring_in_file(project=member.project, file=file)
    except AssayError as wrong:
        messages.error(request, _("Nothing was brought in: %s") % problem_of(wrong))
    else:
        text = _(
            "%(works)s new works, %(items)s new items, %(samples)s new answers, %(judgments)s judgments."
        )
        messages.success(request, text % vars(found.report))
        if found.repeated:
            text = _("%s votes gave way to a later one of the same rater on the same pair.")
            messages.warning(request, text % found.repeated)
    return redirect("project", slug)


@login_required
@require_safe
def export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """Stream the data set in a registered format."""
    from assay import datasets  # noqa: PLC0415 -- only who exports pays for it

    member = queries.membership(person_of(request), slug, "manage")
    if form not in registry.names("formats"):
        raise Http404
    chosen, found = datasets.format_named(form), outcomes.outcome(member.project)
    try:
        lines = iter(datasets.lines(found.examples if found else (), chosen))
        first = next(lines)  # what is wrong shows before the first line, while it can still be said
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
        return redirect("project", slug)
    return _download(chain([first], lines), f"{slug}-{form}{chosen.suffix}", "application/x-ndjson")


@login_required
@require_safe
def raw_judgments(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Stream every judgment as it was made."""
    member = queries.membership(person_of(request), slug, "manage")
    lines = outcomes.raw_lines(member.project)
    return _download(lines, f"{slug}-judgments.jsonl", "application/x-ndjson")


@login_required
@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a link that lets one person in, and show it once."""
    member = queries.membership(person_of(request), slug, "invite")
    try:
        token = people_actions.invite(project=member.project, role=request.POST.get("role", ""))
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
        return redirect("project", slug)
    link = request.build_absolute_uri(reverse("welcome", args=[token]))
    return render(request, "platform/invitation.html", {"project": member.project, "link": link})


@login_required
@require_safe
def reading(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one work with everything that was said about it."""
    member = queries.membership(person_of(request), slug, "read")
    found = works.reading(member.project, number)
    authors = {sample.id: sample.author for sample in found.work.samples}
    answers = [row.answer for row in found.judgments]
    said = [(row, figures.told(row.answer, authors)) for row in found.judgments]
    context: dict[str, object] = {"project": member.project, "work": found.work, "row": found.row}
    context["said"] = said
    context["answers"] = [(sample.author, sample.text) for sample in found.work.samples]
    context |= {
        "files": attachments.of_said(member.project, found.work, *answers),
        **queries.rights_of(member),
    }
    return render(request, "platform/reading.html", context)


def table(rows: Iterable[Mapping[str, object]], name: str) -> StreamingHttpResponse:
    """Stream rows as a CSV file to keep."""
    return _download(_csv(rows), name, "text/csv; charset=utf-8")


def _download(parts: Iterable[str], name: str, kind: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse((part.encode() for part in parts), content_type=kind, headers=headers)


def _csv(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    line = io.StringIO()
    table: csv.DictWriter[str] | None = None
    for row in rows:
        if table is None:
            table = csv.DictWriter(line, list(row))
            table.writeheader()
        table.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()
