from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.quality import Columns, dawid_skene, majority


def crowd(seed: int, *, items: int = 40, raters: int = 8, labels: int = 3, votes: int = 5) -> list[tuple]:
    """Votes of raters who are right 70 % of the time, on random labels."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(labels, size=items)
    return [
        (f"i{item}", f"r{rater}", str(truth[item] if rng.random() < 0.7 else rng.integers(labels)))
        for item in range(items)
        for rater in rng.choice(raters, size=min(votes, raters), replace=False)
    ]


def columns_of(votes) -> Columns:
    return Columns.from_lists(*zip(*votes, strict=True))


def plain_dawid_skene(votes, rounds: int) -> dict[str, dict[str, float]]:
    """Dawid and Skene's algorithm in loops, with the same prior: 3 on the diagonal, 1 off."""
    items = sorted({item for item, _, _ in votes})
    raters = sorted({rater for _, rater, _ in votes})
    labels = sorted({label for _, _, label in votes})
    belief = {}
    for item in items:
        counts = {k: sum(i == item and label == k for i, _, label in votes) for k in labels}
        belief[item] = {k: count / sum(counts.values()) for k, count in counts.items()}
    for _ in range(rounds):
        theta = {(r, k, lab): 3.0 if k == lab else 1.0 for r in raters for k in labels for lab in labels}
        for item, rater, label in votes:
            for k in labels:
                theta[rater, k, label] += belief[item][k]
        for r in raters:
            for k in labels:
                total = sum(theta[r, k, lab] for lab in labels)
                for lab in labels:
                    theta[r, k, lab] /= total
        share = {k: (sum(belief[i][k] for i in items) + 1) / (len(items) + len(labels)) for k in labels}
        for item in items:
            logs = {
                k: math.log(share[k]) + sum(math.log(theta[r, k, lab]) for i, r, lab in votes if i == item)
                for k in labels
            }
            top = max(logs.values())
            odds = {k: math.exp(value - top) for k, value in logs.items()}
            belief[item] = {k: value / sum(odds.values()) for k, value in odds.items()}
    return belief


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_form_agrees_with_the_loops(seed):
    votes = crowd(seed)

    result = dawid_skene(columns_of(votes), tolerance=0, max_iterations=7)

    plain = plain_dawid_skene(votes, rounds=7)
    expected = [[plain[item][label] for label in result.columns.labels] for item in result.columns.items]
    np.testing.assert_allclose(result.posterior_I_K, expected, atol=1e-9)


def test_skilled_people_outvote_a_careless_majority():
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
def test_renaming_and_reordering_change_nothing_but_names(seed, data):
    votes = crowd(seed, items=12, raters=5)
    order = data.draw(st.permutations(range(len(votes))))
    renamed = [(f"x{v[0]}", f"y{v[1]}", f"z{v[2]}") for v in (votes[place] for place in order)]

    before, after = dawid_skene(columns_of(votes)), dawid_skene(columns_of(renamed))

    assert {f"x{item}": f"z{label}" for item, label in before.verdicts.items()} == after.verdicts


@settings(max_examples=25, deadline=None)
@given(
    votes=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("rstu"), st.sampled_from(["0", "1", "2"])),
        min_size=1,
        max_size=30,
    )
)
def test_any_votes_give_rows_that_sum_to_one_and_no_nan(votes):
    result = dawid_skene(columns_of(votes))

    assert np.isfinite(result.posterior_I_K).all()
    np.testing.assert_allclose(result.posterior_I_K.sum(axis=1), 1)


def test_one_person_and_one_item_is_enough():
    result = dawid_skene(Columns.from_lists(["i"], ["ann"], ["yes"]))

    assert result.verdicts == {"i": "yes"}
    assert result.posterior_I_K.tolist() == [[1.0]]


def test_it_says_when_it_had_to_stop_before_coming_to_rest():
    assert not dawid_skene(columns_of(crowd(3)), tolerance=0, max_iterations=3).converged
