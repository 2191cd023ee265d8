"""What an arena is opened with: the terms of its battles in the brief, and the record of its models."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.briefs import BriefError, check, from_mapping, to_mapping
from assay.errors import AnswerError
from assay.platform.actions import arena, people
from assay.platform.models import EntrantRow
from assay.platform.queries import arena as queries
from assay.platform.queries import projects
from assay.records import Brief, Live

from .arenas import answered, arena_of, begun, enter

# -- the brief ---------------------------------------------------------------------------------------------


def test_the_terms_of_battles_are_asked_for_in_the_brief_and_stay_in_the_next_version(cast, client_of):
    queries.PersonRow.objects.filter(name="Ann").update(is_administrator=True)
    form = {
        "project": "songs", "kind": "pairwise", "goal": "Sing.", "judgments_per_work": "1",
        "live": "yes", "live_own": "no", "live_follow_ups": "2", "live_reveal": "yes",
    }  # fmt: skip
    client_of("Ann").post("/projects/new/", form)
    first = client_of("Ann").get("/projects/songs/brief/").content.decode()

    client_of("Ann").post("/projects/songs/brief/", {**form, "goal": "Hum.", "live_reveal": ""})

    versions = [row.record().live for row in projects.briefs(projects.by_slug("songs"))]
    assert versions == [Live(own=False, follow_ups=2), Live(own=False, follow_ups=2, reveal=True)]
    assert 'name="live" value="yes" checked' in first
    told = client_of("Ann").get("/projects/songs/brief/versions/").content.decode()
    assert "Which models answered is" in told


@pytest.mark.parametrize(("kind", "follow_ups", "status"), [
    ("rubric", "0", 302), ("pairwise", "10", 422), ("pairwise", "many", 422),
])  # fmt: skip
def test_battles_need_a_comparison_and_an_end(cast, client_of, kind, follow_ups, status):
    queries.PersonRow.objects.filter(name="Ann").update(is_administrator=True)
    form = {"project": "songs", "kind": kind, "goal": "Sing.", "live": "yes", "live_follow_ups": follow_ups}

    page = client_of("Ann").post("/projects/new/", form)

    assert page.status_code == status
    if status == 302:  # another kind takes no notice of a box that its form does not show
        assert projects.latest_brief(projects.by_slug("songs")).record().live is None


def test_the_brief_of_battles_travels_as_it_is():
    brief = Brief("ring", "Sing.", "pairwise", live=Live(follow_ups=3, reveal=True))

    assert from_mapping(to_mapping(brief)) == brief
    with pytest.raises(BriefError, match="choose the kind pairwise"):
        check(replace(brief, kind="rating"))


# -- the record of models ----------------------------------------------------------------------------------


def test_a_model_is_registered_with_its_hash_and_time_and_its_key_is_never_told(ring, client_of, model):
    client_of("Ann").post("/projects/ring/entrants/", {
        "name": "opal", "provider": "ours", "url": model.url, "model": "opal-7", "key": "sk-secret",
        "temperature": "0,3", "system": "You edit poems.",
    })  # fmt: skip

    row = EntrantRow.objects.get(name="opal")
    page = client_of("Ann").get("/projects/ring/entrants/").content.decode()
    assert (row.temperature, row.registered_by) == (0.3, ring.ann)
    assert row.digest[:16] in page
    assert "sk-secret" not in page


def test_the_very_same_model_is_not_entered_twice_and_a_name_is_never_used_again(ring, model):
    with pytest.raises(AnswerError, match="is this very model"):
        enter(ring.ring, ring.ann, "another", model.url, model="served-mica")
    row = EntrantRow.objects.get(name="mica")
    arena.retire(project=ring.ring, person=ring.ann, number=row.pk, because="A newer one is there.")

    with pytest.raises(AnswerError, match="names are never used again"):
        enter(ring.ring, ring.ann, "mica", model.url, model="served-mica-2")


def test_a_retired_model_is_drawn_no_more_and_stays_in_the_record(ring, model, client_of):
    enter(ring.ring, ring.ann, "opal", model.url)
    row = EntrantRow.objects.get(name="mica")
    client_of("Ann").post(
        f"/projects/ring/entrants/{row.pk}/retire/", {"because": "Withdrawn by its makers."}
    )

    found, _lease = begun(ring.ben, ring.ring)

    assert {found.first.name, found.second.name} == {"slate", "opal"}
    assert "Withdrawn by its makers." in client_of("Ann").get("/projects/ring/entrants/").content.decode()


@pytest.mark.parametrize(("field", "value"), [
    ("name", ""), ("provider", " "), ("temperature", "hot"), ("temperature", "3"), ("url", "gopher://x"),
    ("model", ""), ("system", "x" * 20_001),
])  # fmt: skip
def test_a_wrong_registration_is_refused_with_the_field_at_fault(ring, client_of, model, field, value):
    given = {"name": "opal", "provider": "ours", "url": model.url, "model": "opal"}

    page = client_of("Ann").post("/projects/ring/entrants/", {**given, field: value})

    assert page.status_code == 422
    assert b'aria-invalid="true"' in page.content
    assert EntrantRow.objects.count() == 2


def test_only_owners_register_and_retire(ring, client_of):
    row = EntrantRow.objects.first()
    people.add_person(name="Ada", password=None)
    people.add_member(project=ring.ring, name="Ada", role="author")
    ring.ada = queries.PersonRow.objects.get(name="Ada")

    for name in ("Ada", "Ben", "Vera", "Cleo"):
        client = client_of(name)
        assert client.post("/projects/ring/entrants/", {"name": "x"}).status_code == 404
        assert client.post(f"/projects/ring/entrants/{row.pk}/retire/", {"because": "x"}).status_code == 404
        assert client.post(f"/projects/ring/entrants/{row.pk}/try/").status_code == 404
    assert client_of("Ada").get("/projects/ring/entrants/").status_code == 200


def test_each_model_is_asked_as_it_was_registered(cast, model):
    project = arena_of(cast.ann)
    enter(project, cast.ann, "calm", model.url, temperature="0.1", system="You edit poems.", key="sk-1")
    enter(project, cast.ann, "wild", model.url, temperature="1.3")
    answered(begun(cast.ann, project)[0])

    asked = {each["model"]: each for each in model.asked}

    calm, wild = asked["served-calm"], asked["served-wild"]
    assert (calm["temperature"], wild["temperature"]) == (0.1, 1.3)
    assert calm["messages"][0] == {"role": "system", "content": "You edit poems."}
    assert wild["messages"] == [{"role": "user", "content": "The moon?"}]


def test_the_queue_of_a_contributor_leads_to_a_battle(ring, client_of):
    page = client_of("Ben").get("/me/queue/").content.decode()

    assert "/projects/ring/judge/" in page
    assert "There are no works yet" not in page
    assert client_of("Ben").get("/projects/ring/judge/").url == "/projects/ring/battle/"
