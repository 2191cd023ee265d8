from __future__ import annotations

from itertools import permutations

import numpy as np
import polars as pl
import pytest

from assay import tables
from assay.quality import Columns
from assay.quality.agreement import (
    Ratings,
    Span,
    alpha,
    cohen,
    fleiss,
    gwet,
    intraclass,
    pair_table,
    rater_table,
    span_alpha,
)
from assay.quality.agreement.ratings import AgreementError

GAP = "."
FOUR_OBSERVERS = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
]
"""Krippendorff (2011), section C: one row an observer, one column a unit. Gwet (2014) uses the same."""

DIAGNOSES = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
"""Fleiss (1971), table 1: six psychiatrists, thirty patients, five diagnoses."""

JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Shrout & Fleiss (1979), table 2: one row a target, one column a judge."""

PERSONALITY = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
"""Cohen (1960), table 1: two judges, 200 people, three kinds of personality disorder."""


def from_rows(rows) -> Columns:
    """One row a rater, one column an item."""
    cells = [
        (f"u{unit:02}", f"r{rater}", value)
        for rater, row in enumerate(rows)
        for unit, value in enumerate(row.split())
        if value != GAP
    ]
    return Columns.from_lists(*zip(*cells, strict=True))


def from_counts(counts) -> Columns:
    """One row an item: how many votes each label got."""
    votes = [
        (f"i{row:02}", f"r{rater}", label)
        for row, own in enumerate(counts)
        for rater, label in enumerate(label for label, n in enumerate(own) for _ in range(int(n)))
    ]
    return Columns.from_lists(*zip(*votes, strict=True))


def from_table(table) -> Columns:
    """Joint table of two raters."""
    pairs = [(a, b) for a, row in enumerate(table) for b, n in enumerate(row) for _ in range(n)]
    votes = [
        (f"i{n}", rater, label)
        for n, pair in enumerate(pairs)
        for rater, label in zip("xy", pair, strict=True)
    ]
    return Columns.from_lists(*zip(*votes, strict=True))


def plain_alpha(votes, distance) -> float:
    """Krippendorff's definition in loops over pairs of votes."""
    units: dict[str, list[float]] = {}
    for item, _, value in votes:
        units.setdefault(item, []).append(value)
    units = {item: values for item, values in units.items() if len(values) > 1}
    everything = [value for values in units.values() for value in values]
    n = len(everything)
    within = sum(distance(a, b) / (len(v) - 1) for v in units.values() for a, b in permutations(v, 2)) / n
    between = sum(distance(a, b) for a, b in permutations(everything, 2)) / (n * (n - 1))
    return 1 - within / between


def scattered(seed: int, *, items: int = 30, raters: int = 6) -> list[tuple[str, str, float]]:
    """Numbers with many ties, gaps and items of one vote."""
    rng = np.random.default_rng(seed)
    return [
        (f"i{item}", f"r{rater}", float(rng.integers(1, 6) + item % 3))
        for item in range(items)
        for rater in rng.choice(raters, size=rng.integers(1, raters + 1), replace=False)
    ]


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_four_observers_is_krippendorffs(level, published):
    found = alpha(from_rows(FOUR_OBSERVERS), level)

    assert found.coefficient == pytest.approx(published, abs=5e-4)
    assert (found.items, found.raters, found.votes, found.left_out) == (11, 4, 40, 1)


@pytest.mark.parametrize("seed", range(5))
def test_every_level_agrees_with_loops_over_pairs(seed):
    votes = scattered(seed)
    ratings = Ratings.from_lists(*zip(*votes, strict=True))
    pairable = [v for v in votes if sum(w[0] == v[0] for w in votes) > 1]
    count = {value: sum(v[2] == value for v in pairable) for value in {v[2] for v in pairable}}

    def between(a: float, b: float) -> float:
        low, high = min(a, b), max(a, b)
        return sum(n for value, n in count.items() if low <= value <= high) - (count[a] + count[b]) / 2

    distances = {
        "nominal": lambda a, b: float(a != b),
        "interval": lambda a, b: (a - b) ** 2,
        "ratio": lambda a, b: ((a - b) / (a + b)) ** 2,
        "ordinal": lambda a, b: between(a, b) ** 2,
    }

    found = {level: alpha(ratings, level).coefficient for level in distances}
    own = alpha(ratings, lambda a, b: np.abs(a - b)).coefficient

    assert found == pytest.approx({level: plain_alpha(votes, d) for level, d in distances.items()})
    assert own == pytest.approx(plain_alpha(votes, lambda a, b: abs(a - b)))


def test_far_from_zero_the_interval_level_keeps_its_digits():
    votes = scattered(1)
    near, far = ([(i, r, v + shift) for i, r, v in votes] for shift in (0, 1e9))

    found = [
        alpha(Ratings.from_lists(*zip(*side, strict=True)), "interval").coefficient for side in (near, far)
    ]

    assert found[0] == pytest.approx(found[1], abs=1e-9)


def test_fleiss_kappa_of_the_diagnoses_is_fleiss():
    found = fleiss(from_counts(DIAGNOSES.split()))

    assert found.coefficient == pytest.approx(0.430, abs=5e-4)
    assert found.observed == pytest.approx(1 - 0.556, abs=5e-4)
    assert found.expected == pytest.approx(1 - 0.220, abs=5e-4)


@pytest.mark.parametrize(
    ("measure", "disagreement", "published"),
    [
        (gwet, "plain", 0.77544),
        (gwet, "linear", 0.85874),
        (gwet, "quadratic", 0.91400),
        (fleiss, "plain", 0.76117),
        (fleiss, "linear", 0.81794),
        (fleiss, "quadratic", 0.86494),
    ],
)
def test_coefficients_of_four_raters_with_gaps_are_gwets(measure, disagreement, published):
    found = measure(from_rows(FOUR_OBSERVERS), disagreement=disagreement)

    assert found.coefficient == pytest.approx(published, abs=5e-6)


def test_cohens_kappa_of_the_judges_is_cohens():
    found = cohen(from_table(PERSONALITY))

    assert found.coefficient == pytest.approx(0.492, abs=5e-4)
    assert (found.observed, found.expected) == pytest.approx((0.30, 0.59))


@pytest.mark.parametrize(("disagreement", "power"), [("linear", 1), ("quadratic", 2)])
def test_weighted_kappa_agrees_with_loops_over_cells(disagreement, power):
    share = np.array(PERSONALITY) / 200
    cells = [(a, b) for a in range(3) for b in range(3)]
    cost = {(a, b): abs(a - b) ** power for a, b in cells}
    observed = sum(cost[cell] * share[cell] for cell in cells)
    expected = sum(cost[a, b] * share[a].sum() * share[:, b].sum() for a, b in cells)

    found = cohen(from_table(PERSONALITY), disagreement=disagreement)

    assert found.coefficient == pytest.approx(1 - observed / expected)


@pytest.mark.parametrize(
    ("form", "published", "low", "high"),
    [
        ("1,1", 0.17, -0.133, 0.72),
        ("2,1", 0.29, 0.019, 0.76),
        ("3,1", 0.71, 0.342, 0.95),
        ("1,k", 0.44, -0.884, 0.91),
        ("2,k", 0.62, 0.071, 0.93),
        ("3,k", 0.91, 0.676, 0.99),
    ],
)
def test_intraclass_correlations_of_the_judges_are_shrouts_and_fleiss(form, published, low, high):
    cells = [(f"t{t}", f"j{j}", float(v)) for t, row in enumerate(JUDGES) for j, v in enumerate(row)]

    found = intraclass(Ratings.from_lists(*zip(*cells, strict=True)), form)

    assert found.coefficient == pytest.approx(published, abs=5e-3)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-3)


def test_a_gap_leaves_an_item_out_where_raters_are_compared_and_only_there():
    cells = [(f"t{t}", f"j{j}", float(v)) for t, row in enumerate(JUDGES) for j, v in enumerate(row)]
    ratings = Ratings.from_lists(*zip(*cells[:-1], strict=True))

    one, two = intraclass(ratings, "1,1"), intraclass(ratings, "2,1")

    assert (one.items, one.votes, one.left_out) == (6, 23, 0)
    assert (two.items, two.votes, two.left_out) == (5, 20, 3)


def test_the_interval_is_that_of_resampled_items():
    votes = [(i, r, str(v)) for i, r, v in scattered(3, items=60)]
    by_item: dict[str, list] = {}
    for vote in votes:
        by_item.setdefault(vote[0], []).append(vote)
    rng = np.random.default_rng(5)
    plain = []
    for _ in range(400):
        drawn = rng.choice(sorted(by_item), size=len(by_item))
        again = [(f"{n}", r, v) for n, item in enumerate(drawn) for _, r, v in by_item[item]]
        plain.append(alpha(Columns.from_lists(*zip(*again, strict=True))).coefficient)

    found = alpha(Columns.from_lists(*zip(*votes, strict=True)), rng=np.random.default_rng(6), draws=4000)

    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), abs=0.025)
    assert found.interval == "95 % of 4000 resamples of the items"


def test_the_interval_holds_the_true_value_about_nineteen_times_in_twenty():
    rng = np.random.default_rng(8)
    truth = rng.integers(2, size=4000)
    votes = truth[:, None] ^ (rng.random((4000, 3)) < 0.2)

    def found(rows):
        cells = [(f"{n}", f"r{r}", str(int(v))) for n, row in enumerate(rows) for r, v in enumerate(row)]
        return alpha(Columns.from_lists(*zip(*cells, strict=True)), rng=np.random.default_rng(1), draws=400)

    whole = found(votes).coefficient
    held = [found(votes[start : start + 80]) for start in range(0, 4000, 80)]

    assert 43 <= sum(one.low <= whole <= one.high for one in held) <= 50


@pytest.mark.parametrize("measure", [alpha, fleiss, gwet, cohen])
def test_the_same_seed_gives_the_same_interval(measure):
    columns = from_table(PERSONALITY)

    first, second = (measure(columns, rng=np.random.default_rng(2)) for _ in range(2))

    assert first == second
    assert first.low < first.coefficient < first.high
    assert first.coefficient == pytest.approx(1 - first.observed / first.expected)


ALONE = Columns.from_lists(["1", "2"], ["ann", "ben"], ["1", "2"])
UNANIMOUS = Columns.from_lists(list("1122"), ["ann", "ben"] * 2, ["1"] * 4)


@pytest.mark.parametrize("measure", [alpha, fleiss, gwet, cohen, intraclass])
@pytest.mark.parametrize("columns", [ALONE, UNANIMOUS])
def test_where_there_is_no_coefficient_it_says_why(measure, columns):
    found = measure(columns)

    assert (found.coefficient, found.low, found.high) == (None, None, None)
    assert found.undefined.startswith("because ")


def test_labels_without_an_order_have_no_ordinal_alpha():
    columns = Columns.from_lists(["i", "i"], ["ann", "ben"], ["bad", "good"])

    with pytest.raises(AgreementError, match="order of the labels"):
        alpha(columns, "ordinal")
    with pytest.raises(AgreementError, match="'bad' is none"):
        alpha(columns, "interval")


def test_an_order_in_words_serves_as_well_as_numbers():
    numbers = from_rows(FOUR_OBSERVERS)
    words = dict(zip("12345", ["awful", "bad", "fair", "good", "superb"], strict=True))
    votes = [
        (numbers.items[i], numbers.raters[r], words[numbers.labels[k]])
        for i, r, k in zip(numbers.item_N, numbers.rater_N, numbers.label_N, strict=True)
    ]
    named = Columns.from_lists(*zip(*votes, strict=True))

    assert (
        alpha(named, "ordinal", order=list(words.values())).coefficient
        == alpha(numbers, "ordinal").coefficient
    )


REAL = {
    "bluebird": ("nominal", 0.126), "product": ("nominal", 0.157), "rte": ("nominal", 0.241),
    "snow_temp": ("nominal", 0.223), "sp_lesions": ("nominal", 0.451), "sp_states_lab": ("nominal", 0.18),
    "sp_states_mit": ("nominal", 0.142), "trec2011": ("nominal", 0.115), "trec_vuurens": ("nominal", 0.166),
    "zencrowd_all": ("nominal", 0.195), "zencrowd_in": ("nominal", 0.17), "zencrowd_us": ("nominal", 0.223),
    "copyright": ("nominal", 0.307), "dog": ("nominal", 0.519), "music_genre": ("nominal", 0.301),
    "snow_wsd": ("nominal", 0.937), "weather_amt": ("nominal", 0.521), "weather_cf": ("nominal", 0.577),
    "covid_s6": ("ordinal", 0.395), "web": ("ordinal", 0.383), "snow_anger": ("interval", 0.353),
    "snow_sadness": ("interval", 0.437), "snow_valence": ("interval", 0.326),
    "snow_wordsim": ("interval", 0.67),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_alpha_of_real_crowds_is_the_one_on_record(name, shared):
    level, recorded = REAL[name]
    votes = tables.read(shared(f"truth/{name}/labels.parquet").read_bytes(), "labels.parquet")

    # The record kept the first of two votes by one rater on one item; we keep the last.
    found = alpha(Columns.from_frame(tables.votes(votes).reverse()), level)

    assert found.coefficient == pytest.approx(recorded, abs=6e-4)


def test_span_alpha_is_alpha_on_characters():
    rng = np.random.default_rng(4)
    lengths = {"a": 40, "b": 25, "c": 10}
    shown = [(item, rater) for item in lengths for rater in ("ann", "ben", "cleo")]
    spans = []
    for item, rater in shown:
        for _ in range(rng.integers(0, 4)):
            start, end = sorted(rng.choice(lengths[item] + 1, size=2, replace=False).tolist())
            spans.append(Span(item, rater, start, end))
    cells = [
        (
            f"{item}{place}",
            rater,
            float(any(s.start <= place < s.end for s in spans if (s.item, s.rater) == (item, rater))),
        )
        for item, rater in shown
        for place in range(lengths[item])
    ]

    found = span_alpha(spans, shown, lengths, rng=np.random.default_rng(1))

    assert found.coefficient == pytest.approx(
        alpha(Ratings.from_lists(*zip(*cells, strict=True))).coefficient
    )
    assert found.low <= found.coefficient <= found.high


def test_a_label_marked_by_nobody_has_no_span_alpha():
    found = span_alpha([], [("t", "ann"), ("t", "ben")], {"t": 9})

    assert found.coefficient is None
    assert found.undefined.startswith("because ")


def test_a_span_outside_its_text_is_refused():
    with pytest.raises(AgreementError, match="5 to 12, outside the text"):
        span_alpha([Span("t", "ann", 5, 12)], [("t", "ann")], {"t": 9})


def test_a_rater_is_compared_with_everybody_but_themselves():
    columns = Columns.from_lists(list("iiijjk"), ["ann", "ben", "cleo", "ann", "ben", "cleo"], list("xxyxyx"))

    table = rater_table(columns)

    np.testing.assert_allclose(table.share_R, [(0.5 + 0) / 2, (0.5 + 0) / 2, 0])
    assert table.items_R.tolist() == [2, 2, 1]
    assert table.alone_R.tolist() == [0, 0, 1]
    assert ((table.low_R < table.share_R + 1e-12) & (table.share_R < table.high_R)).sum() >= 2


def test_pairs_of_raters_are_counted_on_common_items():
    columns = Columns.from_lists(list("iiijj"), ["ann", "ben", "cleo", "ann", "ben"], list("xxyxy"))

    table = pair_table(columns)

    assert table.common_R_R.tolist() == [[2, 2, 1], [2, 2, 1], [1, 1, 1]]
    assert table.agreed_R_R.tolist() == [[2, 1, 0], [1, 2, 0], [0, 0, 1]]


def test_weights_of_votes_do_not_change_who_agrees():
    frame = pl.DataFrame({"item": list("iijj"), "rater": ["ann", "ben"] * 2, "label": list("xyxx")})
    heavy = frame.with_columns(weight=pl.Series([1.0, 5.0, 2.0, 1.0]))

    assert alpha(Columns.from_frame(heavy)) == alpha(Columns.from_frame(frame))
