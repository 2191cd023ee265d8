"""Second readers, appeals, and who decides: nothing is overwritten, and nobody knows whose work they read."""

from __future__ import annotations

import pytest

from assay.errors import AnswerError
from assay.platform.actions import people, reviews, undo, work
from assay.platform.models import GoldRow, JudgmentRow, LeaseRow, ProjectRow, ReviewRow, WorkRow
from assay.platform.queries import outcomes
from assay.platform.queries import reviews as queries
from assay.platform.queries import work as works


@pytest.fixture
def scene(cast):
    """Ben has judged one work; Rosa and Sam review, and every judgment is read."""
    for name in ("Rosa", "Sam"):
        setattr(cast, name.lower(), people.add_person(name=name, password="a long password"))
        people.add_member(project=cast.moon, name=name, role="reviewer")
    ProjectRow.objects.update(review_share=1.0, state="open")
    cast.moon.refresh_from_db()
    cast.said = say(cast, cast.ben, "fine", reason="It surprises.")
    return cast


def say(scene, person, author: str, **more: object) -> JudgmentRow:
    lease = work.claim_work(person=person, project=scene.moon)
    return work.submit_judgment(person=person, token=lease.token, answer=choice(lease, author, **more))


def choice(lease, author: str, **more: object) -> dict[str, object]:
    names = works.assignment(lease).names
    return {"choice": next(drawn for drawn, real in names.items() if real.endswith(f"/{author}")), **more}


def read(scene, person, decision: str, *, choose: str | None = None, reason: str = "") -> ReviewRow:
    row = reviews.claim_review(person=person, project=scene.moon)
    case = queries.case(row)
    answer = dict(case.answer)
    if choose:
        answer["choice"] = next(n for n, real in case.given.names.items() if real.endswith(f"/{choose}"))
    return reviews.decide_review(
        person=person, number=row.pk, decision=decision, reason=reason, answer=works.as_typed(answer)
    )


def in_force(scene) -> list[JudgmentRow]:
    return list(JudgmentRow.objects.filter(work=scene.said.work_id, superseded_by__isnull=True))


def test_a_reader_accepts_what_stands(scene):
    row = read(scene, scene.rosa, "accepted")

    assert row.state == ReviewRow.ACCEPTED
    assert in_force(scene) == [scene.said]
    assert reviews.claim_review(person=scene.rosa, project=scene.moon) is None


def test_a_readers_version_supersedes_and_the_first_one_stays(scene):
    row = read(scene, scene.rosa, "edited", choose="dull")

    (now,) = in_force(scene)
    assert (now.person, now.cause, now.supersedes) == (scene.rosa, "edited", scene.said)
    assert now.answer["choice"].endswith("/dull")
    assert JudgmentRow.objects.get(pk=scene.said.pk).answer == scene.said.answer
    assert row.edited == now
    assert WorkRow.objects.get(pk=scene.said.work_id).judged == 1


def test_what_is_returned_comes_back_first_with_its_answer(scene):
    read(scene, scene.rosa, "returned", reason="The brief asks for surprise.")

    lease = work.claim_work(person=scene.ben, project=scene.moon)
    assert (lease.work_id, lease.replaces, lease.draft["reason"]) == (
        scene.said.work_id,
        scene.said,
        "It surprises.",
    )
    again = work.submit_judgment(person=scene.ben, token=lease.token, answer=choice(lease, "dull"))
    row = WorkRow.objects.get(pk=scene.said.work_id)
    assert (again.supersedes, again.cause, row.taken, row.judged) == (scene.said, "returned", 1, 1)
    assert in_force(scene) == [again]
    assert queries.waiting(scene.sam, scene.moon, again.submitted_at).first() == again


def test_a_return_needs_its_reason_and_keeps_what_was_typed(scene):
    row = reviews.claim_review(person=scene.rosa, project=scene.moon)

    with pytest.raises(reviews.ReviewError, match="Say why"):
        reviews.decide_review(
            person=scene.rosa, number=row.pk, decision="returned", reason=" ", answer={"choice": "tie"}
        )

    row.refresh_from_db()
    assert row.draft == {"choice": "tie", "review": {"decision": "returned", "reason": ""}}


def test_an_accepted_answer_cannot_be_a_changed_one(scene):
    with pytest.raises(reviews.ReviewError, match="keep my version"):
        read(scene, scene.rosa, "accepted", choose="dull")

    assert in_force(scene) == [scene.said]


def test_a_readers_version_is_checked_like_any_answer(scene):
    row = reviews.claim_review(person=scene.rosa, project=scene.moon)

    with pytest.raises(AnswerError):
        reviews.decide_review(
            person=scene.rosa, number=row.pk, decision="edited", reason="", answer={"choice": "neither"}
        )


def test_nobody_reads_their_own_work_or_a_work_they_judged(scene):
    say(scene, scene.rosa, "dull")  # the work that Ben began

    waiting = {
        person.name: {one.person.name for one in queries.waiting(person, scene.moon, scene.said.submitted_at)}
        for person in (scene.ben, scene.rosa, scene.sam)
    }

    assert waiting == {"Ben": set(), "Rosa": set(), "Sam": {"Ben", "Rosa"}}


def test_two_readers_never_hold_one_judgment(scene):
    first = reviews.claim_review(person=scene.rosa, project=scene.moon)

    assert reviews.claim_review(person=scene.sam, project=scene.moon) is None
    ReviewRow.objects.update(expires_at=scene.said.submitted_at)
    taken = reviews.claim_review(person=scene.sam, project=scene.moon)
    assert (taken.pk, taken.reader) == (first.pk, scene.sam)


def test_the_share_that_is_read_is_drawn_evenly():
    drawn = [number * queries.SPREAD % queries.RANGE / queries.RANGE for number in range(1, 2_001)]
    assert abs(sum(value < 0.3 for value in drawn) / len(drawn) - 0.3) < 0.02


def test_an_appeal_that_is_granted_puts_the_answer_back(scene):
    row = read(scene, scene.rosa, "edited", choose="dull", reason="Too clever.")
    reviews.appeal(person=scene.ben, number=row.pk, reason="Surprise is the principle.")

    assert reviews.claim_dispute(person=scene.rosa, project=scene.moon) is None
    case = reviews.claim_dispute(person=scene.sam, project=scene.moon)
    reviews.decide_dispute(
        person=scene.sam, number=case.pk, chosen=scene.said.pk, decision="Surprise beats rhyme."
    )

    (now,) = in_force(scene)
    assert (now.answer, now.person, now.cause) == (scene.said.answer, scene.ben, "restored")
    assert [version.cause for version in queries.history(now)] == ["", "edited", "restored"]
    assert GoldRow.objects.get().because == "Surprise beats rhyme."
    (told,) = queries.feedback(scene.ben)
    assert (told.appeal.upheld, told.may_appeal) == (True, False)
    assert [one.right for one in queries.evidence(scene.moon)] == [1.0]


def test_an_appeal_against_a_return_that_fails_returns_the_work_again(scene):
    row = read(scene, scene.rosa, "returned", reason="No reason given.")
    reviews.appeal(person=scene.ben, number=row.pk, reason="I gave one.")
    assert not works.leases(scene.ben, scene.moon)

    case = reviews.claim_dispute(person=scene.sam, project=scene.moon)
    reviews.decide_dispute(person=scene.sam, number=case.pk, chosen=None, decision="It names no principle.")

    assert LeaseRow.objects.get(replaces=scene.said).reason == JudgmentRow.RETURNED
    assert [one.right for one in queries.evidence(scene.moon)] == [0.0]


def test_what_was_accepted_or_appealed_once_cannot_be_appealed(scene):
    accepted = read(scene, scene.rosa, "accepted")

    with pytest.raises(reviews.ReviewError, match="nothing to appeal"):
        reviews.appeal(person=scene.ben, number=accepted.pk, reason="So.")


def test_whoever_decides_sees_two_answers_and_no_name(scene, client_of):
    row = read(scene, scene.rosa, "edited", choose="dull", reason="Too clever.")
    reviews.appeal(person=scene.ben, number=row.pk, reason="It is not.")

    page = client_of("Sam").get("/projects/moon/disputes/").content.decode()

    assert "Too clever." in page
    assert "It is not." in page
    assert not any(name in page for name in ("Ben", "Rosa", "m0/fine"))


def test_a_disagreement_is_decided_and_becomes_gold(scene):
    other = say(scene, scene.ann, "dull", reason="The rhyme is pleasant, and the brief wants verse.")
    assert other.work_id == scene.said.work_id
    reviews.open_dispute(project=scene.moon, work_number=other.work_id)

    case = reviews.claim_dispute(person=scene.sam, project=scene.moon)
    with pytest.raises(reviews.ReviewError, match="principle"):
        reviews.decide_dispute(person=scene.sam, number=case.pk, chosen=other.pk, decision="")
    reviews.decide_dispute(person=scene.sam, number=case.pk, chosen=other.pk, decision="Verse.")

    gold = GoldRow.objects.get()
    assert (gold.work_id, gold.source, gold.labels) == (other.work_id, "adjudication", {"better": "a"})
    assert len(in_force(scene)) == 2


def disputed(scene):
    """Ben and Ann differ about one work, and Sam is to decide."""
    scene.other = say(scene, scene.ann, "dull")
    reviews.open_dispute(project=scene.moon, work_number=scene.said.work_id)
    return reviews.claim_dispute(person=scene.sam, project=scene.moon)


def change_mind(scene, person, author):
    held = undo.undo_last(person=person, project=scene.moon)
    return work.submit_judgment(person=person, token=held.token, answer=choice(held, author))


def test_what_is_decided_is_what_both_say_by_now_in_the_order_drawn(scene):
    case = disputed(scene)
    before = queries.dispute(case)
    said = change_mind(scene, scene.ben, "fine")  # the same, once more

    after = queries.dispute(case)

    assert [place for place, *_ in after.sides] == ["1", "2"]
    was = {number: place for place, number, _ in before.sides}
    now = {number: place for place, number, _ in after.sides}
    assert now[said.pk] == was[scene.said.pk]
    assert now[scene.other.pk] == was[scene.other.pk]
    assert [sample.text for sample in after.given.shown] == [sample.text for sample in before.given.shown]
    assert [answer["choice"] for *_, answer in after.sides] == [
        answer["choice"] for *_, answer in before.sides
    ]


def test_nobody_decides_on_an_answer_that_was_changed_under_their_eyes(scene, client_of):
    case = disputed(scene)
    seen = [number for _, number, _ in queries.dispute(case).sides]
    change_mind(scene, scene.ben, "fine")
    form = {"chosen": scene.other.pk, "decision": "Verse.", "seen": seen}

    refused = client_of("Sam").post(f"/disputes/{case.pk}/", form)

    assert refused.status_code == 422
    assert "please read both again" in refused.content.decode()
    form["seen"] = [number for _, number, _ in queries.dispute(case).sides]
    assert client_of("Sam").post(f"/disputes/{case.pk}/", form).status_code == 302
    assert GoldRow.objects.get().labels == {"better": "a"}


def test_a_case_in_which_both_say_the_same_by_now_is_nobodys(scene):
    case = disputed(scene)
    change_mind(scene, scene.ann, "fine")

    assert reviews.claim_dispute(person=scene.sam, project=scene.moon) is None
    case.refresh_from_db()
    assert case.decided_at is not None
    assert case.chosen is None
    assert not GoldRow.objects.exists()


def test_an_earlier_version_is_restored_as_one_more(scene, client_of):
    read(scene, scene.rosa, "edited", choose="dull")
    (edited,) = in_force(scene)

    sent = client_of("Ann").post(f"/projects/moon/judgments/{edited.pk}/restore/", {"earlier": scene.said.pk})

    (now,) = in_force(scene)
    assert sent.status_code == 302
    assert (now.answer, now.cause, now.supersedes) == (scene.said.answer, "restored", edited)
    assert JudgmentRow.objects.filter(work=scene.said.work_id).count() == 3


def test_a_reader_works_through_the_page(scene, client_of):
    client = client_of("Rosa")
    page = client.get("/projects/moon/review/").content.decode()
    row = ReviewRow.objects.get()
    drawn = queries.case(row).answer["choice"]

    assert f'value="{drawn}" data-key' in page
    assert "checked" in page[page.index(drawn) : page.index(drawn) + 120]
    assert "Ben" not in page
    wrong = client.post(f"/reviews/{row.pk}/", {"choice": drawn, "review.decision": "returned"})
    kept = client.post(f"/reviews/{row.pk}/draft/", {"choice": drawn, "review.reason": "Half a"})
    fine = client.post(
        f"/reviews/{row.pk}/", {"choice": drawn, "reason": "It surprises.", "review.decision": "accepted"}
    )
    assert (wrong.status_code, kept.json()["saved"], fine.status_code) == (409, True, 302)
    assert b"Nothing waits" in client.get("/projects/moon/review/").content


@pytest.mark.parametrize(
    "door", ["reviews/{}/", "reviews/{}/draft/", "reviews/{}/leave/", "reviews/{}/appeal/"]
)
@pytest.mark.parametrize("name", ["Ann", "Vera", "Cleo", "Sam"])
def test_what_one_reader_holds_is_nobody_elses(scene, client_of, door, name):
    row = reviews.claim_review(person=scene.rosa, project=scene.moon)

    assert client_of(name).post(f"/reviews/{row.pk}/{door}", {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("name", ["Ann", "Ben", "Rosa", "Vera", "Cleo"])
def test_a_case_is_decided_only_by_whoever_holds_it(scene, client_of, name):
    row = read(scene, scene.rosa, "edited", choose="dull")
    reviews.appeal(person=scene.ben, number=row.pk, reason="No.")
    case = reviews.claim_dispute(person=scene.sam, project=scene.moon)

    sent = client_of(name).post(f"/disputes/{case.pk}/", {"chosen": scene.said.pk, "decision": "So."})

    assert sent.status_code == 404


def test_people_read_what_readers_said_and_appeal(scene, client_of):
    row = read(scene, scene.rosa, "edited", choose="dull", reason="Too clever.")
    client = client_of("Ben")

    page = client.get("/me/feedback/").content.decode()
    sent = client.post(f"/reviews/{row.pk}/appeal/", {"reason": "It is not."}, follow=True)

    assert "Too clever." in page
    assert "Rosa" not in page
    assert "Somebody who knows neither of you will decide." in sent.content.decode()
    assert client_of("Cleo").post(f"/reviews/{row.pk}/appeal/", {"reason": "x"}).status_code == 404


def test_statistics_read_the_version_in_force(scene):
    read(scene, scene.rosa, "edited", choose="dull")

    (judgment,) = outcomes.material(scene.moon).judgments

    assert (judgment.rater, judgment.answer["choice"].endswith("/dull")) == ("Rosa", True)
