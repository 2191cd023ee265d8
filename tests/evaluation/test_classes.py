from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from assay.evaluation import Battles, BoardError
from assay.evaluation.classes import CLASS_SD, classes, how_many
from assay.evaluation.simulations import kinds


def plain_log_likelihood(battles, fit):
    """Vote by vote, rater by rater."""
    total = 0.0
    for r in range(len(battles.raters)):
        own = np.flatnonzero(battles.rater_N == r)
        chance = 0.0
        for weight, theta_M in zip(fit.weight_C, fit.theta_C_M, strict=True):
            p_N = expit(theta_M[battles.a_N[own]] - theta_M[battles.b_N[own]])
            chance += weight * np.prod(np.where(battles.score_N[own] == 1, p_N, 1 - p_N))
        total += np.log(chance)
    return total


def test_two_kinds_are_found_with_their_boards_and_their_people():
    crowd = kinds(np.random.default_rng(3))

    fit = classes(crowd.battles, 2, np.random.default_rng(0))

    assert fit.weight_C == pytest.approx([0.7, 0.3], abs=0.05)
    assert (fit.member_R_C.argmax(axis=1) == crowd.kind_R).mean() > 0.95
    for found_M, truth_M in zip(fit.theta_C_M, crowd.theta_C_M, strict=True):
        assert np.corrcoef(found_M, truth_M)[0, 1] > 0.95


def test_its_log_likelihood_is_that_of_the_plain_sum():
    crowd = kinds(np.random.default_rng(4), raters=20, votes=10)

    fit = classes(crowd.battles, 2, np.random.default_rng(0), merge=False)

    assert fit.log_likelihood == pytest.approx(plain_log_likelihood(crowd.battles, fit), abs=0.05)


def test_the_maximum_is_not_beaten_by_the_truth():
    crowd = kinds(np.random.default_rng(5), raters=60)

    fit = classes(crowd.battles, 2, np.random.default_rng(0))
    middle_M = classes(crowd.battles, 1, np.random.default_rng(0)).theta_C_M[0]

    class Truth:
        weight_C = np.array([0.7, 0.3])
        theta_C_M = crowd.theta_C_M

    def held(theta_C_M):
        return ((theta_C_M - middle_M) ** 2).sum() / (2 * CLASS_SD**2)

    ours = fit.log_likelihood - held(fit.theta_C_M)
    assert ours > plain_log_likelihood(crowd.battles, Truth) - held(crowd.theta_C_M) - 1


@pytest.mark.parametrize(("shares", "wanted"), [((1.0,), 1), ((0.6, 0.4), 2), ((0.4, 0.35, 0.25), 3)])
def test_votes_kept_aside_say_how_many_kinds_there_are(shares, wanted):
    crowd = kinds(np.random.default_rng(6), shares=shares, raters=150)

    told = how_many(crowd.battles, np.random.default_rng(1))

    assert told.chosen == wanted


def test_kinds_that_say_the_same_are_merged():
    crowd = kinds(np.random.default_rng(7), shares=(1.0,))

    fit = classes(crowd.battles, 3, np.random.default_rng(0))

    assert len(fit.weight_C) == 1


def test_who_voted_little_is_shrunk_to_the_crowd_and_a_stranger_has_the_crowds_board():
    crowd = kinds(np.random.default_rng(8))
    battles = crowd.battles
    # the last person, of the rarer kind, keeps two votes
    few = np.flatnonzero(battles.rater_N == len(battles.raters) - 1)[2:]
    fit = classes(battles.take(np.setdiff1d(np.arange(len(battles)), few)), 2, np.random.default_rng(0))
    usual = classes(battles, 2, np.random.default_rng(0))

    own, own_full = (dict(one.best_for(battles.raters[-1])) for one in (fit, usual))
    crowd_board = dict(fit.best_for("nobody"))

    def apart(one, other):
        return sum((one[name] - other[name]) ** 2 for name in battles.models)

    assert apart(own, crowd_board) < apart(own_full, crowd_board)
    assert crowd_board == dict(fit.best_for("somebody else"))


def test_turning_the_sides_changes_nothing():
    battles = kinds(np.random.default_rng(9), raters=40).battles
    turned = Battles(
        battles.b_N, battles.a_N, 1 - battles.score_N, battles.rater_N, battles.models, battles.raters
    )

    one, other = (classes(each, 2, np.random.default_rng(0)) for each in (battles, turned))

    assert one.theta_C_M == pytest.approx(other.theta_C_M, abs=1e-6)


def test_without_raters_it_says_what_is_missing():
    battles = kinds(np.random.default_rng(0), raters=5).battles

    with pytest.raises(BoardError, match="column rater"):
        classes(
            Battles(battles.a_N, battles.b_N, battles.score_N, battles.rater_N, battles.models, ()),
            2,
            np.random.default_rng(0),
        )
