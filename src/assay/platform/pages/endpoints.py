"""The models that a project's people talk to: for those who run it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assay.errors import AssayError
from assay.inference.embedded import MODEL, available
from assay.platform import talking
from assay.platform.actions import endpoints as actions
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import endpoints as queries
from assay.platform.queries import projects

FIELDS = ("name", "url", "model")


@login_required
@require_http_methods(["GET", "POST"])
def models(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the models of a project, and add one. A key goes in and never comes out again."""
    right: projects.Right = "connect" if request.method == "POST" else "manage"
    member = projects.membership(person_of(request), slug, right)
    if request.method == "GET":
        return _page(request, slug)
    try:
        given = {name: request.POST.get(name, "") for name in (*FIELDS, "key")}
        row = actions.add_endpoint(project=member.project, **given)
    except AssayError as wrong:
        return _page(request, slug, wrong)
    messages.success(request, _("%s answers from now on.") % row.name)
    return redirect("models", slug)


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take a model out."""
    member = projects.membership(person_of(request), slug, "connect")
    try:
        actions.remove_endpoint(project=member.project, number=number)
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
    return redirect("models", slug)


@login_required
@require_POST
def try_out(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask a model for a sentence, and show what came."""
    member = projects.membership(person_of(request), slug, "connect")
    try:
        messages.success(request, _("It says: %s") % talking.try_out(member.project, number)[:500])
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
    return redirect("models", slug)


def _page(request: HttpRequest, slug: str, wrong: AssayError | None = None) -> HttpResponse:
    member = projects.membership(person_of(request), slug, "manage")
    rows, troubles = queries.endpoints(member.project), queries.troubles(member.project)
    found = {
        "project": member.project,
        "models": [(row, troubles.get(row.name)) for row in rows],
        "connect": projects.may(member, "connect"),
        "boxed": MODEL,
        "unboxed": available(),
        "given": {name: request.POST.get(name, "") for name in FIELDS},
        "problem": problem_of(wrong),
        "field": getattr(wrong, "field", ""),
    }
    return render(request, "platform/models.html", found, status=422 if wrong else 200)
