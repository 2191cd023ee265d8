from __future__ import annotations

import importlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.quality.agreement import AgreementError, Span, gamma
from assay.quality.agreement.alignment import Units, dissimilarity, least_disorder


def units_of(rows, raters: int) -> Units:
    """Units from (rater, start, end, class)."""
    rater, start, end, code = (np.array(column) for column in zip(*rows, strict=True))
    return Units(
        rater.astype(np.int64), start.astype(float), end.astype(float), code.astype(np.int64), raters
    )


def random_units(rng, raters: int, size: int, length: int = 60) -> Units:
    start = rng.integers(0, length, size)
    return Units(
        rng.integers(0, raters, size),
        start.astype(float),
        (start + rng.integers(1, 20, size)).astype(float),
        rng.integers(0, 2, size),
        raters,
    )


def by_trying_all(units: Units, alpha: float, beta: float) -> float:
    """The least disorder of all partitions of the units into rows of different raters."""
    unlike = dissimilarity(units, alpha, beta)
    pairs = units.raters * (units.raters - 1) / 2

    def cost(row: list[int]) -> float:
        return (
            pairs
            - len(row) * (len(row) - 1) / 2
            + sum(unlike[a, b] for a, b in itertools.combinations(row, 2))
        )

    def least(unit: int, rows: list[list[int]]) -> float:
        if unit == len(units):
            return sum(map(cost, rows)) / pairs
        found = []
        for row in rows:
            if all(units.rater_U[other] != units.rater_U[unit] for other in row):
                row.append(unit)
                found.append(least(unit + 1, rows))
                row.pop()
        rows.append([unit])
        found.append(least(unit + 1, rows))
        rows.pop()
        return min(found)

    return least(0, [])


def marks(*rows) -> list[Span]:
    return [Span("t", *row) for row in rows]


def seen_by(*raters: str, item: str = "t"):
    return [(item, rater) for rater in raters]


def a_crowd(seed: int, *, slip: float, items: int = 6, length: int = 300):
    """Three raters who find the same units, each moved by up to `slip` characters."""
    rng = np.random.default_rng(seed)
    spans, shown = [], []
    for n in range(items):
        for start in (20, 90, 160, 230):
            for who in ("ann", "ben", "cleo"):
                at = int(start + rng.integers(-slip, slip + 1))
                spans.append(Span(f"i{n}", who, at, at + 20))
        shown += seen_by("ann", "ben", "cleo", item=f"i{n}")
    return spans, shown, {f"i{n}": length for n in range(items)}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 7), st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_the_best_alignment_is_the_best_of_all(seed, raters, size, beta):
    units = random_units(np.random.default_rng(seed), raters, size)

    found, exact = least_disorder(units, 1.0, beta)

    assert exact
    assert found == pytest.approx(by_trying_all(units, 1.0, beta), abs=1e-6)


def test_an_example_on_paper():
    """Two raters: one pair that overlaps by half, and one unit alone.

    d = ((|0 − 5| + |10 − 15|) / 20)² = ¼; the other costs 1. The mean rater has 1½ units.
    """
    spans = marks(("ann", 0, 10), ("ben", 5, 15), ("ben", 60, 70))

    found = gamma(spans, seen_by("ann", "ben"), {"t": 100}, rng=np.random.default_rng(0), precision=0.1)

    assert found.observed == pytest.approx(1.25 / 1.5)
    assert found.coefficient == pytest.approx(1 - found.observed / found.expected)


# What pygamma-agreement 0.5.9 finds (alpha = beta = 1, its shuffling sampler, a precision of 0.02): raters,
# units as (rater, start, end, label), length, observed and expected disorder. The first two are real.
ORACLE = [
    (
        7,
        [
            (0, 91, 143, "x"),
            (0, 452, 498, "x"),
            (0, 2214, 2275, "x"),
            (1, 114, 143, "x"),
            (1, 395, 442, "x"),
            (1, 452, 498, "x"),
            (2, 114, 143, "x"),
            (2, 395, 442, "x"),
            (2, 452, 498, "x"),
            (2, 2237, 2275, "x"),
            (3, 114, 143, "x"),
            (3, 452, 498, "x"),
            (3, 2237, 2275, "x"),
            (4, 114, 143, "x"),
            (4, 452, 498, "x"),
            (4, 2237, 2275, "x"),
            (5, 114, 145, "x"),
            (5, 395, 442, "x"),
            (5, 452, 498, "x"),
            (6, 452, 498, "x"),
        ],
        2275,
        0.65966,
        4.0021,
    ),
    (
        2,
        [
            (0, 47, 59, "x"),
            (0, 112, 125, "x"),
            (0, 160, 177, "x"),
            (0, 1194, 1236, "x"),
            (1, 47, 61, "x"),
            (1, 790, 795, "x"),
            (1, 850, 858, "x"),
            (1, 933, 938, "x"),
            (1, 1211, 1216, "x"),
        ],
        1236,
        1.25015,
        1.8274,
    ),
    (
        3,
        [
            (0, 43, 55, "a"),
            (0, 36, 48, "a"),
            (0, 24, 28, "a"),
            (0, 78, 82, "a"),
            (0, 32, 45, "a"),
            (1, 40, 46, "a"),
            (1, 60, 63, "a"),
            (1, 39, 47, "a"),
            (1, 78, 89, "b"),
            (1, 7, 18, "a"),
            (2, 43, 57, "a"),
            (2, 58, 62, "a"),
            (2, 77, 85, "b"),
            (2, 23, 27, "a"),
            (2, 49, 57, "b"),
        ],
        100,
        1.05682,
        1.6067,
    ),
    (
        3,
        [
            (0, 34, 47, "b"),
            (0, 25, 35, "a"),
            (0, 64, 70, "a"),
            (0, 77, 86, "b"),
            (0, 15, 27, "b"),
            (1, 6, 11, "a"),
            (1, 20, 26, "a"),
            (1, 71, 77, "b"),
            (1, 61, 66, "b"),
            (1, 61, 65, "a"),
            (2, 30, 33, "a"),
            (2, 38, 48, "b"),
            (2, 36, 41, "b"),
            (2, 36, 49, "b"),
            (2, 58, 67, "a"),
        ],
        100,
        1.57151,
        1.7381,
    ),
]


@pytest.mark.parametrize(("raters", "units", "length", "observed", "expected"), ORACLE)
def test_disorders_are_those_of_another_program(raters, units, length, observed, expected):
    spans = [Span("t", f"r{rater}", start, end, label) for rater, start, end, label in units]
    shown = seen_by(*(f"r{rater}" for rater in range(raters)))

    found = gamma(spans, shown, {"t": length}, rng=np.random.default_rng(0), precision=0.1)

    assert found.observed == pytest.approx(observed, abs=1e-4)
    # Its shifts keep their distance in the text, ours around the circle, which leaves a little more disorder.
    assert found.expected == pytest.approx(expected, rel=0.1)


def test_windows_only_overstate_the_disorder():
    shortened = 0
    for seed in range(20):
        units = random_units(np.random.default_rng(seed), 3, 18, length=200)

        best, exact = least_disorder(units, 1.0, 1.0)
        by_windows, whole = least_disorder(units, 1.0, 1.0, limit=20)

        assert exact
        shortened += not whole
        assert best - 1e-9 <= by_windows <= len(units) + 1e-9
    assert shortened > 10


def test_windows_are_exact_where_units_stand_apart():
    rows = [(r, 100 * n + r, 100 * n + 10 + r, 0) for n in range(5) for r in range(3)]
    units = units_of(rows, 3)

    best, by_windows = least_disorder(units, 1.0, 1.0)[0], least_disorder(units, 1.0, 1.0, limit=9)[0]

    assert by_windows == pytest.approx(best)


def test_identical_marks_agree_in_full_and_random_ones_not_at_all():
    spans, shown, lengths = a_crowd(1, slip=0)
    rng = np.random.default_rng(3)
    loose = [Span(item, who, at, at + 20) for item, who in shown for at in rng.integers(0, 280, 4).tolist()]

    same = gamma(spans, shown, lengths, rng=np.random.default_rng(0), precision=0.1)
    chance = gamma(loose, shown, lengths, rng=np.random.default_rng(0), precision=0.1)

    assert same.coefficient == 1.0
    assert abs(chance.coefficient) < 0.15


def test_the_farther_marks_slip_the_less_they_agree():
    found = [
        gamma(*a_crowd(2, slip=slip), rng=np.random.default_rng(0), precision=0.1).coefficient
        for slip in (0, 3, 8, 15)
    ]

    assert found == sorted(found, reverse=True)
    assert found[-1] > 0


def test_one_long_mark_and_two_short_ones_are_told_apart():
    """What alpha over characters cannot see."""
    two = marks(("ann", 0, 10), ("ann", 10, 20), ("ben", 0, 20))
    one = marks(("ann", 0, 20), ("ben", 0, 20))

    split, same = (
        gamma(spans, seen_by("ann", "ben"), {"t": 100}, rng=np.random.default_rng(0), precision=0.1)
        for spans in (two, one)
    )

    assert split.coefficient < 0.7 < same.coefficient == 1.0


def test_labels_count_as_far_as_beta_says():
    spans = marks(
        ("ann", 0, 10, "drug"), ("ben", 0, 10, "dose"), ("ann", 40, 50, "drug"), ("ben", 40, 50, "drug")
    )

    def observed(beta):
        found = gamma(
            spans, seen_by("ann", "ben"), {"t": 100}, rng=np.random.default_rng(0), beta=beta, precision=0.1
        )
        return found.observed

    assert observed(0.0) == 0
    assert observed(0.5) == pytest.approx(0.25)
    assert observed(1.0) == pytest.approx(0.5)


def test_names_and_the_order_of_marks_change_nothing():
    spans, shown, lengths = a_crowd(4, slip=9)
    other = {"ann": "zoe", "ben": "yan", "cleo": "xia"}
    renamed = [Span(span.item, other[span.rater], span.start, span.end) for span in reversed(spans)]

    before = gamma(spans, shown, lengths, rng=np.random.default_rng(5), precision=0.1)
    after = gamma(
        renamed,
        [(item, other[who]) for item, who in shown],
        lengths,
        rng=np.random.default_rng(5),
        precision=0.1,
    )

    assert before.coefficient == pytest.approx(after.coefficient, abs=1e-9)


def test_the_same_dice_give_the_same_number():
    spans, shown, lengths = a_crowd(6, slip=9)

    one, other = (gamma(spans, shown, lengths, rng=np.random.default_rng(7), precision=0.1) for _ in range(2))

    assert one == other


def test_more_precision_draws_more_random_texts(monkeypatch):
    spans, shown, lengths = a_crowd(8, slip=9, items=1)
    module = importlib.import_module("assay.quality.agreement.gamma")
    drawn = []
    real = module._shifted
    monkeypatch.setattr(module, "_shifted", lambda *given: drawn.append(1) or real(*given))

    def draws(precision):
        drawn.clear()
        gamma(spans, shown, lengths, rng=np.random.default_rng(0), precision=precision)
        return len(drawn)

    assert draws(0.9) < draws(0.04)


def test_the_interval_holds_the_coefficient():
    many = gamma(*a_crowd(9, slip=9), rng=np.random.default_rng(0), precision=0.1)
    one = gamma(*a_crowd(9, slip=9, items=1), rng=np.random.default_rng(0), precision=0.1)

    assert many.low < many.coefficient < many.high
    assert one.low < one.coefficient < one.high
    assert "resamples of the items" in many.interval
    assert "random texts" in one.interval


def test_where_it_is_not_defined_it_says_why():
    alone = gamma(
        marks(("ann", 0, 9)), seen_by("ann"), {"t": 20}, rng=np.random.default_rng(0), precision=0.1
    )
    nothing = gamma([], seen_by("ann", "ben"), {"t": 20}, rng=np.random.default_rng(0), precision=0.1)

    assert (alone.coefficient, nothing.coefficient) == (None, None)
    assert alone.undefined == "because no item was judged by two raters"
    assert nothing.undefined == "because nobody marked anything"


def test_who_marked_nothing_counts():
    both = gamma(
        marks(("ann", 0, 9), ("ben", 0, 9)), seen_by("ann", "ben"), {"t": 90}, rng=np.random.default_rng(0)
    )
    third = gamma(
        marks(("ann", 0, 9), ("ben", 0, 9)),
        seen_by("ann", "ben", "cleo"),
        {"t": 90},
        rng=np.random.default_rng(0),
    )

    assert third.coefficient < both.coefficient == 1.0


@pytest.mark.parametrize(
    ("spans", "shown", "lengths", "message"),
    [
        (marks(("ann", 5, 12)), seen_by("ann"), {"t": 9}, "outside the text"),
        (marks(("ben", 0, 5)), seen_by("ann"), {"t": 9}, "not shown"),
        ([], seen_by("ann"), {}, "length of item 't'"),
        ([], seen_by(*"abcdefghijklm"), {"t": 9}, "13 raters; gamma takes at most 12"),
    ],
)
def test_what_makes_no_sense_is_refused(spans, shown, lengths, message):
    with pytest.raises(AgreementError, match=message):
        gamma(spans, shown, lengths, rng=np.random.default_rng(0), precision=0.1)


def test_a_real_crowd_agrees_more_on_units_than_on_characters(shared):
    """191 abstracts, marked by six people each."""
    import polars as pl

    from assay import tables
    from assay.quality.agreement import span_alpha
    from assay.quality.spans import Spans

    held = Spans.from_frame(tables.votes(pl.read_parquet(shared("truth/pico_spans/labels.parquet"))))
    spans, shown, lengths = held.marked()

    found = gamma(spans, shown, lengths, rng=np.random.default_rng(0), precision=0.1)

    assert 0.40 < found.coefficient < 0.47
    assert span_alpha(spans, shown, lengths).coefficient == pytest.approx(0.3486, abs=1e-3)
