from __future__ import annotations

import json

import pytest

from assay.judgments.trajectory.steps import read
from assay.records import Question

FAILED = {"labels": {"outcome": "failed"}}


def test_what_follows_the_first_mistake_may_stay_open(desk):
    at = desk("trajectory")
    answer = {"steps": {"2": "wrong", "3": ""}, "reasons": {"2": "It asked for London.", "3": ""}, **FAILED}

    assert at.check(answer)["steps"] == {"2": "wrong"}
    assert at.votes(answer) == {
        "outcome": "failed",
        "good steps": "[]",
        "wrong steps": "[[1, 2]]",
        "first error": "[[1, 2]]",
    }


def test_what_precedes_it_may_not(desk):
    refused = desk("trajectory").refusal({"steps": {"3": "wrong"}, "reasons": {"3": "London."}, **FAILED})

    assert refused.field == "steps.2"


def test_a_mistake_needs_a_reason(desk):
    refused = desk("trajectory").refusal({"steps": {"2": "wrong"}, **FAILED})

    assert (refused.field, str(refused)) == ("reasons.2", "step 2: say in a few words what is wrong")


def test_the_steps_of_others_are_not_judged(desk):
    refused = desk("trajectory").refusal({"steps": {"1": "good", "2": "good", "3": "good"}, **FAILED})

    assert "judge 2, 3" in str(refused)


def test_people_come_to_one_first_mistake(desk):
    wrong = {"steps": {"2": "wrong"}, "reasons": {"2": "London."}, **FAILED}
    right = {"steps": {"2": "good", "3": "good"}, "labels": {"outcome": "reached"}}

    (row,) = desk("trajectory").outcome(wrong, wrong, right).examples

    assert row.ratings["outcome"] == "failed"
    assert json.loads(row.ratings["first error"]) == [[1, 2]]


def test_the_questions_of_the_brief_take_the_place_of_the_outcome(desk):
    at = desk("trajectory").asking(Question("polite", "Was it polite?", ("no", "yes")))

    votes = at.votes({"steps": {"2": "good", "3": "good"}, "labels": {"polite": "yes"}})

    assert votes["polite"] == "yes"
    assert "outcome" not in votes


HOSTILE = {
    "no JSON": "I did nothing.",
    "half of it": '[{"text": "x"',
    "no list": '{"text": "x"}',
    "nothing": "[]",
    "nested without end": "[" * 100_000,
    "a number without end": f"[{'9' * 10_000}]",
    "null": "null",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_list_of_steps_is_one_step_as_it_was_written(text):
    (step,) = read(text)

    assert (step.number, step.text, step.judged) == (1, text, True)


def test_steps_of_every_sort_can_be_shown():
    said = [None, 7, "text", [1], {}, {"text": {"a": 1}}, {"role": ["x"], "args": "rm -rf", "result": False}]

    steps = read(json.dumps(said))

    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert [step.text for step in steps[:4]] == ["", "7", "text", "[\n  1\n]"]
    assert (steps[6].args, steps[6].result) == ("rm -rf", "false")


def test_what_has_no_place_of_its_own_is_shown_all_the_same():
    (step,) = read('[{"text": "x", "thought": "the moon"}]')

    assert "the moon" in step.text


def test_chat_messages_are_read_with_each_call_a_step():
    call = {"function": {"name": "search", "arguments": '{"q": "moon"}'}}
    said = [
        {"role": "user", "content": "Find it."},
        {"role": "assistant", "content": "I look.", "tool_calls": [call, call]},
        {"role": "tool", "content": "Found."},
    ]

    steps = read(json.dumps(said))

    assert [(step.number, step.tool, step.judged) for step in steps] == [
        (1, "", False),
        (2, "", True),
        (3, "search", True),
        (4, "search", True),
        (5, "", False),
    ]
    assert json.loads(steps[2].args) == {"q": "moon"}
    assert (steps[4].text, steps[4].result) == ("", "Found.")
