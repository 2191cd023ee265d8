"""Faults that were measured in other tools; each is a promise of ours."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.special import expit

from assay.evaluation import Battles, BoardError, careless, evalues
from assay.evaluation.davidson import davidson
from assay.evaluation.plain import bradley_terry
from assay.evaluation.rao_kupper import rao_kupper
from assay.evaluation.sandwich import clustered, pairs
from assay.evaluation.selection import best_of
from assay.evaluation.simulations import fitted, taste, voter
from assay.evaluation.style import with_style


def table(a_N, b_N, outcome_N, models):
    score_N = np.array([1.0, 0.0, 0.5, 0.5])[outcome_N]
    return Battles(
        a_N,
        b_N,
        score_N,
        np.arange(len(a_N)),
        tuple(f"m{m}" for m in range(models)),
        (),
        outcome_N=outcome_N.astype(np.int8),
    )


def davidson_votes(rng, votes, theta, nu):
    a_N = rng.integers(0, len(theta), votes)
    b_N = (a_N + rng.integers(1, len(theta), votes)) % len(theta)
    gap = theta[a_N] - theta[b_N]
    weights = np.stack([np.exp(gap / 2), np.exp(-gap / 2), np.full(votes, nu)], axis=1)
    chance = weights / weights.sum(axis=1, keepdims=True)
    outcome_N = (rng.random(votes)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    return table(a_N, b_N, outcome_N, len(theta))


def test_more_votes_bring_the_ratings_to_the_truth_and_no_prior_holds_them_back():
    rng = np.random.default_rng(0)
    theta = np.array([-1.0, -0.3, 0.3, 1.0])
    wrong = [
        np.abs(davidson(davidson_votes(rng, votes, theta, 2 / 3)).theta_M - theta).max()
        for votes in (1_000, 100_000)
    ]

    assert wrong[1] < 0.05
    assert wrong[1] < wrong[0]


def test_the_worth_of_style_is_not_left_in_the_ratings_however_many_votes_there_are():
    rng = np.random.default_rng(7)
    votes, theta, style = 60_000, rng.normal(0, 0.5, 10), rng.normal(0, 1, 10)
    a_N = rng.integers(0, 10, votes)
    b_N = (a_N + rng.integers(1, 10, votes)) % 10
    z_N = 0.5 * (style[a_N] - style[b_N]) + 0.8 * rng.normal(size=votes)
    won_N = rng.random(votes) < expit(theta[a_N] - theta[b_N] + 0.25 * z_N)
    battles = table(a_N, b_N, np.where(won_N, 0, 1), 10)

    fit = with_style(battles, z_N[:, None], ["length"])

    assert abs(fit.gamma_K[0] - 0.25) < 2 * fit.gamma_error_K[0]
    assert fit.gamma_K[0] > 0.2
    assert np.abs(fit.theta_M - (theta - theta.mean())).max() < 0.1


def test_the_evidence_against_a_voter_is_fair_at_every_vote_also_the_fifth_and_the_fiftieth():
    peaks = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        honest_N, chose_N, _ = voter(rng, 60)
        path = careless.coin(honest_N, chose_N)
        peaks.append([path[4], path[9], path[49]])

    # 1/(2p) flagged half of honest people after five votes, nine of ten after ten
    assert (np.array(peaks) >= np.log(20)).mean(axis=0).max() <= 0.05
    assert np.exp(np.array(peaks)).mean(axis=0) == pytest.approx([1, 1, 1], abs=0.6)


def test_a_coin_is_seen_and_honest_people_are_not_accused():
    caught = {}
    for how in ("coin", "honest"):
        flags = []
        for seed in range(200):
            rng = np.random.default_rng(seed)
            honest_N, chose_N, favoured_N = voter(rng, 100, how)
            path, _ = careless.evidence(
                honest_N, chose_N, left_N=np.ones(100, int), provider_N_P=favoured_N[:, None], rng=rng
            )
            flags.append(path.max() >= np.log(20))
        caught[how] = np.mean(flags)

    assert caught["coin"] >= 0.9
    assert caught["honest"] <= 0.05


def test_intervals_of_nine_thousand_votes_take_no_minute_and_no_gigabyte(yardsticks):
    rng = np.random.default_rng(1)
    battles = davidson_votes(rng, 8931, rng.normal(0, 0.5, 59), 0.8)
    times = yardsticks(lambda: bradley_terry(battles, intervals="vote"), rounds=2)
    tracemalloc.start()
    bradley_terry(battles, intervals="vote")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert times < 100
    assert peak < 200e6


def test_votes_of_one_person_are_not_as_many_people():
    crowd = taste(np.random.default_rng(2))
    theta_M = fitted(crowd)
    chance_N = expit(theta_M[crowd.a_N] - theta_M[crowd.b_N])
    design, surplus_N = pairs(crowd.a_N, crowd.b_N, 20), crowd.score_N - chance_N

    by_person, by_vote = (
        clustered(design, surplus_N, chance_N * (1 - chance_N), [way]).half_K.mean()
        for way in (crowd.rater_N, np.arange(len(surplus_N)))
    )

    assert 1.15 < by_person / by_vote < 1.8


def test_looking_often_finds_nothing_that_is_not_there():
    looks = np.arange(100, 3001, 50)
    wins = np.random.default_rng(3).integers(0, 2, (1000, 3000)).cumsum(axis=1)[:, looks - 1]

    found = evalues.beta_binomial(wins.astype(float), looks - wins.astype(float)) >= np.log(20)

    assert found.any(axis=1).mean() <= 0.05


def test_ties_do_not_press_the_scale_together():
    theta = np.array([-0.6, -0.2, 0.2, 0.6])
    battles = davidson_votes(np.random.default_rng(4), 60_000, theta, 2 / 3)

    modelled = np.polyfit(theta, davidson(battles).theta_M, 1)[0]
    rating = {
        each.model: each.rating * np.log(10) / 400
        for each in bradley_terry(battles, intervals="vote").standings
    }
    halved = np.polyfit(theta, [rating[f"m{m}"] for m in range(4)], 1)[0]

    assert modelled == pytest.approx(1, abs=0.05)
    assert halved == pytest.approx(0.75, abs=0.05)


def test_the_best_of_27_equal_variants_is_not_sold_as_better():
    rng, error = np.random.default_rng(5), np.sqrt(4 / 1000) * 1.15
    held = []
    for _ in range(600):
        found = best_of(rng.normal(0, error, 27), error)
        held.append((found.low <= 0 <= found.high, found.naive_low <= 0 <= found.naive_high))

    assert np.mean(held, axis=0)[0] >= 0.93
    assert np.mean(held, axis=0)[1] <= 0.6


def test_groups_that_never_meet_are_refused_with_the_reason():
    battles = table(np.array([0, 2]), np.array([1, 3]), np.array([0, 0]), 4)

    for fit in (davidson, rao_kupper, lambda one: bradley_terry(one, intervals="vote")):
        with pytest.raises(BoardError, match="never compared"):
            fit(battles)
