"""The best and the worst to read."""

from __future__ import annotations

from assay.datasets.extremes import extremes
from assay.records import Brief, Example, Question

BRIEF = Brief(
    "moon", "Delight.", "pairwise", questions=(Question("ear", "Sounds?", ("bad", "fair", "good"), True),)
)


def preference(number, chosen, rejected, weight=0.9):
    return Example(
        str(number), "preference", "Moon?", "w", (), chosen=chosen, rejected=rejected, weight=weight
    )


def rated(number, text, label):
    return Example(str(number), "rating", "Moon?", "w", (), completion=text, ratings={"ear": label})


def test_a_long_good_record_comes_before_one_lucky_row():
    rows = [preference(n, "often", f"other{n}") for n in range(6)] + [preference(9, "once", "never")]

    best, _worst = extremes(BRIEF, rows, count=2)

    assert [each.text for each in best] == ["often", "once"]


def test_ordered_labels_have_places():
    best, worst = extremes(BRIEF, [rated(1, "fine", "good"), rated(2, "so", "fair"), rated(3, "dull", "bad")])

    assert (best[0].text, worst[0].text) == ("fine", "dull")


def test_no_answer_is_on_both_ends():
    best, worst = extremes(BRIEF, [rated(1, "fine", "good"), rated(2, "so", "fair"), rated(3, "dull", "bad")])

    assert not {each.text for each in best} & {each.text for each in worst}
    assert len(best) + len(worst) == 3


def test_what_has_no_order_has_no_place():
    plain = Brief("moon", "Delight.", "rubric", questions=(Question("form", "Which?", ("ode", "haiku")),))

    assert extremes(
        plain, [Example("1", "rating", "?", "w", (), completion="x", ratings={"form": "ode"})]
    ) == ([], [])
