"""A program holds a battle through the same doors as people, and learns as little of who answers."""

from __future__ import annotations

import json

import pytest

from assay.platform import talking
from assay.platform.actions import people
from assay.platform.models import BattleRow
from assay.platform.queries import arena as queries
from assay.records import Live

from .arenas import answered, arena_of
from .talks import piece, speaking


@pytest.fixture
def ring(cast, monkeypatch):
    with speaking() as model:
        model.script = lambda body: iter([piece("A coin.")])
        monkeypatch.setattr(talking, "start", list)
        cast.ring = arena_of(cast.ann, ("mica", model.url), ("slate", model.url), live=Live(follow_ups=1))
        people.add_member(project=cast.ring, name="Ben", role="contributor")
        people.add_member(project=cast.ring, name="Vera", role="viewer")
        yield cast


def test_a_program_begins_follows_goes_on_and_votes(ring, client_of, post_json):
    client = client_of("Ben")
    begun = post_json(client, "/api/projects/ring/battles", {"prompt": "The moon?"}).json()
    again = post_json(client, "/api/projects/ring/battles", {"prompt": "Another?"}).json()
    assert (begun["state"], again["battle"]) == ("running", begun["battle"])
    answered(queries.battle(ring.ben, begun["battle"]))
    told = client.get(f"/api/battles/{begun['battle']}").json()
    assert told == {
        "state": "done",
        "turns": [{"said": "The moon?", "answers": ["A coin.", "A coin."], "fault": ""}],
    }
    more = post_json(client, f"/api/battles/{begun['battle']}", {"number": 2, "message": "Whose?"})
    assert more.json()["state"] == "running"
    answered(queries.battle(ring.ben, begun["battle"]))

    work = post_json(client, "/api/projects/ring/next").json()
    answer = {"answer": {"choice": work["samples"][0]["id"]}}
    kept = post_json(client, f"/api/work/{work['token']}/judgment", answer)

    assert work["samples"][0]["text"] == "A coin.\n\n> Whose?\n\nA coin."
    assert kept.status_code == 200
    lines = b"".join(client_of("Ann").get("/api/projects/ring/battles").streaming_content).splitlines()
    assert [json.loads(line)["rater"] for line in lines] == ["Ben"]
    for said in (begun, told, work):
        assert not [word for word in ("mica", "slate", "127.0.0.1") if word in json.dumps(said)]


def test_a_program_gives_a_battle_up_and_gets_its_prompt_back(ring, client_of, post_json):
    client = client_of("Ben")
    token = post_json(client, "/api/projects/ring/battles", {"prompt": "The moon?"}).json()["battle"]

    assert post_json(client, f"/api/battles/{token}/leave").json() == {"prompt": "The moon?"}
    assert BattleRow.objects.get(token=token).state == "left"


def test_what_a_program_gets_wrong_is_said_in_a_sentence(ring, client_of, post_json):
    client = client_of("Ben")

    wrong = post_json(client, "/api/projects/ring/battles", {"prompt": " "})

    assert wrong.status_code == 422
    assert wrong.json() == {"detail": "Write a prompt first: two models will answer it.", "field": "prompt"}


def test_only_those_who_may_get_in(ring, client_of, post_json):
    token = post_json(client_of("Ben"), "/api/projects/ring/battles", {"prompt": "The moon?"}).json()[
        "battle"
    ]

    for name in ("Ann", "Vera", "Cleo"):
        assert client_of(name).get(f"/api/battles/{token}").status_code == 404
        assert post_json(client_of(name), f"/api/battles/{token}/again").status_code == 404
        assert post_json(client_of(name), f"/api/battles/{token}/leave").status_code == 404
    for name in ("Vera", "Cleo"):
        assert post_json(client_of(name), "/api/projects/ring/battles", {"prompt": "x"}).status_code == 404
    for name in ("Ben", "Vera", "Cleo"):
        assert client_of(name).get("/api/projects/ring/battles").status_code == 404
