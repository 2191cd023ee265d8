from __future__ import annotations

import pytest

from assay.errors import AssayError
from assay.records import Question

BEST = {"choice": "moon/second"}


def test_each_question_of_the_brief_is_a_comparison_of_its_own(desk):
    at = desk("pairwise")

    votes = at.votes({**BEST, "dimensions": {"surprise": "moon/first", "ear": "both_bad"}})

    assert votes == {"better": "b", "surprise": "a", "ear": "both_bad"}


def test_questions_left_open_are_no_votes(desk):
    assert desk("pairwise").votes({**BEST, "dimensions": {"surprise": "", "ear": None}}) == {"better": "b"}


@pytest.mark.parametrize("choice", ["moon/third", "a", 7, ["moon/first"]])
def test_a_question_is_answered_with_what_is_shown(desk, choice):
    refused = desk("pairwise").refusal({**BEST, "dimensions": {"ear": choice}})

    assert refused.field == "dimensions.ear"
    assert "Which sounds better" in str(refused)


def test_questions_have_verdicts_and_stay_off_the_board(desk):
    answer = {**BEST, "dimensions": {"ear": "moon/first"}}

    outcome = desk("pairwise").outcome(answer, answer, answer)

    assert {verdict.question: verdict.label for verdict in outcome.verdicts} == {"better": "b", "ear": "a"}
    assert outcome.board.votes == 3
    assert [(row.chosen_author, row.rejected_author) for row in outcome.examples] == [("second", "first")]


def test_strength_is_kept_only_where_somebody_won(desk):
    assert desk("pairwise").check({"choice": "tie", "strength": "3"}) == {"choice": "tie"}


def test_a_brief_cannot_take_the_name_of_the_main_question(desk):
    at = desk("pairwise").asking(Question("better", "?", ("no", "yes")))

    with pytest.raises(AssayError, match="another name"):
        at.kind.questions(at.brief)
