"""A live conversation as the page of its kind sees it: said with a POST, followed with GETs."""

from __future__ import annotations

import hashlib
import json

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assay.errors import AssayError
from assay.platform import markdown, talking
from assay.platform.actions import turns as actions
from assay.platform.pages.request import answer_of, person_of, problem_of
from assay.platform.queries import turns as queries


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
    """Return a conversation for the person's eyes: no names of models, no addresses, no reasons that tell."""
    drawn = {voice.key: voice.drawn for voice in held.voices}
    told = []
    for number, rows in sorted(held.rows.items()):
        person = rows["p"]
        choice = {name: drawn.get(value, value) for name, value in person.choice.items() if name != "side"}
        replies = [_reply(reply) for reply in held.shown(number)]
        edited = {"edited_html": markdown.html(choice["edited"])} if choice.get("edited") else {}
        said = {"number": number, "said": person.text, "html": markdown.html(person.text)}
        told.append({**said, "replies": replies, "choice": {**choice, **edited}})
    ready = not held.last or held.answered(held.last)
    return {"turns": told, "ready": ready, "failed": bool(held.last and held.failed(held.last))}


def _reply(reply: queries.Reply) -> dict[str, object]:
    told: dict[str, object] = {
        "voice": reply.drawn,
        "place": reply.place,
        "state": reply.state,
        "text": reply.text,
    }
    if reply.state == "done":
        told["html"] = markdown.html(reply.text)
    if reply.state == "failed":
        told["problem"] = _problem(reply.fault)
    return told


def _problem(fault: str) -> str:
    """Say why there is no answer without a word that would tell which model it is."""
    return {
        "unreachable": _("The model cannot be reached just now. Try again in a moment."),
        "refused": _("The model did not take the request. Try again; if it stays, tell the authors."),
        "slow": _("The model was silent for too long. Try again."),
        "broken": _("The model broke off in the middle. Try again."),
        "rubbish": _("What came back was no answer. Try again; if it stays, tell the authors."),
        "empty": _("The model finished without a word. Try again."),
        "gone": _("This model has been taken out of the project. Skip this work, please."),
    }.get(fault, _("There was no answer. Try again."))
