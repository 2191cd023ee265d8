"""The pilot of a project, its edge cases, what training teaches, and opening and closing a project."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.errors import AnswerError, AssayError
from assay.platform.actions import pilots as actions
from assay.platform.pages import figures
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import attachments, projects
from assay.platform.queries import pilots as queries


@login_required
@require_http_methods(["GET", "POST"])
def pilot(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how the pilot goes and what it turned up; start it, collect, close, withdraw."""
    member = projects.membership(person_of(request), slug, "manage")
    if request.method == "POST":
        try:
            messages.success(request, _told(request, member.project))
        except AssayError as wrong:
            messages.error(request, problem_of(wrong))
        return redirect("pilot", slug)
    now = queries.last(member.project)
    found = {
        "project": member.project,
        "life": queries.life(member.project),
        "brief": projects.latest_brief(member.project).record(),
        "pilot": now,
        "progress": queries.progress(now) if now and now.closed_at is None else None,
        "cases": queries.cases(now) if now else (),
        "lacking": queries.lacking_to_close(now) if now and now.closed_at is None else "",
        "earlier": [each for each in queries.pilots(member.project) if now is None or each.pk != now.pk],
        "defaults": {"people": actions.PEOPLE, "works": actions.WORKS},
        "judges": projects.judges(member.project),
        **projects.rights_of(member),
    }
    return render(request, "platform/pilot.html", found)


def _told(request: HttpRequest, project: projects.Project) -> str:
    """Do what a form of the page asks for, and say what was done."""
    form, asked = request.POST, request.POST.get("do")
    if asked == "start":
        begun = actions.start(project=project, people=_count(form, "people"), works=_count(form, "works"))
        return _("The pilot has begun with %s works.") % begun.works
    if asked == "collect":
        return _("Edge cases that are open: %s.") % actions.collect(project=project)
    if asked == "close":
        version = actions.close(project=project, person=person_of(request))
        return _("The pilot is closed. Version %s of the brief is in force.") % version.version
    if asked == "withdraw":
        actions.withdraw(project=project, reason=form.get("reason", ""))
        return _("The pilot is withdrawn.")
    raise AssayError(_("Choose what to do."))


def _count(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    if not text.isdecimal():
        raise AnswerError(name, _("Write whole numbers of people and works."))
    return int(text)


@login_required
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show an edge case with every reason given, and settle or dismiss it."""
    person = person_of(request)
    member = projects.membership(person, slug, "manage")
    found = queries.case(member.project, number)
    context = {
        "project": member.project,
        "case": found,
        "said": [(each, figures.told(each.answer, found.letters)) for each in found.said],
        "open": queries.running(member.project),
        "files": attachments.of_said(member.project, found.work, *(each.answer for each in found.said)),
        "answers": [(_("Answer %s") % place, text) for place, _sample, text in found.places],
        "given": request.POST,
    }
    if request.method == "GET":
        return render(request, "platform/pilot_case.html", context)
    try:
        _decide(request.POST, member.project, found, person)
    except AssayError as wrong:
        problem = {"problem": problem_of(wrong), "field": getattr(wrong, "field", "")}
        return render(request, "platform/pilot_case.html", context | problem, status=422)
    return redirect("pilot", slug)


def _decide(form: QueryDict, project: projects.Project, found: queries.Case, person: projects.Person) -> None:
    number, asked = found.row.pk, form.get("do")
    if asked == "dismiss":
        actions.dismiss(project=project, number=number, person=person, reason=form.get("reason", ""))
    elif asked == "reopen":
        actions.reopen_case(project=project, number=number)
    else:
        shown = {sample: form.get(f"example.{sample}", "") for _place, sample, _text in found.places}
        actions.settle(
            project=project,
            number=number,
            person=person,
            principle=form.get("principle", "").strip() or form.get("known", ""),
            labels={
                asked.question.name: form.get(f"label.{asked.question.name}", "") for asked in found.asked
            },
            becomes=form.get("becomes", ""),
            examples=[{"sample": sample, "great": how == "great"} for sample, how in shown.items() if how],
        )


@login_required
@require_POST
def change_state(request: HttpRequest, slug: str) -> HttpResponse:
    """Open, pause or close a project."""
    member = projects.membership(person_of(request), slug, "manage")
    verbs = {"open": actions.open_up, "pause": actions.pause, "close": actions.close_project}
    try:
        verb = verbs.get(request.POST.get("to", ""))
        if verb is None:
            raise AssayError(_("Choose what to do."))
        verb(project=member.project)
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
    return redirect("project", slug)


@login_required
@require_safe
def lesson(request: HttpRequest, number: int) -> HttpResponse:
    """Show what was right about a training work that one has just judged, and why."""
    found = queries.own_lesson(person_of(request), number)
    files = attachments.of_work(found.project, found.work)
    return render(request, "platform/lesson.html", {"lesson": found, "files": files})
