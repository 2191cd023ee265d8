"""Ann owns the moon poems, Ben contributes, Vera reads, Cleo is a stranger."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.test import Client

from assay.platform import talking
from assay.platform.actions import overlap, people, projects
from assay.platform.queries import arena, arena_board, outcomes, routing, skills
from assay.records import Brief, Item, Question, Sample

from .arenas import arena_of
from .talks import piece, speaking

PASSWORD = "a long password"
DULL = "The moon is round, the moon is bright,\nit shines upon us every night."
FINE = "Tonight she is a coin the river cannot spend;\nby morning every fish is rich."


def moon_brief(kind: str = "pairwise", **changes: object) -> Brief:
    fields = {
        "project": "moon",
        "goal": "Teach a model to write verse that a reader remembers the next day.",
        "kind": kind,
        "principles": ("Surprise that feels inevitable beats rhyme.",),
        "questions": (Question("surprise", "Does it say something new?", ("no", "yes"), True),),
        "judgments_per_work": 2,
    }
    return Brief(**{**fields, **changes})


def moon_items(count: int, **changes: object) -> tuple[list[Item], list[Sample]]:
    items = [Item(f"m{k}", f"Two lines about the moon, please ({k}).", **changes) for k in range(count)]
    samples = [
        Sample(f"{item.id}/{author}", item.id, author, text)
        for item in items
        for author, text in (("dull", DULL), ("fine", FINE))
    ]
    return items, samples


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def forget() -> None:
    """Forget what a server remembers: it goes by the numbers of rows, which every test gives out anew."""
    for kept in (
        outcomes._kept, skills._kept, routing._crowds, overlap._since, overlap._due, overlap._rested,
        arena._prompts, arena._voted, arena_board._last, arena_board._reports, arena_board._policies,
        arena_board._compared,
    ):  # fmt: skip
        kept.clear()


@pytest.fixture(autouse=True)
def _nothing_remembered():
    forget()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A folder with a key and empty tables, made by a process of its own; a copy saves others the making."""
    home = tmp_path_factory.mktemp("prepared")
    code = (
        f"from pathlib import Path; from assay.platform import service; service.prepare(Path({str(home)!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    return home


@pytest.fixture
def cast(db):
    """The people, and Ann's project of four pairs that two people each shall judge."""
    names = ("Ann", "Ben", "Vera", "Cleo")
    found = SimpleNamespace(
        **{name.lower(): people.add_person(name=name, password=PASSWORD) for name in names}
    )
    items, samples = moon_items(4)
    found.moon = projects.open_project(owner=found.ann, brief=moon_brief(), waived="It is a test.")
    projects.bring_in(project=found.moon, items=items, samples=samples)
    people.add_member(project=found.moon, name="Ben", role="contributor")
    people.add_member(project=found.moon, name="Vera", role="viewer")
    return found


@pytest.fixture
def client_of(cast):
    """A signed-in client for a name."""

    def sign_in(name: str) -> Client:
        client = Client(headers={"host": "localhost"})
        client.force_login(getattr(cast, name.lower()))
        return client

    return sign_in


@pytest.fixture
def post_json():
    def post(client: Client, path: str, body: object = None, method: str = "post"):
        return getattr(client, method)(path, json.dumps(body or {}), content_type="application/json")

    return post


@pytest.fixture
def model(monkeypatch):
    """Models that say something of the moon. Nothing is answered beside the test: it says when."""
    monkeypatch.setattr(talking, "start", list)
    with speaking() as found:
        found.script = lambda body: iter([piece(f"Of the moon, {len(body['model'])}."), b"data: [DONE]\n\n"])
        yield found


@pytest.fixture
def ring(cast, model):
    """Ann's arena of two models, in which Ben contributes and Vera reads."""
    cast.ring = arena_of(cast.ann, ("mica", model.url), ("slate", model.url))
    people.add_member(project=cast.ring, name="Ben", role="contributor")
    people.add_member(project=cast.ring, name="Vera", role="viewer")
    return cast
