"""Coming in and going out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from assay.errors import AssayError
from assay.platform.actions import people as actions
from assay.platform.pages.request import languages_of, person_of, problem_of
from assay.platform.queries import people as queries


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a name and a password."""
    goal = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}):
        goal = "/"
    problem, name = "", request.POST.get("name", "").strip()
    if request.method == "POST":
        try:
            login(request, actions.recognise(name=name, password=request.POST.get("password", "")))
        except AssayError as wrong:
            problem = problem_of(wrong)
        else:
            return redirect(goal)
    found = {"next": goal, "problem": problem, "name": name}
    return render(request, "platform/sign_in.html", found, status=422 if problem else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget who it was."""
    logout(request)
    return redirect("sign-in")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Let the holder of an invitation choose a name and a password, or join a project."""
    invitation, problem, field = queries.invitation(token), "", ""
    if request.method == "POST":
        try:
            return _accept(request, token)
        except AssayError as wrong:
            problem, field = problem_of(wrong), getattr(wrong, "field", "")
    found = {"invitation": invitation, "problem": problem, "field": field, "given": request.POST}
    return render(request, "platform/welcome.html", found, status=422 if problem else 200)


def _accept(request: HttpRequest, token: str) -> HttpResponse:
    if request.user.is_authenticated:
        actions.join_project(token=token, person=person_of(request))
        return redirect("home")
    person = actions.accept_invitation(
        token=token,
        name=request.POST.get("name", ""),
        password=request.POST.get("password", ""),
        languages=languages_of(request.POST.get("languages", "")),
    )
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")
