"""Skipping, flagging and taking back by programs."""

from __future__ import annotations

from assay.platform.actions import work
from assay.platform.models import FlagRow, LeaseRow


def test_programs_skip_with_a_reason_flag_and_take_back(cast, client_of, post_json):
    ben = client_of("Ben")
    token = work.claim_work(person=cast.ben, project=cast.moon).token
    judgment = post_json(ben, f"/api/work/{token}/judgment", {"answer": {"choice": "tie"}}).json()["judgment"]

    opened = post_json(ben, f"/api/judgments/{judgment}/undo").json()
    left = post_json(ben, f"/api/work/{opened['token']}/skip")
    token = work.claim_work(person=cast.ben, project=cast.moon).token
    flagged = post_json(ben, f"/api/work/{token}/flag", {"cause": "broken", "note": "No text."})
    skipped = post_json(ben, f"/api/work/{token}/skip", {"reason": "unclear", "note": "Which moon?"})

    assert opened["draft"] == {"choice": "tie"}
    assert [answer.status_code for answer in (left, flagged, skipped)] == [200, 200, 200]
    assert FlagRow.objects.get().note == "No text."
    assert LeaseRow.objects.get().reason == "unclear: Which moon?"


def test_what_comes_too_late_or_means_nothing_is_told_by_its_status(cast, client_of, post_json):
    ben = client_of("Ben")
    token = work.claim_work(person=cast.ben, project=cast.moon).token
    wrong = post_json(ben, f"/api/work/{token}/flag", {"cause": "bored"})
    judgment = work.submit_judgment(person=cast.ben, token=token, answer={"choice": "tie"})
    cast.moon.state = "closed"
    cast.moon.save()

    other = post_json(ben, f"/api/work/{token}/judgment", {"answer": {"choice": "both_bad"}})
    late = post_json(ben, f"/api/judgments/{judgment.pk}/undo")

    assert (wrong.status_code, wrong.json()["field"]) == (422, "cause")
    assert (other.status_code, late.status_code) == (409, 409)
    assert "takes in no work" in late.json()["detail"]
