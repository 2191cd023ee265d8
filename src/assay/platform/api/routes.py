"""What a program can ask: the next work, a draft, a submission, a whole table in or out."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import File, NinjaAPI, Schema
from ninja.files import UploadedFile
from ninja.security import django_auth
from pydantic import ConfigDict

from assay import registry
from assay.errors import AnswerError, AssayError
from assay.platform import files
from assay.platform.actions import flags, importing, undo
from assay.platform.actions import work as actions
from assay.platform.actions.attachments import brought_along
from assay.platform.queries import attachments, outcomes, people, projects
from assay.platform.queries import work as works

# No page of documentation: it would load scripts from elsewhere. openapi.json is the same in one file.
api = NinjaAPI(title="Assay", version="1", auth=django_auth, docs_url=None, urls_namespace="api")


class Submission(Schema):
    """An answer as its kind wants it, and the time it took."""

    model_config = ConfigDict(extra="forbid")

    answer: dict[str, Any]
    seconds: float | None = None


class Draft(Schema):
    """An unfinished answer."""

    model_config = ConfigDict(extra="forbid")

    answer: dict[str, Any]


class Reason(Schema):
    """Why a work is skipped: one of `flags.REASONS`, and words of one's own."""

    model_config = ConfigDict(extra="forbid")

    reason: str = ""
    note: str = ""


class Flag(Schema):
    """What is the matter with a work: silent, broken, harmful or other."""

    model_config = ConfigDict(extra="forbid")

    cause: str
    note: str = ""


@api.exception_handler(AssayError)
def refuse(request: HttpRequest, wrong: AssayError) -> HttpResponse:
    """Say in a sentence what is wrong: 409 where it is too late, else 422."""
    status = 409 if isinstance(wrong, actions.PlaceTakenError | undo.UndoError) else 422
    field = wrong.field if isinstance(wrong, AnswerError) else None
    return api.create_response(request, {"detail": str(wrong), "field": field}, status=status)


@api.get("projects")
def list_projects(request: HttpRequest) -> list[dict[str, object]]:
    """List one's projects."""
    return [
        {"project": card.project.slug, "title": card.project.title, "goal": card.goal, "judged": card.own}
        for card in projects.cards(people.signed_in(request.user))
    ]


@api.post("projects/{slug}/next")
def next_work(request: HttpRequest, slug: str) -> dict[str, object]:
    """Claim the next work: `work` is null where there is none."""
    person = people.signed_in(request.user)
    member = projects.membership(person, slug, "judge")
    lease = actions.claim_work(person=person, project=member.project)
    if lease is None:
        return {"work": None}
    given = works.assignment(lease)
    return {
        "work": given.work.id,
        "token": lease.token,
        "expires_at": lease.expires_at,
        "kind": given.brief.kind,
        "prompt": given.work.item.prompt,
        "context": given.work.item.context,
        "language": given.work.item.language,
        # In the order drawn for this person.
        "samples": [{"id": sample.id, "text": sample.text} for sample in given.shown],
        # name → address, for the files of the item and those that its samples place.
        "attachments": dict(attachments.of_work(member.project, given.work).urls),
        "draft": lease.draft,
    }


@api.post("work/{token}/judgment")
def submit(request: HttpRequest, token: str, body: Submission) -> dict[str, object]:
    """Submit a judgment; the same token again gives the same judgment."""
    judgment = actions.submit_judgment(
        person=people.signed_in(request.user), token=token, answer=body.answer, seconds=body.seconds
    )
    return {"judgment": str(judgment.pk), "submitted_at": judgment.submitted_at}


@api.put("work/{token}/draft")
def draft(request: HttpRequest, token: str, body: Draft) -> dict[str, object]:
    """Keep an unfinished answer."""
    lease = actions.save_draft(person=people.signed_in(request.user), token=token, draft=body.answer)
    return {"state": lease.state, "expires_at": lease.expires_at}


@api.post("work/{token}/skip")
def skip(request: HttpRequest, token: str, body: Reason | None = None) -> dict[str, object]:
    """Give a work back; leave what was opened again as it was."""
    given = body.model_dump() if body else {}
    return {"project": flags.skip(person=people.signed_in(request.user), token=token, **given).slug}


@api.post("work/{token}/flag")
def flag(request: HttpRequest, token: str, body: Flag) -> dict[str, object]:
    """Tell the authors of a work what is the matter with it."""
    row = flags.flag(person=people.signed_in(request.user), token=token, cause=body.cause, note=body.note)
    return {"flag": row.pk}


@api.post("judgments/{number}/undo")
def undo_judgment(request: HttpRequest, number: int) -> dict[str, object]:
    """Open a judgment again; it stands until its token is submitted on."""
    lease = undo.undo(person=people.signed_in(request.user), number=number)
    return {"token": lease.token, "expires_at": lease.expires_at, "draft": lease.draft}


@api.post("projects/{slug}/import")
def bring_in(
    request: HttpRequest,
    slug: str,
    table: File[UploadedFile],
    attachments: File[list[UploadedFile] | None] = None,
) -> dict[str, object]:
    """Bring in a table and the files that its items show: all of it, or nothing."""
    member = projects.membership(people.signed_in(request.user), slug, "manage")
    along = files.from_uploads(attachments or [])
    with brought_along(project=member.project, files=along):
        found = importing.bring_in_file(project=member.project, file=table)
    return {**vars(found.report), "repeated": found.repeated}


@api.get("projects/{slug}/export/{form}")
def export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """Stream the data set in a registered format, or every judgment as it was made (`judgments`)."""
    from assay import datasets  # noqa: PLC0415 -- only who exports pays for it

    member = projects.membership(people.signed_in(request.user), slug, "manage")
    if form == "judgments":
        lines = outcomes.raw_lines(member.project)
    else:
        if form not in registry.names("formats"):
            known = ", ".join(registry.names("formats"))
            raise AssayError(f"there is no format {form!r}; known: judgments, {known}")
        found = outcomes.outcome(member.project)
        lines = datasets.lines(found.examples if found else (), datasets.format_named(form))
    first = next(lines, "")  # what is wrong shows before the first line, while it can still be said
    parts = (line.encode() for line in chain([first], lines))
    return StreamingHttpResponse(parts, content_type="application/x-ndjson")
