"""A live conversation as the page of its kind sees it: said with a POST, followed with GETs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from assay.errors import AssayError
from assay.judgments import listed, parts
from assay.platform import markdown, talking
from assay.platform.actions import turns as actions
from assay.platform.pages.request import answer_of, person_of, problem_of
from assay.platform.queries import turns as queries
from assay.platform.queries.attachments import Files


@login_required
@require_http_methods(["GET", "POST"])
def turns(request: HttpRequest, token: str) -> HttpResponse:
    """Give a conversation as far as it has come; take what the person says next."""
    person = person_of(request)
    if request.method == "GET":
        return _told(request, queries.talk(person, token))
    said = answer_of(request.POST)
    number = str(said.get("number", ""))
    try:
        held = actions.say(
            person=person, token=token, number=int(number) if number.isdecimal() else 0, said=said
        )
    except AssayError as wrong:
        problem = {"problem": problem_of(wrong), "field": getattr(wrong, "field", "")}
        return JsonResponse(problem, status=422)
    return _told(request, held)


@login_required
@require_POST
def again(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Let the models that had no answer at a turn try once more."""
    return _told(request, actions.ask_again(person=person_of(request), token=token, number=number))


def _told(request: HttpRequest, held: queries.Talk) -> HttpResponse:
    talking.start(queries.due(held))
    body = json.dumps(_shown(held), ensure_ascii=False).encode()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    return HttpResponse(body, content_type="application/json", headers={"ETag": tag})


def _shown(held: queries.Talk) -> dict[str, object]:
    """Return a conversation as the page shows it: what people and models wrote, as HTML that is safe."""
    seen, urls = queries.seen(held), queries.files(held).urls
    turns = []
    for turn in seen.turns:
        own = {"html": markdown.html(turn.said, urls)}
        choice = dict(turn.choice)
        if edited := str(choice.get("edited", "")):
            choice["edited_html"] = markdown.html(edited, urls)
        replies = [
            {**reply, **({"html": markdown.html(reply["text"], urls)} if reply["state"] == "done" else {})}
            for reply in map(dict, turn.replies)
        ]
        turns.append({"number": turn.number, "said": turn.said, **own, "replies": replies, "choice": choice})
    return {"turns": turns, "ready": seen.ready, "failed": seen.failed}


def as_read(answer: Mapping[str, object], files: Files) -> list[dict[str, object]]:
    """Return the turns of a judged conversation as HTML that is safe, for whoever reads it again.

    Nothing is returned where an answer holds no turns.
    """
    return [
        {
            "html": markdown.html(str(turn.get("said", "")), files.urls),
            "replies": {
                voice: markdown.html(str(text), files.urls) for voice, text in parts(turn, "replies").items()
            },
            "edited": markdown.html(str(turn.get("edited", "")), files.urls),
        }
        for turn in listed(answer, "turns") or []
        if isinstance(turn, Mapping)
    ]
