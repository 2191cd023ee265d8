"""The page where a person judges, whatever the kind: it renders the kind's own page."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from assay.errors import AnswerError, AssayError
from assay.platform import kindpages
from assay.platform.actions import flags as leaving
from assay.platform.actions import work as actions
from assay.platform.pages import figures
from assay.platform.pages.request import answer_of, person_of, problem_of, seconds_of
from assay.platform.queries import arena, attachments, pilots, projects, queue
from assay.platform.queries import work as queries


@login_required
@require_safe
def judge(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a person their next work, or say that there is none."""
    return _next(request, slug)


def _next(request: HttpRequest, slug: str) -> HttpResponse:
    person = person_of(request)
    member = projects.membership(person, slug, "judge")
    lease = actions.claim_work(person=person, project=member.project)
    if lease is None and arena.live_of(member.project):
        return redirect("battle", slug)
    if lease is None:
        found = {
            "project": member.project,
            "reads": projects.may(member, "read"),
            "why": queue.why_nothing(person, member.project),
            "layout": _layout(request),
        }
        return render(request, "platform/nothing_left.html", found)
    return page(request, queries.assignment(lease))


def _onward(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead to the next work; the page's own script gets it at once, which spares it a second request."""
    return _next(request, slug) if _is_script(request) else redirect("judge", slug)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Assay-Next") == "page"


def _layout(request: HttpRequest) -> str:
    """Name what a page stands in: the script has the frame of its page already, and takes what is within."""
    return "platform/bare.html" if _is_script(request) else "platform/base.html"


@login_required
@require_POST
def submit(request: HttpRequest, token: str) -> HttpResponse:
    """Take a judgment and go on to the next work; where it is refused, say why and keep what was typed."""
    person, answer = person_of(request), answer_of(request.POST)
    try:
        judgment = actions.submit_judgment(
            person=person, token=token, answer=answer, seconds=seconds_of(request.POST)
        )
    except actions.AnsweredAlreadyError as refusal:
        return answered_already(request, token, problem_of(refusal))
    except AssayError as refusal:
        given = queries.assignment(queries.lease_or_404(person, token))
        return page(request, given, refusal=refusal)
    if pilots.teaches(judgment):
        return redirect("lesson", judgment.pk)
    if arena.is_own_battle(judgment):
        return redirect("battle-over", judgment.pk)
    return _onward(request, judgment.project.slug)


@login_required
@require_POST
def draft(request: HttpRequest, token: str) -> HttpResponse:
    """Keep what has been typed so far."""
    try:
        lease = actions.save_draft(person=person_of(request), token=token, draft=answer_of(request.POST))
    except AssayError as refusal:
        status = 409 if isinstance(refusal, actions.PlaceTakenError) else 422
        return JsonResponse({"saved": False, "problem": problem_of(refusal)}, status=status)
    return JsonResponse({"saved": True, "state": lease.state})


def answered_already(request: HttpRequest, token: str, problem: str) -> HttpResponse:
    """Say that another answer counts, and show what was typed, to be copied from."""
    judgment = queries.judged(person_of(request), token)
    found = {"problem": problem, "judgment": judgment, "typed": figures.told(answer_of(request.POST), {})}
    return render(request, "platform/answered_already.html", found, status=409)


@login_required
@require_POST
def skip(request: HttpRequest, token: str) -> HttpResponse:
    """Give a work back, with a reason or none, and go on."""
    given = {name: request.POST.get(f"leave_{name}", "") for name in ("reason", "note")}
    try:
        project = leaving.skip(person=person_of(request), token=token, **given)
    except AssayError as refusal:
        lease = queries.lease_or_404(person_of(request), token)
        return page(request, queries.assignment(lease), refusal=refusal)
    return _onward(request, project.slug)


def kind_script(request: HttpRequest, kind: str) -> HttpResponse:
    """Serve the script that a kind brings, if it brings one."""
    text = kindpages.asset(kind, "page.js")
    if text is None:
        raise Http404
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


def page(
    request: HttpRequest, given: queries.Assignment, *, refusal: AssayError | None = None
) -> HttpResponse:
    ways: dict[str, object] = {"reasons": leaving.REASONS.items(), "causes": leaving.CAUSES.items()}
    if given.brief.live:
        ways |= {"battle": arena.of_lease(given.lease), "live": given.brief.live}
    shown = shown_work(given, draft=given.lease.draft, refusal=refusal)
    found = {"lease": given.lease, "layout": _layout(request), **ways, **shown}
    status = 200 if refusal is None else 422 if isinstance(refusal, AnswerError) else 409
    return render(request, "platform/judge.html", found, status=status)


def shown_work(
    given: queries.Assignment, *, draft: Mapping[str, object], refusal: AssayError | None = None
) -> dict[str, object]:
    """Return what the page of a kind needs to show a work, with what was typed so far."""
    view = getattr(given.kind, "view", None)
    return {
        "project": given.lease.project,
        "brief": given.brief,
        "kind": given.kind,
        "page": f"kinds/{given.kind.name}/page.html",
        "script": kindpages.asset(given.kind.name, "page.js") is not None,
        "item": given.work.item,
        "files": attachments.of_work(given.lease.project, given.work),
        "brief_files": attachments.of_briefs(given.lease.project, [given.brief]),
        "samples": [
            {"place": place, "sample": sample} for place, sample in zip("ABCDEFGH", given.shown, strict=False)
        ],
        "questions": given.kind.questions(given.brief),
        "view": view(given.brief, given.work) if view else {},
        "draft": draft,
        "problem": problem_of(refusal),
        "field": getattr(refusal, "field", ""),
    }
