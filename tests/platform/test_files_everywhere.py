"""Wherever an item or an answer is shown, its files are; who may not see the page sees neither."""

from __future__ import annotations

import hashlib
import io

import pytest
from django.test import Client

from assay.platform.actions import attachments, people, pilots, projects, reviews, work
from assay.platform.actions.pilots import EVERYBODY
from assay.platform.files import Brought
from assay.platform.models import EdgeCaseRow, GoldRow, JudgmentRow, ProjectRow, ReviewRow, WorkRow
from assay.platform.queries import work as works
from assay.platform.queries.attachments import blind
from assay.records import Item, Sample

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
