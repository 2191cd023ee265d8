"""The brief: written for a new project, changed in the next version, read beside the work."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from assay import registry
from assay.errors import AssayError
from assay.judgments import kind as kind_named
from assay.platform.actions import briefs as actions
from assay.platform.actions import projects as project_actions
from assay.platform.pages.request import STYLES, brief_of, person_of, problem_of, style_of
from assay.platform.queries import attachments, projects
from assay.platform.queries import briefs as queries
from assay.records import Brief

BLANK = 2
"""Empty rows for questions and examples, for those whose browser runs no scripts."""

TITLES = {
    "ordered": _("labels, from worst to best"),
    "labels": _("one of the labels"),
    "several": _("several of the labels"),
    "number": _("a number"),
    "marks": _("marks in the text, by label"),
    "sourced": _("marks, each with a source"),
    "text": _("words"),
}
ASKED = {"styles": [(name, TITLES[name]) for name in STYLES], "known_styles": STYLES}

TEXTS = ("project", "goal", "great", "ticks_boxes", "principles", "languages", "skills", "privacy", "kind")
QUESTION = ("name", "text", "style", "labels", "low", "high")
LIVE = ("live", "live_own", "live_follow_ups", "live_reveal")
EXAMPLE = ("prompt", "answer", "great", "because")


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a brief, and begin a project with it."""
    person = person_of(request)
    if not projects.may_open(person):
        raise Http404
    found: dict[str, object] = {**ASKED, "kinds": [kind_named(name) for name in registry.names("kinds")]}
    if request.method == "GET" or "more" in request.POST:
        return render(request, "platform/new_project.html", found | {"given": typed(request.POST)})
    try:
        project = project_actions.open_project(owner=person, brief=brief_of(request.POST))
    except AssayError as wrong:
        found |= _refused(request, wrong)
        return render(request, "platform/new_project.html", found, status=422)
    return redirect("project", project.slug)


@login_required
@require_http_methods(["GET", "POST"])
def brief(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every version of a brief, and publish the next."""
    member = projects.membership(person_of(request), slug, "manage")
    now = projects.latest_brief(member.project).record()
    found: dict[str, object] = {
        **ASKED,
        "project": member.project,
        "versions": queries.versions(member.project),
        "kind": kind_named(now.kind),
        "given": typed(request.POST) if request.method == "POST" else written(now),
    }
    if request.method == "GET" or "more" in request.POST:
        return render(request, "platform/brief.html", found)
    try:
        actions.publish(project=member.project, brief=brief_of(request.POST, of=now))
    except AssayError as wrong:
        return render(request, "platform/brief.html", found | _refused(request, wrong), status=422)
    return redirect("project", slug)


@login_required
@require_safe
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what changed from version to version."""
    member = projects.membership(person_of(request), slug, "read")
    listed = queries.versions(member.project)
    files = attachments.of_briefs(member.project, [each.brief for each in listed])
    found = {"project": member.project, "versions": listed, "brief_files": files}
    return render(request, "platform/brief_versions.html", found | projects.rights_of(member))


def _refused(request: HttpRequest, wrong: AssayError) -> dict[str, object]:
    return {"problem": problem_of(wrong), "field": getattr(wrong, "field", ""), "given": typed(request.POST)}


def typed(form: QueryDict) -> dict[str, object]:
    """Return a form as it was typed, with blank rows at the end."""
    more = form.get("more", "")
    found: dict[str, object] = {name: form.get(name, "") for name in TEXTS}
    found |= {name: form.get(name, "") for name in ("pay_amount", "pay_currency", "pay_per")}
    found["judgments_per_work"] = form.get("judgments_per_work", "3")
    found |= {name: form.get(name, "") for name in LIVE}
    questions = _rows(form, "question", QUESTION, key="text")
    examples = _rows(form, "example", EXAMPLE, key="answer")
    return found | {
        "questions": questions + _blank(QUESTION, 4 if more == "questions" else BLANK),
        "examples": examples + _blank(EXAMPLE, 4 if more == "examples" else 1),
    }


def written(brief: Brief) -> dict[str, object]:
    """Return a brief as its form shows it, with blank rows at the end."""
    pay = brief.pay
    questions = [
        {
            "name": question.name,
            "text": question.text,
            "style": style_of(question),
            "labels": ", ".join(question.labels),
            "low": "" if question.low is None else f"{question.low:g}",
            "high": "" if question.high is None else f"{question.high:g}",
        }
        for question in brief.questions
    ]
    examples = [
        {
            "prompt": example.prompt,
            "answer": example.answer,
            "great": "yes" if example.great else "no",
            "because": example.because,
        }
        for example in brief.examples
    ]
    return {
        **{name: getattr(brief, name) for name in ("project", "goal", "great", "ticks_boxes", "privacy")},
        "kind": brief.kind,
        "principles": "\n".join(brief.principles),
        "languages": ", ".join(brief.languages),
        "skills": ", ".join(brief.skills),
        "pay_amount": f"{pay.amount:g}" if pay else "",
        "pay_currency": pay.currency if pay else "",
        "pay_per": pay.per if pay else "",
        "judgments_per_work": brief.judgments_per_work,
        **_live(brief),
        "questions": questions + _blank(QUESTION, BLANK),
        "examples": examples + _blank(EXAMPLE, 1),
    }


def _live(brief: Brief) -> dict[str, object]:
    live = brief.live
    if live is None:
        return dict.fromkeys(LIVE, "")
    told = ("yes", "yes" if live.own else "no", live.follow_ups, "yes" if live.reveal else "")
    return dict(zip(LIVE, told, strict=True))


def _rows(form: QueryDict, group: str, names: tuple[str, ...], *, key: str) -> list[Mapping[str, str]]:
    columns = {name: form.getlist(f"{group}_{name}") for name in names}
    rows = [
        {name: column[place] if place < len(column) else "" for name, column in columns.items()}
        for place in range(len(columns[key]))
    ]
    return [row for row in rows if row[key].strip()]


def _blank(names: tuple[str, ...], count: int) -> list[Mapping[str, str]]:
    return [dict.fromkeys(names, "")] * count
