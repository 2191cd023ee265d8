"""Wherever an item or an answer is shown, its files are; who may not see the page sees neither."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from django.test import Client

from assay.platform.actions import attachments, people, pilots, projects, reviews, turns, work
from assay.platform.actions.pilots import EVERYBODY
from assay.platform.files import Brought
from assay.platform.models import (
    EdgeCaseRow,
    EndpointRow,
    GoldRow,
    JudgmentRow,
    PilotRow,
    ProjectRow,
    ReviewRow,
    TurnRow,
    WorkRow,
)
from assay.platform.queries import work as works
from assay.platform.queries.attachments import blind, of_texts
from assay.records import Brief, Item, Sample

from .conftest import PASSWORD, moon_brief
from .test_attachments import PNG, WAV

PLACE = "/projects/look/attachments/"
FINE, DULL = PNG, PNG + b"\0"  # two pictures; a browser minds no byte too many
OF_FINE, OF_DULL = (f"{PLACE}{blind('x.png', hashlib.sha256(data).hexdigest())}" for data in (FINE, DULL))
SHOWN = (
    f'<img src="{PLACE}placed.png" alt="chart" loading="lazy">',  # in the context
    f'<img src="{PLACE}below.png" alt="below.png" loading="lazy">',  # brought by the item
    f'<audio controls="" preload="metadata" src="{PLACE}song.wav">',
    f'<img src="{OF_FINE}" alt="left" loading="lazy">',  # in an answer, whose author no address names
    f'<img src="{OF_DULL}" alt="right" loading="lazy">',
)


@pytest.fixture
def look(cast, settings, tmp_path):
    """Items with files, answered by pictures; Rosa and Sam review what Ben and Dora say."""
    settings.ATTACHMENTS = tmp_path
    items = [
        Item(f"m{k}", "Draw the moon.", "Like ![chart](attachment:placed.png).",
             attachments=("below.png", "song.wav"))
        for k in range(2)
    ]  # fmt: skip
    samples = [
        Sample(f"{item.id}/{author}", item.id, author, f"Here: ![{alt}](attachment:{author}.png)")
        for item in items
        for author, alt in (("dull", "right"), ("fine", "left"))
    ]
    cast.look = projects.open_project(owner=cast.ann, brief=moon_brief(project="look"))
    bytes_of = {
        "placed.png": PNG + b"1",
        "below.png": PNG + b"2",
        "fine.png": FINE,
        "dull.png": DULL,
        "song.wav": WAV,
    }
    along = [Brought(name, lambda data=data: io.BytesIO(data)) for name, data in bytes_of.items()]
    attachments.keep_files(project=cast.look, files=along)
    projects.bring_in(project=cast.look, items=items, samples=samples)
    for name in ("Dora", "Rosa", "Sam"):
        setattr(cast, name.lower(), people.add_person(name=name, password=PASSWORD))
    roles = {"Ben": "contributor", "Dora": "contributor", "Rosa": "reviewer", "Sam": "reviewer"}
    for name, role in roles.items():
        people.add_member(project=cast.look, name=name, role=role)
    return cast


def opened(scene, state="open"):
    ProjectRow.objects.filter(pk=scene.look.pk).update(state=state, waived="a test", review_share=1.0)
    scene.look.refresh_from_db()


def say(scene, person, author):
    lease = work.claim_work(person=person, project=scene.look)
    names = works.assignment(lease).names
    chosen = next(drawn for drawn, real in names.items() if real.endswith(f"/{author}"))
    return work.submit_judgment(person=person, token=lease.token, answer={"choice": chosen})


def everything_is_on(page: str, but: tuple[str, ...] = ()) -> bool:
    missing = [each for each in SHOWN if each not in page and each not in but]
    return not missing or pytest.fail(f"missing: {missing}")


def nobody_else(scene, client_of, path, *also):
    """Strangers, and whoever else is named, get nothing; nobody at all is sent to sign in."""
    for name in ("Cleo", *also):
        client = client_of(name)
        assert client.get(path).status_code == 404
    assert client_of("Cleo").get(OF_FINE).status_code == 404
    assert "/sign-in/" in Client(headers={"host": "localhost"}).get(path).url


def test_no_address_of_an_answers_picture_says_whose_it_is(look, client_of):
    opened(look)
    client = client_of("Ben")
    page = client.get("/projects/look/judge/").content.decode()

    shown = client.get(OF_FINE)

    assert "fine.png" not in page
    assert (shown.status_code, b"".join(shown)) == (200, FINE)
    assert "fine" not in str(shown.headers)
    assert client.get(OF_FINE.replace("~", "~0")).status_code == 404


def test_where_people_judge_and_where_they_are_read_again(look, client_of):
    opened(look)

    assert everything_is_on(client_of("Ben").get("/projects/look/judge/").content.decode())
    said = say(look, look.ben, "fine")
    assert everything_is_on(client_of("Rosa").get("/projects/look/review/").content.decode())
    path = f"/projects/look/works/{said.work_id}/"
    assert everything_is_on(client_of("Ann").get(path).content.decode())
    nobody_else(look, client_of, path, "Ben")
    nobody_else(look, client_of, "/projects/look/review/", "Ben")
    nobody_else(look, client_of, "/projects/look/judge/")


def test_where_somebody_decides_and_where_authors_read_what_readers_said(look, client_of):
    opened(look)
    say(look, look.ben, "fine")
    row = reviews.claim_review(person=look.rosa, project=look.look)
    reviews.decide_review(person=look.rosa, number=row.pk, decision="returned", reason="No.", answer={})
    reviews.appeal(person=look.ben, number=ReviewRow.objects.get().pk, reason="Yes.")

    assert everything_is_on(client_of("Sam").get("/projects/look/disputes/").content.decode())
    assert everything_is_on(client_of("Ben").get("/me/feedback/").content.decode())
    assert PLACE not in client_of("Cleo").get("/me/feedback/").content.decode()
    nobody_else(look, client_of, "/projects/look/disputes/", "Ben")
    look.look.memberships.filter(person=look.ben).delete()
    assert PLACE not in client_of("Ben").get("/me/feedback/").content.decode()
    assert client_of("Ben").get(OF_FINE).status_code == 404


def test_where_an_author_settles_a_case_and_where_people_learn_from_it(look, client_of):
    pilots.start(project=look.look, people=2, works=2)
    look.look.refresh_from_db()
    for person, author in ((look.ben, "fine"), (look.dora, "dull")):
        for _ in range(2):
            say(look, person, author)
    pilots.collect(project=look.look)
    row = EdgeCaseRow.objects.first()
    path = f"/projects/look/pilot/cases/{row.pk}/"

    assert everything_is_on(client_of("Ann").get(path).content.decode())
    nobody_else(look, client_of, path, "Ben", "Rosa")

    GoldRow.objects.create(work=row.work, labels={"better": "b"}, source=GoldRow.PILOT, because="Surprise.")
    WorkRow.objects.filter(pk=row.work_id).update(use=WorkRow.TRAINING, cap=EVERYBODY)
    number = JudgmentRow.objects.get(work=row.work, person=look.ben).pk
    assert everything_is_on(client_of("Ben").get(f"/lessons/{number}/").content.decode())
    nobody_else(look, client_of, f"/lessons/{number}/", "Dora", "Rosa")


def test_where_a_brief_shows_an_answer_as_an_example(look, client_of):
    pilots.start(project=look.look, people=2, works=2)
    look.look.refresh_from_db()
    for person, author in ((look.ben, "fine"), (look.dora, "dull")):
        for _ in range(2):
            say(look, person, author)
    pilots.collect(project=look.look)
    for row in EdgeCaseRow.objects.select_related("work"):
        shown = [{"sample": number, "great": True} for number in row.work.samples]
        pilots.settle(
            project=look.look, number=row.pk, person=look.ann, principle="Surprise.",
            labels={"better": "b"}, examples=shown,
        )  # fmt: skip
    pilots.close(project=look.look, person=look.ann)
    opened(look)
    WorkRow.objects.filter(project=look.look).update(cap=5)

    for name, path in (("Rosa", "brief/versions/"), ("Rosa", "judge/")):
        page = client_of(name).get(f"/projects/look/{path}").content.decode()
        guide = page[page.index('class="brief"') :]
        assert f'src="{OF_FINE}"' in guide


def test_the_best_and_the_worst_to_read_show_theirs(look, client_of):
    opened(look)
    for person in (look.ben, look.dora):
        for _ in range(2):
            say(look, person, "fine")

    page = client_of("Ann").get("/projects/look/quality/parts/").content.decode()

    assert f'src="{OF_FINE}"' in page
    assert f'src="{OF_DULL}"' in page


# -- in the turns of a conversation --------------------------------------------------------------------------

ASKED = f'<img src="{PLACE}placed.png" alt="asked" loading="lazy">'
HEARD = f'<img src="{OF_FINE}" alt="heard" loading="lazy">'
BETTER = f'<img src="{OF_DULL}" alt="better" loading="lazy">'
HOSTILE = "![gone](attachment:nowhere.png) ![spy](http://127.0.0.1/spy.png) <img src=x onerror=alert(1)>"


@pytest.fixture
def talked(cast, settings, tmp_path, monkeypatch):
    """Ben places files in a conversation and so do the models; Rosa reads it again, Sam decides."""
    settings.ATTACHMENTS = tmp_path
    monkeypatch.setattr("assay.platform.talking.start", lambda numbers: None)
    brief = Brief("look", "Talk about the moon.", "conversation", turns=(1, 2), judgments_per_work=2)
    cast.look = projects.open_project(owner=cast.ann, brief=brief, waived="a test")
    for name in ("first", "second"):
        EndpointRow.objects.create(project=cast.look, name=name, url="http://127.0.0.1:9", model=name)
    bytes_of = {"placed.png": PNG + b"1", "fine.png": FINE, "dull.png": DULL}
    along = [Brought(name, lambda data=data: io.BytesIO(data)) for name, data in bytes_of.items()]
    attachments.keep_files(project=cast.look, files=along)
    items = [Item("moon", "What is on ![chart](attachment:placed.png)?", "", "en")]
    projects.bring_in(project=cast.look, items=items)
    for name in ("Dora", "Rosa", "Sam"):
        setattr(cast, name.lower(), people.add_person(name=name, password=PASSWORD))
    for name, role in {"Ben": "contributor", "Rosa": "reviewer", "Sam": "reviewer"}.items():
        people.add_member(project=cast.look, name=name, role=role)
    opened(cast)
    lease = cast.lease = work.claim_work(person=cast.ben, project=cast.look)
    first, second = (f"{name}: ![heard](attachment:fine.png) {HOSTILE}" for name in "xy")
    held = turns.say(
        person=cast.ben, token=lease.token, number=1,
        said={"message": "See ![asked](attachment:placed.png).", "turn": {}},
    )  # fmt: skip
    for side, text in (("a", first), ("b", second)):
        TurnRow.objects.filter(token=lease.token, side=side).update(state=TurnRow.DONE, text=text)
    voice = held.voices[0].drawn
    cast.turn = {"choice": voice, "edited": "This: ![better](attachment:dull.png)", "went_on": voice}
    return cast


def submitted(scene):
    answer = {"choice": scene.turn["choice"], "turn": scene.turn}
    return work.submit_judgment(person=scene.ben, token=scene.lease.token, answer=answer)


def shows_the_turns(page: str) -> bool:
    """Say whether all three files are there, and nothing that a model would have loaded from elsewhere."""
    assert "fine.png" not in page.replace("attachment:fine.png", "")  # no address names it
    assert "onerror" not in page.replace("&lt;img src=x onerror", "")
    assert 'src="http' not in page
    assert '<img src="x"' not in page
    return all(each in page for each in (ASKED, HEARD, BETTER))


def held_in(page: str) -> str:
    """Return what the page of a second reader shows as a conversation."""
    found = page.split('<script id="read-html" type="application/json">')[1].split("</script>", maxsplit=1)[0]
    (turn,) = json.loads(found)
    return "".join((turn["html"], *turn["replies"].values(), turn["edited"]))


def test_the_turns_of_a_live_conversation_show_their_files_to_whoever_holds_it(talked, client_of):
    path = f"/work/{talked.lease.token}/turns/"

    (turn,) = json.loads(client_of("Ben").get(path).content)["turns"]
    told = client_of("Ben").get(f"/api{path}".rstrip("/")).json()["attachments"]

    assert ASKED in turn["html"]
    assert all(HEARD in reply["html"] for reply in turn["replies"])
    assert all("<code>nowhere.png</code>" in reply["html"] for reply in turn["replies"])
    assert told == {"placed.png": f"{PLACE}placed.png", "fine.png": OF_FINE}
    nobody_else(talked, client_of, path, "Rosa", "Ann")


def test_a_conversation_shows_its_files_to_whoever_reads_it_again(talked, client_of):
    said = submitted(talked)
    path = f"/projects/look/works/{said.work_id}/"

    assert shows_the_turns(held_in(client_of("Rosa").get("/projects/look/review/").content.decode()))
    assert shows_the_turns(client_of("Ann").get(path).content.decode())
    assert shows_the_turns(client_of("Ann").get(f"/projects/look/judgments/{said.pk}/").content.decode())
    nobody_else(talked, client_of, path, "Ben")


def test_a_conversation_shows_its_files_where_somebody_decides_and_to_its_author(talked, client_of):
    submitted(talked)
    row = reviews.claim_review(person=talked.rosa, project=talked.look)
    reviews.decide_review(person=talked.rosa, number=row.pk, decision="returned", reason="No.", answer={})
    reviews.appeal(person=talked.ben, number=ReviewRow.objects.get().pk, reason="Yes.")

    assert shows_the_turns(client_of("Sam").get("/projects/look/disputes/").content.decode())
    assert shows_the_turns(client_of("Ben").get("/me/feedback/").content.decode())
    nobody_else(talked, client_of, "/projects/look/disputes/", "Ben")


def test_a_conversation_shows_its_files_where_an_author_settles_a_case(talked, client_of):
    said = submitted(talked)
    pilot = PilotRow.objects.create(
        project=talked.look, brief=said.brief, people=2, works=1, opened_at=said.submitted_at
    )
    row = EdgeCaseRow.objects.create(
        project=talked.look, pilot=pilot, work=said.work, brief=said.brief, cause="silent"
    )
    path = f"/projects/look/pilot/cases/{row.pk}/"

    assert shows_the_turns(client_of("Ann").get(path).content.decode())
    nobody_else(talked, client_of, path, "Ben", "Rosa")


def test_no_text_pushes_out_the_files_of_an_item_however_many_it_names(look):
    many = " ".join(f"![x](attachment:{number:04}.png)" for number in range(500))
    item = Item("m0", "![chart](attachment:placed.png)", attachments=("below.png", "song.wav"))

    found = of_texts(look.look, [many], item=item)

    assert set(found.urls) == {"placed.png", "below.png", "song.wav"}
