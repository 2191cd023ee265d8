"""Pages of second readers, of those who decide where two people differ, and of those who were read."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assay.errors import AnswerError, AssayError
from assay.platform.actions import reviews as actions
from assay.platform.pages import turns
from assay.platform.pages.figures import told
from assay.platform.pages.judging import shown_work
from assay.platform.pages.request import answer_of, person_of, problem_of
from assay.platform.queries import attachments, projects, work
from assay.platform.queries import reviews as queries


@login_required
@require_safe
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a reader the next judgment, or say that none waits."""
    person = person_of(request)
    member = projects.membership(person, slug, "review")
    row = actions.claim_review(person=person, project=member.project)
    if row is None:
        left = queries.backlog(person, member.project, timezone.now())
        return render(request, "platform/nothing_to_review.html", {"project": member.project, "left": left})
    return _reading(request, queries.case(row))


@login_required
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Take what a reader makes of a judgment, and go on to the next."""
    person, answer, (decision, reason) = person_of(request), *_split(answer_of(request.POST))
    try:
        row = actions.decide_review(
            person=person, number=number, decision=decision, reason=reason, answer=answer
        )
    except AssayError as refusal:
        return _reading(request, queries.case(queries.review(person, number)), refusal=refusal)
    return redirect("review", row.project.slug)


@login_required
@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what a reader has typed so far."""
    try:
        actions.save_review_draft(person=person_of(request), number=number, draft=answer_of(request.POST))
    except AssayError as refusal:
        return JsonResponse({"saved": False, "problem": problem_of(refusal)}, status=422)
    return JsonResponse({"saved": True, "state": "held"})


@login_required
@require_POST
def leave(request: HttpRequest, number: int) -> HttpResponse:
    """Leave a judgment to another reader."""
    return redirect("project", actions.leave_review(person=person_of(request), number=number).slug)


@login_required
@require_safe
def feedback(request: HttpRequest) -> HttpResponse:
    """Show a person what readers made of their work, and what they can do about it."""
    parts = [
        (
            one,
            told(one.answer, {}),
            told(one.edited, {}) if one.edited else None,
            attachments.of_said(one.review.project, one.work, one.answer, one.edited),
        )
        for one in queries.feedback(person_of(request))
    ]
    return render(request, "platform/feedback.html", {"parts": parts})


@login_required
@require_POST
def appeal(request: HttpRequest, number: int) -> HttpResponse:
    """Ask a third person about what a reader made of one's judgment."""
    try:
        actions.appeal(person=person_of(request), number=number, reason=request.POST.get("reason", ""))
    except AssayError as refusal:
        messages.error(request, problem_of(refusal))
    else:
        messages.success(request, _("Somebody who knows neither of you will decide."))
    return redirect("feedback")


@login_required
@require_safe
def disputes(request: HttpRequest, slug: str) -> HttpResponse:
    """Give somebody the next case to decide, or say that none waits."""
    person = person_of(request)
    member = projects.membership(person, slug, "review")
    row = actions.claim_dispute(person=person, project=member.project)
    if row is None:
        left = queries.backlog(person, member.project, timezone.now())
        return render(request, "platform/nothing_to_review.html", {"project": member.project, "left": left})
    return _dispute(request, queries.dispute(row))


@login_required
@require_POST
def decide_dispute(request: HttpRequest, number: int) -> HttpResponse:
    """Take a decision, and go on to the next case."""
    person, chosen = person_of(request), request.POST.get("chosen", "")
    try:
        row = actions.decide_dispute(
            person=person,
            number=number,
            chosen=int(chosen) if chosen.isdecimal() else None,
            decision=request.POST.get("decision", ""),
            seen=[int(each) for each in request.POST.getlist("seen") if each.isdecimal()] or None,
        )
    except AssayError as refusal:
        found = queries.dispute(queries.adjudication(person, number))
        return _dispute(request, found, refusal=refusal)
    messages.success(request, _("Decided. Both sides will read why."))
    return redirect("disputes", row.project.slug)


@login_required
@require_POST
def open_dispute(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Have somebody decide between the two most common answers to a work."""
    member = projects.membership(person_of(request), slug, "manage")
    try:
        actions.open_dispute(project=member.project, work_number=number)
    except AssayError as refusal:
        messages.error(request, problem_of(refusal))
    else:
        messages.success(request, _("It waits for a reviewer who has not judged this work."))
    return redirect("reading", slug, number)


@login_required
@require_safe
def history(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show every version of a judgment."""
    member = projects.membership(person_of(request), slug, "read")
    current = queries.judgment_in_force(member.project, number)
    given = queries.as_judged(current, token=f"history-{current.pk}")
    rows = list(reversed(queries.history(current)))
    versions = [(row, told(queries.named_by_place(given.concealed(row.answer), given), {})) for row in rows]
    found = {
        "files": attachments.of_said(member.project, given.work, *(row.answer for row in rows)),
        "project": member.project,
        "current": current,
        "versions": versions,
        **projects.rights_of(member),
    }
    return render(request, "platform/history.html", found)


@login_required
@require_POST
def restore(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Put an earlier version of a judgment back."""
    member = projects.membership(person_of(request), slug, "manage")
    earlier = request.POST.get("earlier", "")
    try:
        row = actions.restore(
            project=member.project, now=number, earlier=int(earlier) if earlier.isdecimal() else 0
        )
    except AssayError as refusal:
        messages.error(request, problem_of(refusal))
        return redirect("history", slug, number)
    messages.success(request, _("Restored, as a version of its own."))
    return redirect("history", slug, row.pk)


def _split(answer: dict[str, object]) -> tuple[dict[str, object], tuple[str, str]]:
    """Part what a reader decides from the answer that they may have changed."""
    said = answer.pop("review", None)
    said = said if isinstance(said, dict) else {}
    return answer, (str(said.get("decision", "")), str(said.get("reason", "")))


def _reading(request: HttpRequest, case: queries.Case, *, refusal: AssayError | None = None) -> HttpResponse:
    typed, (decision, reason) = _split(dict(case.review.draft))
    found = shown_work(case.given, draft=typed or work.draft_of(case.given, case.answer), refusal=refusal)
    past = (answer for answer, _said in case.past)
    files = attachments.of_said(case.review.project, case.given.work, case.answer, *past)
    found |= {
        "files": files,
        "held": turns.as_read(case.answer, files),
        "review": case.review,
        "decision": decision,
        "reason": reason,
        "past": [(told(queries.named_by_place(answer, case.given), {}), said) for answer, said in case.past],
    }
    status = 200 if refusal is None else 422 if isinstance(refusal, AnswerError) else 409
    return render(request, "platform/review.html", found, status=status)


def _dispute(
    request: HttpRequest, dispute: queries.Dispute, *, refusal: AssayError | None = None
) -> HttpResponse:
    found = shown_work(dispute.given, draft={}, refusal=refusal)
    said = (answer for _place, _number, answer in dispute.sides)
    found |= {
        "files": attachments.of_said(dispute.row.project, dispute.given.work, *said),
        "dispute": dispute,
        "sides": [(place, number, told(answer, {})) for place, number, answer in dispute.sides],
        "answers": [(_("Answer %s") % place, text) for place, text in dispute.places],
        "given": request.POST,
    }
    return render(request, "platform/dispute.html", found, status=200 if refusal is None else 422)
