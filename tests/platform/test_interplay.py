"""Where features meet: what is taken back while it is read, a role that changes at work, and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.html import escape

from assay.pipeline import Outcome
from assay.platform.actions import briefs, members, overlap, people, pilots, reopen, reviews, undo, work
from assay.platform.models import (
    EvidenceRow,
    GoldRow,
    JudgmentRow,
    LeaseRow,
    MembershipRow,
    PersonRow,
    ProjectRow,
    ReviewRow,
    WorkRow,
)
from assay.platform.queries import insight, outcomes, projects, queue, routing, skills
from assay.platform.queries import reviews as reading
from assay.platform.queries import work as works
from assay.records import Question, Skill

from .test_every_kind import KINDS, opened  # noqa: F401 -- a fixture
from .test_reviews import choice, read, say, scene  # noqa: F401 -- a fixture


def hours_ago(judgment: JudgmentRow, hours: float) -> None:
    JudgmentRow.objects.filter(pk=judgment.pk).update(submitted_at=timezone.now() - timedelta(hours=hours))


def table() -> SimpleUploadedFile:
    return SimpleUploadedFile("t.csv", b"prompt,model,response\nThe moon?,x,A coin.\n")


def drawn(lease: LeaseRow, answer: dict) -> dict[str, object]:
    """Name samples as they are called for this person."""
    return works.assignment(lease).concealed(answer)


# -- what is opened again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_what_is_opened_again_says_the_same_where_nothing_is_changed(name, opened, cast):  # noqa: F811
    project, sample = opened(name)
    lease = work.claim_work(person=cast.ann, project=project)
    fields = drawn(lease, sample["accepted"][-1])
    said = work.submit_judgment(person=cast.ann, token=lease.token, answer=fields)

    again = undo.undo_last(person=cast.ann, project=project)
    kept = work.submit_judgment(person=cast.ann, token=again.token, answer=again.draft)

    assert (kept.answer, kept.supersedes) == (said.answer, said)


@pytest.mark.parametrize("name", KINDS)
def test_every_accepted_answer_of_a_kind_survives_being_typed_again(name, opened, cast):  # noqa: F811
    project, sample = opened(name)
    given = works.assignment(work.claim_work(person=cast.ann, project=project))

    for answer in sample["accepted"]:
        clean = given.kind.check(given.brief, given.work, drawn(given.lease, answer))
        assert given.kind.check(given.brief, given.work, works.draft_of(given, clean)) == clean, answer


@pytest.mark.parametrize("name", KINDS)
def test_the_page_of_what_is_opened_again_holds_what_was_said(name, opened, cast, client_of):  # noqa: F811
    project, sample = opened(name)
    ann = client_of("Ann")
    untouched = ann.get(f"/projects/{project.slug}/judge/").content.decode()
    lease = LeaseRow.objects.get(project=project)
    work.submit_judgment(person=cast.ann, token=lease.token, answer=drawn(lease, sample["accepted"][0]))

    undo.undo_last(person=cast.ann, project=project)

    again = ann.get(f"/projects/{project.slug}/judge/").content.decode()
    held = LeaseRow.objects.get(project=project)
    said = [escape(value) for value in _leaves(held.draft) if value]
    filled_in = any(again.count(value) > untouched.count(value) for value in said if len(value) > 3)
    assert again.count(" checked") > untouched.count(" checked") or filled_in


def _leaves(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    return [str(value)]


# -- taking back, and being read -----------------------------------------------------------------------------


def test_who_takes_back_and_walks_away_is_read_all_the_same(scene):  # noqa: F811
    held = undo.undo_last(person=scene.ben, project=scene.moon)
    assert reviews.claim_review(person=scene.rosa, project=scene.moon) is None  # they are at it
    LeaseRow.objects.filter(pk=held.pk).update(state=LeaseRow.LAPSED)

    row = reviews.claim_review(person=scene.rosa, project=scene.moon)

    assert row.judgment == scene.said


def test_what_was_accepted_is_no_longer_open_to_its_author(scene):  # noqa: F811
    held = undo.undo_last(person=scene.ben, project=scene.moon)
    LeaseRow.objects.filter(pk=held.pk).update(state=LeaseRow.LAPSED)

    read(scene, scene.rosa, "accepted")

    assert not LeaseRow.objects.filter(replaces=scene.said).exists()
    assert work.claim_work(person=scene.ben, project=scene.moon).work_id != scene.said.work_id


def test_what_is_returned_while_it_lies_open_comes_back_as_returned_with_what_was_typed(scene):  # noqa: F811
    held = undo.undo_last(person=scene.ben, project=scene.moon)
    work.save_draft(person=scene.ben, token=held.token, draft={"choice": "tie", "reason": "Or is it?"})
    LeaseRow.objects.filter(pk=held.pk).update(state=LeaseRow.LAPSED)

    read(scene, scene.rosa, "returned", reason="The brief asks for surprise.")

    lease = LeaseRow.objects.get(replaces=scene.said)
    assert (lease.reason, lease.draft["reason"]) == ("returned", "Or is it?")
    assert reading.unread(scene.ben) == 1


def test_a_reader_cannot_take_their_version_back_from_under_an_appeal(scene):  # noqa: F811
    row = read(scene, scene.rosa, "edited", choose="dull")

    with pytest.raises(undo.UndoError):
        undo.undo(person=scene.rosa, number=row.edited_id)

    own = say(scene, scene.rosa, "fine")
    own_version = JudgmentRow.objects.get(pk=row.edited_id)
    assert queue.last_judgment(scene.rosa, scene.moon) == own
    assert own.pk > own_version.pk


def test_the_last_judgment_of_a_reader_is_one_they_made_themselves(scene):  # noqa: F811
    own = say(scene, scene.rosa, "fine")
    other = say(scene, scene.ben, "fine")
    JudgmentRow.objects.exclude(pk=other.pk).filter(person=scene.ben).update(cause="edited")
    ReviewRow.objects.all().delete()
    row = read(scene, scene.rosa, "edited", choose="dull")

    assert row.edited_id > own.pk
    assert queue.last_judgment(scene.rosa, scene.moon) == own


def test_what_somebody_types_outlives_the_restoring_of_an_earlier_version(scene):  # noqa: F811
    first = undo.undo_last(person=scene.ben, project=scene.moon)
    second = work.submit_judgment(person=scene.ben, token=first.token, answer=choice(first, "dull"))
    held = undo.undo_last(person=scene.ben, project=scene.moon)
    work.save_draft(person=scene.ben, token=held.token, draft={"reason": "I am still typing."})

    back = reviews.restore(project=scene.moon, now=second.pk, earlier=scene.said.pk)

    kept = work.submit_judgment(
        person=scene.ben, token=held.token, answer=choice(held, "dull", reason="I am still typing.")
    )
    assert kept.supersedes == back
    assert JudgmentRow.objects.filter(work=scene.said.work_id, superseded_by__isnull=True).get() == kept


def test_a_dismissed_appeal_opens_nothing_that_was_changed_in_the_meantime(scene):  # noqa: F811
    first = undo.undo_last(person=scene.ben, project=scene.moon)
    second = work.submit_judgment(person=scene.ben, token=first.token, answer=choice(first, "dull"))
    row = read(scene, scene.rosa, "returned", reason="The brief asks for surprise.")
    assert row.judgment == second
    reviews.appeal(person=scene.ben, number=row.pk, reason="It does surprise.")
    reviews.restore(project=scene.moon, now=second.pk, earlier=scene.said.pk)
    case = reviews.claim_dispute(person=scene.sam, project=scene.moon)

    reviews.decide_dispute(person=scene.sam, number=case.pk, chosen=None, decision="Surprise.")

    assert not LeaseRow.objects.filter(replaces=second).exists()


def test_an_appeal_keeps_what_its_author_had_begun_to_type(scene):  # noqa: F811
    row = read(scene, scene.rosa, "returned", reason="The brief asks for surprise.")
    lease = work.claim_work(person=scene.ben, project=scene.moon)
    work.save_draft(person=scene.ben, token=lease.token, draft={"choice": "tie", "reason": "Well, if"})
    reviews.appeal(person=scene.ben, number=row.pk, reason="It does surprise.")
    assert work.claim_work(person=scene.ben, project=scene.moon).work_id != scene.said.work_id
    case = reviews.claim_dispute(person=scene.sam, project=scene.moon)

    reviews.decide_dispute(person=scene.sam, number=case.pk, chosen=None, decision="Surprise.")

    assert LeaseRow.objects.get(replaces=scene.said).draft["reason"] == "Well, if"


def test_who_has_read_an_answer_is_not_asked_for_their_own(scene):  # noqa: F811
    read(scene, scene.rosa, "accepted")

    seen = {int(each.work) for each in routing.shortlist(scene.rosa, scene.moon)}

    assert scene.said.work_id not in seen
    assert len(seen) == 3


@pytest.mark.parametrize("use", [WorkRow.PILOT, WorkRow.TRIAL])
def test_what_a_pilot_or_an_experiment_measures_is_not_changed_by_readers(scene, use):  # noqa: F811
    WorkRow.objects.filter(pk=scene.said.work_id).update(use=use)

    assert reviews.claim_review(person=scene.rosa, project=scene.moon) is None


# -- who comes, goes and changes -----------------------------------------------------------------------------


def test_who_is_taken_out_gives_their_place_back_to_the_budget(cast):
    ProjectRow.objects.update(budget=3)
    cast.moon.refresh_from_db()
    work.claim_work(person=cast.ben, project=cast.moon)

    number = MembershipRow.objects.get(project=cast.moon, person=cast.ben).pk
    members.remove_member(project=cast.moon, number=number)

    cast.moon.refresh_from_db()
    assert cast.moon.taken == 0
    assert not WorkRow.objects.filter(project=cast.moon, taken__gt=0).exists()


def test_who_is_taken_out_while_reading_leaves_it_to_another_reader(scene):  # noqa: F811
    row = reviews.claim_review(person=scene.rosa, project=scene.moon)
    number = MembershipRow.objects.get(project=scene.moon, person=scene.rosa).pk

    members.remove_member(project=scene.moon, number=number)

    assert reviews.claim_review(person=scene.sam, project=scene.moon).judgment == row.judgment


@pytest.mark.parametrize("role", ["contributor", "viewer"])
def test_who_is_a_reader_no_more_decides_nothing_and_holds_nobody_up(scene, client_of, role):  # noqa: F811
    row = reviews.claim_review(person=scene.rosa, project=scene.moon)
    number = MembershipRow.objects.get(project=scene.moon, person=scene.rosa).pk

    members.change_role(project=scene.moon, number=number, role=role)

    sent = client_of("Rosa").post(f"/reviews/{row.pk}/", {"review.decision": "accepted"})
    assert sent.status_code == 404
    assert reviews.claim_review(person=scene.sam, project=scene.moon).judgment == row.judgment


def test_who_may_judge_no_more_leaves_their_place_at_once_and_keeps_their_draft(cast, client_of):
    lease = work.claim_work(person=cast.ben, project=cast.moon)
    work.save_draft(person=cast.ben, token=lease.token, draft={"reason": "Half a th"})
    number = MembershipRow.objects.get(project=cast.moon, person=cast.ben).pk

    members.change_role(project=cast.moon, number=number, role="viewer")

    sent = client_of("Ben").post(f"/work/{lease.token}/submit/", choice(lease, "fine"))
    assert sent.status_code == 404
    assert WorkRow.objects.get(pk=lease.work_id).taken == 0
    members.change_role(project=cast.moon, number=number, role="contributor")
    assert work.claim_work(person=cast.ben, project=cast.moon).draft == {"reason": "Half a th"}


def test_what_was_returned_to_somebody_who_left_is_counted_for_nobody(scene):  # noqa: F811
    read(scene, scene.rosa, "returned", reason="The brief asks for surprise.")
    assert reading.unread(scene.ben) == 1

    MembershipRow.objects.filter(project=scene.moon, person=scene.ben).delete()

    assert reading.unread(scene.ben) == 0


def test_who_left_is_not_taken_for_somebody_whose_judgments_came_in_a_table(scene):  # noqa: F811
    MembershipRow.objects.filter(project=scene.moon, person=scene.ben).delete()

    assert projects.judged_from_outside(scene.moon) == 0


def test_a_pause_lets_people_finish_and_gives_nothing_new(cast):
    lease = work.claim_work(person=cast.ben, project=cast.moon)
    cast.moon = pilots.pause(project=cast.moon)

    work.submit_judgment(person=cast.ben, token=lease.token, answer=choice(lease, "fine"))

    assert work.claim_work(person=cast.ben, project=cast.moon) is None


def test_what_a_reader_returns_while_a_project_is_paused_can_be_done_again(scene):  # noqa: F811
    read(scene, scene.rosa, "returned", reason="The brief asks for surprise.")
    scene.moon = pilots.pause(project=scene.moon)

    lease = work.claim_work(person=scene.ben, project=scene.moon)

    assert lease is not None
    assert lease.replaces == scene.said


def test_a_count_begun_before_somebody_changed_their_name_holds_up_nobodys_work(scene):  # noqa: F811
    say(scene, scene.ann, "fine")
    overlap.bring_up_to_date(project=scene.moon)
    outcomes._kept[scene.moon.pk].told = skills._kept[scene.moon.pk].told = False  # nobody asked for it yet
    PersonRow.objects.filter(pk=scene.ben.pk).update(name="Benedikt")
    overlap._since[scene.moon.pk], overlap._rested[scene.moon.pk] = overlap.EVERY, 0.0

    lease = work.claim_work(person=scene.ann, project=scene.moon)

    assert lease is not None
    assert overlap._since[scene.moon.pk] == 0, "and what is known of the others was kept"


# -- numbers -------------------------------------------------------------------------------------------------


def test_doing_a_work_again_is_not_another_work(scene, client_of):  # noqa: F811
    held = undo.undo_last(person=scene.ben, project=scene.moon)
    work.submit_judgment(person=scene.ben, token=held.token, answer=choice(held, "dull"))

    (card,) = projects.cards(scene.ben)

    assert card.own == 1


def test_a_readers_version_is_not_a_work_they_judged(scene):  # noqa: F811
    read(scene, scene.rosa, "edited", choose="dull")

    (card,) = projects.cards(scene.rosa)

    assert card.own == 0


def test_an_outcome_notices_that_a_known_answer_was_corrected(scene):  # noqa: F811
    row = WorkRow.objects.get(pk=scene.said.work_id)
    GoldRow.objects.create(work=row, labels={"preference": "first"}, source=GoldRow.AUTHOR)
    before = outcomes.stamp(scene.moon)

    reviews._make_gold(row, scene.said, scene.ann, "Surprise.")

    assert GoldRow.objects.get(work=row).source == GoldRow.ADJUDICATION
    assert outcomes.stamp(scene.moon) != before


def test_an_outcome_notices_what_supersedes_another(scene):  # noqa: F811
    before = outcomes.stamp(scene.moon)

    read(scene, scene.rosa, "edited", choose="dull")

    assert outcomes.stamp(scene.moon) != before
    (only,) = outcomes.material(scene.moon).judgments
    assert only.rater == "Rosa"


def test_growth_believes_only_skills_that_are_shares_of_right_answers(cast):
    skill = Skill("Ben", "surprise", 0.9, 0.8, 1.0, 20)
    other = replace(skill, question="length", mean=0.1, measure="reliability")
    found = Outcome.__new__(Outcome)
    object.__setattr__(found, "skills", [skill, other])
    row = WorkRow.objects.filter(project=cast.moon).first()

    told = overlap._who_is_left(cast.moon, found, [row])

    assert sorted(told[row.key]) == sorted([overlap.STRANGER, 0.9])


def test_people_read_what_everybody_said_only_when_they_can_no_longer_follow(scene):  # noqa: F811
    say(scene, scene.rosa, "dull")
    assert insight.own_pieces(scene.ben, scene.moon) == []

    hours_ago(scene.said, 2)
    assert len(insight.own_pieces(scene.ben, scene.moon)) == 1

    reopen.reopen(scene.said, cause=JudgmentRow.UNDONE)
    assert insight.own_pieces(scene.ben, scene.moon) == []


def test_what_was_said_under_an_earlier_version_is_still_weighed(cast):
    for person, author in ((cast.ben, "fine"), (cast.ann, "dull")):
        lease = work.claim_work(person=person, project=cast.moon)
        answer = choice(lease, author) | {"labels": {"surprise": "yes"}}
        work.submit_judgment(person=person, token=lease.token, answer=answer)
    now = projects.latest_brief(cast.moon).record()
    asked = (Question("depth", "Does it mean more than it says?", ("none", "some", "much"), True),)

    briefs.publish(project=cast.moon, brief=replace(now, questions=asked))

    found = outcomes.outcome(cast.moon)
    assert found.examples
    assert len(outcomes.material(cast.moon).judgments) == 2


# -- programs and pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ann", "Ben", "Vera", "Rosa", "Cleo"])
def test_programs_may_do_what_people_may_and_no_more(scene, client_of, post_json, name):  # noqa: F811
    client = client_of(name)

    def both(page, program):
        return page.status_code == 404, program.status_code == 404

    page, program = both(client.get("/projects/moon/judge/"), post_json(client, "/api/projects/moon/next"))
    assert page == program
    page, program = both(
        client.get("/projects/moon/export/jsonl/"), client.get("/api/projects/moon/export/jsonl")
    )
    assert page == program
    page, program = both(
        client.get("/projects/moon/judgments.jsonl"), client.get("/api/projects/moon/export/judgments")
    )
    assert page == program
    page, program = both(
        client.post("/projects/moon/import/", {"file": table()}),
        client.post("/api/projects/moon/import", {"table": table()}),
    )
    assert page == program


def test_a_stranger_gains_a_project_and_loses_it_with_everything_they_could_see(scene, client_of):  # noqa: F811
    people.add_member(project=scene.moon, name="Cleo", role="reviewer")
    cleo = client_of("Cleo")
    assert cleo.get(f"/projects/moon/works/{scene.said.work_id}/").status_code == 200
    number = MembershipRow.objects.get(project=scene.moon, person=scene.cleo).pk

    members.remove_member(project=scene.moon, number=number)

    for path in ("", "review/", "quality/", f"works/{scene.said.work_id}/", "judge/"):
        assert cleo.get(f"/projects/moon/{path}").status_code == 404
    assert "moon" not in cleo.get("/").content.decode()


def test_evidence_is_that_of_answers_in_force(scene):  # noqa: F811
    row = WorkRow.objects.get(pk=scene.said.work_id)
    reviews._make_gold(row, scene.said, scene.ann, "Surprise.")
    overlap.bring_up_to_date(project=scene.moon)
    before = EvidenceRow.objects.get(project=scene.moon, person=scene.ben).right

    held = undo.undo_last(person=scene.ben, project=scene.moon)
    work.submit_judgment(person=scene.ben, token=held.token, answer=choice(held, "dull"))
    overlap.bring_up_to_date(project=scene.moon)

    after = EvidenceRow.objects.get(project=scene.moon, person=scene.ben)
    assert after.right < before
