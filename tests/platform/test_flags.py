"""Flags, skipping with a reason, and the settings of a project."""

from __future__ import annotations

import pytest
from django.http import Http404

from assay.errors import AnswerError
from assay.platform.actions import flags, settings, work
from assay.platform.models import FlagRow, LeaseRow, ProjectRow, WorkRow


def claim(person, project):
    return work.claim_work(person=person, project=project)


def test_a_flag_reaches_the_authors_and_its_answer_whoever_raised_it(cast, client_of):
    token = claim(cast.ben, cast.moon).token
    sent = {"leave_cause": "silent", "leave_note": "Is a pun a surprise?"}

    assert client_of("Ben").post(f"/work/{token}/flag/", sent).status_code == 302
    page = client_of("Ann").get("/projects/moon/flags/").content.decode()
    flag = FlagRow.objects.get()
    client_of("Ann").post(f"/projects/moon/flags/{flag.pk}/", {"text": "Version 2 says so: it is."})

    assert "Is a pun a surprise?" in page
    assert "Version 2 says so" in client_of("Ben").get("/me/queue/").content.decode()
    assert LeaseRow.objects.get().state == LeaseRow.HELD, "a flag does not take the work away"


def test_a_flag_may_skip_the_work_too(cast, client_of):
    token = claim(cast.ben, cast.moon).token

    client_of("Ben").post(f"/work/{token}/flag/", {"leave_cause": "harmful", "leave_skip": "yes"})

    assert LeaseRow.objects.get().state == LeaseRow.SKIPPED
    assert FlagRow.objects.get().cause == FlagRow.HARMFUL


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cause": "bored"}, "cause"),
        ({"cause": "other"}, "note"),
        ({"cause": "broken", "note": "x" * 4_001}, "note"),
    ],
)
def test_a_flag_says_what_is_the_matter(cast, given, field):
    token = claim(cast.ben, cast.moon).token

    with pytest.raises(AnswerError) as wrong:
        flags.flag(person=cast.ben, token=token, **given)

    assert wrong.value.field == field
    assert not FlagRow.objects.exists()


def test_the_same_flag_again_replaces_its_note_and_opens_it_again(cast):
    token = claim(cast.ben, cast.moon).token
    first = flags.flag(person=cast.ben, token=token, cause="broken", note="No text.")
    flags.settle(project=cast.moon, number=first.pk, text="Mended.")

    again = flags.flag(person=cast.ben, token=token, cause="broken", note="Still no text.")

    assert (again.pk, again.note, again.settled_at) == (first.pk, "Still no text.", None)


def test_nobody_flags_on_the_lease_of_another_or_settles_in_another_project(cast):
    token = claim(cast.ben, cast.moon).token
    flag = flags.flag(person=cast.ben, token=token, cause="broken")
    other = ProjectRow.objects.create(slug="sun", title="sun", owner=cast.ann)

    with pytest.raises(Http404):
        flags.flag(person=cast.ann, token=token, cause="broken")
    with pytest.raises(Http404):
        flags.settle(project=other, number=flag.pk, text="Mended.")


def test_authors_read_why_works_are_skipped(cast, client_of):
    token = claim(cast.ben, cast.moon).token

    client_of("Ben").post(
        f"/work/{token}/skip/",
        {"leave_reason": "field", "leave_note": "I know no sonnets.", "reason": "draft"},
    )

    assert LeaseRow.objects.get().reason == "field: I know no sonnets."
    page = client_of("Ann").get("/projects/moon/flags/").content.decode()
    assert "It is outside what I know." in page
    assert "I know no sonnets." in page
    assert set(WorkRow.objects.values_list("taken", flat=True)) == {0}


def test_an_unknown_reason_is_refused_and_nothing_is_skipped(cast):
    token = claim(cast.ben, cast.moon).token

    with pytest.raises(AnswerError, match="one of the reasons"):
        flags.skip(person=cast.ben, token=token, reason="bored")

    assert LeaseRow.objects.get().state == LeaseRow.HELD


# -- settings ------------------------------------------------------------------------------------------------


def change(cast, **given):
    return settings.change(project=cast.moon, given={**settings.values(cast.moon), **given})


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cap": "0"}, "cap"),
        ({"cap": "2.5"}, "cap"),
        ({"most": "1"}, "most"),
        ({"confidence": "0"}, "confidence"),
        ({"confidence": "nan"}, "confidence"),
        ({"gold_share": "101"}, "gold_share"),
        ({"budget": "-1"}, "budget"),
        ({"review_share": "many"}, "review_share"),
        ({"cap": "²"}, "cap"),
    ],
)
def test_settings_that_mean_nothing_are_refused_and_none_is_kept(cast, client_of, given, field):
    before = ProjectRow.objects.values().get()
    sent = {**settings.values(cast.moon), "gold_share": "50", **given}

    page = client_of("Ann").post("/projects/moon/settings/", sent)

    assert page.status_code == 422
    assert page.context["field"] == field
    assert ProjectRow.objects.values().get() == before


def test_a_new_number_of_judgments_reaches_the_works_that_are_there(cast):
    first = claim(cast.ben, cast.moon)
    claim(cast.ann, cast.moon)
    grown = WorkRow.objects.exclude(pk__in=LeaseRow.objects.values("work")).first()
    WorkRow.objects.filter(pk=grown.pk).update(cap=5)

    change(cast, cap="1", most="4")

    caps = dict(WorkRow.objects.values_list("pk", "cap"))
    assert caps.pop(first.work_id) == 2, "people are at it"
    assert sorted(caps.values()) == [1, 1, 4], "and none stays open above the most"


def test_a_budget_counts_what_was_given_out_before(cast):
    work.submit_judgment(person=cast.ben, token=claim(cast.ben, cast.moon).token, answer={"choice": "tie"})
    claim(cast.ben, cast.moon)

    assert change(cast, budget="7").taken == 2
    assert change(cast, budget="").budget is None
