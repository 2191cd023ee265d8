from __future__ import annotations

import pytest

from assay.errors import AssayError
from assay.judgments.rating import steps
from assay.records import Question

STARS = Question("stars", "How good?", type="ratings", low=1, high=5)
SHARE = Question("share", "Which share?", type="ratings", low=0, high=1)


def test_numbers_come_to_a_number_with_a_probability(desk):
    at = desk("rating").asking(STARS)

    outcome = at.outcome(*({"ratings": {"stars": said}} for said in ("4", "4.5", 4, 5)))

    (row,) = outcome.examples
    assert 4 <= float(row.ratings["stars"]) <= 5
    assert 0 < row.weight < 1
    assert row.completion == at.work.samples[0].text
    assert "reliability" in outcome.statements[0].sentences[1]


@pytest.mark.parametrize(
    "said", ["0", "5.5", "-1", "nan", "inf", "1e400", "", None, True, [4], "4" * 50, "four"]
)
def test_a_number_is_one_on_the_scale(desk, said):
    refused = desk("rating").asking(STARS).refusal({"ratings": {"stars": said}})

    assert refused.field == "ratings.stars"
    assert str(refused) == "answer “How good?” with a number from 1 to 5"


def test_a_whole_number_stays_one_and_a_fraction_stays_exact(desk):
    at = desk("rating").asking(STARS, SHARE)

    assert at.votes({"ratings": {"stars": "4.0", "share": 0.123456789}}) == {
        "stars": "4",
        "share": "0.123456789",
    }


def test_named_steps_are_labels_in_order(desk):
    at = desk("rating").asking(Question("ear", "?", ("no", "mostly", "yes")))

    (question,) = at.kind.questions(at.brief)
    outcome = at.outcome(*({"ratings": {"ear": said}} for said in ("yes", "yes", "mostly")))

    assert (question.type, question.ordered) == ("ordinal", True)
    assert outcome.verdicts[0].label == "yes"
    assert 0.5 < outcome.verdicts[0].posterior["yes"] < 1


def test_a_short_scale_is_buttons_and_a_long_one_a_field():
    assert steps(STARS) == [1, 2, 3, 4, 5]
    assert steps(SHARE) == []
    assert steps(Question("q", "?", type="ratings", low=0, high=100)) == []
    assert steps(Question("q", "?", type="ratings", low=-2, high=2)) == [-2, -1, 0, 1, 2]


def test_a_brief_that_asks_for_marks_is_refused(desk):
    at = desk("rating").asking(Question("q", "?", ("x",), type="spans"))

    with pytest.raises(AssayError, match="cannot ask 'q'"):
        at.kind.questions(at.brief)
