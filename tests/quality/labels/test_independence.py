from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from assay.quality import Columns, hierarchical, independence, majority


def dawid_skene_crowd(seed, *, items, raters, hard=0.0):
    """Five votes an item; on a share of `hard` items everybody guesses more, and the harder the more."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=items)
    right = rng.beta(8, 2, size=raters)
    ease = np.where(rng.random(items) < hard, rng.random(items) * 0.3, 1.0)
    cast = []
    for item in range(items):
        for rater in rng.choice(raters, 5, replace=False):
            knows = rng.random() < ease[item]
            said = truth[item] if rng.random() < (right[rater] if knows else 0.5) else 1 - truth[item]
            cast.append((str(item), str(rater), str(said)))
    return Columns.from_lists(*zip(*cast, strict=True))


def plain_independence(result):
    """The slope of each vote's log-probability in the power of all other evidence, vote by vote."""
    columns = result.columns
    posterior, labels = result.posterior_I_K, range(len(columns.labels))
    share = (posterior.sum(axis=0) + 1) / (len(posterior) + len(labels))
    slopes = np.zeros(len(posterior))
    for item, rater, given in zip(columns.item_N, columns.rater_N, columns.label_N, strict=True):
        filled = result.counts_R_K_K[rater] + result.prior_R_K_K[0]
        rest = [posterior[item][k] / result.confusion_R_K_K[rater][k][given] for k in labels]
        rest = [value / sum(rest) for value in rest]
        answer = [
            (filled[k][given] - posterior[item][k]) / (filled[k].sum() - posterior[item][k]) for k in labels
        ]
        both = [p * q for p, q in zip(rest, answer, strict=True)]
        both = [value / sum(both) for value in both]
        slopes[item] += sum((both[k] - rest[k]) * np.log(rest[k] / share[k]) for k in labels)
    z = slopes.sum() / np.sqrt((slopes**2).sum())
    cell = len(columns) / (len(columns.raters) * len(labels) ** 2)
    return min(1, 2 * norm.cdf(z)) * cell / (cell + 5)


@pytest.mark.parametrize("hard", [0.0, 0.5])
def test_it_agrees_with_the_loops(hard):
    result = hierarchical(dawid_skene_crowd(1, items=150, raters=10, hard=hard))

    assert independence(result) == pytest.approx(plain_independence(result), rel=1e-6)


def test_raters_who_obey_the_model_are_believed_where_they_gave_many_votes():
    believed = [
        independence(hierarchical(dawid_skene_crowd(2, items=1000, raters=raters)))
        for raters in (10, 100, 1000)
    ]

    assert min(believed[:2]) > 0.6
    assert believed[2] < 0.3


def test_where_half_the_items_are_hard_the_model_is_not_believed():
    believed = [
        independence(hierarchical(dawid_skene_crowd(seed, items=2000, raters=20, hard=0.5)))
        for seed in range(3)
    ]

    assert max(believed) < 0.5


def test_a_method_without_matrices_is_refused():
    columns = Columns.from_lists(["i"], ["ann"], ["yes"])

    with pytest.raises(ValueError, match="majority has no confusion matrices"):
        independence(majority(columns))
