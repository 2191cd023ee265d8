from __future__ import annotations

import json

import pytest

from assay.errors import AssayError
from assay.records import Question

MINOR = {"label": "style", "degree": "minor"}
CLAIMS = Question(
    "claim", "Is it supported?", ("supported", "refuted", "not enough evidence"), type="spans", sourced=True
)


def test_marks_are_counted_in_characters_as_unicode_counts_them(desk):
    at = desk("spans").reading("😀 moon")

    at.check({"marks": [{"start": 2, "end": 6, **MINOR}]})
    refused = at.refusal({"marks": [{"start": 3, "end": 7, **MINOR}]})

    assert "end ≤ 6" in str(refused)


def test_marks_may_overlap_and_are_kept_in_order(desk):
    marks = [{"start": 4, "end": 9, **MINOR}, {"start": 0, "end": 6, **MINOR}]

    clean = desk("spans").check({"marks": json.dumps(marks)})

    assert [mark["start"] for mark in clean["marks"]] == [0, 4]


def test_the_same_mark_twice_is_refused(desk):
    refused = desk("spans").refusal({"marks": [{"start": 0, "end": 3, **MINOR}] * 2})

    assert str(refused) == "“The” is marked twice as style; remove one mark"


@pytest.mark.parametrize(
    "mark",
    [
        {"start": -1, "end": 3, **MINOR},
        {"start": 3, "end": 3, **MINOR},
        {"start": 5, "end": 3, **MINOR},
        {"start": 0, "end": 10**30, **MINOR},
        {"start": 0.0, "end": 3, **MINOR},
        {"start": "0", "end": 3, **MINOR},
        {"start": False, "end": True, **MINOR},
        {"end": 3, **MINOR},
        {"start": 0, "end": 3, "label": "style", "degree": "enormous"},
        {"start": 0, "end": 3, "label": ["style"], "degree": "minor"},
        {"start": 0, "end": 3, **MINOR, "comment": "x" * 5_000},
        {"start": 0, "end": 3, **MINOR, "comment": {}},
        [0, 3],
        None,
    ],
)
def test_a_mark_lies_within_the_text_and_has_a_label(desk, mark):
    assert desk("spans").refusal({"marks": [mark]}).field in ("marks", "comment")


def test_more_marks_than_anybody_makes_are_refused(desk):
    at = desk("spans").reading("x" * 2_000)

    refused = at.refusal({"marks": [{"start": n, "end": n + 1, **MINOR} for n in range(501)]})

    assert "500" in str(refused)


def test_nothing_to_mark_has_to_be_said(desk):
    at = desk("spans")

    assert at.refusal({"marks": ""}).field == "nothing"
    assert at.check({"marks": "", "nothing": "yes"}) == {"marks": []}
    assert at.votes({"nothing": "yes"})["penalty"] == "0"


def test_errors_add_up_as_in_mqm(desk):
    degrees = ("minor", "major", "critical")
    marks = [{"start": n, "end": n + 1, "label": "style", "degree": each} for n, each in enumerate(degrees)]

    assert desk("spans").votes({"marks": marks})["penalty"] == "31"


def test_what_people_marked_comes_to_one_marking(desk):
    marks = {"marks": [{"start": 0, "end": 17, "label": "style", "degree": "major"}]}

    outcome = desk("spans").outcome(marks, marks, {"nothing": "yes"})

    (row,) = outcome.examples
    assert json.loads(row.ratings["style"]) == [[0, 17]]
    assert json.loads(row.ratings["fluency"]) == []
    assert float(row.ratings["penalty"]) > 0


def test_a_claim_names_its_source_or_says_why_there_is_none(desk):
    at = desk("spans").asking(CLAIMS)
    claim = {"start": 0, "end": 17, "label": "refuted"}

    assert "name a source" in str(at.refusal({"marks": [claim]}))
    at.check({"marks": [{**claim, "source": "https://moon.example"}]})
    at.check({"marks": [{**claim, "comment": "Nobody has looked."}]})
    assert [question.name for question in at.kind.questions(at.brief)] == list(CLAIMS.labels)


@pytest.mark.parametrize(
    "questions",
    [
        (CLAIMS, Question("other", "?", ("x",), type="spans")),
        (Question("q", "?", type="spans"),),
        (CLAIMS, Question("a", "?", ("x", "y")), Question("b", "?", ("x", "y"))),
        (Question("q", "?", ("penalty",), type="spans"), Question("s", "?", ("x", "y"), ordered=True)),
    ],
)
def test_a_brief_that_cannot_be_asked_is_refused(desk, questions):
    at = desk("spans").asking(*questions)

    with pytest.raises(AssayError):
        at.kind.questions(at.brief)
