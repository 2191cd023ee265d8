from __future__ import annotations

import itertools
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import TableError
from assay.quality import boxes
from assay.quality.boxes import Boxes
from assay.quality.labels.columns import VotesError
from assay.quality.study import guess, study

box = st.tuples(
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["", "", "cat"]),
).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3], *([b[4]] if b[4] else [])))
answers = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("rstu"), st.lists(box, max_size=3)),
    min_size=1,
    max_size=8,
)


def boxes_of(rows) -> Boxes:
    return Boxes.from_lists(*zip(*rows, strict=True))


def numbers_of(result):
    return [
        result.share_C, result.sure_I,
        result.precision_R, result.precision_low_R, result.precision_high_R,
        result.recall_R, result.recall_low_R, result.recall_high_R,
        result.iou_R, result.iou_low_R, result.iou_high_R,
    ]  # fmt: skip


def crowd(seed: int, *, items: int = 40, raters: int = 6, off: float = 4.0):
    """Answers of raters who draw every corner a little off, and miss or add a box; the last one mostly."""
    rng = np.random.default_rng(seed)
    rows, right = [], {}
    for i in range(items):
        places = sorted(rng.choice(9, 2, replace=False).tolist())
        right[f"i{i:02}"] = [(100 * p, 50, 100 * p + 40, 90) for p in places]
        for r in rng.choice(raters, 5, replace=False):
            slip = 0.6 if r == raters - 1 else 0.1
            drawn = [b for b in right[f"i{i:02}"] if rng.random() > slip]
            drawn += [(100 * p, 50, 100 * p + 40, 90) for p in range(9) if rng.random() < slip / 6]
            rows.append((f"i{i:02}", f"r{r}", [tuple(b + rng.normal(0, off, 4)) for b in drawn]))
    return rows, right


# The plain form: box by box.


def plain_iou(one, other) -> float:
    if one[4:] != other[4:]:
        return 0.0
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    both = max(wide, 0) * max(high, 0)
    area = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return round(both / (area - both), 9)


def plain_fused(drawn, threshold: float):
    """Return the verdict of one item from rater → boxes, everybody counting alike."""
    left = {(rater, b) for rater, own in drawn.items() for b in own}
    verdict = []

    def nearest(b, rater):
        own = [(-plain_iou(b, o), o) for r, o in left if r == rater and plain_iou(b, o) >= 0.5]
        return min(own) if own else None

    def support(b):
        return round(sum(-near[0] for r in drawn if (near := nearest(b, r))) / len(drawn), 9)

    while left:
        # Classes are apart, so which class comes first does not matter.
        seed = min((-support(b), b[:4], b[4:]) for _, b in left)
        seed = (*seed[1], *seed[2])
        members = [(r, near[1]) for r in drawn if (near := nearest(seed, r))]
        if len(members) / len(drawn) >= threshold - 1e-9:
            verdict.append(
                (*(float(np.median([b[side] for _, b in members])) for side in range(4)), *seed[4:])
            )
        left -= set(members)
    return sorted(verdict, key=lambda b: (b[4:], b[:4]))


def plain_matched(one, other) -> tuple[int, float]:
    best = (0, 0.0)
    short, long = sorted((list(one), list(other)), key=len)
    for chosen in itertools.permutations(long, len(short)):
        fine = [plain_iou(a, b) for a, b in zip(short, chosen, strict=True) if plain_iou(a, b) >= 0.5]
        best = max(best, (len(fine), round(sum(fine), 8)))
    return best


def latest(rows):
    drawn: dict[str, dict[str, set]] = {}
    for item, rater, own in rows:
        drawn.setdefault(item, {})[rater] = {tuple(b) for b in own}
    return drawn


@settings(max_examples=80, deadline=None)
@given(rows=answers, threshold=st.sampled_from([0.25, 0.4, 0.5, 1.0]))
def test_the_fusion_agrees_with_the_loops(rows, threshold):
    result = boxes.fused(boxes_of(rows), threshold=threshold)

    assert result.verdicts == {
        item: tuple(plain_fused(drawn, threshold)) for item, drawn in sorted(latest(rows).items())
    }


@settings(max_examples=60, deadline=None)
@given(rows=answers)
def test_precision_recall_and_overlap_agree_with_the_loops(rows):
    result = boxes.fused(boxes_of(rows))

    counts = []
    for drawn in latest(rows).values():
        for rater, own in drawn.items():
            others = {r: o for r, o in drawn.items() if r != rater}
            if others:
                verdict = plain_fused(others, 0.4)
                hits, overlap = plain_matched(own, verdict)
                counts.append((rater, hits, len(own), len(verdict), overlap))
    for part, whole, found_R in (
        (1, 2, result.precision_R), (1, 3, result.recall_R), (4, 1, result.iou_R),
    ):  # fmt: skip
        total = sum(row[whole] for row in counts)
        crowd_share = (sum(row[part] for row in counts) + 1) / (total + 2)
        usual = total / max(sum(row[whole] > 0 for row in counts), 1) or 1.0
        expected = [
            (sum(row[part] for row in counts if row[0] == r) + 3 * usual * crowd_share)
            / (sum(row[whole] for row in counts if row[0] == r) + 3 * usual)
            for r in result.boxes.raters
        ]
        np.testing.assert_allclose(found_R, expected, atol=1e-7)


# What holds whatever is drawn.


@settings(max_examples=60, deadline=None)
@given(rows=answers, data=st.data())
def test_renaming_and_reordering_change_nothing_but_names(rows, data):
    rows = list({(item, rater): (item, rater, own) for item, rater, own in rows}.values())
    order = data.draw(st.permutations(range(len(rows))))
    new = dict(zip("abrstu", "zyxwvq", strict=True))
    other = [(new[rows[n][0]], new[rows[n][1]], rows[n][2][::-1]) for n in order]

    before, after = boxes.fused(boxes_of(rows)), boxes.fused(boxes_of(other))

    assert after.verdicts == {new[item]: own for item, own in before.verdicts.items()}
    found = dict(zip(after.boxes.raters, after.iou_R, strict=True))
    assert [found[new[r]] for r in before.boxes.raters] == pytest.approx(before.iou_R.tolist())


@settings(max_examples=60, deadline=None)
@given(rows=answers)
def test_any_boxes_give_boxes_that_are_not_empty_and_finite_numbers(rows):
    result = boxes.fused(boxes_of(rows))

    assert all((np.isfinite(n) & (n >= 0) & (n <= 1 + 1e-12)).all() for n in numbers_of(result))
    assert (result.corner_C_4[:, :2] < result.corner_C_4[:, 2:]).all()
    assert len(result.corner_C_4) <= len(result.boxes.corner_B_4)


@settings(max_examples=40, deadline=None)
@given(rows=answers, scale=st.sampled_from([2.0**-20, 0.5, 1024.0]), shift=st.sampled_from([0, -8, 64]))
def test_the_unit_and_the_origin_do_not_matter(rows, scale, shift):
    def moved(own):
        return [(*((at + shift) * scale for at in b[:4]), *b[4:]) for b in own]

    before = boxes.fused(boxes_of(rows)).verdicts
    after = boxes.fused(boxes_of([(item, rater, moved(own)) for item, rater, own in rows])).verdicts

    assert after == {item: tuple(moved(own)) for item, own in before.items()}


def test_one_person_and_one_item_is_enough():
    assert boxes.fused(boxes_of([("i", "ann", [(1, 2, 3, 4, "cat")])])).verdicts == {
        "i": ((1, 2, 3, 4, "cat"),)
    }


def test_nothing_drawn_at_all_is_a_verdict():
    result = boxes.fused(boxes_of([("i", "ann", []), ("i", "ben", [])]))

    assert result.verdicts == {"i": ()}
    assert result.sure_I.tolist() == [1.0]


def test_two_in_five_is_exactly_enough():
    rows = [("i", f"r{n}", [(0, 0, 4, 4)] if n < 2 else [(8, 8, 9, 9)] if n < 3 else []) for n in range(5)]

    result = boxes.fused(boxes_of(rows))

    assert result.verdicts == {"i": ((0, 0, 4, 4),)}
    assert result.share_C.tolist() == pytest.approx([0.4, 0.2])


def test_boxes_of_two_classes_or_of_one_person_are_never_one():
    classes = boxes.fused(
        boxes_of([("i", "ann", [(0, 0, 4, 4, "cat")]), ("i", "ben", [(0, 0, 4, 4, "dog")])])
    )
    person = boxes.fused(boxes_of([("i", "ann", [(0, 0, 4, 4), (0, 0, 4, 3)])]))

    assert classes.verdicts == {"i": ((0, 0, 4, 4, "cat"), (0, 0, 4, 4, "dog"))}
    assert person.verdicts == {"i": ((0, 0, 4, 3), (0, 0, 4, 4))}


def test_an_answer_of_more_weight_pulls_the_corners_and_the_share():
    table = pl.DataFrame(
        {
            "item": ["i"] * 3,
            "rater": ["ann", "ben", "cleo"],
            "label": ["[[0, 0, 10, 10]]", "[[0, 0, 10, 9]]", "[[0, 0, 10, 8]]"],
            "weight": [1.0, 1.0, 3.0],
        }
    )

    assert boxes.fused(Boxes.from_frame(table)).verdicts == {"i": ((0, 0, 10, 8),)}


def test_one_sloppy_edge_moves_nothing():
    rows = [("i", "ann", [(0, 0, 10, 10)]), ("i", "ben", [(0, 0, 10, 10)]), ("i", "cleo", [(0, 0, 17, 10)])]

    assert boxes.fused(boxes_of(rows)).verdicts == {"i": ((0, 0, 10, 10),)}


# A simulated crowd.


def expert(right) -> Boxes:
    return boxes_of([(item, "expert", own) for item, own in right.items()])


@pytest.mark.parametrize("seed", range(5))
def test_the_fusion_is_nearer_the_truth_than_the_mean_person(seed):
    rows, right = crowd(seed)

    together = boxes.against(boxes.fused(boxes_of(rows)), expert(right))
    alone = [
        boxes.against(boxes.fused(boxes_of([row for row in rows if row[1] == who])), expert(right))
        for who in sorted({row[1] for row in rows})
    ]

    for name, value in together.items():
        assert value > np.mean([found[name] for found in alone]) + 0.05


def test_a_careless_rater_is_found():
    rows, _ = crowd(4, items=60)

    result = boxes.fused(boxes_of(rows))

    assert int(np.argmin(result.recall_R)) == 5
    assert result.recall_high_R[5] < result.recall_R[:5].min()


# What is refused, and how.


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("[[0, 0, 5, 5]", "is not a JSON list of"),
        ("5", "is not a JSON list of"),
        ("[0, 0, 5, 5]", "is not a JSON list of"),
        ("[[0, 0, 5]]", "is not a JSON list of"),
        ('[[0, 0, 5, 5, "cat", 1]]', "is not a JSON list of"),
        ("[[0, 0, 5, true]]", "is not a JSON list of"),
        ('[[0, 0, 5, "5"]]', "is not a JSON list of"),
        ("[" * 100_000, "is not a JSON list of"),
        ("[[0, 0, 5, 5, 7]]", "the class 7 of a box"),
        ('[[0, 0, 5, 5, " "]]', "the class ' ' of a box"),
        ("[[0, NaN, 5, 5]]", "is not x0 < x1"),
        ("[[0, 0, Infinity, 5]]", "is not x0 < x1"),
        ("[[0, 0, 1e400, 5]]", "is not x0 < x1"),
        ("[[0, 0, 1" + "0" * 400 + ", 5]]", "is not x0 < x1"),
        ("[[5, 0, 0, 5]]", "is not x0 < x1"),
        ("[[0, 5, 5, 5]]", "is not x0 < x1"),
        (None, "the cell is empty"),
    ],
)
def test_a_label_that_is_no_list_of_boxes_is_refused_with_its_row(label, said):
    frame = pl.DataFrame({"item": ["i", "j"], "rater": ["ann"] * 2, "label": ["[]", label]})

    with pytest.raises(TableError, match=f"row 2, column 'label': .*{said}"):
        Boxes.from_frame(frame)


def test_no_answers_are_refused():
    with pytest.raises(VotesError, match="there are no answers"):
        Boxes.from_lists([], [], [])


def test_of_two_answers_by_one_rater_on_one_item_the_last_counts():
    read = boxes_of([("i", "ann", [(0, 0, 5, 5)]), ("i", "ann", [(1, 1, 2, 2)])])

    assert (read.corner_B_4.tolist(), read.repeated) == ([[1, 1, 2, 2]], 1)


# As one of the types of answers.


def test_boxes_are_told_from_spans_by_their_cells():
    def labelled(*labels):
        return pl.DataFrame(
            {"item": ["i"] * len(labels), "rater": list("abc")[: len(labels)], "label": labels}
        )

    assert guess(labelled("[]", '[[0.5, -1e-3, 2, 3, "cat"]]', "[ [0,0,1,1], [0, 0, 2, 2]]")) == "boxes"
    assert guess(labelled("[]", "[[0, 4], [5, 9]]")) == "spans"
    assert guess(labelled("[]")) == "spans"


def test_a_study_scores_boxes_against_an_expert():
    rows, right = crowd(1)
    table = pl.DataFrame(
        [(item, rater, json.dumps(own)) for item, rater, own in rows],
        schema=["item", "rater", "label"],
        orient="row",
    )
    gold = pl.DataFrame({"item": list(right), "label": [json.dumps(own) for own in right.values()]})

    found = study(table, gold=gold)

    assert (found.type, found.method) == ("boxes", "fused")
    assert found.scores["fused"]["F1 of boxes"] > 0.9
    assert found.scores["fused"]["IoU of shared boxes"] > 0.8
    with pytest.raises(VotesError, match="none of the gold items"):
        study(table, gold=gold.with_columns(item=pl.lit("other")).head(1))
