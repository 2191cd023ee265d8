"""Every type of vote comes to verdicts and skills, and comparisons of every sort to one board."""

from __future__ import annotations

import json

import pytest

from assay import briefs
from assay.pipeline.comparing import battles, board
from assay.pipeline.weighing import weigh
from assay.quality.study import TYPES
from assay.records import Item, Question, Sample, Vote, Work


def votes_of(question, said):
    return [
        Vote(work, rater, question, label) for work, labels in said.items() for rater, label in labels.items()
    ]


def test_statistics_know_every_type_a_brief_may_name():
    assert set(briefs.TYPES) <= set(TYPES)


def test_numbers_come_to_a_number_and_the_surer_the_more_people_say_it():
    stars = Question("stars", "?", type="ratings", low=1, high=5)
    raters = [f"r{n}" for n in range(9)]
    said = {
        f"w{n}": {rater: str(1 + (n + k) % 2 + n % 4) for k, rater in enumerate(raters)} for n in range(8)
    }
    said["few"] = {"r0": "4"}

    found = weigh(stars, votes_of("stars", said), method="ensemble")

    verdicts = {verdict.item: verdict for verdict in found.verdicts}
    assert 1 <= float(verdicts["w0"].label) <= 2.1
    assert 0 < verdicts["few"].probability < verdicts["w0"].probability <= 1
    assert {skill.rater for skill in found.skills} == set(raters)
    assert all("reliability" in skill.measure for skill in found.skills)


def test_one_item_is_too_few_to_be_sure_of_a_number():
    stars = Question("stars", "?", type="ratings", low=1, high=5)

    alone, split, agreed = (
        weigh(
            stars, [Vote("w", f"r{n}", "stars", said) for n, said in enumerate(labels)], method="ensemble"
        ).verdicts[0]
        for labels in (["4"], ["1", "5", "1", "5"], ["4", "4", "4", "4"])
    )

    assert max(split.probability, alone.probability) < 0.5 < agreed.probability < 1
    assert (alone.contest, split.contest, agreed.contest) == (0, 1, 0)


def test_marks_come_to_the_stretch_that_most_people_marked():
    marks = Question("fluency", "?", type="spans")
    said = {"w": {"ann": "[[0, 5]]", "ben": "[[0, 5]]", "cleo": "[]"}}

    (verdict,) = weigh(marks, votes_of("fluency", said), method="ensemble").verdicts

    assert json.loads(verdict.label) == [[0, 5]]
    assert verdict.votes == 3


def test_texts_come_to_the_one_that_is_most_like_the_others():
    said = {"w": {"ann": "the moon is a coin", "ben": "the moon is a coin", "cleo": "no idea"}}

    (verdict,) = weigh(Question("t", "?", type="texts"), votes_of("t", said), method="ensemble").verdicts

    assert verdict.label == "the moon is a coin"


def test_boxes_come_to_the_box_that_most_people_drew():
    said = {"w": {"ann": "[[0, 0, 10, 10]]", "ben": "[[0, 0, 10, 10]]", "cleo": "[]"}}

    (verdict,) = weigh(Question("b", "?", type="boxes"), votes_of("b", said), method="ensemble").verdicts

    assert json.loads(verdict.label) == [[0, 0, 10, 10]]


def test_rankings_come_to_a_ranking_and_the_chance_of_each_pair():
    order = Question("order", "?", type="rankings")
    said = {
        "w": dict.fromkeys(("ann", "ben", "cleo"), '["x", "y", "z"]') | {"dan": '["y", "x", "z"]'},
        "v": {"ann": '["x", ["y", "z"]]', "ben": '["x", ["y", "z"]]'},
    }

    found = weigh(order, votes_of("order", said), method="ensemble")

    verdicts = {verdict.item: verdict for verdict in found.verdicts}
    assert json.loads(verdicts["w"].label) == ["x", "y", "z"]
    assert json.loads(verdicts["v"].label) == ["x", ["y", "z"]]
    pair, far = verdicts["w"].posterior['["x", "y"]'], verdicts["w"].posterior['["x", "z"]']
    assert 0.5 < pair < far < 1
    assert verdicts["w"].contest > verdicts["v"].contest == 0
    assert {skill.rater for skill in found.skills} == {"ann", "ben", "cleo", "dan"}


def test_somebody_who_ranks_the_wrong_way_round_loses_their_weight():
    order = Question("order", "?", type="rankings")
    right, wrong = '["x", "y", "z"]', '["z", "y", "x"]'
    said = {f"w{n}": {"ann": right, "ben": right, "odd": wrong} for n in range(6)}

    found = weigh(order, votes_of("order", said), method="ensemble")

    skill = {skill.rater: skill.mean for skill in found.skills}
    assert skill["odd"] < 0.5 < skill["ann"]


def test_the_same_name_in_two_works_is_two_things():
    order = Question("order", "?", type="rankings")
    said = {"w": {"ann": '["a", "b"]', "ben": '["a", "b"]'}, "v": {"ann": '["b", "a"]', "ben": '["b", "a"]'}}

    verdicts = {
        verdict.item: verdict.label
        for verdict in weigh(order, votes_of("order", said), method="ensemble").verdicts
    }

    assert verdicts == {"w": '["a", "b"]', "v": '["b", "a"]'}


def four() -> Work:
    return Work("w", Item("i", "…"), tuple(Sample(f"i/{name}", "i", name, "…") for name in "pqrs"))


def test_a_ranking_is_a_battle_of_each_two():
    vote = Vote("w", "ann", "order", '["i/q", ["i/p", "i/r"], "i/s"]')

    fought = battles(Question("order", "?", type="rankings", compares=True), four(), vote)

    assert [(each.model_a, each.model_b, each.winner) for each in fought] == [
        ("q", "p", "a"),
        ("q", "r", "a"),
        ("q", "s", "a"),
        ("p", "r", "tie"),
        ("p", "s", "a"),
        ("r", "s", "a"),
    ]


@pytest.mark.parametrize(("label", "winner"), [("tie", "tie"), ("all_bad", "both_bad")])
def test_where_nobody_won_each_two_are_even(label, winner):
    fought = battles(Question("best", "?", compares=True), four(), Vote("w", "ann", "best", label))

    assert len(fought) == 6
    assert {each.winner for each in fought} == {winner}


def test_only_questions_that_compare_reach_the_board():
    asked = [Question("better", "?", ("a", "b"), compares=True), Question("clearer", "?", ("a", "b"))]
    votes = {"better": [Vote("w", "ann", "better", "a")], "clearer": [Vote("w", "ann", "clearer", "b")]}
    two = Work("w", Item("i", "…"), four().samples[:2])

    drawn = board(asked, {"w": two}, votes)

    assert drawn.votes == 1
    assert board(asked[1:], {"w": two}, votes) is None


def test_two_samples_of_one_author_do_not_meet_on_a_board():
    twins = Work("w", Item("i", "…"), (Sample("i/1", "i", "p", "…"), Sample("i/2", "i", "p", "…")))

    assert battles(Question("best", "?", compares=True), twins, Vote("w", "ann", "best", "a")) == []
