"""After the vote of a battle: the names, taking back, what goes out, and where there is no arena."""

from __future__ import annotations

import csv
import io
import json
from importlib import import_module

import pytest
from django.apps import apps
from django.http import Http404

from assay.errors import AssayError
from assay.evaluation import importing
from assay.platform.actions import arena, pilots, undo
from assay.platform.models import BattleRow, JudgmentRow
from assay.platform.queries import arena as queries
from assay.platform.queries import arena_board as boards
from assay.platform.queries import reviews
from assay.platform.queries import work as works

from .arenas import answered, asks, begun, drawn, fought, vote

# -- after the vote ----------------------------------------------------------------------------------------


def test_names_are_shown_after_the_vote_only_where_the_brief_allows(ring, client_of):
    judgment = fought(ring.ben, ring.ring, "mica")
    address = f"/judgments/{judgment.pk}/battle/"
    refused = client_of("Ben").post(address).content.decode()
    assert "The brief does not show which models answered" in refused
    assert "mica" not in refused

    asks(ring.ring, reveal=True)
    judgment = fought(ring.ben, ring.ring, "mica", "Another moon?")
    address = f"/judgments/{judgment.pk}/battle/"
    before = client_of("Ben").get(address).content.decode()
    after = client_of("Ben").post(address).content.decode()

    assert "mica" not in before
    assert "mica" in after
    assert "mica house" in after
    for name in ("Ann", "Vera", "Cleo"):
        assert client_of(name).get(address).status_code == 404


def test_a_vote_can_be_taken_back_until_the_names_are_known(ring):
    asks(ring.ring, reveal=True)
    judgment = fought(ring.ben, ring.ring, "mica")
    lease = undo.undo(person=ring.ben, number=judgment.pk)
    again = vote(ring.ben, lease, "slate")
    arena.reveal(person=ring.ben, number=again.pk)

    with pytest.raises(undo.UndoError, match="which models these were"):
        undo.undo(person=ring.ben, number=again.pk)

    (row,) = boards.rows(ring.ring)
    assert row["winner"] == "b"
    assert JudgmentRow.objects.filter(project=ring.ring).count() == 2


def test_names_are_not_shown_while_a_vote_is_taken_back(ring):
    asks(ring.ring, reveal=True)
    judgment = fought(ring.ben, ring.ring, "mica")
    undo.undo(person=ring.ben, number=judgment.pk)

    with pytest.raises(AssayError, match="taken this vote back"):
        arena.reveal(person=ring.ben, number=judgment.pk)


# -- what goes out -----------------------------------------------------------------------------------------


def test_a_battle_goes_out_with_everything_that_is_known_of_it(ring, model, client_of):
    found, lease = begun(ring.ben, ring.ring)
    answered(found)
    events = [
        {"name": "scrolled", "place": "A", "share": 0.5},
        {"name": "away", "seconds": 3},
        "rubbish",
        {"x": 1},
    ]
    client_of("Ben").post(f"/battles/{found.token}/events/", {"events": json.dumps(events)})
    new = drawn(work_lease(ring, lease), "slate")
    vote(ring.ben, lease, "slate", strength="2", reason="It sings.", dimensions={"surprise": new})

    page = client_of("Ann").get("/projects/ring/board/files/battles.csv")
    (row,) = csv.DictReader(io.StringIO(b"".join(page.streaming_content).decode()))

    assert (row["model_a"], row["model_b"], row["winner"]) == ("mica", "slate", "b")
    assert (row["rater"], row["language"], row["strength"], row["reason"]) == (
        "Ben",
        "en",
        "2.0",
        "It sings.",
    )
    assert row["order"] == found.order
    assert json.loads(row["dimensions"]) == {"surprise": 0.0}
    assert (row["prompt"], row["response_a"]) == ("The moon?", "Of the moon, 11.")
    assert (row["propensity"], row["policy"]) == ("1.0", "uniform")
    logged = json.loads(row["events"])
    assert [event["name"] for event in logged] == ["answered", "answered", "scrolled", "away"]
    assert all(event["first_token_s"] <= event["seconds"] for event in logged[:2])


def work_lease(cast, lease):
    return works.lease_or_404(cast.ben, lease.token)


def test_the_table_is_read_by_the_arena_as_it_is(ring, client_of):
    for k, choice in enumerate(("mica", "slate", "tie", "both_bad")):
        fought(ring.ben, ring.ring, choice, f"Moon {k}?", seed=k)

    page = client_of("Ann").get("/projects/ring/board/files/battles.csv")
    battles = importing.read(b"".join(page.streaming_content), "battles.csv")

    assert battles.models == ("mica", "slate")
    assert battles.raters == ("Ben",)
    assert len(battles.items) == 4
    assert sorted(battles.outcomes_N.tolist()) == [0, 1, 2, 3]


def test_battles_are_ordinary_judgments(ring, client_of):
    judgment = fought(ring.ben, ring.ring, "mica", reason="It sings.")

    history = client_of("Ann").get(f"/projects/ring/judgments/{judgment.pk}/")
    reading = client_of("Ann").get(f"/projects/ring/works/{judgment.work_id}/")
    raw = b"".join(client_of("Ann").get("/projects/ring/judgments.jsonl").streaming_content)

    assert history.status_code == 200
    assert "mica" in reading.content.decode()
    assert json.loads(raw)["answer"]["choice"] == "battle-1/1" or json.loads(raw)["answer"][
        "choice"
    ].endswith("/1")


def test_a_second_reader_may_read_a_vote(ring):
    ring.ring.review_share = 1.0
    ring.ring.save()
    judgment = fought(ring.ben, ring.ring, "mica")

    waiting = reviews.waiting(ring.ann, ring.ring, queries.timezone.now())

    assert [each.pk for each in waiting] == [judgment.pk]


# -- where there is no arena -------------------------------------------------------------------------------


def test_a_project_without_battles_has_no_such_pages(cast, client_of):
    for path in (
        "battle/",
        "entrants/",
        "board/",
        "board/parts/",
        "board/compare/",
        "board/files/battles.csv",
    ):
        assert client_of("Ann").get(f"/projects/moon/{path}").status_code == 404


def test_a_paused_project_begins_no_battle_and_keeps_the_prompt(ring, client_of):
    found = arena.desk(person=ring.ben, project=ring.ring)
    pilots.pause(project=ring.ring)

    page = client_of("Ben").post(f"/battles/{found.token}/begin/", {"prompt": "The moon?"})

    assert page.status_code == 422
    assert "This project is paused" in page.content.decode()
    assert arena.desk(person=ring.ben, project=ring.ring).draft["prompt"] == "The moon?"


def test_nobody_reaches_a_battle_of_a_project_they_left(ring):
    found, _lease = begun(ring.ben, ring.ring)
    queries.MembershipRow.objects.filter(project=ring.ring, person=ring.ben).delete()

    with pytest.raises(Http404):
        queries.battle(ring.ben, found.token)


def test_battles_from_before_get_their_looks_with_the_new_column(ring):
    fought(ring.ben, ring.ring, "mica")
    now = BattleRow.objects.get(state=BattleRow.BEGUN).looks
    BattleRow.objects.update(looks=[])

    import_module("assay.platform.migrations.0011_looks_of_battles").fill(apps, None)

    assert now
    assert BattleRow.objects.get(state=BattleRow.BEGUN).looks == now
