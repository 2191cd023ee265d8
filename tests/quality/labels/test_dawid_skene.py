from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.quality import Columns, dawid_skene, dawid_skene_em, majority


def plain_dawid_skene(votes, rounds: int, right=3.0, wrong=1.0, often=1.0) -> dict[str, dict[str, float]]:
    """Dawid and Skene's algorithm in loops, with the same prior: 3 on the diagonal, 1 off; or none."""
    items = sorted({item for item, _, _ in votes})
    raters = sorted({rater for _, rater, _ in votes})
    labels = sorted({label for _, _, label in votes})
    belief = {}
    for item in items:
        counts = {k: sum(i == item and label == k for i, _, label in votes) for k in labels}
        belief[item] = {k: count / sum(counts.values()) for k, count in counts.items()}
    for _ in range(rounds):
        theta = dict.fromkeys(((r, k, lab) for r in raters for k in labels for lab in labels), 0.0)
        for item, rater, label in votes:
            for k in labels:
                theta[rater, k, label] += belief[item][k]
        for r, k, lab in theta:
            if any(theta[r, other, lab] > 0 for other in labels):
                theta[r, k, lab] = max(theta[r, k, lab], 1e-10)
        for r, k, lab in theta:
            theta[r, k, lab] += right if k == lab else wrong
        for r in raters:
            for k in labels:
                total = sum(theta[r, k, lab] for lab in labels)
                for lab in labels:
                    theta[r, k, lab] /= total
        share = {
            k: max((sum(belief[i][k] for i in items) + often) / (len(items) + often * len(labels)), 1e-10)
            for k in labels
        }
        for item in items:
            logs = {
                k: math.log(share[k]) + sum(math.log(theta[r, k, lab]) for i, r, lab in votes if i == item)
                for k in labels
            }
            top = max(logs.values())
            odds = {k: math.exp(value - top) for k, value in logs.items()}
            belief[item] = {k: value / sum(odds.values()) for k, value in odds.items()}
    return belief


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_fast_form_agrees_with_the_loops(votes_of, columns_of, seed, labels):
    votes = votes_of(seed, labels=labels)

    result = dawid_skene(columns_of(votes), tolerance=0, max_iterations=7)

    plain = plain_dawid_skene(votes, rounds=7)
    expected = [[plain[item][label] for label in result.columns.labels] for item in result.columns.items]
    np.testing.assert_allclose(result.posterior_I_K, expected, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_without_a_prior_it_is_what_dawid_and_skene_wrote(votes_of, columns_of, seed):
    votes = votes_of(seed)

    result = dawid_skene_em(columns_of(votes), tolerance=0, max_iterations=7)

    plain = plain_dawid_skene(votes, rounds=7, right=0.0, wrong=0.0, often=0.0)
    expected = [[plain[item][label] for label in result.columns.labels] for item in result.columns.items]
    np.testing.assert_allclose(result.posterior_I_K, expected, atol=1e-8)


def test_without_a_prior_the_numbers_are_those_of_crowd_kit(columns_of):
    """Its `DawidSkene(n_iter=6, tol=-inf)`, version 1.4.2, on the same votes."""
    said = {
        "i0": {"r0": 2, "r1": 2, "r2": 0, "r3": 2},
        "i1": {"r2": 2, "r3": 2, "r4": 2},
        "i2": {"r1": 1, "r3": 2, "r4": 2},
        "i3": {"r0": 2, "r1": 2, "r2": 0, "r3": 0, "r4": 2},
        "i4": {"r0": 0, "r1": 1, "r2": 1, "r4": 1},
        "i5": {"r1": 1, "r2": 1, "r3": 2, "r4": 1},
        "i6": {"r0": 1, "r1": 2, "r2": 0, "r3": 0, "r4": 0},
        "i7": {"r2": 1, "r3": 1, "r4": 0},
    }
    votes = [(item, rater, str(label)) for item, own in said.items() for rater, label in own.items()]

    result = dawid_skene_em(columns_of(votes), tolerance=0, max_iterations=6)

    theirs = [[0, 0, 1], [0, 0, 1], [0, 0.00717, 0.99283], [0, 0, 1], [0, 1, 0], [0, 1, 0], [1, 0, 0]]
    np.testing.assert_allclose(result.posterior_I_K, [*theirs, [0, 1, 0]], atol=1e-6)


def test_without_a_prior_a_single_vote_each_teaches_nothing_but_the_most_common_label():
    given = ["b", "b", "a", "b", "b", "b", "a", "a", "b"]
    votes = Columns.from_lists([str(n // 3) for n in range(9)], [str(n) for n in range(9)], given)

    bare, held = dawid_skene_em(votes), dawid_skene(votes)

    assert set(bare.verdicts.values()) == {"b"}
    assert held.verdicts["2"] == "a"


def test_skilled_people_outvote_a_careless_majority(columns_of):
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=300)
    accuracy = {"ann": 0.95, "ben": 0.95, "coin1": 0.5, "coin2": 0.5, "coin3": 0.5}
    votes = [
        (str(item), name, str(truth[item] if rng.random() < p else 1 - truth[item]))
        for item in range(300)
        for name, p in accuracy.items()
    ]
    columns = columns_of(votes)

    hits = {
        method.__name__: sum(method(columns).verdicts[str(item)] == str(truth[item]) for item in range(300))
        for method in (dawid_skene, majority)
    }

    assert hits["dawid_skene"] > hits["majority"] + 20


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_renaming_and_reordering_change_nothing_but_names(votes_of, columns_of, seed, data):
    votes = votes_of(seed, items=12, raters=5)
    order = data.draw(st.permutations(range(len(votes))))
    renamed = [(f"x{v[0]}", f"y{v[1]}", f"z{v[2]}") for v in (votes[place] for place in order)]

    before, after = dawid_skene(columns_of(votes)), dawid_skene(columns_of(renamed))

    assert {f"x{item}": f"z{label}" for item, label in before.verdicts.items()} == after.verdicts


@pytest.mark.parametrize("method", [dawid_skene, dawid_skene_em])
@settings(max_examples=25, deadline=None)
@given(
    votes=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("rstu"), st.sampled_from(["0", "1", "2"])),
        min_size=1,
        max_size=30,
    )
)
def test_any_votes_give_rows_that_sum_to_one_and_no_nan(columns_of, method, votes):
    result = method(columns_of(votes))

    assert np.isfinite(result.posterior_I_K).all()
    np.testing.assert_allclose(result.posterior_I_K.sum(axis=1), 1)


def test_one_person_and_one_item_is_enough():
    result = dawid_skene(Columns.from_lists(["i"], ["ann"], ["yes"]))

    assert result.verdicts == {"i": "yes"}
    assert result.posterior_I_K.tolist() == [[1.0]]


def test_it_says_when_it_had_to_stop_before_coming_to_rest(votes_of, columns_of):
    assert not dawid_skene(columns_of(votes_of(3)), tolerance=0, max_iterations=3).converged
