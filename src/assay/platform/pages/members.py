"""Pages about who belongs to a project, and about oneself."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.errors import AssayError
from assay.platform.actions import members as actions
from assay.platform.actions import own_numbers
from assay.platform.pages.request import languages_of, lines_of, person_of, problem_of
from assay.platform.queries import members as queries
from assay.platform.queries import projects


@login_required
@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """List who belongs to a project and who is invited."""
    person = person_of(request)
    member = projects.membership(person, slug, "invite")
    listed = [(each, queries.may_renew(person, each.person)) for each in projects.members(member.project)]
    found = {
        "project": member.project,
        "listed": listed,
        "roles": queries.roles(),
        "roles_to_give": projects.roles_to_give(),
        "invitations": queries.open_invitations(member.project),
        "own": member.pk,
    }
    return render(request, "platform/people.html", found)


@login_required
@require_POST
def change(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Give a member another role, or take them out."""
    project = projects.membership(person_of(request), slug, "invite").project
    try:
        if "remove" in request.POST:
            member = actions.remove_member(project=project, number=number)
            text = _("%s is no longer part of this project. What they said stays.")
        else:
            member = actions.change_role(project=project, number=number, role=request.POST.get("role", ""))
            text = _("%s has a new role.")
    except AssayError as refusal:
        messages.error(request, problem_of(refusal))
    else:
        messages.success(request, text % member.person.name)
    return redirect("people", slug)


@login_required
@require_POST
def revoke(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make a link open no door."""
    project = projects.membership(person_of(request), slug, "invite").project
    actions.revoke_invitation(project=project, number=number)
    messages.success(request, _("That link no longer works."))
    return redirect("people", slug)


@login_required
@require_POST
def renew(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make a link by which a member chooses a new password, and show it once."""
    person = person_of(request)
    project = projects.membership(person, slug, "invite").project
    token = actions.renew_password_link(project=project, number=number, by=person)
    link = request.build_absolute_uri(reverse("welcome", args=[token]))
    return render(request, "platform/invitation.html", {"project": project, "link": link})


@sensitive_post_parameters("old", "new")
@login_required
@require_http_methods(["GET", "POST"])
def oneself(request: HttpRequest) -> HttpResponse:
    """Let somebody say which languages they read and what they can do, and change their password."""
    person = person_of(request)
    found: dict[str, object] = {
        "languages": " ".join(person.languages),
        "skills": "\n".join(person.skills),
        "known": own_numbers.tell_skills(person=person),
    }
    if request.method == "GET":
        return render(request, "platform/oneself.html", found)
    try:
        if "new" in request.POST:
            old, new = request.POST.get("old", ""), request.POST.get("new", "")
            actions.change_password(person=person, old=old, new=new)
            update_session_auth_hash(request, person)
        else:
            languages = languages_of(request.POST.get("languages", ""))
            skills = lines_of(request.POST.get("skills", ""))
            actions.describe_oneself(person=person, languages=languages, skills=skills)
    except AssayError as wrong:
        found |= {name: request.POST.get(name, found[name]) for name in ("languages", "skills")}
        found |= {"problem": problem_of(wrong), "field": getattr(wrong, "field", "")}
        return render(request, "platform/oneself.html", found, status=422)
    messages.success(request, _("Kept."))
    return redirect("oneself")
