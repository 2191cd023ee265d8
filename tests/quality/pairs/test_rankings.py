from __future__ import annotations

import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import kendalltau, multivariate_normal

from assay.errors import TableError
from assay.quality import pairs
from assay.quality.labels.columns import VotesError
from assay.quality.pairs import Pairs, Rankings, ranked
from assay.quality.pairs.pooling import kendall, scores
from assay.quality.pairs.rankings import as_text, read_order, weight_of


def table(*rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row")


def choices(*rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["item", "rater", "label", "shown"], orient="row")


def crowd(seed: int, *, items: int = 30, size: int = 4, raters: int = 6, local: bool = True):
    """Rankings drawn from Plackett–Luce; the last rater reads the question upside down."""
    rng = np.random.default_rng(seed)
    rows, truth = [], {}
    for n in range(items):
        names = [f"c{k}{f'-{n}' if local else ''}" for k in range(size)]
        worth = dict(zip(names, rng.normal(0, 1.5, size), strict=True))
        truth[f"i{n:02}"] = tuple((name,) for name in sorted(names, key=worth.get, reverse=True))
        for r in range(raters):
            order = sorted(names, key=lambda name: -worth[name] - rng.gumbel())
            rows.append((f"i{n:02}", f"r{r}", order[::-1] if r == raters - 1 else order))
    return rows, truth


def read(rows) -> Rankings:
    return Rankings.from_lists(*zip(*rows, strict=True))


def test_an_order_is_read_from_json_and_from_signs():
    assert read_order('["b", ["a", "c"]]') == read_order(" b>a = c ") == (("b",), ("a", "c"))
    assert read_order(as_text((("b",), ("a", "c")))) == (("b",), ("a", "c"))
    assert read_order("[2, 1]") == (("2",), ("1",))


def test_the_last_answer_of_a_rater_to_an_item_counts():
    said = Rankings.from_frame(table(("i", "ann", "a > b"), ("i", "ann", "b > a")))

    assert (said.order_N, said.repeated) == (((("b",), ("a",)),), 1)


def test_what_was_shown_and_not_ranked_is_below_all_that_was():
    frame = table(("i", "ann", "b")).with_columns(shown=pl.lit("a|b|c"))

    found = ranked(Rankings.from_frame(frame))

    assert found.verdicts == {"i": (("b",), ("a", "c"))}


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ('["b"]', "ranks one candidate"),
        ("[]", "is no ranking"),
        ('["b", "a", "b"]', "'b' is ranked twice"),
        ('["b", ["a", "b"]]', "'b' is ranked twice"),
        ('["b", []]', "is no ranking"),
        ('["b", true]', "is no ranking"),
        ('["b", [["a"]]]', "is no ranking"),
        ('["b", "a"', "is no ranking"),
        ("b > > a", "is no ranking"),
    ],
)
def test_what_is_no_ranking_is_refused_with_its_row(label, message):
    with pytest.raises(TableError, match=f"row 2, column 'label': .*{message}"):
        Rankings.from_frame(table(("i", "ann", "a > b"), ("i", "ben", label)))


@pytest.mark.parametrize(
    ("label", "shown", "message"),
    [
        ("z", "a|b", "row 1, column 'label': 'z' is not among what was shown: a, b"),
        ("a", "a", "row 1, column 'shown': 'a' names fewer than two"),
        ("a", "a|a|b", "row 1, column 'shown': .* one of them twice"),
        ("a", '["a", ', "row 1, column 'shown': .* no list of candidates"),
        ("a", "a||b", "row 1, column 'shown': .* no list of candidates"),
        ('["a", "a"]', "a|b", "row 1, column 'label': 'a' is ranked twice"),
    ],
)
def test_what_is_no_choice_is_refused_with_its_row(label, shown, message):
    with pytest.raises(TableError, match=message):
        Rankings.from_choices(choices(("i", "ann", label, shown)))


def test_a_choice_without_what_was_shown_is_refused():
    with pytest.raises(TableError, match="column 'shown'"):
        Rankings.from_choices(table(("i", "ann", "a")))


def test_where_nobody_preferred_anything_there_is_nothing_to_weigh():
    with pytest.raises(VotesError, match="nobody preferred"):
        ranked(Rankings.from_choices(choices(("i", "ann", "none", "a|b"))))


def test_a_ranking_weighs_its_fisher_information():
    """The same as the two ways of reading wholes and choices that were there before."""
    for n in range(2, 8):
        whole = Pairs.from_rankings([("ann", list(range(n)))]).weight_N
        best = Pairs.from_choices([("ann", 0, list(range(n)))]).weight_N

        np.testing.assert_allclose(whole, weight_of(n, 0))
        np.testing.assert_allclose(best, weight_of(1, n - 1))
        # Who ranks all but one has ranked the last one too.
        assert math.isclose(weight_of(n - 1, 1), weight_of(n, 0))


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_weight_is_the_information_of_plackett_and_luce(k):
    """Expected information of ranking the top k of four equals, by summing over all rankings."""
    n = 4
    orders = [order[:k] for order in itertools.permutations(range(n))]
    expected = np.zeros((n, n))
    for order in orders:
        left = list(range(n))
        for best in order:
            share = np.zeros(n)
            share[left] = 1 / len(left)
            expected += (np.diag(share) - np.outer(share, share)) / len(orders)
            left.remove(best)
    comparisons = k * (k - 1) / 2 + k * (n - k)

    assert math.isclose(weight_of(k, n - k) * comparisons / 4 * 2, np.trace(expected))


@pytest.mark.parametrize("method", [pairs.bradley_terry, pairs.crowd_bradley_terry])
def test_a_tie_counts_as_the_two_rankings_that_break_it(method):
    rows = [("i", "ann", ["b", "d", "a", "c"]), ("i", "ben", ["a", "b", "c", "d"])]
    tied = read([*rows, ("i", "cleo", ["b", ["a", "c"], "d"])])
    frame = table(
        *((item, rater, as_text([(name,) for name in order])) for item, rater, order in rows),
        ("i", "cleo", "b > a > c > d"),
        ("i", "cleo2", "b > c > a > d"),
    ).with_columns(weight=pl.Series([1.0, 1.0, 0.5, 0.5]))
    broken = Rankings.from_frame(frame)

    plain = pairs.bradley_terry
    np.testing.assert_allclose(ranked(tied, plain).score_C, ranked(broken, plain).score_C, atol=1e-9)
    assert ranked(tied, method).compared.converged


def test_an_order_with_everything_tied_says_all_are_the_same():
    found = ranked(read([("i", "ann", [["a", "b", "c"]])]))

    assert found.verdicts == {"i": (("a", "b", "c"),)}
    np.testing.assert_allclose(found.best_C, 1 / 3, atol=1e-9)


def plain_scores(said: Rankings, ridge: float) -> dict[tuple[str, str], float]:
    """Score one item after the other by gradient ascent, straight from what was said."""
    found = {}
    for code, item in enumerate(said.items):
        names = sorted({name for i, name in said.cells if i == code})
        score = dict.fromkeys(names, 0.0)
        answers = [
            (order, rest, weight)
            for i, order, rest, weight in zip(
                said.item_N, said.order_N, said.rest_N, said.weight_N, strict=True
            )
            if i == code
        ]
        for _ in range(4_000):
            slope = {name: -ridge * score[name] for name in names}
            for order, rest, weight in answers:
                place = {name: n for n, tied in enumerate(order) for name in tied}
                each = weight * weight_of(len(place), len(rest))
                for a, b in itertools.combinations([*place, *rest], 2):
                    if a in place or b in place:
                        at_a, at_b = place.get(a, math.inf), place.get(b, math.inf)
                        won = 0.5 if at_a == at_b else float(at_a < at_b)
                        gain = each * (won - 1 / (1 + math.exp(score[b] - score[a])))
                        slope[a] += gain
                        slope[b] -= gain
            for name in names:
                score[name] += 0.2 * slope[name]
        found |= {(item, name): score[name] for name in names}
    return found


def test_scores_are_those_of_the_plain_form():
    rows, _ = crowd(3, items=4, raters=4)
    said = read([*rows, ("i00", "new", [["c1-0", "c2-0"], "c0-0"])])

    found = ranked(said, pairs.bradley_terry)

    plain = plain_scores(said, ridge=1.0)
    for item, name, score in zip(found.item_C, found.name_C, found.score_C, strict=True):
        assert abs(score - plain[said.items[item], name]) < 1e-5


def test_many_items_that_never_meet_have_the_deviations_of_each_alone():
    rows, _ = crowd(4, items=600)
    few = [row for row in rows if row[0] in {"i00", "i01"}]

    many = ranked(read(rows), pairs.bradley_terry).candidates()
    alone = ranked(read(few), pairs.bradley_terry).candidates()

    both = alone.join(many, on=["item", "candidate"], suffix="_many")
    assert len(many) > 2_000
    for name in ("score", "sd", "best"):
        np.testing.assert_allclose(both[name], both[f"{name}_many"], atol=1e-6)


def test_who_reads_the_question_upside_down_is_found_across_items():
    rows, truth = crowd(5)

    found = ranked(read(rows))

    assert found.compared.reliability_R[:5].min() > 0.6
    assert found.compared.reliability_R[5] < 0.3
    crowd_score = scores(found.verdicts, truth)
    plain_score = scores(ranked(read(rows), pairs.bradley_terry).verdicts, truth)
    assert crowd_score["Kendall"] > plain_score["Kendall"] + 0.03
    assert crowd_score["accuracy"] >= plain_score["accuracy"]


def test_the_probability_of_the_best_is_rather_modest_than_bold():
    stated, right = [], []
    for seed in range(12):
        rows, truth = crowd(seed + 100, raters=5)
        found = ranked(read(rows[:]))
        stated += found.sure_I.tolist()
        right += [found.verdicts[item][0] == order[0] for item, order in truth.items()]

    assert np.mean(right) - 0.1 < np.mean(stated) < np.mean(right)


def test_the_probability_of_the_best_is_that_of_the_normal_it_stands_for():
    """Against an exact integral: of two, and of three with equal correlations."""
    rows = [("i", "ann", ["a", "b"]), ("i", "ben", ["a", "b"]), ("i", "cleo", ["b", "a"])]
    two = ranked(read(rows), pairs.bradley_terry)
    assert math.isclose(two.best_C[0], two.compared.above(*two.compared.pairs.items), abs_tol=1e-9)

    said = [("i", f"r{n}", order) for n, order in enumerate(itertools.permutations("abc"))]
    three = ranked(read([*said, ("i", "ann", ["a", "b", "c"])]), pairs.bradley_terry)
    apart = np.array([[1, -1, 0], [1, 0, -1]])
    covariance = apart @ three.compared.covariance_I_I @ apart.T
    # P(all distances > 0) of the normal is P(all < 0) of its mirror image.
    exact = multivariate_normal(-apart @ three.score_C, covariance).cdf([0, 0])
    assert abs(three.best_C[0] - exact) < 0.005


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_names_and_the_order_of_rows_change_nothing(seed, random):
    rows, _ = crowd(seed, items=5, size=3, raters=3)
    shuffled = [
        (f"x{9 - int(item[1:])}", f"who{5 - int(rater[1:])}", [f"n{'210'[int(c[1])]}{c[2:]}" for c in order])
        for item, rater, order in random.sample(rows, len(rows))
    ]

    before, after = ranked(read(rows)).candidates(), ranked(read(shuffled)).candidates()

    renamed = before.with_columns(
        item=pl.col("item").map_elements(lambda item: f"x{9 - int(item[1:])}", return_dtype=pl.String),
        candidate=pl.col("candidate").map_elements(
            lambda c: f"n{'210'[int(c[1])]}{c[2:]}", return_dtype=pl.String
        ),
    )
    both = renamed.join(after, on=["item", "candidate"], suffix="_after")
    assert len(both) == len(before)
    for name in ("score", "sd", "best"):
        np.testing.assert_allclose(both[name], both[f"{name}_after"], atol=1e-6)


def test_a_weight_of_two_is_the_answer_given_twice_by_people_alike():
    rows, _ = crowd(8, items=4, size=3, raters=3)
    frame = table(*((item, rater, as_text([(n,) for n in order])) for item, rater, order in rows))
    twice = pl.concat([frame, frame.with_columns(rater=pl.col("rater") + "again")])

    heavy = ranked(Rankings.from_frame(frame.with_columns(weight=pl.lit(2.0))), pairs.bradley_terry)
    double = ranked(Rankings.from_frame(twice), pairs.bradley_terry)

    np.testing.assert_allclose(heavy.score_C, double.score_C, atol=1e-9)
    np.testing.assert_allclose(heavy.sd_C, double.sd_C, atol=1e-9)


def test_one_person_and_one_item_come_to_what_was_said():
    found = ranked(read([("i", "ann", ["b", ["a", "d"], "c"])]))

    assert found.verdicts == {"i": (("b",), ("a", "d"), ("c",))}
    assert 0.25 < found.sure_I[0] < 0.9
    assert 0 < found.doubt_I[0] < 1


def test_the_same_candidates_everywhere_come_to_one_board():
    rows, _ = crowd(6, local=False)
    worth = {"c0": 2, "c1": 1, "c2": 0, "c3": -1}
    rng = np.random.default_rng(6)
    rows = [
        (item, rater, sorted(worth, key=lambda name: -worth[name] - rng.gumbel())) for item, rater, _ in rows
    ]

    found = ranked(read(rows))

    assert [name for name, _, _ in found.board] == ["c0", "c1", "c2", "c3"]
    assert ranked(read(crowd(6)[0])).overall is None
    # One item is no board: its ranking is that already.
    assert ranked(read(rows[:6])).board == ()


def test_none_is_good_says_nothing_of_which_is_better():
    said = [("i", "ann", "a", "a|b"), ("i", "ben", "none", "a|b"), ("i", "cleo", "all bad", "a|b")]
    alone = Rankings.from_choices(choices(*said[:1]))
    found = ranked(Rankings.from_choices(choices(*said)), pairs.bradley_terry)

    np.testing.assert_allclose(found.score_C, ranked(alone, pairs.bradley_terry).score_C)
    assert math.isclose(found.none_I[0], 2 / 3)
    assert found.none_sure_I[0] > 0.5


def test_all_the_same_draws_scores_together():
    said = [("i", "ann", "a", "a|b"), ("i", "ben", "tie", "a|b")]

    alone = ranked(Rankings.from_choices(choices(said[0])), pairs.bradley_terry)
    found = ranked(Rankings.from_choices(choices(*said)), pairs.bradley_terry)

    assert 0 < found.score_C[0] < alone.score_C[0]


def test_a_candidate_may_be_called_tie_or_none():
    said = Rankings.from_choices(choices(("i", "ann", "none", "none|tie"), ("i", "ben", "tie", "none|tie")))

    assert said.order_N == ((("none",),), (("tie",),))


def test_choices_come_to_the_scores_of_the_comparisons_they_imply():
    said = [("ann", "b", "abc"), ("ben", "b", "abc"), ("cleo", "a", "abc")]
    frame = choices(*(("i", who, best, "|".join(shown)) for who, best, shown in said))

    found = ranked(Rankings.from_choices(frame), pairs.bradley_terry)

    implied = pairs.bradley_terry(Pairs.from_choices([(who, best, list(shown)) for who, best, shown in said]))
    np.testing.assert_allclose(found.score_C, implied.score_I, atol=1e-9)
    assert expit(found.score_C[1] - found.score_C[0]) > 0.5


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=7), st.data())
def test_kendall_is_scipys(one, data):
    other = data.draw(st.lists(st.integers(0, 4), min_size=len(one), max_size=len(one)))

    def order(places):
        levels = [[f"c{n}" for n, at in enumerate(places) if at == level] for level in sorted(set(places))]
        return tuple(map(tuple, levels))

    ours, theirs = kendall(order(one), order(other)), kendalltau(one, other).statistic
    assert (ours is None and math.isnan(theirs)) or math.isclose(ours, theirs, abs_tol=1e-12)


def test_borda_counts_what_each_is_placed_above():
    said = read(
        [("i", "ann", ["a", "b", "c"]), ("i", "ben", ["a", "c", "b"]), ("i", "cleo", ["b", "a", "c"])]
    )

    assert pairs.borda(said) == {"i": (("a",), ("b",), ("c",))}


def test_gold_may_name_the_first_alone():
    found = scores({"i": (("b",), ("a",)), "j": (("a", "b"),)}, {"i": (("b",),), "j": (("b",),)})

    assert found == {"accuracy": 0.75}
