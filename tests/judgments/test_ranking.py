from __future__ import annotations

import json

import pytest

ORDER = {"ranking": ["moon/second", "moon/third", "moon/first"]}


def test_an_order_is_a_preference_for_each_two(desk):
    outcome = desk("ranking").outcome(ORDER, ORDER, ORDER)

    pairs = {(row.chosen_author, row.rejected_author): row.weight for row in outcome.examples}
    assert set(pairs) == {("second", "third"), ("second", "first"), ("third", "first")}
    assert pairs["second", "first"] > pairs["second", "third"] > 0.5
    assert len({row.id for row in outcome.examples}) == 3


def test_what_shares_a_place_is_not_set_against_each_other(desk):
    shared = {"place": {"moon/second": "1", "moon/third": "1", "moon/first": "2"}}

    outcome = desk("ranking").outcome(shared, shared)

    pairs = {(row.chosen_author, row.rejected_author) for row in outcome.examples}
    assert pairs == {("second", "first"), ("third", "first")}


def test_places_may_leave_gaps(desk):
    sports = {"place": {"moon/second": "1", "moon/third": "1", "moon/first": "3"}}

    assert desk("ranking").check(sports) == {"ranking": [["moon/second", "moon/third"], "moon/first"]}


def test_places_and_a_list_say_the_same(desk):
    at = desk("ranking")
    form = {"place": {"moon/first": "3", "moon/second": "1", "moon/third": "2"}}

    assert at.check(form) == at.check(ORDER) == at.check({"ranking": json.dumps(ORDER["ranking"])})


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"place": {"moon/first": "1", "moon/second": "2"}},
        {"place": {"moon/first": "1", "moon/second": "2", "moon/third": ""}},
        {"place": {"moon/first": "1", "moon/second": "2", "moon/third": "0"}},
        {"place": {"moon/first": "1", "moon/second": "2", "moon/third": "²"}},
        {"place": {"moon/first": "1", "moon/second": "2", "moon/third": "9" * 5_000}},
        {"place": {"moon/first": "1", "moon/second": "2", "moon/third": "3", "moon/fourth": "1"}},
        {"ranking": ["moon/first", ["moon/second"]]},
        {"ranking": [["moon/first", ["moon/second"]], "moon/third"]},
        {"ranking": {"moon/first": 1}},
    ],
)
def test_every_answer_gets_one_place(desk, answer):
    assert desk("ranking").refusal(answer).field in ("place", "ranking")


def test_an_order_reaches_the_board_as_comparisons(desk):
    outcome = desk("ranking").outcome(*[ORDER] * 5)

    assert outcome.board.votes == 15
    assert [standing.model for standing in outcome.board.standings] == ["second", "third", "first"]
