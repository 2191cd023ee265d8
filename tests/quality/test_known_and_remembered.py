"""What is known of some items, and of some people from before, in every type of answer that takes it."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest

from assay.quality import pairs, spans
from assay.quality.boxes import Boxes, BoxHistory, fused
from assay.quality.labels.columns import VotesError
from assay.quality.pairs import Pairs, Rankings, ranked
from assay.quality.spans import MarkHistory, Spans
from assay.quality.study import study


def upside_down_crowd(seed: int = 0):
    """Comparisons in which three of four people read the question the wrong way round."""
    rng = np.random.default_rng(seed)
    worth = dict(zip("abcdefghij", np.linspace(-3, 3, 10), strict=True))
    rows = []
    for who, means in {"ann": 0.95, "ben": 0.1, "cleo": 0.1, "dan": 0.1}.items():
        for left, right in itertools.combinations(worth, 2):
            better = left if rng.random() < 1 / (1 + np.exp(worth[right] - worth[left])) else right
            said = better if rng.random() < means else (left if better == right else right)
            rows.append((left, right, said, who))
    return Pairs.from_lists(*zip(*rows, strict=True)), worth


def kendall(result, worth, names) -> float:
    score = result.verdicts
    signs = [
        np.sign(score[a] - score[b]) * np.sign(worth[a] - worth[b])
        for a, b in itertools.combinations(names, 2)
    ]
    return float(np.mean(signs))


def test_known_items_turn_a_crowd_that_reads_upside_down():
    held, worth = upside_down_crowd()
    known = {name: worth[name] * 100 for name in "acegi"}

    alone, told = pairs.crowd_bradley_terry(held), pairs.crowd_bradley_terry(held.knowing(known))

    assert kendall(alone, worth, "bdfhj") < 0
    assert kendall(told, worth, "bdfhj") > 0.5
    assert told.reliability_R[0] > 0.8
    assert told.reliability_R[1:].max() < 0.35


@pytest.mark.parametrize("method", [pairs.crowd_bradley_terry, pairs.bradley_terry])
def test_scores_keep_the_order_that_is_known(method):
    held, worth = upside_down_crowd(3)

    result = method(held.knowing(worth))

    assert kendall(result, worth, worth) == 1


def test_known_items_count_by_their_order_alone():
    held, worth = upside_down_crowd()
    known = {name: worth[name] for name in "acegi"}

    one, other = (
        pairs.crowd_bradley_terry(held.knowing(of)) for of in (known, {k: 7 + v**3 for k, v in known.items()})
    )

    np.testing.assert_array_equal(one.score_I, other.score_I)


def test_nothing_known_changes_nothing():
    held, _ = upside_down_crowd()

    one, other = (
        pairs.crowd_bradley_terry(of) for of in (held, held.knowing({"elsewhere": 1}).remembering({}))
    )

    np.testing.assert_array_equal(one.score_I, other.score_I)
    np.testing.assert_array_equal(one.reliability_R, other.reliability_R)


def test_who_was_known_to_read_upside_down_is_still_known():
    held, worth = upside_down_crowd()
    history = {"ann": (90, 10), "ben": (10, 90), "cleo": (10, 90), "dan": (10, 90)}

    fresh, remembered = pairs.crowd_bradley_terry(held), pairs.crowd_bradley_terry(held.remembering(history))

    assert kendall(fresh, worth, worth) < 0 < kendall(remembered, worth, worth)
    assert remembered.history["ann"][0] > 90 + 30


def test_a_history_that_is_no_counts_is_refused():
    held, _ = upside_down_crowd()

    for counts in ((1,), (-1, 2), (float("nan"), 1)):
        with pytest.raises(VotesError, match="'ann' is not two counts"):
            held.remembering({"ann": counts})


def test_a_known_ranking_is_the_verdict_and_teaches():
    said = [(f"i{n}", who, order) for n in range(6) for who, order in
            {"ann": ["b", "a", "c"], "ben": ["c", "a", "b"], "cleo": ["c", "a", "b"]}.items()]  # fmt: skip
    held = Rankings.from_lists(*zip(*said, strict=True))

    told = ranked(held.knowing({f"i{n}": (("b",), ("a",), ("c",)) for n in range(4)}))

    assert ranked(held).verdicts["i5"][0] == ("c",)
    assert told.verdicts["i0"] == told.verdicts["i5"] == (("b",), ("a",), ("c",))
    assert (told.sure_I[0], told.doubt_I[0]) == (1, 0)
    assert told.compared.reliability_R[0] > 0.7
    assert told.compared.reliability_R[1] < 0.4


def test_a_known_first_leaves_the_rest_to_the_crowd():
    held = Rankings.from_lists(["i"] * 2, ["ann", "ben"], [["a", "c", "b"]] * 2)

    told = ranked(held.knowing({"i": (("b",),)}))

    assert told.verdicts["i"] == (("b",), ("a",), ("c",))


def marked():
    """Two who mark too much on every item, and one who marks rightly."""
    rows = [(f"i{n}", who, marks) for n in range(8) for who, marks in
            {"ann": [(10, 20)], "ben": [(10, 60)], "cleo": [(10, 60)]}.items()]  # fmt: skip
    return Spans.from_lists(*zip(*rows, strict=True))


@pytest.mark.parametrize("method", [spans.soft, spans.weighted, spans.staple])
def test_known_marks_are_the_verdict_even_where_nobody_drew_their_border(method):
    found = method(marked().knowing({"i0": [(12, 18)], "i1": []}))

    assert found.verdicts["i0"] == ((12, 18),)
    assert found.verdicts["i1"] == ()
    assert found.sure_I[0] == 1


def test_known_marks_show_who_marks_too_much():
    known = {f"i{n}": [(10, 20)] for n in range(6)}

    alone, told = spans.weighted(marked()), spans.weighted(marked().knowing(known))

    assert alone.precision_R[1] > alone.recall_R[0]
    assert told.precision_R[0] > 0.6 > told.precision_R[1]
    assert told.recall_R.min() > 0.5


def test_known_marks_may_lie_behind_the_last_mark():
    found = spans.soft(Spans.from_lists(["i"], ["ann"], [[(0, 5)]]).knowing({"i": [(90, 95)]}))

    assert found.verdicts["i"] == ((90, 95),)


def test_who_marked_well_before_is_no_newcomer():
    held = Spans.from_lists(["i"] * 3, ["ann", "ben", "cleo"], [[(0, 9)], [(0, 9)], [(5, 30)]])
    good, poor = MarkHistory(900, 1000, 1000, 50), MarkHistory(100, 1000, 1000, 50)

    fresh = spans.soft(held)
    known = spans.soft(held.remembering({"cleo": good, "ann": poor, "elsewhere": good}))

    assert known.precision_R[2] > fresh.precision_R[2] + 0.2
    assert known.precision_R[0] < 0.3
    assert (
        known.precision_high_R[2] - known.precision_low_R[2]
        < fresh.precision_high_R[2] - fresh.precision_low_R[2]
    )
    assert known.history["cleo"].items == 51


def test_a_history_of_everything_again_gives_the_same_people_more_surely():
    held = marked()
    first = spans.soft(held)

    second = spans.soft(held.remembering(first.history))

    assert np.abs(second.precision_R - first.precision_R).max() < 0.1
    assert (
        (second.precision_high_R - second.precision_low_R) < (first.precision_high_R - first.precision_low_R)
    ).all()


def test_known_numbers_hold_their_items_and_are_not_scored():
    rng = np.random.default_rng(1)
    truth = np.linspace(0, 10, 12)
    rows = [(f"i{n:02}", who, value + rng.normal(0, 1)) for n, value in enumerate(truth) for who in "abc"]
    table = pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row")
    gold = pl.DataFrame({"item": [f"i{n:02}" for n in range(12)], "label": truth})

    told = study(table, type="ratings", gold=gold, known=gold.head(4))

    np.testing.assert_allclose(told.verdicts["verdict"][:4], truth[:4])
    assert set(told.scores) == {"chosen", "mean"}
    assert told.scores["chosen"] != study(table, type="ratings", gold=gold).scores["chosen"]


def test_known_scores_marks_and_orders_are_taken_by_a_study():
    held, worth = upside_down_crowd()
    frame = pl.DataFrame(
        {
            "left": [held.items[code] for code in held.left_N],
            "right": [held.items[code] for code in held.right_N],
            "label": [
                held.items[one if score else other]
                for one, other, score in zip(held.left_N, held.right_N, held.score_N, strict=True)
            ],
            "rater": [held.raters[code] for code in held.rater_N],
        }
    )
    gold = pl.DataFrame({"item": list(worth), "label": list(worth.values())})
    orders = pl.DataFrame({"item": ["i", "j"], "rater": ["ann"] * 2, "label": ["a > b"] * 2})
    marks = pl.DataFrame({"item": ["i", "j"], "rater": ["ann"] * 2, "label": ["[[0, 4]]"] * 2})

    told = study(frame, gold=gold, known=gold.gather_every(2))
    ordered = study(orders, known=pl.DataFrame({"item": ["i"], "label": ["b > a"]}))
    found = study(marks, known=pl.DataFrame({"item": ["i"], "label": ["[[2, 4]]"]}))

    assert told.scores["crowd-bradley-terry"]["Kendall"] > 0.5
    assert ordered.verdicts["verdict"].to_list()[0] == '["b", "a"]'
    assert found.verdicts["verdict"].to_list() == ["[[2, 4]]", "[[0, 4]]"]


def test_known_boxes_are_the_verdict_and_show_who_draws_too_large():
    right, large = [(10, 10, 20, 20)], [(0, 0, 40, 40)]
    rows = [(f"i{n}", who, drawn) for n in range(8) for who, drawn in
            {"ann": right, "ben": large, "cleo": large}.items()]  # fmt: skip
    held = Boxes.from_lists(*zip(*rows, strict=True))

    alone = fused(held)
    told = fused(held.knowing({**{f"i{n}": right for n in range(6)}, "i6": [(1, 1, 2, 2, "cat")], "i7": []}))

    assert alone.verdicts["i0"] == ((0.0, 0.0, 40.0, 40.0),)
    assert told.verdicts["i0"] == ((10.0, 10.0, 20.0, 20.0),)
    assert told.verdicts["i6"] == ((1.0, 1.0, 2.0, 2.0, "cat"),)
    assert told.verdicts["i7"] == ()
    assert held.raters[int(alone.precision_R.argmin())] == "ann"
    assert held.raters[int(told.precision_R.argmax())] == "ann"
    assert told.sure_I[0] == 1


def test_known_boxes_are_taken_by_a_study_and_not_scored():
    table = pl.DataFrame({"item": ["i", "j"], "rater": ["ann"] * 2, "label": ["[[0, 0, 4, 4]]"] * 2})
    gold = pl.DataFrame({"item": ["i", "j"], "label": ["[[5, 5, 9, 9]]", "[[0, 0, 4, 4]]"]})

    told = study(table, gold=gold, known=gold.head(1))

    assert told.verdicts["verdict"][0] == "[[5.0, 5.0, 9.0, 9.0]]"
    assert told.scores["fused"]["F1 of boxes"] == 1


def drawn_by_four(items: range) -> Boxes:
    """Three who draw the same boxes, and one who draws half of them elsewhere."""
    rows = []
    for item in items:
        right = (item, item, item + 10, item + 10)
        rows += [(f"i{item}", name, [right]) for name in ("ann", "ben", "cleo")]
        rows.append((f"i{item}", "dan", [right if item % 2 else (500, 500, 510, 510)]))
    return Boxes.from_lists(*zip(*rows, strict=True))


def test_boxes_in_two_parts_come_to_what_they_come_to_at_once():
    whole, first = fused(drawn_by_four(range(40))), fused(drawn_by_four(range(30)))

    second = fused(drawn_by_four(range(30, 40)).remembering(first.history))

    assert second.history == whole.history
    for name in ("precision_R", "recall_R", "iou_R"):
        # What is remembered counts as so many answers of usual size, which shrink a little otherwise.
        assert np.allclose(getattr(second, name), getattr(whole, name), atol=1e-3)
    assert second.precision_R[3] < 0.6
    assert second.precision_R[0] > 0.9


def test_what_is_remembered_of_boxes_leaves_verdicts_and_narrows_intervals():
    here = drawn_by_four(range(4))

    alone, told = fused(here), fused(here.remembering(fused(drawn_by_four(range(50))).history))

    assert told.verdicts == alone.verdicts
    widths = [result.precision_high_R - result.precision_low_R for result in (alone, told)]
    assert (widths[1] < widths[0]).all()


@pytest.mark.parametrize(
    "past", [(5, 4, 9, 1, 3), (1, 2, 2, 1, -1), (1, 2, 2, float("nan"), 1), (1, 2, 2, 1.5, 1)]
)
def test_a_history_of_boxes_that_cannot_be_is_an_error(past):
    with pytest.raises(VotesError, match="a history has no more right boxes"):
        BoxHistory(*past)
