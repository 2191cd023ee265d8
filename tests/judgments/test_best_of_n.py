from __future__ import annotations

import json

import pytest

from assay.datasets import format_named, lines


def test_the_best_is_preferred_to_each_other(desk):
    third = {"choice": "moon/third"}

    outcome = desk("best-of-n").outcome(third, third, third)

    assert [(row.chosen_author, row.rejected_author) for row in outcome.examples] == [
        ("third", "first"),
        ("third", "second"),
    ]
    assert all(0.5 < row.weight <= 1 for row in outcome.examples)
    assert len({row.id for row in outcome.examples}) == 2


def test_the_rows_are_written_for_trl(desk):
    outcome = desk("best-of-n").outcome({"choice": "moon/third"})

    rows = [json.loads(line) for line in lines(outcome.examples, format_named("trl-preference"))]

    assert len(rows) == 2
    assert rows[0]["chosen"][0]["content"].startswith("Moon, you old photocopier")


@pytest.mark.parametrize("choice", ["tie", "all_bad"])
def test_where_nobody_won_there_is_no_row(desk, choice):
    outcome = desk("best-of-n").outcome({"choice": choice}, {"choice": choice})

    assert outcome.verdicts[0].label == choice
    assert outcome.examples == ()


def test_the_board_hears_that_the_best_won_against_the_others(desk):
    outcome = desk("best-of-n").outcome(*[{"choice": "moon/third"}] * 4, {"choice": "moon/first"})

    assert outcome.board.votes == 10
    assert outcome.board.standings[0].model == "third"


def test_the_same_text_twice_teaches_nothing(desk):
    at = desk("best-of-n").reading("A coin.", "A coin.", "A plate.")

    rows = at.outcome({"choice": "moon/0"}).examples

    assert [row.rejected for row in rows] == ["A plate."]


def test_a_sample_called_like_an_outcome_cannot_be_taken_for_it(desk):
    refused = desk("best-of-n").refusal({"choice": "c"})

    assert refused.field == "choice"
