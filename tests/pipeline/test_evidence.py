"""What judgments show of people, whatever they are made of."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.judgments import kind as kind_named
from assay.pipeline.evidence import _by_medians, _by_model, shown
from assay.records import Brief, Item, Judgment, Sample, Work

NAMES, COUNT = "wxyz", 8
GOOD = {
    "ranking": lambda item: {"ranking": [f"{item}/{name}" for name in NAMES]},
    "rating": lambda item: {"ratings": {"quality": 4}},
    "best-of-n": lambda item: {"choice": f"{item}/w"},
}
BAD = {
    "ranking": lambda item: {"ranking": [f"{item}/{name}" for name in reversed(NAMES)]},
    "rating": lambda item: {"ratings": {"quality": 1}},
    "best-of-n": lambda item: {"choice": f"{item}/z"},
}
BADS_LABEL = {
    "ranking": lambda item: ("order", json.dumps([f"{item}/{name}" for name in reversed(NAMES)])),
    "rating": lambda item: ("quality", "1"),
    "best-of-n": lambda item: ("best", "d"),
}


def right(kind, *, gold=None, **said):
    """Return rater → share of right answers, where people say the same of eight works."""
    brief, works, judgments = Brief("moon", "Delight.", kind), [], []
    for k in range(COUNT):
        item = Item(f"m{k}", "The moon?", language="en")
        names = NAMES[:1] if kind == "rating" else NAMES
        works.append(Work(item.id, item, tuple(Sample(f"{item.id}/{n}", item.id, n, n) for n in names)))
        for rater, answer in said.items():
            clean = kind_named(kind).check(brief, works[-1], answer(item.id))
            judgments.append(Judgment(f"{rater}{k}", item.id, rater, kind, clean))
    return {each.rater: each.right / each.total for each in shown(brief, works, judgments, gold=gold)}


@pytest.mark.parametrize("kind", GOOD)
def test_who_sees_it_as_nobody_else_does_has_shown_less(kind):
    good, bad = GOOD[kind], BAD[kind]

    found = right(kind, ann=good, ben=good, cleo=good, tom=bad)

    assert set(found) == {"ann", "ben", "cleo", "tom"}
    assert min(found["ann"], found["ben"], found["cleo"]) > 0.45
    assert found["tom"] < 0.3


@pytest.mark.parametrize("kind", GOOD)
def test_a_known_answer_says_who_was_right_whatever_the_crowd_says(kind):
    gold = {}
    for k in range(COUNT):
        question, label = BADS_LABEL[kind](f"m{k}")
        gold[f"m{k}", question] = label

    found = right(kind, gold=gold, ann=GOOD[kind], ben=GOOD[kind], tom=BAD[kind])

    assert found == {"ann": pytest.approx(0.0), "ben": pytest.approx(0.0), "tom": pytest.approx(1.0)}


@pytest.mark.parametrize("kind", GOOD)
def test_a_work_that_one_person_judged_tells_nothing(kind):
    assert right(kind, ann=GOOD[kind]) == {}


def test_two_careful_people_are_not_wrong_because_three_careless_ones_are_more():
    rng = np.random.default_rng(4)
    truth = rng.integers(1, 6, 80)
    said = {name: np.where(rng.random(80) < 0.9, truth, np.clip(truth + 1, 1, 5)) for name in ("ann", "ben")}
    said |= {name: rng.integers(1, 6, 80) for name in ("cleo", "dan", "eve")}
    item = [Item(f"m{k}", "The moon?") for k in range(80)]
    works = [Work(each.id, each, (Sample(f"{each.id}/x", each.id, "x", "…"),)) for each in item]
    judgments = [
        Judgment(f"{rater}{k}", f"m{k}", rater, "rating", {"ratings": {"quality": int(numbers[k])}})
        for rater, numbers in said.items()
        for k in range(80)
    ]

    told = shown(Brief("moon", "…", "rating"), works, judgments)

    found = {each.rater: each.right / each.total for each in told}
    careful, careless = (found["ann"], found["ben"]), (found["cleo"], found["dan"], found["eve"])
    assert min(careful) > 0.6
    assert min(careful) > max(careless) + 0.3
    # What the middle of the others says would have been wrong for them in every third work or more.
    votes = [(each.work, each.rater, str(each.answer["ratings"]["quality"])) for each in judgments]
    middles = [middle for middle, _sd in _by_medians(votes, 0.5)[:80]]
    assert np.mean(np.abs(np.array(middles) - truth) <= 0.5) < 0.67


def test_few_numbers_are_held_against_the_middle_of_the_others():
    votes = [(f"m{k}", name, "4") for k in range(3) for name in ("ann", "ben", "tom")]

    assert _by_model(votes, 0.5) == []
