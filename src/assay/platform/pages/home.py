"""Where a person begins: their projects, and what their own work came to."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from assay.platform.actions import own_numbers as actions
from assay.platform.pages.request import person_of
from assay.platform.queries import own_numbers
from assay.platform.queries import projects as queries


@login_required
def projects(request: HttpRequest) -> HttpResponse:
    """List the projects a person belongs to."""
    person = person_of(request)
    found = {"cards": queries.cards(person), "may_open": queries.may_open(person)}
    return render(request, "platform/home.html", found)


@login_required
def own_work(request: HttpRequest) -> HttpResponse:
    """Tell a person what their own work came to, project by project."""
    person = person_of(request)
    parts = [actions.tell(person=person, project=each) for each in own_numbers.projects(person)]
    return render(request, "platform/own_work.html", {"parts": parts})


def health(request: HttpRequest) -> HttpResponse:
    """Answer that the server is there."""
    return HttpResponse("ok", content_type="text/plain")
