from __future__ import annotations

from dataclasses import replace

import pytest

from assay import briefs
from assay.errors import AssayError
from assay.records import Brief, Item, Question, Sample

FORM = {"form": "couplet"}


def test_each_label_of_several_is_a_vote(desk):
    outcome = desk("choice").outcome(
        {"labels": {**FORM, "image": ["money"]}},
        {"labels": {**FORM, "image": ["money", "animals"]}},
        {"labels": {**FORM, "image": ["money"]}},
    )

    (row,) = outcome.examples
    assert row.ratings == {
        "form": "couplet",
        "image: animals": "no",
        "image: money": "yes",
        "image: weather": "no",
    }


def test_nothing_ticked_has_to_be_said_on_purpose(desk):
    at = desk("choice")

    assert "none of these" in str(at.refusal({"labels": FORM}))
    assert at.check({"labels": FORM, "picked": {"1.": "none"}}) == {"labels": {**FORM, "image": []}}


def test_labels_are_kept_in_the_order_of_the_brief(desk):
    picked = {"1.animals": "on", "1.money": "on"}

    assert desk("choice").check({"labels": FORM, "picked": picked})["labels"]["image"] == ["money", "animals"]


def test_an_item_can_be_sorted_without_any_answer_to_it(desk):
    at = desk("choice")
    at.work = replace(at.work, samples=())

    (row,) = at.outcome({"labels": {**FORM, "image": []}}).examples

    assert (row.completion, row.ratings["form"]) == ("", "couplet")


def test_items_without_answers_are_works_and_others_are_judged_by_answer():
    items = [Item("bare", "…"), Item("full", "…")]

    works = briefs.plan(items, [Sample("full/x", "full", "x", "…")], shows=1, bare=True)

    assert [work.id for work in works] == ["bare", "full:x"]


def test_a_brief_without_questions_is_refused(desk):
    with pytest.raises(AssayError, match="needs a question"):
        desk("choice").kind.questions(Brief("p", "g", "choice"))


def test_labels_with_dots_and_numbers_travel_through_a_form(desk):
    at = desk("choice").asking(Question("v.1", "?", ("1.0", "2.0"), several=True))

    assert at.check({"picked": {"0.2.0": "2.0"}}) == {"labels": {"v.1": ["2.0"]}}
