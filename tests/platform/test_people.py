"""Who comes in, and how."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from assay.errors import AssayError
from assay.platform.actions import people
from assay.platform.models import InvitationRow, PersonRow

CHOICE = {"name": "Ann", "password": "coins and rivers", "languages": "en, pt-BR"}


@pytest.fixture
def visitor(db):
    return Client(headers={"host": "localhost"})


def test_the_administrator_chooses_a_name_and_a_password_once(visitor):
    link = f"/welcome/{people.renew_administrator_link()}/"

    begun = visitor.post(link, CHOICE)
    again = Client(headers={"host": "localhost"}).post(link, {**CHOICE, "name": "Mallory"})

    assert (begun.status_code, again.status_code) == (302, 404)
    ann = PersonRow.objects.get()
    assert (ann.name, ann.languages, ann.is_administrator) == ("Ann", ["en", "pt-BR"], True)
    assert visitor.get("/projects/new/").status_code == 200
    assert people.renew_administrator_link() is None


def test_a_new_link_for_the_administrator_ends_the_old_one(visitor):
    old, new = (people.renew_administrator_link() for _ in range(2))

    assert (visitor.get(f"/welcome/{old}/").status_code, visitor.get(f"/welcome/{new}/").status_code) == (
        404,
        200,
    )


def test_only_a_digest_of_a_link_is_kept(visitor):
    token = people.renew_administrator_link()

    assert token not in str(InvitationRow.objects.values())


def test_a_link_expires(visitor):
    token = people.renew_administrator_link()
    InvitationRow.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert visitor.get(f"/welcome/{token}/").status_code == 404


@pytest.mark.parametrize(("change", "field"), [
    ({"password": "short"}, "password"), ({"password": "passwordpassword"}, ""), ({"name": " "}, "name"),
    ({"name": "ben"}, "name"), ({"languages": "English!"}, "languages"),
])  # fmt: skip
def test_a_refused_choice_leaves_the_link_alive(cast, visitor, change, field):
    token = people.renew_administrator_link()

    refused = visitor.post(f"/welcome/{token}/", {**CHOICE, "name": "Dora", **change})

    if field:
        assert refused.status_code == 422
        assert f'name="{field}"' in re.search(r"<input[^>]*aria-invalid[^>]*>", refused.content.decode())[0]
        assert visitor.get(f"/welcome/{token}/").status_code == 200


def test_an_invitation_lets_one_person_into_one_project(cast, client_of, visitor):
    page = client_of("Ann").post("/projects/moon/invite/", {"role": "contributor"}).content.decode()
    link = re.search(r"/welcome/[\w-]+/", page)[0]

    joined = client_of("Cleo").post(link)

    assert joined.status_code == 302
    assert client_of("Cleo").get("/projects/moon/judge/").status_code == 200
    assert client_of("Cleo").get("/projects/moon/").status_code == 404
    assert visitor.get(link).status_code == 404


def test_nobody_is_invited_as_an_owner(cast):
    with pytest.raises(AssayError, match="roles"):
        people.invite(project=cast.moon, role="owner")


def test_guessing_passwords_has_to_wait(cast, visitor):
    for _ in range(people.ATTEMPTS):
        assert visitor.post("/sign-in/", {"name": "Ann", "password": "wrong"}).status_code == 422

    right = visitor.post("/sign-in/", {"name": "Ann", "password": "a long password"})

    assert (right.status_code, b"wait five minutes" in right.content) == (422, True)


def test_a_name_is_one_name_however_a_keyboard_writes_it(cast, visitor):
    people.add_person(name="Jose\u0301 Smith", password=CHOICE["password"])

    answer = visitor.post("/sign-in/", {"name": " Jos\u00e9  Smith", "password": CHOICE["password"]})

    assert answer.status_code == 302


@pytest.mark.parametrize("name", ["Ann\u202e", "Ann\u200b", "A\0nn", "=cmd()", "@Ann", "\u200d"])
def test_a_name_can_be_seen_and_is_no_formula(cast, name):
    with pytest.raises(AssayError, match="visible characters"):
        people.add_person(name=name)


def test_a_persian_name_keeps_its_joiner(cast):
    assert people.add_person(name="علی\u200cرضا").name == "علی\u200cرضا"


def test_signing_in_never_leads_elsewhere(cast, visitor):
    form = {"name": "Ben", "password": "a long password", "next": "https://spy.example/"}

    assert visitor.post("/sign-in/", form).url == "/"


def test_a_session_costs_no_table(cast, client_of, django_assert_num_queries):
    client = client_of("Cleo")

    with django_assert_num_queries(1):  # the person
        client.get("/projects/new/")


def test_the_direction_of_a_page_follows_its_language(visitor, settings):
    settings.LANGUAGES = [("en", "English"), ("ar", "العربية")]

    assert (
        b'<html lang="ar" dir="rtl">' in visitor.get("/sign-in/", headers={"accept-language": "ar"}).content
    )
    assert (
        b'<html lang="en" dir="ltr">' in visitor.get("/sign-in/", headers={"accept-language": "en"}).content
    )
