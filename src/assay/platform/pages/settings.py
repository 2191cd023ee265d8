"""How often works are judged, how sure is sure enough, and what it may cost."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assay.errors import AnswerError
from assay.platform.actions import settings as actions
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import projects


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the settings of a project, and change them."""
    project = projects.membership(person_of(request), slug, "manage").project
    found: dict[str, object] = {"project": project, "given": actions.values(project)}
    if request.method == "GET":
        return render(request, "platform/settings.html", found)
    given = {name: request.POST.get(name, "") for name in actions.NAMES}
    try:
        actions.change(project=project, given=given)
    except AnswerError as wrong:
        found |= {"given": given, "problem": problem_of(wrong), "field": wrong.field}
        return render(request, "platform/settings.html", found, status=422)
    messages.success(request, _("Kept."))
    return redirect("settings", slug)
