"""Programs hold conversations and bring files, with the same rights, leases and safety as pages."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assay.platform import talking
from assay.platform.actions import work
from assay.platform.models import AttachmentRow, JudgmentRow, LeaseRow, TurnRow

from .talks import talks
from .test_attachments import PNG, WAV

NAMES = ("Ann", "Ben", "Vera", "Cleo", None)


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch):
    """The test says what models answer."""
    monkeypatch.setattr(talking, "start", lambda numbers: None)


@pytest.fixture
def pair(cast, client_of, post_json):
    """Ann is at a conversation with two models, through the API."""
    cast.talks = talks(cast.ann, ("x", ""), ("y", ""))
    cast.given = post_json(client_of("Ann"), "/api/projects/talks/next").json()
    cast.url = f"/api/work/{cast.given['token']}/turns"
    return cast


def answer(number, **but):
    for row in TurnRow.objects.filter(number=number).exclude(side="p"):
        fields = {"state": "done", "text": f"Answer {number}{row.side}.", **but.get(row.side, {})}
        TurnRow.objects.filter(pk=row.pk).update(**fields)


def test_a_program_holds_a_whole_conversation(pair, client_of, post_json):
    ann, voices = client_of("Ann"), [sample["id"] for sample in pair.given["samples"]]

    begun = post_json(ann, pair.url, {"number": 1, "message": "The moon?"}).json()
    answer(1)
    heard = ann.get(pair.url).json()
    picked = post_json(
        ann,
        f"{pair.url}/1",
        {"choice": voices[0], "strength": 2, "edited": "A coin.", "went_on": voices[0]},
        "put",
    ).json()
    again = post_json(ann, f"{pair.url}/1", {"choice": voices[1], "strength": 1}, "put").json()
    further = post_json(
        ann, pair.url, {"number": 2, "message": "Whose?", "turn": {"choice": voices[1]}}
    ).json()
    answer(2)
    sent = post_json(
        ann, f"/api/work/{pair.given['token']}/judgment",
        {"answer": {"choice": voices[1], "turn": {"choice": "tie"}}},
    )  # fmt: skip

    assert not begun["ready"]
    assert [reply["state"] for reply in begun["turns"][0]["replies"]] == ["waiting", "waiting"]
    assert (heard["ready"], heard["most"]) == (True, 3)
    assert {reply["voice"] for reply in heard["turns"][0]["replies"]} == set(voices)
    assert picked["turns"][0]["choice"] == {
        "choice": voices[0], "strength": 2, "edited": "A coin.", "went_on": voices[0],
    }  # fmt: skip
    assert again["turns"][0]["choice"]["choice"] == voices[1]
    assert len(further["turns"]) == 2
    assert sent.status_code == 200, sent.json()
    first, second = JudgmentRow.objects.get(project=pair.talks).answer["turns"]
    assert (first["said"], second["choice"]) == ("The moon?", "tie")


def test_nothing_a_program_is_told_names_a_model(pair, client_of, post_json):
    ann = client_of("Ann")
    post_json(ann, pair.url, {"number": 1, "message": "The moon?"})
    answer(1, a={"state": "failed", "fault": "unreachable", "problem": "http://x.example is down"})

    told = ann.get(pair.url).content.decode()

    assert "cannot be reached" in told
    for secret in ("x.example", '"x"', '"y"', "moon/", "author"):
        assert secret not in told


def test_the_same_message_again_changes_nothing_and_another_is_refused(pair, client_of, post_json):
    ann = client_of("Ann")
    first, again, other = (
        post_json(ann, pair.url, {"number": 1, "message": text})
        for text in ("The moon?", "The moon?", "The sea?")
    )

    assert first.json() == again.json()
    assert TurnRow.objects.filter(side="p").count() == 1
    assert (other.status_code, other.json()["field"]) == (422, "message")


@pytest.mark.parametrize("sent", [
    ("post", "", {"number": 3, "message": "Too far."}),
    ("post", "", {"number": 1, "message": " "}),
    ("post", "", {"number": 2, "message": "Before the answer."}),
    ("put", "/1", {"choice": "tie"}),  # nothing is answered yet
    ("put", "/2", {"choice": "tie"}),
    ("put", "/1", {"choice": "tie", "said": "x"}),
    ("post", "", {"number": 2, "message": "\\u0000", "turn": {"choice": "neither"}}),
])  # fmt: skip
def test_what_does_not_fit_is_refused_and_kept_out(pair, client_of, post_json, sent):
    (method, path, body), ann = sent, client_of("Ann")
    post_json(ann, pair.url, {"number": 1, "message": "The moon?"})

    refused = post_json(ann, pair.url + path, body, method)

    assert refused.status_code == 422
    assert TurnRow.objects.filter(side="p").count() == 1
    assert TurnRow.objects.get(side="p").choice == {}


def test_a_turn_gives_more_time_and_a_model_is_asked_again(pair, client_of, post_json):
    ann = client_of("Ann")
    before = LeaseRow.objects.get().expires_at
    post_json(ann, pair.url, {"number": 1, "message": "The moon?"})
    answer(1, b={"state": "failed", "fault": "slow"})

    again = post_json(ann, f"{pair.url}/1/again").json()

    assert LeaseRow.objects.get().expires_at > before
    assert sorted(reply["state"] for reply in again["turns"][0]["replies"]) == ["done", "waiting"]


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_is_open_to_whoever_holds_it_alone(pair, client_of, post_json, name):
    client = client_of(name) if name else Client(headers={"host": "localhost"})
    status = {"Ann": {200}, None: {401}}.get(name, {404})

    got = {
        client.get(pair.url).status_code,
        post_json(client, pair.url, {"number": 1, "message": "The moon?"}).status_code,
        post_json(client, f"{pair.url}/1/again").status_code,
    }
    answer(1)
    got.add(post_json(client, f"{pair.url}/1", {"choice": "tie"}, "put").status_code)

    assert got == status
    assert TurnRow.objects.filter(side="p").count() == (name == "Ann")


def test_a_conversation_that_is_over_takes_nothing_more(pair, client_of, post_json):
    ann = client_of("Ann")
    post_json(ann, pair.url, {"number": 1, "message": "The moon?"})
    answer(1)
    work.submit_judgment(
        person=pair.ann, token=pair.given["token"], answer={"choice": "tie", "turn": {"choice": "tie"}}
    )

    assert post_json(ann, pair.url, {"number": 2, "message": "More?"}).status_code == 404
    assert post_json(ann, f"{pair.url}/1", {"choice": "both_bad"}, "put").status_code == 404


# -- files -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(settings, tmp_path):
    settings.ATTACHMENTS = tmp_path
    return tmp_path


def png(name="moon.png", data=PNG):
    return SimpleUploadedFile(name, data)


def packed(**named):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in named.items():
            archive.writestr(name.replace("_", "."), data)
    return SimpleUploadedFile("files.zip", held.getvalue())


@pytest.mark.parametrize(("name", "status"), [*zip(NAMES, (200, 404, 404, 404, 401), strict=True)])
def test_files_are_brought_and_listed_by_who_manages_a_project(cast, folder, client_of, name, status):
    client = client_of(name) if name else Client(headers={"host": "localhost"})

    brought = client.post("/api/projects/moon/attachments", {"attachments": png()})
    listed = client.get("/api/projects/moon/attachments")

    assert (brought.status_code, listed.status_code) == (status, status)
    assert AttachmentRow.objects.count() == (status == 200)


def test_the_same_files_again_change_nothing_and_others_under_a_name_are_refused(cast, folder, client_of):
    ann, path = client_of("Ann"), "/api/projects/moon/attachments"

    first = ann.post(path, {"attachments": [png(), packed(wolf_wav=WAV)]}).json()
    again = ann.post(path, {"attachments": [png(), packed(wolf_wav=WAV)]}).json()
    other = ann.post(path, {"attachments": [png("new.png"), png("moon.png", PNG + b"!")]})
    hostile = ann.post(path, {"attachments": png("moon.svg", b"<svg onload=alert(1)>")})

    assert first == {"new": ["moon.png", "wolf.wav"], "brought": 2}
    assert again == {"new": [], "brought": 2}
    assert (other.status_code, hostile.status_code) == (422, 422)
    assert "another file called" in other.json()["detail"]
    listed = ann.get(path).json()
    assert [each["name"] for each in listed] == ["moon.png", "wolf.wav"]
    assert client_of("Ben").get(listed[0]["url"]).status_code == 200
    assert client_of("Cleo").get(listed[0]["url"]).status_code == 404


def test_a_table_comes_with_its_files_or_not_at_all(cast, folder, client_of, post_json):
    table = (
        "prompt,model,response,attachments\nLook,x,One,moon.png\nLook,y,![two](attachment:two.png),moon.png\n"
    )
    ann, path = client_of("Ann"), "/api/projects/moon/import"

    def send(*files):
        return ann.post(
            path, {"table": SimpleUploadedFile("t.csv", table.encode()), "attachments": list(files)}
        )

    assert send().status_code == 422
    assert send(png("two.png")).status_code == 422
    assert not AttachmentRow.objects.exists()
    assert send(png(), png("two.png")).json()["works"] == 1
    for _ in range(5):
        given = post_json(client_of("Ben"), "/api/projects/moon/next").json()
        if given["prompt"] == "Look":
            break
        post_json(client_of("Ben"), f"/api/work/{given['token']}/judgment", {"answer": {"choice": "tie"}})
    assert set(given["attachments"]) == {"moon.png", "two.png"}
    assert all(client_of("Ben").get(url).status_code == 200 for url in given["attachments"].values())
