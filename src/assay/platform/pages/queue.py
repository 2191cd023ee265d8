"""What a person has at hand, and taking back what they submitted."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assay.platform.actions import flags as leaving
from assay.platform.actions import undo as actions
from assay.platform.pages.request import person_of
from assay.platform.queries import flags, projects
from assay.platform.queries import queue as queries


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show what a person has at hand in each project."""
    person = person_of(request)
    raised = [(row, leaving.CAUSES[row.cause]) for row in flags.own(person)]
    return render(request, "platform/queue.html", {"queues": queries.queues(person), "flags": raised})


@login_required
@require_POST
def undo_last(request: HttpRequest, slug: str) -> HttpResponse:
    """Open again what a person submitted last in a project."""
    person = person_of(request)
    member = projects.membership(person, slug, "judge")
    try:
        actions.undo_last(person=person, project=member.project)
    except Http404:
        messages.error(request, _("You have submitted nothing here yet."))
    except actions.UndoError as why:
        messages.error(request, _("Your last judgment cannot be taken back: %s") % why)
    return redirect("judge", slug)


@login_required
@require_POST
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Open one of a person's judgments again."""
    try:
        lease = actions.undo(person=person_of(request), number=number)
    except actions.UndoError as why:
        messages.error(request, _("This judgment cannot be taken back: %s") % why)
        return redirect("queue")
    return redirect("judge", lease.project.slug)
