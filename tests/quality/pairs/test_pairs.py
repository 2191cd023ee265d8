from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from assay import tables
from assay.errors import TableError
from assay.quality import pairs
from assay.quality.labels.columns import VotesError
from assay.quality.pairs import Pairs

METHODS = [pairs.bradley_terry, pairs.crowd_bradley_terry]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def crowd(seed: int, *, items: int = 8, raters: int = 6, votes: int = 120, ties: float = 0.15):
    """Comparisons by raters of whom the last reads the question upside down, and the true scores."""
    rng = np.random.default_rng(seed)
    score = rng.normal(0, 1.5, items)
    rows = []
    for _ in range(votes):
        (i, j), r = rng.choice(items, 2, replace=False), rng.integers(raters)
        wins = rng.random() < 1 / (1 + math.exp(score[j] - score[i]))
        if r == raters - 1:
            wins = not wins
        label = "tie" if rng.random() < ties else f"i{i if wins else j}"
        rows.append((f"i{i}", f"i{j}", label, f"r{r}"))
    return rows, score


def pairs_of(rows) -> Pairs:
    return Pairs.from_lists(*zip(*rows, strict=True))


def numbers_of(result):
    return [
        result.score_I,
        result.sd_I,
        result.reliability_R,
        result.reliability_low_R,
        result.reliability_high_R,
    ]


# The plain form: the same model, one comparison at a time, by gradient ascent.


def plain_crowd(read: Pairs, rounds: int, *, ridge: float, right: float, wrong: float):
    """CrowdBT's EM in loops; scores by slow, sure gradient ascent."""
    rows = list(zip(read.left_N, read.right_N, read.score_N, read.rater_N, strict=True))
    score, eta = [0.0] * len(read.items), [0.9] * len(read.raters)
    sigma = lambda gap: 1 / (1 + math.exp(-gap))  # noqa: E731 - one line of mathematics
    for _ in range(rounds):
        meant, decided, target = [0.0] * len(eta), [0] * len(eta), []
        for i, j, said, r in rows:
            p, e = sigma(score[i] - score[j]), eta[r]
            if_left = e * p / (e * p + (1 - e) * (1 - p))
            if_right = e * (1 - p) / (e * (1 - p) + (1 - e) * p)
            target.append(said * if_left + (1 - said) * (1 - if_right))
            if said != 0.5:
                decided[r] += 1
                meant[r] += if_left if said == 1 else if_right
        eta = [
            min(max((m + right - 1) / (n + right + wrong - 2), 1e-3), 1 - 1e-3)
            for m, n in zip(meant, decided, strict=True)
        ]
        for _ in range(40):
            gradient = [-ridge * s for s in score]
            for (i, j, _, _), goal in zip(rows, target, strict=True):
                surplus = goal - sigma(score[i] - score[j])
                gradient[i] += surplus
                gradient[j] -= surplus
            score = [s + 0.05 * g for s, g in zip(score, gradient, strict=True)]
    return score, meant, decided


@pytest.mark.parametrize("seed", range(3))
def test_the_fast_form_agrees_with_the_loops(seed):
    read = pairs_of(crowd(seed, items=5, votes=60)[0])

    result = pairs.crowd_bradley_terry(read, tolerance=1e-10, max_iterations=2000)

    score, meant, decided = plain_crowd(read, 400, ridge=0.3, right=4, wrong=1)
    np.testing.assert_allclose(result.score_I, score, atol=1e-4)
    eta = (np.array(meant) + 4) / (np.array(decided) + 5)
    np.testing.assert_allclose(result.reliability_R, eta, atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_with_everybody_reliable_the_two_methods_are_one(seed):
    read = pairs_of(crowd(seed, raters=5)[0])

    plain = pairs.bradley_terry(read, ridge=0.3)
    trusting = pairs.crowd_bradley_terry(read, right=1e9, wrong=1)

    np.testing.assert_allclose(trusting.score_I, plain.score_I, atol=0.02)


def test_the_scores_are_where_the_posterior_is_flat():
    read = pairs_of(crowd(7)[0])

    score_I = pairs.bradley_terry(read, ridge=1).score_I

    slope = -score_I
    for i, j, said, w in zip(read.left_N, read.right_N, read.score_N, read.weight_N, strict=True):
        surplus = w * (said - 1 / (1 + math.exp(score_I[j] - score_I[i])))
        slope[i] += surplus
        slope[j] -= surplus
    np.testing.assert_allclose(slope, 0, atol=1e-8)


def test_conjugate_gradients_find_the_same_scores_as_the_dense_solution(monkeypatch):
    read = pairs_of(crowd(5, items=30, votes=400)[0])
    dense = pairs.crowd_bradley_terry(read)

    module = sys.modules["assay.quality.pairs.bradley_terry"]
    monkeypatch.setattr(module, "DENSE", 10)
    monkeypatch.setattr(module, "DIRECT", 10)
    large = pairs.crowd_bradley_terry(read)

    np.testing.assert_allclose(large.score_I, dense.score_I, atol=1e-5)
    assert large.covariance_I_I is None
    assert "leave out" in large.notes[-1]


# What holds for every method.


@every_method
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_renaming_reordering_and_swapping_sides_change_nothing_but_names(method, seed, data):
    rows, _ = crowd(seed, votes=50)
    kept = {
        (rater, *sorted([left, right])): (left, right, label, rater) for left, right, label, rater in rows
    }
    rows = list(kept.values())
    order = data.draw(st.permutations(range(len(rows))))
    new = {"tie": "tie", **{f"i{n}": f"x{9 - n}" for n in range(8)}}
    other = [(new[rows[n][1]], new[rows[n][0]], new[rows[n][2]], f"y{rows[n][3]}") for n in order]

    before, after = method(pairs_of(rows)), method(pairs_of(other))

    expected = {new[item]: score for item, score in before.verdicts.items()}
    assert after.verdicts == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(after.reliability_R, before.reliability_R, atol=1e-4)


@every_method
@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([("a", "b"), ("b", "c"), ("a", "c"), ("d", "e")]),
            st.sampled_from([0, 1, None]),
            st.sampled_from("rst"),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_any_comparisons_give_finite_numbers(method, rows):
    read = pairs_of([(*two, "tie" if won is None else two[won], rater) for two, won, rater in rows])

    result = method(read)

    assert all(np.isfinite(numbers).all() for numbers in numbers_of(result))
    assert (result.reliability_low_R <= result.reliability_R).all()
    assert (result.reliability_R <= result.reliability_high_R).all()
    assert (
        result.beats("a", "b") + result.beats("b", "a") == pytest.approx(1)
        if "a" in read.items and "b" in read.items
        else True
    )


@every_method
def test_one_comparison_is_enough_and_a_tie_leaves_them_equal(method):
    won = method(pairs_of([("a", "b", "b", "ann")]))
    tied = method(pairs_of([("a", "b", "tie", "ann")]))

    assert won.ranking == ("b", "a")
    assert tied.score_I.tolist() == pytest.approx([0, 0])
    assert tied.ranking == ("a", "b"), "equal scores stand in the order of their names"


@every_method
def test_an_item_that_wins_everything_keeps_a_finite_score(method):
    result = method(pairs_of([("a", "b", "a", f"r{n}") for n in range(50)]))

    assert 1 < result.score_I[0] < 10


@every_method
def test_groups_that_never_met_are_said_to_be_apart(method):
    result = method(pairs_of([("a", "b", "a", "ann"), ("c", "d", "c", "ben")]))

    assert "2 groups" in result.notes[0]


# What each is for.


def test_a_rater_who_reads_the_question_upside_down_is_found_and_turned_round():
    rows, score = crowd(3, items=12, votes=900)

    plain, modelled = (method(pairs_of(rows)) for method in METHODS)

    order = [int(item[1:]) for item in plain.pairs.items]
    found = [kendalltau(result.score_I, score[order])[0] for result in (plain, modelled)]
    assert found[1] >= found[0]
    assert modelled.reliability_high_R[-1] < 0.5
    assert modelled.reliability_low_R[:-1].min() > 0.5


def test_ties_say_nothing_of_a_rater():
    rows, _ = crowd(1, ties=0)
    rows += [(f"i{n}", f"i{m}", "tie", "shrug") for n in range(8) for m in range(n)]

    result = pairs.crowd_bradley_terry(pairs_of(rows))

    assert result.reliability_R[result.pairs.raters.index("shrug")] == pytest.approx(0.8)


def test_intervals_of_gaps_hold_about_as_often_as_they_say():
    held = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        score = rng.normal(0, 1, 10)
        rows = []
        for n in range(500):
            i, j = rng.choice(10, 2, replace=False)
            wins = rng.random() < 1 / (1 + math.exp(score[j] - score[i]))
            rows.append((f"i{i}", f"i{j}", f"i{i if wins else j}", f"r{n}"))
        result = pairs.bradley_terry(pairs_of(rows))
        for i in range(10):
            for j in range(i):
                gap, variance = result._gap(f"i{i}", f"i{j}")
                held.append(abs(gap - (score[i] - score[j])) < 1.96 * math.sqrt(variance))

    assert 0.91 <= np.mean(held) <= 0.98


def test_a_preferred_side_is_found_and_fair_sides_are_cleared():
    rng = np.random.default_rng(0)
    rows = [(f"i{i}", f"i{j}", f"i{i}" if rng.random() < p else f"i{j}", f"{kind}{n % 20}")
            for kind, p in (("fair", 0.5), ("left", 0.7))
            for n in range(600) for i, j in [rng.choice(8, 2, replace=False)]]  # fmt: skip

    fair, left = (
        pairs.side_bias(pairs_of([row for row in rows if row[3].startswith(kind)]))
        for kind in ("fair", "left")
    )

    assert fair.low < 0 < fair.high
    assert fair.p_value > 0.05
    assert 0.65 < left.left_share < 0.75
    assert left.p_value < 1e-6


# Rankings and choices.


def test_a_ranking_carries_the_information_of_plackett_luce_among_equals():
    for size in (2, 3, 6):
        weights = Pairs.from_rankings([("ann", [f"i{n}" for n in range(size)])]).weight_N
        # Information about one's own score, summed over items: ¼ on either side of each pair, and
        # Σ (1 − 1/m) for the stages of Plackett–Luce at equal strengths.
        assert weights.sum() / 2 == pytest.approx(sum(1 - 1 / m for m in range(2, size + 1)))


def test_one_persons_long_ranking_does_not_outweigh_several_people():
    ranked = [("ann", ["a", "b", "c", "d", "e", "f"])]
    reverse = [(f"r{n}", ["f", "a"]) for n in range(3)]

    assert pairs.bradley_terry(Pairs.from_rankings(ranked + reverse)).beats("f", "a") > 0.5


def test_a_best_of_four_counts_the_winner_above_the_rest():
    result = pairs.bradley_terry(Pairs.from_choices([("ann", "c", "abcd"), ("ben", "c", "abcd")]))

    assert result.ranking[0] == "c"
    assert result.score_I[[0, 1, 3]].tolist() == pytest.approx([result.score_I[0]] * 3)


@pytest.mark.parametrize("shown", [["a"], ["a", "a"], []])
def test_a_ranking_of_nothing_or_of_one_twice_is_refused(shown):
    with pytest.raises(VotesError, match="fewer than two items, or one of them twice"):
        Pairs.from_rankings([("ann", shown)])


def test_a_choice_of_what_was_not_shown_is_refused():
    with pytest.raises(VotesError, match="'ann' chose 'z', which is not among what was shown"):
        Pairs.from_choices([("ann", "z", ["a", "b"])])


# What is refused, and how.


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("a", "a", "a", "ann"), "row 2, column 'right': 'a' is compared with itself"),
        (("a", "b", "c", "ann"), "row 2, column 'label': 'c' is neither 'a' nor 'b' nor 'tie'"),
        (("a", "b", None, "ann"), "row 2, column 'label': the cell is empty"),
        (("a", "b", "a", " "), "row 2, column 'rater': the cell is empty"),
    ],
)
def test_a_bad_row_is_refused_with_its_row_and_column(row, said):
    with pytest.raises(TableError, match=said):
        pairs_of([("a", "b", "a", "ann"), row])


@pytest.mark.parametrize("weight", ["0", "nan", "-1", "much"])
def test_a_weight_that_is_no_positive_number_is_refused(weight):
    frame = pl.DataFrame(
        {"left": ["a"], "right": ["b"], "label": ["a"], "rater": ["ann"], "weight": [weight]}
    )

    with pytest.raises(TableError, match="row 1, column 'weight'"):
        Pairs.from_frame(frame)


def test_no_comparisons_are_refused():
    with pytest.raises(VotesError, match="there are no answers"):
        Pairs.from_lists([], [], [], [])


def test_of_two_comparisons_of_the_same_two_the_last_counts_whichever_the_side():
    read = pairs_of([("a", "b", "a", "ann"), ("b", "a", "b", "ann")])

    assert (len(read), read.repeated) == (1, 1)
    assert pairs.bradley_terry(read).ranking == ("b", "a")


# Real crowds.

CROWDS = ("music_pairs", "pair_valence", "pair_wordsim")


def real(shared, name):
    table = tables.read(shared(f"truth/{name}/labels.parquet").read_bytes(), "labels.parquet")
    gold = tables.read(shared(f"truth/{name}/gold.parquet").read_bytes(), "gold.parquet")
    return Pairs.from_frame(table.rename({"worker": "rater"})), dict(gold.iter_rows())


def part_of(read: Pairs, kept_N) -> Pairs:
    names = ("left_N", "right_N", "rater_N", "score_N", "weight_N")
    return replace(read, **{name: getattr(read, name)[kept_N] for name in names})


def held_out_accuracy(read: Pairs, method, splits: int) -> float:
    """Accuracy on the votes of held-out raters: 5 folds, ties left out, equal scores half, mean of splits."""
    found = []
    for seed in range(splits):
        fold_R = np.random.default_rng(100 + seed).permutation(len(read.raters)) % 5
        for fold in range(5):
            out_N = fold_R[read.rater_N] == fold
            rest, test = part_of(read, ~out_N), part_of(read, out_N & (read.score_N != 0.5))
            score_I = method(rest).score_I
            gap_N = np.round(score_I[test.left_N] - score_I[test.right_N], 9)
            found += [*np.where(gap_N == 0, 0.5, (gap_N > 0) == (test.score_N == 1)).tolist()]
    return float(np.mean(found))


@pytest.mark.slow
def test_on_three_real_crowds_scores_agree_with_gold_and_predict_votes_held_out(shared):
    kendall, accuracy = [], {method: [] for method in METHODS}
    for name in CROWDS:
        read, gold = real(shared, name)
        known = [place for place, item in enumerate(read.items) if item in gold]
        right = [gold[read.items[place]] for place in known]
        kendall.append(kendalltau(pairs.crowd_bradley_terry(read).score_I[known], right)[0])
        for method in METHODS:
            accuracy[method].append(held_out_accuracy(read, method, splits=10))

    assert np.mean(kendall) >= 0.665
    assert np.mean(accuracy[pairs.crowd_bradley_terry]) >= 0.813
    assert np.mean(accuracy[pairs.crowd_bradley_terry]) > np.mean(accuracy[pairs.bradley_terry]) + 0.003
