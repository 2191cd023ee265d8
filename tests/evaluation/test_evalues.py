from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betaln

from assay.evaluation import evalues, sequential

LOOKS = np.arange(100, 3001, 50) - 1


def fair(people=1500, votes=3000, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (people, votes)).astype(float)


def test_looking_every_fifty_votes_finds_a_difference_where_none_is_in_at_most_five_of_a_hundred():
    wins = fair().cumsum(axis=1)[:, LOOKS]
    found = evalues.beta_binomial(wins, LOOKS + 1 - wins) >= np.log(20)

    assert found.any(axis=1).mean() <= 0.05


def test_intervals_for_one_look_would_find_one_in_a_third_of_such_crowds():
    wins = fair().cumsum(axis=1)[:, LOOKS]
    rate = wins / (LOOKS + 1)

    excluded = np.abs(rate - 0.5) > 1.96 * np.sqrt(rate * (1 - rate) / (LOOKS + 1))

    assert excluded.any(axis=1).mean() > 0.25


@pytest.mark.parametrize("rate", [0.5, 0.6, 0.9])
def test_a_confidence_sequence_holds_the_rate_at_every_look(rate):
    rng = np.random.default_rng(1)
    wins = (rng.random((400, 2000)) < rate).cumsum(axis=1)[:, 19::20].astype(float)
    votes = np.broadcast_to(np.arange(20, 2001, 20.0), wins.shape)

    low, high = sequential.win_rate(wins, votes)

    assert ((low <= rate) & (rate <= high)).all(axis=1).mean() >= 0.95


def test_averages_of_a_prompt_keep_the_promise_too():
    rng = np.random.default_rng(2)
    y = rng.beta(0.3, 0.7, (600, 800))
    votes = np.broadcast_to(np.arange(1, 801.0), y.shape)

    low, high = sequential.win_rate(y.cumsum(axis=1)[:, 9::10], votes[:, 9::10])

    assert ((low <= 0.3) & (high >= 0.3)).all(axis=1).mean() >= 0.95


@pytest.mark.parametrize("side", ["two", "greater", "less"])
def test_bets_on_ties_averages_and_votes_are_fair_at_every_look(side):
    rng = np.random.default_rng(3)
    y = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], (800, 400))

    passed = [evalues.betting(row, side=side).max() >= np.log(20) for row in y]

    assert np.mean(passed) <= 0.05


def test_a_margin_is_no_regression_until_it_is_passed():
    rng = np.random.default_rng(4)
    y = (rng.random((800, 400)) < 0.45).astype(float)

    passed = [evalues.betting(row, mean=0.45, side="less").max() >= np.log(20) for row in y]

    assert np.mean(passed) <= 0.05


def test_bets_over_close_races_are_the_beta_binomial_mixture():
    y = (np.random.default_rng(5).random(300) < 0.6).astype(float)
    near = evalues.beta_binomial(y.cumsum(), (1 - y).cumsum())[-1]
    wide = betaln(0.5 + y.sum(), 0.5 + (1 - y).sum()) - betaln(0.5, 0.5) + 300 * np.log(2)

    assert evalues.betting(y)[-1] == pytest.approx(np.logaddexp(near, wide) - np.log(2), abs=0.1)


def test_a_tie_is_no_evidence_and_no_effort_neither():
    y = np.array([1.0, 0.5, 1.0])

    path = evalues.betting(y, side="greater", effort_N=np.array([1.0, 1.0, 0.0]))

    assert path[0] == path[1] == path[2] > 0


def test_turning_every_vote_turns_the_side():
    y = np.random.default_rng(6).random(50)

    assert evalues.betting(y, side="less") == pytest.approx(evalues.betting(1 - y, side="greater"))


def test_stops_come_where_the_reference_has_them():
    """Median stop at a rate of .54: 1,275 votes; of .60: 250."""
    rng = np.random.default_rng(7)
    for rate, expected in ((0.54, 1275), (0.60, 250)):
        wins = (rng.random((400, 6000)) < rate).cumsum(axis=1)[:, 49::50].astype(float)
        votes = np.arange(50.0, 6001, 50)
        log_e = evalues.beta_binomial(wins, votes - wins)
        stops = votes[np.argmax(log_e >= np.log(20), axis=1)]
        assert np.median(stops) == pytest.approx(expected, rel=0.2)


def test_false_discoveries_stay_rare_among_dependent_slices():
    rng, false = np.random.default_rng(8), []
    for _ in range(300):
        shared = (rng.random(200) < 0.5).astype(float)
        real = (rng.random((3, 200)) < 0.75).astype(float)
        log_e = np.array([evalues.betting(row)[-1] for row in (*real, shared, shared, shared[::-1])])
        rejected = evalues.e_bh(log_e)
        false.append(rejected[3:].sum() / max(rejected.sum(), 1))

    assert np.mean(false) <= 0.05


def test_nothing_is_rejected_where_nothing_was_tested():
    assert evalues.e_bh(np.array([])).size == 0


def test_increments_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        evalues.betting(np.array([1.2]))


def test_the_sequence_for_ratings_holds_at_every_look():
    rng = np.random.default_rng(9)
    mean = rng.normal(0, 1, (500, 4000)).cumsum(axis=1)[:, 99::100] / np.arange(100, 4001, 100)
    held = np.ones(500, dtype=bool)
    for look, votes in enumerate(range(100, 4001, 100)):
        low, high = sequential.ratings(mean[:, look], np.full(500, 1 / votes), votes)
        held &= (low <= 0) & (high >= 0)

    assert held.mean() >= 0.95
