from __future__ import annotations

import json

import pytest

from assay.datasets import format_named, lines

BETTER = {"text": "The moon is round, the moon is bald."}


def test_a_rewrite_is_an_ideal_answer_and_better_than_what_stood_there(desk):
    at = desk("rewrite")

    rows = at.outcome(BETTER).examples

    (preference,) = (row for row in rows if row.shape == "preference")
    (demonstration,) = (row for row in rows if row.shape == "demonstration")
    assert (preference.chosen, preference.rejected) == (BETTER["text"], at.work.samples[0].text)
    assert (preference.chosen_author, preference.rejected_author) == ("r0", "first")
    assert demonstration.completion == BETTER["text"]
    assert preference.id != demonstration.id


@pytest.mark.parametrize("change", [lambda t: t, lambda t: f"  {t}\r\n", lambda t: t.replace("\n", "\r\n")])
def test_space_alone_is_no_change(desk, change):
    at = desk("rewrite")

    refused = at.refusal({"text": change(at.work.samples[0].text)})

    assert refused.field == "text"
    assert "nothing has changed" in str(refused)


def test_what_is_great_already_becomes_an_ideal_answer_itself(desk):
    at = desk("rewrite")

    outcome = at.outcome({"great": "yes"}, {"great": True, "text": at.work.samples[0].text}, {"great": "on"})

    assert outcome.verdicts[0].label == "yes"
    (row,) = outcome.examples
    assert (row.shape, row.completion) == ("demonstration", at.work.samples[0].text)
    assert row.weight > 0.5


def test_great_and_changed_contradict_each_other(desk):
    assert desk("rewrite").refusal({**BETTER, "great": "yes"}).field == "great"


def test_a_text_beyond_the_limit_is_refused(desk):
    assert desk("rewrite").refusal({"text": "x" * 100_001}).field == "text"


def test_an_edit_teaches_once_what_to_write(desk):
    outcome = desk("rewrite").outcome(BETTER)

    rows = [json.loads(line) for line in lines(outcome.examples, format_named("trl-sft"))]

    assert [row["completion"][0]["content"] for row in rows] == [BETTER["text"]]
