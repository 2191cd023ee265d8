from __future__ import annotations

import numpy as np
import pytest

from assay.evaluation import careless
from assay.evaluation.simulations import voter


def path(seed, votes, how):
    rng = np.random.default_rng(seed)
    honest_N, chose_N, favoured_N = voter(rng, votes, how)
    return careless.evidence(
        honest_N, chose_N, left_N=np.ones(votes, int), provider_N_P=favoured_N[:, None], rng=rng
    )


def caught(how, votes, people=300):
    return np.mean([path(seed, votes, how)[0].max() >= np.log(20) for seed in range(people)])


def test_nine_of_ten_coins_are_seen_within_a_hundred_votes():
    assert caught("coin", 100) >= 0.9


@pytest.mark.parametrize("votes", [60, 100, 300])
def test_at_most_one_honest_person_in_twenty_is_flagged(votes):
    assert caught("honest", votes) <= 0.05


@pytest.mark.parametrize(("how", "why"), [("left", "one side"), ("clock", "clock")])
def test_patterns_are_seen_within_thirty_votes_and_named(how, why):
    found = [path(seed, 30, how) for seed in range(40)]

    assert np.mean([log_e.max() >= np.log(20) for log_e, _ in found]) >= 0.95
    assert {reason for _, reason in found} == {why}


def test_somebody_who_favours_a_provider_in_a_fifth_of_the_pairs_is_seen():
    assert caught("rigger", 300, people=80) >= 0.9
    assert path(1, 300, "rigger")[1] == "favours"


def test_a_copy_of_another_rater_is_seen_and_the_one_who_is_copied_is_not():
    rng = np.random.default_rng(0)
    honest_N, first_N, _ = voter(rng, 80)
    second_N = np.where(rng.random(80) < 0.97, first_N, 1 - first_N)

    found = careless.suspicion(
        np.tile(honest_N, 2),
        np.concatenate([first_N, second_N]),
        np.repeat([0, 1], 80),
        pair_N=np.tile(np.arange(80), 2),
        rng=rng,
    )

    assert found.flagged_R.tolist() == [False, True]
    assert found.reason_R[1] == "copies"


def test_among_many_honest_people_only_the_machines_are_surely_machines():
    rng = np.random.default_rng(1)
    crowd = [voter(rng, 150, "left" if rater < 3 else "honest") for rater in range(60)]
    honest_N, chose_N = (np.concatenate([one[k] for one in crowd]) for k in (0, 1))

    found = careless.suspicion(honest_N, chose_N, np.repeat(np.arange(60), 150), rng=rng)

    assert np.flatnonzero(found.surely_R).tolist() == [0, 1, 2]
    assert found.votes_R.tolist() == [150] * 60


def test_the_honest_chance_of_a_vote_leaves_the_vote_itself_out():
    pair_N, expected_N = np.zeros(5, int), np.full(5, 0.5)
    alone = careless.honest_chances(pair_N, np.array([1, 0, 0, 0, 0]), expected_N)
    other = careless.honest_chances(pair_N, np.array([0, 0, 0, 0, 0]), expected_N)

    assert alone[0] == other[0]


def test_bets_of_every_way_to_cheat_are_fair_in_honest_hands():
    """The mean of an e-value under honesty is at most 1."""
    rng = np.random.default_rng(2)
    e = []
    for _ in range(4000):
        honest_N, chose_N, favoured_N = voter(rng, 8)
        left_N = np.ones(8, int)
        e.append(
            np.exp(
                [
                    careless.coin(honest_N, chose_N)[-1],
                    careless.favours(honest_N, chose_N, favoured_N[:, None])[-1],
                    careless.one_side(honest_N, chose_N, left_N)[-1],
                    careless.clock(honest_N, chose_N, left_N)[-1],
                ]
            )
        )

    assert np.all(np.mean(e, axis=0) <= 1 + 4 * np.std(e, axis=0) / np.sqrt(4000))


def test_nobody_is_suspected_of_nothing():
    empty = np.zeros(0, int)

    found = careless.suspicion(np.zeros(0), empty, empty, rng=np.random.default_rng(0))

    assert found.flagged_R.size == 0


def test_people_who_agree_nearly_always_are_not_copies_of_each_other():
    rng = np.random.default_rng(3)
    said_I = rng.integers(0, 2, 300)
    pair_N, rater_N = np.repeat(np.arange(300), 3), np.tile(np.arange(3), 300)
    chose_N = np.where(rng.random(900) < 0.95, said_I[pair_N], 1 - said_I[pair_N])
    pseudo = careless.trust(pair_N, chose_N, np.full(900, 0.5))
    honest_N = careless.honest_chances(pair_N, chose_N, np.full(900, 0.5), pseudo=pseudo)

    found = careless.suspicion(honest_N, chose_N, rater_N, pair_N=pair_N, rng=rng)

    assert not found.surely_R.any()
