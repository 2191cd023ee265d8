"""A person's queue, and taking back what was submitted."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.http import Http404
from django.utils import timezone

from assay.platform.actions import reviews, undo, work
from assay.platform.models import JudgmentRow, LeaseRow, ProjectRow, ReviewRow, State, WorkRow
from assay.platform.queries import outcomes, queue
from assay.platform.queries import work as works

TIE, BAD = {"choice": "tie"}, {"choice": "both_bad"}


def claim(person, project):
    return work.claim_work(person=person, project=project, rng=np.random.default_rng(0))


def judge(person, project, answer=TIE):
    return work.submit_judgment(person=person, token=claim(person, project).token, answer=answer)


def counts():
    return sorted(WorkRow.objects.values_list("taken", "judged"))


# -- taking back ---------------------------------------------------------------------------------------------


def test_what_is_taken_back_stands_until_it_is_submitted_again_and_counts_once(cast):
    first = judge(cast.ben, cast.moon, {**TIE, "reason": "Both rhyme."})

    lease = undo.undo_last(person=cast.ben, project=cast.moon)

    assert (lease.state, lease.draft) == ("held", {**TIE, "reason": "Both rhyme."})
    assert claim(cast.ben, cast.moon).token == lease.token
    assert [row.answer for row in outcomes.material(cast.moon).judgments] == [first.answer]
    assert counts() == [(0, 0)] * 3 + [(1, 1)]
    second = work.submit_judgment(person=cast.ben, token=lease.token, answer=BAD)
    assert (second.supersedes, second.cause) == (first, JudgmentRow.UNDONE)
    assert [row.answer for row in outcomes.material(cast.moon).judgments] == [BAD]
    assert counts() == [(0, 0)] * 3 + [(1, 1)]
    assert JudgmentRow.objects.count() == 2


def test_what_somebody_is_at_waits_with_its_draft_and_its_place_is_free(cast):
    judge(cast.ben, cast.moon)
    held = claim(cast.ben, cast.moon)
    work.save_draft(person=cast.ben, token=held.token, draft={"reason": "half a thou"})
    assert sum(taken for taken, _ in counts()) == 2

    again = undo.undo_last(person=cast.ben, project=cast.moon)

    assert sum(taken for taken, _ in counts()) == 1
    work.submit_judgment(person=cast.ben, token=again.token, answer=TIE)
    back = claim(cast.ben, cast.moon)
    assert (back.token, back.draft) == (held.token, {"reason": "half a thou"})


def test_asked_twice_it_is_opened_once(cast):
    judge(cast.ben, cast.moon)

    first, second = (undo.undo_last(person=cast.ben, project=cast.moon) for _ in range(2))

    assert first.token == second.token
    assert LeaseRow.objects.count() == 1


def test_leaving_it_as_it_was_changes_nothing_and_it_can_be_taken_back_again(cast):
    judge(cast.ben, cast.moon)
    lease = undo.undo_last(person=cast.ben, project=cast.moon)

    work.skip_work(person=cast.ben, token=lease.token)

    assert counts() == [(0, 0)] * 3 + [(1, 1)]
    assert not LeaseRow.objects.exists()
    assert undo.undo_last(person=cast.ben, project=cast.moon).token != lease.token


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda: JudgmentRow.objects.update(submitted_at=timezone.now() - timedelta(minutes=61)), "hour"),
        (lambda: ProjectRow.objects.update(state=State.CLOSED), "takes in no work"),
        (lambda: WorkRow.objects.update(use=WorkRow.TRAINING), "explanation"),
    ],
)
def test_too_late_it_is_refused_with_the_reason(cast, change, why):
    judge(cast.ben, cast.moon)
    change()

    with pytest.raises(undo.UndoError, match=why):
        undo.undo_last(person=cast.ben, project=cast.moon)

    assert not LeaseRow.objects.exists()


def test_what_a_second_reader_holds_or_decided_is_not_taken_back(cast):
    judge(cast.ben, cast.moon)
    ProjectRow.objects.update(review_share=1.0)
    cast.moon.refresh_from_db()
    review = reviews.claim_review(person=cast.ann, project=cast.moon)
    assert review is not None

    for state in (ReviewRow.HELD, ReviewRow.ACCEPTED):
        ReviewRow.objects.update(state=state)
        with pytest.raises(undo.UndoError, match="second reader"):
            undo.undo_last(person=cast.ben, project=cast.moon)


def test_nobody_takes_back_what_another_said(cast):
    judgment = judge(cast.ann, cast.moon)

    with pytest.raises(Http404):
        undo.undo(person=cast.ben, number=judgment.pk)


def test_a_judgment_that_was_changed_in_the_meantime_is_not_superseded_twice(cast):
    judgment = judge(cast.ben, cast.moon)
    lease = undo.undo_last(person=cast.ben, project=cast.moon)
    reviews.supersede(judgment, by=cast.ann, answer=BAD, cause=JudgmentRow.EDITED)

    with pytest.raises(work.PlaceTakenError, match="changed in the meantime"):
        work.submit_judgment(person=cast.ben, token=lease.token, answer={**TIE, "reason": "Long thought"})

    assert LeaseRow.objects.get().draft == {**TIE, "reason": "Long thought"}
    assert JudgmentRow.objects.count() == 2


# -- the queue -----------------------------------------------------------------------------------------------


def test_a_queue_tells_what_is_held_what_waits_and_what_can_be_taken_back(cast, client_of):
    first, second = judge(cast.ben, cast.moon), judge(cast.ben, cast.moon)
    JudgmentRow.objects.filter(pk=first.pk).update(submitted_at=timezone.now() - timedelta(hours=2))
    lapsed = claim(cast.ben, cast.moon)
    work.put_aside(lapsed, until=timezone.now())
    LeaseRow.objects.update(draft={"reason": "half"})

    (part,) = queue.queues(cast.ben)

    assert [lease.pk for lease in part.waiting] == [lapsed.pk]
    assert [(each.judgment.pk, bool(each.why_not)) for each in part.done] == [
        (second.pk, False),
        (first.pk, True),
    ]
    page = client_of("Ben").get("/me/queue/").content.decode()
    assert f"/judgments/{second.pk}/undo/" in page
    assert f"/judgments/{first.pk}/undo/" not in page
    assert "draft kept" in page
    client_of("Ben").post(f"/judgments/{second.pk}/undo/")
    assert queue.queues(cast.ben)[0].held.replaces_id == second.pk


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": State.DRAFT}, "has not begun"),
        ({"state": State.PAUSED}, "is paused"),
        ({"state": State.CLOSED}, "is closed"),
        ({"budget": 0}, "budget allows"),
    ],
)
def test_where_nothing_is_offered_the_page_says_why(cast, client_of, change, sentence):
    ProjectRow.objects.update(**change)

    page = client_of("Ben").get("/projects/moon/judge/").content.decode()

    assert "Nothing left for you here" in page
    assert sentence in page


def test_languages_that_nobody_reads_and_skipped_works_are_told(cast):
    ProjectRow.objects.update(languages=["fr"])
    cast.moon.refresh_from_db()
    cast.ben.languages = ["en"]
    LeaseRow.objects.all().delete()

    assert "language" in queue.why_nothing(cast.ben, cast.moon)[0]


def test_another_answer_in_another_tab_is_answered_with_the_truth(cast, client_of):
    token = claim(cast.ben, cast.moon).token
    work.submit_judgment(person=cast.ben, token=token, answer=TIE)

    page = client_of("Ben").post(f"/work/{token}/submit/", {"choice": "both_bad", "reason": "A whole essay"})
    draft = client_of("Ben").post(f"/work/{token}/draft/", {"reason": "A whole essay"})

    assert page.status_code == draft.status_code == 409
    assert "That one counts" in page.content.decode()
    assert "A whole essay" in page.content.decode()
    assert draft.json()["saved"] is False
    assert works.judged(cast.ben, token).answer == TIE
