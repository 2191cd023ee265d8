"""The pages of an arena as everybody: owners register, contributors hold battles, viewers read the board."""

from __future__ import annotations

import pytest
from django.test import Client

from assay.platform import talking
from assay.platform.actions import people
from assay.platform.models import EntrantRow
from assay.platform.queries import people as known

from .arenas import arena_of, begun, fought
from .talks import piece, speaking

OPEN, NOT_HERE, SENT, WRONG, NO_METHOD = 200, 404, 302, 422, 405
WHO = ("Ann", "Ada", "Rae", "Ben", "Vera", "Cleo")
"""Owner, author, reviewer, contributor, viewer, stranger."""

# One vote makes no board: who may take it away is sent back and told so.
BOARD = (OPEN, OPEN, OPEN, NOT_HERE, OPEN, NOT_HERE)
TAKES = (SENT, SENT, SENT, NOT_HERE, SENT, NOT_HERE)
RUNS = (OPEN, OPEN, NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE)
OWNER = (SENT, NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE)
BENS = (NOT_HERE, NOT_HERE, NOT_HERE, OPEN, NOT_HERE, NOT_HERE)

PAGES = {
    "/projects/ring/battle/": (OPEN, OPEN, OPEN, SENT, NOT_HERE, NOT_HERE),  # Ben is sent on to what he is at
    "/projects/ring/judge/": (SENT, SENT, SENT, OPEN, NOT_HERE, NOT_HERE),
    "/battles/{token}/": BENS,
    "/judgments/{judgment}/battle/": BENS,
    "/projects/ring/entrants/": RUNS,
    "/projects/ring/board/": BOARD,
    "/projects/ring/board/parts/": BOARD,
    "/projects/ring/board/compare/?first=mica&second=slate&do=gate": BOARD,
    "/projects/ring/board/files/card.html": TAKES,
    "/projects/ring/board/files/standings.csv": TAKES,
    "/projects/ring/board/files/next.csv": TAKES,
    "/projects/ring/board/files/raters.csv": (SENT, SENT, NOT_HERE, NOT_HERE, NOT_HERE, NOT_HERE),
    "/projects/ring/board/files/battles.csv": RUNS,
    "/projects/ring/board/files/battles.jsonl": RUNS,
    "/projects/ring/board/files/nothing.csv": (NOT_HERE,) * 6,
}
POSTS = {
    "/projects/ring/entrants/": (WRONG, *OWNER[1:]),
    "/projects/ring/entrants/{entrant}/retire/": OWNER,
    "/projects/ring/entrants/{entrant}/try/": OWNER,
    "/battles/{token}/": (NOT_HERE, NOT_HERE, NOT_HERE, WRONG, NOT_HERE, NOT_HERE),
    "/battles/{token}/draft/": BENS,
    "/battles/{token}/another/": BENS,
    "/battles/{token}/begin/": (NOT_HERE, NOT_HERE, NOT_HERE, SENT, NOT_HERE, NOT_HERE),
    "/battles/{token}/again/": BENS,
    "/battles/{token}/leave/": (NOT_HERE, NOT_HERE, NOT_HERE, SENT, NOT_HERE, NOT_HERE),
    "/battles/{token}/events/": (NOT_HERE, NOT_HERE, NOT_HERE, 204, NOT_HERE, NOT_HERE),
    "/judgments/{judgment}/battle/": BENS,
}


@pytest.fixture
def ring(cast, monkeypatch):
    """Ben has voted in one battle and is at another."""
    with speaking() as model:
        model.script = lambda body: iter([piece("A coin.")])
        monkeypatch.setattr(talking, "start", list)
        cast.ring = arena_of(cast.ann, ("mica", model.url), ("slate", model.url))
        for name, role in (
            ("Ada", "author"),
            ("Rae", "reviewer"),
            ("Ben", "contributor"),
            ("Vera", "viewer"),
        ):
            if known.named(name) is None:
                people.add_person(name=name, password=None)
            people.add_member(project=cast.ring, name=name, role=role)
        judgment = fought(cast.ben, cast.ring, "mica")
        found, _lease = begun(cast.ben, cast.ring, "Another moon?")
        cast.places = {
            "judgment": judgment.pk, "token": found.token, "entrant": EntrantRow.objects.earliest("pk").pk,
        }  # fmt: skip
        yield cast


def _client(name):
    client = Client(headers={"host": "localhost"})
    client.force_login(known.named(name))
    return client


@pytest.mark.parametrize("place", range(len(WHO)), ids=WHO)
def test_every_page_of_an_arena_opens_for_those_it_is_meant_for(ring, place):
    client = _client(WHO[place])

    got = {path: client.get(path.format(**ring.places)).status_code for path in PAGES}

    assert got == {path: row[place] for path, row in PAGES.items()}


@pytest.mark.parametrize("path", [path for path in PAGES if "/board/" in path and "files" not in path])
def test_a_page_of_the_board_is_whole_without_scripts(ring, path):
    page = _client("Ann").get(path).content.decode()

    assert "<title>" in page
    assert 'href="/projects/ring/"' in page


@pytest.mark.parametrize("part", ["parts/", "compare/?first=mica&second=slate&do=gate"])
def test_a_board_that_is_there_already_gets_the_part_alone(ring, part):
    answer = _client("Ann").get(f"/projects/ring/board/{part}", headers={"HX-Request": "true"})

    assert b"<title>" not in answer.content


@pytest.mark.parametrize("place", range(len(WHO)), ids=WHO)
def test_every_form_of_an_arena_is_taken_from_those_it_is_meant_for(ring, place):
    client = _client(WHO[place])

    got = {path: client.post(path.format(**ring.places)).status_code for path in POSTS}

    assert got == {path: row[place] for path, row in POSTS.items()}


def test_nobody_gets_in_without_a_name(ring):
    client = Client(headers={"host": "localhost"})

    for path in (*PAGES, *POSTS):
        assert client.get(path.format(**ring.places)).url.startswith("/sign-in/")


def test_a_viewer_reads_no_names_of_those_who_voted(ring):
    page = _client("Vera").get("/projects/ring/board/parts/").content.decode()

    assert "Ben" not in page
    assert "battles.csv" not in page
