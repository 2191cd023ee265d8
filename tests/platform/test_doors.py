"""Every address as everybody: what is not open to somebody does not exist for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from assay import platform
from assay.platform.actions import flags, work
from assay.platform.models import JudgmentRow, MembershipRow, WorkRow
from assay.platform.queries import work as queries

from .conftest import forget

OPEN, NOT_HERE, SIGN_IN, NO_METHOD, WRONG, SENT, NO_SESSION = 200, 404, "sign-in", 405, 422, 302, 401

# route → what Ann (owner), Ben (contributor), Vera (viewer), Cleo (stranger) and nobody get for a GET.
PAGES = {
    "": (OPEN, OPEN, OPEN, OPEN, SIGN_IN),
    "healthz": (OPEN, OPEN, OPEN, OPEN, OPEN),
    "me/": (OPEN, OPEN, OPEN, OPEN, SIGN_IN),
    "sign-in/": (OPEN, OPEN, OPEN, OPEN, OPEN),
    "sign-out/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD),
    "welcome/<str:token>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE),
    "projects/new/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/outcome/": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/figures/<slug:name>.csv": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/import/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/export/<str:form>/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/judgments.jsonl": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/brief/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/brief/versions/": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/state/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/pilot/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    # Of pilots and experiments there are none here; their own tests ask those doors as everybody.
    "projects/<slug:slug>/pilot/cases/<int:number>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/experiments/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/experiments/<int:number>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/experiments/<int:number>/results/": (
        NOT_HERE,
        NOT_HERE,
        NOT_HERE,
        NOT_HERE,
        SIGN_IN,
    ),
    "projects/<slug:slug>/experiments/<int:number>/close/": (
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        SIGN_IN,
    ),
    "lessons/<int:number>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/invite/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/works/<int:number>/": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/quality/": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/quality/parts/": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/quality/<slug:name>.csv": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/mine/": (OPEN, OPEN, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/people/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/people/<int:number>/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/people/<int:number>/password/": (
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        SIGN_IN,
    ),
    "projects/<slug:slug>/invitations/<int:number>/revoke/": (
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        SIGN_IN,
    ),
    "me/about/": (OPEN, OPEN, OPEN, OPEN, SIGN_IN),
    "me/feedback/": (OPEN, OPEN, OPEN, OPEN, SIGN_IN),
    "projects/<slug:slug>/review/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/disputes/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/works/<int:number>/dispute/": (
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        SIGN_IN,
    ),
    "projects/<slug:slug>/judgments/<int:number>/": (OPEN, NOT_HERE, OPEN, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/judgments/<int:number>/restore/": (
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        SIGN_IN,
    ),
    "reviews/<int:number>/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "reviews/<int:number>/draft/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "reviews/<int:number>/leave/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "reviews/<int:number>/appeal/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "disputes/<int:number>/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/judge/": (OPEN, OPEN, NOT_HERE, NOT_HERE, SIGN_IN),
    # Of files there are none here; `test_attachments.py` asks this door as everybody while there are.
    "projects/<slug:slug>/attachments/<str:name>": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/models/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/models/<int:number>/try/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/models/<int:number>/remove/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    # Ben holds no conversation; `test_conversation.py` asks these doors while he does.
    "work/<str:token>/turns/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "work/<str:token>/turns/<int:number>/again/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "work/<str:token>/submit/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "work/<str:token>/draft/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "work/<str:token>/skip/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "work/<str:token>/flag/": (NOT_HERE, OPEN, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/undo/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "judgments/<int:number>/undo/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "me/queue/": (OPEN, OPEN, OPEN, OPEN, SIGN_IN),
    "projects/<slug:slug>/flags/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/flags/<int:number>/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/settings/": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    # Moon holds no battles; `test_arena_doors.py` asks these doors where there are some.
    "projects/<slug:slug>/battle/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/draft/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "battles/<str:token>/another/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "battles/<str:token>/begin/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "battles/<str:token>/again/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "battles/<str:token>/leave/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "battles/<str:token>/events/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "judgments/<int:number>/battle/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/entrants/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/entrants/<int:number>/retire/": (
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        NO_METHOD,
        SIGN_IN,
    ),
    "projects/<slug:slug>/entrants/<int:number>/try/": (NO_METHOD, NO_METHOD, NO_METHOD, NO_METHOD, SIGN_IN),
    "projects/<slug:slug>/board/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/board/parts/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/board/compare/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/board/files/<str:name>": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "kinds/<str:kind>/page.js": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE),
    "api/openapi.json": (OPEN, OPEN, OPEN, OPEN, OPEN),
    "api/projects": (OPEN, OPEN, OPEN, OPEN, NO_SESSION),
    "api/projects/<slug>/attachments": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    # Ben holds no conversation; `test_talking_api.py` asks these doors while somebody does.
    "api/work/<token>/turns": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/projects/<slug>/battles": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/battles/<token>": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/projects/<slug>/export/<form>": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
}
# The same for a POST, where a POST means something. Ben holds the lease.
POSTS = {
    "projects/new/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/import/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/brief/": (WRONG, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/state/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/pilot/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/pilot/cases/<int:number>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/experiments/": (WRONG, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/experiments/<int:number>/close/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/invite/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/people/<int:number>/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/people/<int:number>/password/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/invitations/<int:number>/revoke/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "me/about/": (SENT, SENT, SENT, SENT, SIGN_IN),
    # Of reviews there are none here; `test_reviews.py` asks those doors as everybody while there are.
    "projects/<slug:slug>/works/<int:number>/dispute/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/judgments/<int:number>/restore/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "reviews/<int:number>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "reviews/<int:number>/draft/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "reviews/<int:number>/leave/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "reviews/<int:number>/appeal/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "disputes/<int:number>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/models/": (WRONG, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/models/<int:number>/try/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/models/<int:number>/remove/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "work/<str:token>/turns/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "work/<str:token>/turns/<int:number>/again/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "work/<str:token>/submit/": (NOT_HERE, WRONG, NOT_HERE, NOT_HERE, SIGN_IN),
    "work/<str:token>/draft/": (NOT_HERE, OPEN, NOT_HERE, NOT_HERE, SIGN_IN),
    "work/<str:token>/skip/": (NOT_HERE, SENT, NOT_HERE, NOT_HERE, SIGN_IN),
    "work/<str:token>/flag/": (NOT_HERE, WRONG, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/undo/": (SENT, SENT, NOT_HERE, NOT_HERE, SIGN_IN),
    "judgments/<int:number>/undo/": (SENT, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/flags/<int:number>/": (WRONG, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/settings/": (WRONG, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/draft/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/another/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/begin/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/again/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/leave/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "battles/<str:token>/events/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "judgments/<int:number>/battle/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/entrants/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/entrants/<int:number>/retire/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "projects/<slug:slug>/entrants/<int:number>/try/": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, SIGN_IN),
    "api/projects/<slug>/next": (OPEN, OPEN, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/projects/<slug>/import": (WRONG, WRONG, WRONG, WRONG, NO_SESSION),
    "api/projects/<slug>/attachments": (WRONG, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/work/<token>/turns": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/projects/<slug>/battles": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/battles/<token>": (WRONG, WRONG, WRONG, WRONG, NO_SESSION),
    "api/battles/<token>/again": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/battles/<token>/leave": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/work/<token>/turns/<number>/again": (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/work/<token>/judgment": (NOT_HERE, WRONG, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/work/<token>/skip": (NOT_HERE, OPEN, NOT_HERE, NOT_HERE, NO_SESSION),
    "api/work/<token>/flag": (WRONG, WRONG, WRONG, WRONG, NO_SESSION),
    "api/judgments/<number>/undo": (OPEN, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION),
}
NAMES = ("Ann", "Ben", "Vera", "Cleo", None)
ELSEWHERE = {
    "language/setlang/",
    "api/",
    "api/work/<token>/draft",
    "api/work/<token>/turns/<number>",
}  # Django's own; ninja's root; PUTs, tested below


@pytest.fixture
def scene(cast):
    """Two judgments are there, and Ben is at a work."""
    for person in (cast.ann, cast.ben):
        lease = work.claim_work(person=person, project=cast.moon)
        names = queries.assignment(lease).names
        chosen = next(drawn for drawn, real in names.items() if real.endswith("/fine"))
        work.submit_judgment(person=person, token=lease.token, answer={"choice": chosen})
    cast.lease = work.claim_work(person=cast.ben, project=cast.moon)
    cast.flag = flags.flag(person=cast.ben, token=cast.lease.token, cause="broken")
    return cast


def _path(route, scene):
    places = {
        "quality/<slug:name>": "quality/people",
        "<slug:slug>": "moon", "<slug>": "moon", "<str:form>": "jsonl", "<form>": "jsonl",
        "<str:token>": scene.lease.token, "<token>": scene.lease.token, "<slug:name>": "contest",
        "flags/<int:number>": f"flags/{scene.flag.pk}",
        "people/<int:number>": f"people/{MembershipRow.objects.get(person=scene.ben).pk}",
        "judgments/<int:number>": f"judgments/{JudgmentRow.objects.earliest('pk').pk}",
        "judgments/<number>": f"judgments/{JudgmentRow.objects.earliest('pk').pk}",
        "turns/<number>": "turns/1",
        "<int:number>": str(WorkRow.objects.earliest("pk").pk), "<str:kind>": "pairwise",
        "<str:name>": "moon.png",
    }  # fmt: skip
    for place, value in places.items():
        route = route.replace(place, value)
    return f"/{route}"


def _got(response):
    if response.status_code == SENT and response.url.startswith("/sign-in/"):
        return SIGN_IN
    return response.status_code


def _routes(resolver, before=""):
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        yield from _routes(pattern, here) if hasattr(pattern, "url_patterns") else [here]


def test_every_address_is_in_the_tables():
    assert set(_routes(get_resolver())) - ELSEWHERE == PAGES.keys() | POSTS.keys()


def _refuted(row, client_of, ask):
    """Ask a door as everybody, and return `{name: what they got}` where that is not what the row says.

    All begin at the same scene: what one of them did is undone before the next one asks.
    """
    found = {}
    for name, expected in zip(NAMES, row, strict=True):
        with transaction.atomic():
            got = _got(ask(client_of(name) if name else Client(headers={"host": "localhost"})))
            transaction.set_rollback(True)
        forget()
        if got != expected:
            found[name or "nobody"] = f"{got} instead of {expected}"
    return found


@pytest.mark.parametrize("route", PAGES)
def test_a_page_opens_for_those_it_is_meant_for(scene, client_of, route):
    path = _path(route, scene)

    assert _refuted(PAGES[route], client_of, lambda client: client.get(path)) == {}


@pytest.mark.parametrize("route", [route for route, row in PAGES.items() if OPEN in row])
def test_what_opens_without_scripts_is_a_whole_page(scene, client_of, route):
    name = NAMES[PAGES[route].index(OPEN)]

    answer = client_of(name).get(_path(route, scene))

    if answer.headers["Content-Type"].startswith("text/html"):
        page = answer.content.decode()
        assert "<title>" in page
        assert 'id="main"' in page


@pytest.mark.parametrize("route", ["outcome/", "quality/parts/"])
def test_a_page_that_is_there_already_gets_the_part_alone(scene, client_of, route):
    part = client_of("Ann").get(f"/projects/moon/{route}", headers={"HX-Request": "true"})

    assert b"<title>" not in part.content
    assert part.content.strip().startswith(b"<div id=")
    assert "HX-Request" in part.headers["Vary"]


@pytest.mark.parametrize("route", POSTS)
def test_a_form_is_taken_from_those_it_is_meant_for(scene, client_of, route):
    path = _path(route, scene)
    bare = route.endswith(("skip", "turns", "again"))
    body = {"answer": {}} if route.startswith("api/work") and not bare else {}
    form = not route.startswith("api/") or route.endswith(("import", "attachments"))
    kind = {} if form else {"content_type": "application/json"}

    assert _refuted(POSTS[route], client_of, lambda client: client.post(path, body, **kind)) == {}


PUTS = {
    "draft": ({"answer": {"reason": "So."}}, (NOT_HERE, OPEN, NOT_HERE, NOT_HERE, NO_SESSION)),
    "turns/1": ({"choice": "tie"}, (NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NO_SESSION)),
}


@pytest.mark.parametrize("route", PUTS)
def test_what_is_put_is_taken_from_those_it_is_meant_for(scene, client_of, route):
    path = f"/api/work/{scene.lease.token}/{route}"
    body, row = PUTS[route]

    def put(client):
        return client.put(path, body, content_type="application/json")

    assert _refuted(row, client_of, put) == {}


def test_a_stranger_cannot_tell_a_project_from_none(scene, client_of):
    stranger = client_of("Cleo")

    there, nowhere = stranger.get("/projects/moon/"), stranger.get("/projects/mars/")

    assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)
    assert b"moon" not in stranger.get("/").content.replace(b"moon-", b"")


def test_a_contributor_sees_no_counts_of_others(scene, client_of):
    page = client_of("Ben").get("/").content.decode()

    assert "1 judgment of yours" in page
    assert "of 8 judgments" not in page
    assert "of 8 judgments" in client_of("Ann").get("/").content.decode()


def test_the_api_asks_for_the_token_against_forged_requests(scene):
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    client.force_login(scene.ben)

    assert client.post("/api/projects/moon/next", content_type="application/json").status_code == 403


def test_a_program_claims_drafts_and_submits(cast, client_of, post_json):
    client = client_of("Ben")

    given = post_json(client, "/api/projects/moon/next").json()
    draft = post_json(client, f"/api/work/{given['token']}/draft", {"answer": {"reason": "so"}}, method="put")
    again = post_json(client, "/api/projects/moon/next").json()
    answer = {"answer": {"choice": given["samples"][0]["id"]}, "seconds": 0.01}
    first, second = (post_json(client, f"/api/work/{given['token']}/judgment", answer) for _ in range(2))

    assert draft.json()["state"] == "held"
    assert again["draft"] == {"reason": "so"}
    assert first.status_code == 200
    assert first.json() == second.json()


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"', '"\\u0000"', '{"deep": [-Infinity]}'])
def test_what_is_neither_text_nor_a_number_is_refused(cast, client_of, post_json, value):
    client = client_of("Ben")
    token = post_json(client, "/api/projects/moon/next").json()["token"]

    body = f'{{"answer": {{"choice": "tie", "reason": {value}}}}}'
    draft = client.put(f"/api/work/{token}/draft", body, content_type="application/json")
    judgment = client.post(f"/api/work/{token}/judgment", body, content_type="application/json")

    assert (draft.status_code, judgment.status_code) == (422, 422)
    assert "neither text nor a number" in judgment.json()["detail"]


def test_every_answer_carries_the_policy(scene, client_of):
    for path in ("/", "/sign-in/", "/projects/moon/", "/projects/moon/judge/", "/nowhere", "/api/projects"):
        headers = client_of("Ann").get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'; img-src 'self' data:;"), (
            path
        )
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_only_queries_know_what_a_role_may_do():
    home = Path(platform.__file__).parent
    telling = ("RIGHTS", "role__in", "Role.CONTRIBUTOR", "Role.VIEWER")

    asking = {
        file.relative_to(home).parts[0]
        for file in home.rglob("*.py")
        if "migrations" not in file.parts and any(word in file.read_text() for word in telling)
    }

    assert asking == {"queries"}
