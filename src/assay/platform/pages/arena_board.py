"""An arena for those who run it: its models, what the votes say of them, and the table to take away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as known
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.errors import AssayError
from assay.inference.embedded import MODEL, available
from assay.platform import talking
from assay.platform.actions import arena as actions
from assay.platform.pages import figures
from assay.platform.pages.parts import part
from assay.platform.pages.projects import table
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import arena as queries
from assay.platform.queries import arena_board as boards
from assay.platform.queries import projects
from assay.wording import Words

PATIENCE = 1.0
WORDS = (
    *(known("with style taken out"), known("by chance alone"), known("of these read"), known("from")),
    *(known("by other assumptions"), known("worth as independent votes"), known("to")),
    known("votes like a coin, whatever stands there"),
    known("chooses one side of the page, whatever stands there"),
    known("favours one provider beyond what others see in it"),
    known("copies another rater"),
    known("repeats a pattern of sides"),
)
"""What the tables of a board call their columns and their flags, besides the words that figures know."""

FIELDS = ("name", "provider", "url", "model", "system", "temperature")


@login_required
@require_http_methods(["GET", "POST"])
def entrants(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the models of an arena, and enter one. A key goes in and never comes out again."""
    person = person_of(request)
    member = queries.membership(person, slug, "connect" if request.method == "POST" else "manage")
    if request.method == "GET":
        return _entrants(request, member.project, slug)
    try:
        given = {name: request.POST.get(name, "") for name in (*FIELDS, "key")}
        row = actions.register(project=member.project, person=person, given=given)
    except AssayError as wrong:
        return _entrants(request, member.project, slug, wrong)
    messages.success(request, _("%s is registered, and drawn from now on.") % row.name)
    return redirect("entrants", slug)


@login_required
@require_POST
def retire(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Draw a model no more."""
    person = person_of(request)
    member = queries.membership(person, slug, "connect")
    try:
        because = request.POST.get("because", "")
        row = actions.retire(project=member.project, person=person, number=number, because=because)
        messages.success(request, _("%s is retired; the record keeps it.") % row.name)
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
    return redirect("entrants", slug)


@login_required
@require_POST
def try_entrant(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask a model for a sentence, and show what came."""
    member = queries.membership(person_of(request), slug, "connect")
    try:
        said = talking.try_entrant(member.project, number)
        messages.success(request, _("It says: %s") % said[:500])
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
    return redirect("entrants", slug)


def _entrants(
    request: HttpRequest, project: projects.Project, slug: str, wrong: AssayError | None = None
) -> HttpResponse:
    member = projects.membership(person_of(request), slug, "manage")
    models, makers = queries.exposure(project)
    shown, troubles = {each.name: each for each in models}, queries.troubles(project)
    rows = queries.entrants(project)
    found = {
        "project": project,
        "models": [(row, shown[row.name], troubles.get(row.name)) for row in rows],
        "makers": makers,
        "connect": projects.may(member, "connect"),
        "boxed": MODEL,
        "unboxed": available(),
        "given": {name: request.POST.get(name, "") for name in FIELDS},
        "problem": problem_of(wrong),
        "field": getattr(wrong, "field", ""),
    }
    return render(request, "platform/arena_entrants.html", found, status=422 if wrong else 200)


@login_required
@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the frame of the board; what takes counting comes after, through `parts`."""
    member = queries.membership(person_of(request), slug, "read")
    names = [row.name for row in queries.entrants(member.project)]
    found = {"project": member.project, "counts": queries.counts(member.project), "names": names}
    return render(request, "platform/arena_board.html", found | projects.rights_of(member))


@login_required
@require_safe
def parts(request: HttpRequest, slug: str) -> HttpResponse:
    """Give what rests on statistics, or a promise to ask again."""
    member = queries.membership(person_of(request), slug, "read")
    found: dict[str, object] = {**projects.rights_of(member)}
    show = partial(part, request, project=member.project, title=_("Board"))
    try:
        shown = boards.latest(member.project, patience=PATIENCE)
    except AssayError as wrong:
        return show("platform/arena_waits.html", found | {"problem": problem_of(wrong)})
    if shown is None:
        begun = boards.begun(member.project)
        return show("platform/arena_waits.html", found | {"begun": begun}, waits=True)
    report = shown.report
    from assay.figures import Figure  # noqa: PLC0415 -- only this page waits for it

    drawn = [
        (f"board-{place}", figures.in_words(each) if isinstance(each, Figure) else None, each)
        for place, each in enumerate(report.sections)
    ]
    found |= {"report": report, "sections": drawn, "shown": shown}
    found |= {"raters": boards.raters(report)} if projects.may(member, "manage") else {}
    return show("platform/arena_parts.html", found)


@login_required
@require_safe
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare two models, or ask whether a checkpoint got worse; counted while others are served."""
    member = queries.membership(person_of(request), slug, "read")
    asked = {name: request.GET.get(name, "") for name in ("first", "second", "do", "margin")}
    up = reverse("board", args=[slug]), _("Board")
    show = partial(part, request, "platform/arena_compared.html", project=member.project, up=up)
    try:
        found = boards.compared(member.project, **asked, patience=PATIENCE)
    except AssayError as wrong:
        return show({"problem": problem_of(wrong), "framed": True}, title=_("Two models"))
    title = _("%(first)s against %(second)s") % asked
    context = {"found": found, "asked": asked, "framed": True, "address": request.get_full_path()}
    return show(context, title=title, waits=found is None)


@login_required
@require_safe
def board_file(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Give the card as a page, or a table: battles, standings, raters, what to compare next."""
    right: projects.Right = "read" if name in ("card.html", "standings.csv", "next.csv") else "manage"
    project = queries.membership(person_of(request), slug, right).project
    if name == "battles.csv":
        return table(boards.rows(project), f"{slug}-battles.csv")
    if name == "battles.jsonl":
        return _jsonl(boards.rows(project), f"{slug}-battles.jsonl")
    wanted = {"standings.csv": "standings", "raters.csv": "raters", "next.csv": "wanted"}
    try:
        if name == "card.html":
            return _page(boards.card(project, _words()), f"{slug}-card.html")
        if name not in wanted:
            raise Http404
        found = boards.report(project)
        if found is None or not getattr(found, wanted[name]):
            raise AssayError(found.refusal if found else "")
        rows = boards.raters(found) if name == "raters.csv" else getattr(found, wanted[name])
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
        return redirect("board", slug)
    return table(rows, f"{slug}-{name}")


def _words() -> Words:
    """Return how the platform speaks to whoever asks."""
    return Words(gettext, ngettext, get_language() or "en")


def _page(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/html; charset=utf-8", headers=headers)


def _jsonl(rows: Iterable[Mapping[str, object]], name: str) -> StreamingHttpResponse:
    def lines() -> Iterator[bytes]:
        for row in rows:
            yield (json.dumps(row, ensure_ascii=False) + "\n").encode()

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines(), content_type="application/x-ndjson", headers=headers)
