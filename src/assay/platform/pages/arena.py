"""Live battles for those who hold them: a prompt, two answers while they are written, a vote, the names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from django.conf.locale import LANG_INFO
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.errors import AssayError
from assay.platform import markdown, talking
from assay.platform.actions import arena as actions
from assay.platform.pages import figures, judging
from assay.platform.pages.request import answer_of, person_of, problem_of
from assay.platform.queries import arena as queries
from assay.platform.queries import arena_board as boards
from assay.platform.queries import attachments, projects, queue, routing, work


@login_required
@require_safe
def battle(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the desk on which a prompt is written, or what a person is at."""
    person = person_of(request)
    member = queries.membership(person, slug, "judge")
    at = queries.at_hand(person, member.project)
    if at is not None and at.state == at.HELD:
        return redirect("judge", slug)
    return _desk(request, actions.desk(person=person, project=member.project))


@login_required
@require_POST
def draft(request: HttpRequest, token: str) -> HttpResponse:
    """Keep a prompt as far as it is typed."""
    try:
        found = actions.save_draft(person=person_of(request), token=token, draft=answer_of(request.POST))
    except AssayError as refusal:
        return JsonResponse({"saved": False, "problem": problem_of(refusal)}, status=422)
    return JsonResponse({"saved": True, "state": found.state})


@login_required
@require_POST
def another(request: HttpRequest, token: str) -> HttpResponse:
    """Put one of the project's prompts on the desk."""
    found = actions.another_prompt(person=person_of(request), token=token)
    return _desk(request, found)


@login_required
@require_POST
def begin(request: HttpRequest, token: str) -> HttpResponse:
    """Draw two models and let them answer; where that is refused, say why and keep the prompt."""
    person = person_of(request)
    found = queries.battle(person, token)
    policy = boards.policy(found.project)
    try:
        lease = actions.begin(person=person, token=token, said=answer_of(request.POST), policy=policy)
    except AssayError as refusal:
        return _desk(request, queries.battle(person, token), refusal=refusal)
    talking.start(queries.due(found))
    if request.headers.get("X-Assay-Next") == "page":
        return judging.page(request, work.assignment(lease))
    return redirect("judge", lease.project.slug)


@login_required
@require_http_methods(["GET", "POST"])
def state(request: HttpRequest, token: str) -> HttpResponse:
    """Give a battle as far as it may be seen; take what the person says next."""
    person = person_of(request)
    if request.method == "GET":
        return _told(request, queries.battle(person, token))
    said = answer_of(request.POST)
    number = str(said.get("number", ""))
    try:
        found = actions.follow_up(
            person=person, token=token, number=int(number) if number.isdecimal() else 0, said=said
        )
    except AssayError as wrong:
        problem = {"problem": problem_of(wrong), "field": getattr(wrong, "field", "")}
        return JsonResponse(problem, status=422)
    return _told(request, found)


@login_required
@require_POST
def again(request: HttpRequest, token: str) -> HttpResponse:
    """Ask both models once more."""
    return _told(request, actions.ask_again(person=person_of(request), token=token))


@login_required
@require_POST
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Give up a battle that gets no answers, and go back to the desk with its prompt."""
    found = actions.give_up(person=person_of(request), token=token)
    return redirect("battle", found.project.slug)


@login_required
@require_POST
def events(request: HttpRequest, token: str) -> HttpResponse:
    """Keep what the page saw."""
    try:
        said = json.loads(request.POST.get("events", ""))
    except (ValueError, RecursionError):
        said = None
    actions.note(person=person_of(request), token=token, events=said if isinstance(said, list) else [])
    return HttpResponse(status=204)


@login_required
@require_http_methods(["GET", "POST"])
def over(request: HttpRequest, number: int) -> HttpResponse:
    """Say that a vote is kept, and show which models these were to those who ask and may know."""
    person, problem = person_of(request), ""
    if request.method == "POST":
        try:
            actions.reveal(person=person, number=number)
        except AssayError as wrong:
            problem = problem_of(wrong)
    judgment, found = queries.own_done(person, number)
    context = {
        "project": judgment.project,
        "judgment": judgment,
        "live": queries.terms(judgment.project),
        "names": list(zip("AB", found.on_page, strict=True)) if found.revealed_at else [],
        "said": figures.told(judgment.answer, queries.places(judgment, found)),
        "why_not": queue.why_no_undo(judgment, timezone.now()),
        "votes": queries.own_votes(person, judgment.project),
        "problem": problem,
    }
    return render(request, "platform/arena_over.html", context)


def _desk(request: HttpRequest, found: queries.Found, *, refusal: AssayError | None = None) -> HttpResponse:
    project, person = found.project, person_of(request)
    brief = projects.latest_brief(project).record()
    tags, is_open = brief.languages or tuple(person.languages), bool(routing.uses(project))
    context = {
        "project": project,
        "brief": brief,
        "brief_files": attachments.of_briefs(project, [brief]),
        "live": brief.live,
        "battle": found,
        "draft": found.draft,
        "language": found.draft.get("language") or next((tag for tag in tags if tag == get_language()), ""),
        "languages": [(tag, LANG_INFO.get(tag.lower(), {}).get("name_local", tag)) for tag in tags],
        "entered": len(queries.active(project)),
        "open": is_open,
        "why": [] if is_open else queue.why_nothing(person, project),
        "prompts": bool(queries.prompts_left(found)),
        "votes": queries.own_votes(person, project),
        "problem": problem_of(refusal),
        "field": getattr(refusal, "field", ""),
        **projects.rights_of(projects.membership(person, project.slug, "judge")),
    }
    return render(request, "platform/arena_battle.html", context, status=422 if refusal else 200)


def _told(request: HttpRequest, found: queries.Found) -> HttpResponse:
    said = queries.said_in(found)
    talking.start(queries.due(found, said))
    if queries.is_whole(found, said):
        found = actions.lay_before(person=person_of(request), token=found.token)
    body = json.dumps(_shown(found, queries.shown(found, said)), ensure_ascii=False).encode()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    return HttpResponse(body, content_type="application/json", headers={"ETag": tag})


def _shown(found: queries.Found, told: Sequence[queries.Turn]) -> dict[str, object]:
    """Return a battle for the person's eyes: no names, no addresses, no word about which one failed."""
    last = told[-1] if told else None
    turns = [
        {
            "number": turn.number,
            "said": turn.said,
            "html": markdown.html(turn.said) if turn.number > 1 else "",  # the first is on the page
            "state": turn.state,
            "answers": [
                {"html": markdown.html(text)} if turn.state == "done" else {"text": text}
                for text in turn.answers
            ],
        }
        for turn in told
    ]
    problem = _problem(last.fault) if last and last.state == "failed" else ""
    return {"state": queries.state_of(found, told), "turns": turns, "problem": problem}


def _problem(fault: str) -> str:
    """Say why there are no two answers without a word that would tell which model it is."""
    return {
        "unreachable": _("One of the two models cannot be reached just now. Your prompt is kept."),
        "refused": _("One of the two models did not take the request. Your prompt is kept."),
        "slow": _("One of the two models was silent for too long. Your prompt is kept."),
        "broken": _("One of the two models broke off in the middle. Your prompt is kept."),
        "rubbish": _("What came back from one of the two models was no answer. Your prompt is kept."),
        "empty": _("One of the two models finished without a word. Your prompt is kept."),
    }.get(fault, _("One of the two models gave no answer. Your prompt is kept."))
