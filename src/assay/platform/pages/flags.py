"""Telling authors what is the matter with a work, and what they did about it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.errors import AnswerError
from assay.platform.actions import flags as actions
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import flags as queries
from assay.platform.queries import projects, queue, work


@login_required
@require_http_methods(["GET", "POST"])
def flag(request: HttpRequest, token: str) -> HttpResponse:
    """Ask what is the matter with the work one is at, and keep it; skip the work too, if asked to."""
    person = person_of(request)
    lease = work.lease_or_404(person, token)
    found: dict[str, object] = {"lease": lease, "project": lease.project, "causes": actions.CAUSES.items()}
    if request.method == "GET":
        return render(request, "platform/flag.html", found)
    given = {name: request.POST.get(f"leave_{name}", "") for name in ("cause", "note")}
    try:
        actions.flag(person=person, token=token, **given)
    except AnswerError as wrong:
        found |= {"problem": problem_of(wrong), "field": f"leave_{wrong.field}", "given": given}
        return render(request, "platform/flag.html", found, status=422)
    if request.POST.get("leave_skip"):
        actions.skip(person=person, token=token)
    messages.success(request, _("The authors will read what you flagged."))
    return redirect("judge", lease.project.slug)


@login_required
@require_safe
def flags(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what people flagged and why they skipped works."""
    return _flags(request, slug)


@login_required
@require_POST
def settle(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Keep what an author did about a flag."""
    member = projects.membership(person_of(request), slug, "manage")
    try:
        actions.settle(
            project=member.project,
            number=number,
            text=request.POST.get("text", ""),
            release="release" in request.POST,
        )
    except AnswerError as wrong:
        return _flags(request, slug, problem=problem_of(wrong), number=number)
    messages.success(request, _("Settled. Whoever flagged it reads your answer in their queue."))
    return redirect("flags", slug)


def _flags(request: HttpRequest, slug: str, *, problem: str = "", number: int = 0) -> HttpResponse:
    project = projects.membership(person_of(request), slug, "manage").project
    found = {
        "project": project,
        "flags": [(row, actions.CAUSES[row.cause]) for row in queries.flags(project)[:200]],
        "skips": [(row, *actions.told_reason(row.reason)) for row in queue.skipped(project)],
        "problem": problem,
        "number": number,
    }
    return render(request, "platform/flags.html", found, status=422 if problem else 200)
