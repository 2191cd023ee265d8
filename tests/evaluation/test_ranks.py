from __future__ import annotations

import numpy as np
import pytest

from assay.evaluation.ranks import rank_sets, rank_sets_plain


def errors(rng, models):
    root = rng.normal(0, 0.1, (models, models))
    return root @ root.T + np.eye(models) * 0.01


@pytest.mark.parametrize("seed", range(4))
def test_the_fast_decisions_are_those_pair_by_pair(seed):
    rng = np.random.default_rng(seed)
    theta, covariance = rng.normal(0, 1, 7), errors(rng, 7)

    fast = rank_sets(theta, covariance, np.random.default_rng(1), draws=4000)
    plain = rank_sets_plain(theta, covariance, np.random.default_rng(2), draws=4000)

    assert fast.critical == pytest.approx(plain.critical, rel=0.05)
    assert np.mean(fast.above_M_M != plain.above_M_M) <= 2 / 49


def test_in_at_most_one_of_twenty_boards_is_any_rank_wrong():
    rng, wrong = np.random.default_rng(0), 0
    theta = np.repeat([0.0, 0.6, 1.2, 1.2], 3)
    truth = theta[:, None] > theta[None, :]
    for _ in range(400):
        covariance = errors(rng, 12)
        found = rank_sets(rng.multivariate_normal(theta, covariance), covariance, rng, draws=500)
        wrong += bool((found.above_M_M & ~truth).any())

    assert wrong / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


def test_trying_again_decides_at_least_what_one_step_would():
    rng = np.random.default_rng(3)
    theta, covariance = np.arange(8.0), np.eye(8) * 0.09
    one_step = np.abs(theta[:, None] - theta) > 4.4 * np.sqrt(0.18)

    found = rank_sets(theta, covariance, rng)

    assert np.all((found.above_M_M | found.above_M_M.T) >= one_step)
    assert found.critical < 4


def test_models_without_any_difference_may_hold_every_rank():
    found = rank_sets(np.zeros(6), np.eye(6), np.random.default_rng(0))

    assert found.low_M.tolist() == [1] * 6
    assert found.high_M.tolist() == [6] * 6


def test_few_clusters_leave_more_ranks_open():
    theta, covariance = np.linspace(0, 2, 10), np.eye(10) * 0.01
    few, many = (
        rank_sets(theta, covariance, np.random.default_rng(0), freedom=freedom) for freedom in (4, None)
    )

    assert few.above_M_M.sum() < many.above_M_M.sum()


def test_a_hundred_models_take_milliseconds(yardsticks):
    rng = np.random.default_rng(0)
    theta, covariance = rng.normal(0, 0.6, 100), np.eye(100) * 0.002

    assert yardsticks(lambda: rank_sets(theta, covariance, rng)) < 35
