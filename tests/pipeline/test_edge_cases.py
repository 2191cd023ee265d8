"""Works that a brief does not decide, for every type of vote."""

from __future__ import annotations

import pytest

from assay.pipeline.edge_cases import edge_cases, parting
from assay.records import Brief, Item, Judgment, Question, Sample, Work

BRIEF = Brief("poems", "Delight.", "pairwise")
EVEN = dict.fromkeys(("ann", "ben", "cy", "dee"), 1.0)


def pair(name):
    return Work(name, Item(name, "…"), tuple(Sample(f"{name}/{x}", name, x, "…") for x in "xy"))


def said(work, choices):
    return [
        Judgment(f"{work}{rater}", work, rater, "pairwise", {"choice": f"{work}/{choice}"})
        for rater, choice in zip(EVEN, choices, strict=False)
    ]


def test_who_stands_alone_against_two_makes_an_edge_case_and_agreement_makes_none():
    judgments = [*said("moon", "xxy"), *said("sea", "xxx"), *said("sun", "xxyy")]

    found = edge_cases(BRIEF, [pair("moon"), pair("sea"), pair("sun")], judgments)

    assert {(case.work, case.cause, case.questions) for case in found} == {
        ("moon", "split", ("better",)),
        ("sun", "split", ("better",)),
    }


def test_a_work_on_which_all_agree_is_an_edge_case_when_somebody_says_that_the_brief_is_silent():
    (found,) = edge_cases(BRIEF, [pair("sea")], said("sea", "xxx"), silent=["sea"])

    assert (found.cause, found.doubt, found.questions) == ("silent", 0.0, ())


def test_somebody_known_to_guess_splits_nobody():
    judgments = said("moon", "xxy")

    trusted = edge_cases(BRIEF, [pair("moon")], judgments, known={"ann": 0.9, "ben": 0.9, "cy": 0.9})
    guessing = edge_cases(BRIEF, [pair("moon")], judgments, known={"ann": 0.9, "ben": 0.9, "cy": 0.4})

    assert (len(trusted), len(guessing)) == (1, 0)


@pytest.mark.parametrize(("question", "one", "other", "apart"), [
    (Question("q", "?", ("a", "b")), "a", "b", 1.0),
    (Question("q", "?", type="ratings", low=1, high=5), "3", "4", 0.5),
    (Question("q", "?", type="ratings", low=1, high=5), "1", "5", 1.0),
    (Question("q", "?", type="ratings", low=0, high=1), "0.30", "0.35", 0.25),
    (Question("q", "?", type="rankings"), '["x", "y", "z"]', '["x", "z", "y"]', 1 / 3),
    (Question("q", "?", type="rankings"), '["x", "y", "z"]', '["z", "y", "x"]', 1.0),
    (Question("q", "?", type="spans"), "[[0, 4]]", "[[2, 6]]", 1 - 2 / 6),
    (Question("q", "?", type="spans"), "[]", "[[2, 6]]", 1.0),
    (Question("q", "?", type="texts"), "so", "not so", 1.0),
])  # fmt: skip
def test_how_far_two_people_part(question, one, other, apart):
    assert parting(question, {"ann": one, "ben": other}, EVEN) == pytest.approx(apart)
    assert parting(question, {"ann": one, "ben": one}, EVEN) == 0.0


def test_one_person_alone_parts_from_nobody():
    assert parting(Question("q", "?", ("a", "b")), {"ann": "a"}, EVEN) == 0.0


def test_a_kind_that_takes_no_votes_has_only_silent_cases():
    work = Work("moon", Item("moon", "…"))
    judgments = [Judgment("1", "moon", "ann", "demonstration", {"text": "Coin."})]

    found = edge_cases(Brief("p", "g", "demonstration"), [work], judgments, silent=["moon"])

    assert [case.cause for case in found] == ["silent"]
