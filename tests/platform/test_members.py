"""Roles, links and what people say of themselves."""

from __future__ import annotations

import pytest
from django.test import Client

from assay.errors import AssayError
from assay.platform.actions import members, people, projects, work
from assay.platform.models import InvitationRow, LeaseRow, MembershipRow, WorkRow
from assay.records import Brief

PASSWORD = "a long password"


def member_of(cast, person) -> MembershipRow:
    return MembershipRow.objects.get(project=cast.moon, person=person)


def test_an_owner_changes_a_role_and_the_doors_follow(cast, client_of):
    number = member_of(cast, cast.ben).pk
    before = client_of("Ben").get("/projects/moon/review/").status_code

    client_of("Ann").post(f"/projects/moon/people/{number}/", {"role": "reviewer"})

    assert (before, client_of("Ben").get("/projects/moon/review/").status_code) == (404, 200)


@pytest.mark.parametrize("role", ["", "king", "Owner"])
def test_there_are_no_other_roles(cast, role):
    with pytest.raises(AssayError, match="one of the roles"):
        members.change_role(project=cast.moon, number=member_of(cast, cast.ben).pk, role=role)


def test_a_project_keeps_an_owner(cast):
    own = member_of(cast, cast.ann).pk

    with pytest.raises(AssayError, match="needs an owner"):
        members.change_role(project=cast.moon, number=own, role="viewer")
    with pytest.raises(AssayError, match="needs an owner"):
        members.remove_member(project=cast.moon, number=own)
    members.change_role(project=cast.moon, number=member_of(cast, cast.ben).pk, role="owner")
    members.remove_member(project=cast.moon, number=own)

    assert not MembershipRow.objects.filter(person=cast.ann).exists()


def test_who_leaves_gives_back_their_place_and_sees_nothing(cast, client_of):
    lease = work.claim_work(person=cast.ben, project=cast.moon)

    client_of("Ann").post(f"/projects/moon/people/{member_of(cast, cast.ben).pk}/", {"remove": "yes"})

    assert WorkRow.objects.get(pk=lease.work_id).taken == 0
    assert LeaseRow.objects.get(pk=lease.pk).state == LeaseRow.LAPSED
    assert client_of("Ben").get("/projects/moon/judge/").status_code == 404
    assert client_of("Ben").post(f"/work/{lease.token}/submit/", {"choice": "tie"}).status_code == 404


def test_a_member_of_another_project_is_not_to_be_found(cast, client_of):
    sun = projects.open_project(owner=cast.cleo, brief=Brief("sun", "Shine.", "pairwise"))
    elsewhere = MembershipRow.objects.get(project=sun)

    sent = client_of("Ann").post(f"/projects/moon/people/{elsewhere.pk}/", {"remove": "yes"})

    assert sent.status_code == 404


def test_a_revoked_link_opens_no_door(cast, client_of):
    token = people.invite(project=cast.moon, role="viewer")
    visitor = Client(headers={"host": "localhost"})
    opened = visitor.get(f"/welcome/{token}/").status_code

    client_of("Ann").post(f"/projects/moon/invitations/{InvitationRow.objects.get().pk}/revoke/")

    assert (opened, visitor.get(f"/welcome/{token}/").status_code) == (200, 404)


def test_only_an_administrator_renews_a_password_and_not_another_administrators(cast, client_of):
    page = f"/projects/moon/people/{member_of(cast, cast.ben).pk}/password/"
    as_owner = client_of("Ann").post(page).status_code
    cast.ann.is_administrator = True
    cast.ann.save()

    link = client_of("Ann").post(page)
    own = client_of("Ann").post(f"/projects/moon/people/{member_of(cast, cast.ann).pk}/password/")

    assert (as_owner, link.status_code, own.status_code) == (404, 200, 404)
    address = link.content.decode().split('value="http://localhost')[1].split('"')[0]
    chosen = {"name": "Ben", "password": "another long password"}
    Client(headers={"host": "localhost"}).post(address, chosen)
    assert people.recognise(name="Ben", password="another long password") == cast.ben


def test_people_change_their_password_and_stay_signed_in(cast, client_of):
    client = client_of("Ben")

    wrong = client.post("/me/about/", {"old": "not it", "new": "quite another password"})
    short = client.post("/me/about/", {"old": PASSWORD, "new": "short"})
    fine = client.post("/me/about/", {"old": PASSWORD, "new": "quite another password"})

    assert (wrong.status_code, short.status_code, fine.status_code) == (422, 422, 302)
    assert client.get("/me/about/").status_code == 200
    assert people.recognise(name="Ben", password="quite another password") == cast.ben


def test_people_say_what_they_read_and_can_do(cast, client_of):
    client_of("Ben").post("/me/about/", {"languages": "en ar-EG", "skills": "poetry\nPython\npoetry\n"})

    cast.ben.refresh_from_db()
    assert (cast.ben.languages, cast.ben.skills) == (["en", "ar-EG"], ["poetry", "Python"])
    assert client_of("Ben").post("/me/about/", {"languages": "klingon!"}).status_code == 422
