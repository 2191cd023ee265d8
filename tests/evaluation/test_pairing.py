from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from assay.evaluation import pairing
from assay.evaluation.pairing import FLOOR, decisive, draw, settled, uniform


def test_the_policy_is_a_law_and_leaves_every_pair_a_chance():
    rng = np.random.default_rng(0)
    policy = decisive(rng.normal(0, 0.6, 12), np.eye(12) * 0.02)
    above = policy[np.triu_indices(12, 1)]

    assert policy.sum() == pytest.approx(1)
    assert above.min() >= FLOOR / 66 * 0.999
    assert np.all(np.tril(policy) == 0)


def test_pairs_that_are_settled_get_little_and_costly_ones_less():
    theta, covariance = np.array([3.0, 0.2, 0.0]), np.eye(3) * 0.02
    cost = np.ones((3, 3))
    cost[1, 2] = 20

    plain, dear = decisive(theta, covariance), decisive(theta, covariance, cost_M_M=cost)

    assert plain[1, 2] > plain[0, 1]
    assert dear[1, 2] < plain[1, 2]


def test_the_propensity_that_is_logged_is_how_often_the_draw_comes():
    rng, policy = np.random.default_rng(1), decisive(np.array([0.5, 0.1, 0.0]), np.eye(3) * 0.05)
    seen = np.zeros((3, 4), int)
    drawn = [draw(policy, seen, rng) for _ in range(6000)]
    key = {}
    for one in drawn:
        key.setdefault((*sorted((one.a, one.b)), one.item), []).append(one.propensity)

    for logged in key.values():
        assert len(logged) / 6000 == pytest.approx(logged[0], abs=4 * np.sqrt(logged[0] / 6000))
    assert np.mean([one.a < one.b for one in drawn]) == pytest.approx(0.5, abs=0.03)


def test_no_prompt_gets_more_than_its_share_of_a_models_votes():
    rng, seen = np.random.default_rng(2), np.zeros((4, 300), int)
    for _ in range(3000):
        one = draw(uniform(4), seen, rng)
        seen[[one.a, one.b], one.item] += 1

    assert (seen.max(axis=1) <= np.ceil(0.01 * seen.sum(axis=1)) + 1).all()


@pytest.mark.slow
def test_decisive_draws_settle_at_least_as_many_pairs_as_uniform_ones():
    """30 models, two votes on each pair first, batches of 500 up to 6,000."""
    shares: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(6):
        for clever, found_shares in shares.items():
            rng = np.random.default_rng(seed)
            theta = rng.normal(0, 0.6, 30)
            a_P, b_P = np.triu_indices(30, 1)
            votes, wins = np.full(435, 2.0), rng.binomial(2, expit(theta[a_P] - theta[b_P])).astype(float)
            while votes.sum() < 6000:
                found, covariance = fit(votes, wins, a_P, b_P)
                policy = decisive(found, covariance) if clever else uniform(30)
                more = rng.multinomial(500, policy[a_P, b_P] / policy[a_P, b_P].sum())
                votes, wins = votes + more, wins + rng.binomial(more, expit(theta[a_P] - theta[b_P]))
            found_shares.append(settled(*fit(votes, wins, a_P, b_P)))

    assert np.mean(shares[True]) >= np.mean(shares[False])


def fit(votes, wins, a_P, b_P):
    theta = np.zeros(30)
    for _ in range(15):
        p = expit(theta[a_P] - theta[b_P])
        slope = np.bincount(a_P, wins - votes * p, 30) - np.bincount(b_P, wins - votes * p, 30) - 0.1 * theta
        information = np.zeros((30, 30))
        np.add.at(information, (a_P, b_P), -votes * p * (1 - p))
        information += information.T
        np.fill_diagonal(information, -information.sum(1) + 0.1)
        theta = theta + np.linalg.solve(information, slope)
    centre = np.eye(30) - 1 / 30
    return theta - theta.mean(), centre @ np.linalg.inv(information) @ centre


def test_many_pairs_are_worth_the_same_taken_a_few_at_a_time(monkeypatch):
    rng = np.random.default_rng(4)
    roots = rng.normal(size=(20, 20))
    theta, covariance = rng.normal(0, 0.6, 20), roots @ roots.T / 200

    at_once = decisive(theta, covariance)
    monkeypatch.setattr(pairing, "AT_ONCE", 7)

    assert decisive(theta, covariance) == pytest.approx(at_once, rel=1e-12)
    assert at_once.sum() == pytest.approx(1)
