from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from assay.evaluation import Battles, BoardError
from assay.evaluation.davidson import davidson
from assay.evaluation.plain import bradley_terry
from assay.evaluation.rao_kupper import rao_kupper


def chance(first, second, threshold, *, grounded):
    """The four chances of one comparison, as the papers write them."""
    a, b, theta, one = np.exp(first), np.exp(second), np.exp(threshold), float(grounded)
    win, lose, bad = a / (a + theta * b + one), b / (b + theta * a + one), one / (one + a + b)
    return [win, lose, 1 - win - lose - bad, bad]


def drawn(rng, votes, theta, threshold, *, grounded=True):
    a_N = rng.integers(0, len(theta), votes)
    b_N = (a_N + rng.integers(1, len(theta), votes)) % len(theta)
    said = [
        rng.choice(4, p=np.maximum(chance(theta[a], theta[b], threshold, grounded=grounded), 0))
        for a, b in zip(a_N, b_N, strict=True)
    ]
    return table(a_N, b_N, np.array(said), len(theta))


def table(a_N, b_N, outcome_N, models):
    score_N = np.array([1.0, 0.0, 0.5, 0.5])[outcome_N]
    names = tuple(f"m{m}" for m in range(models))
    return Battles(a_N, b_N, score_N, np.arange(len(a_N)), names, (), outcome_N=outcome_N.astype(np.int8))


def plain_log_likelihood(battles, x_M, threshold, *, grounded):
    """Vote by vote."""
    return sum(
        np.log(chance(x_M[a], x_M[b], threshold, grounded=grounded)[said])
        for a, b, said in zip(battles.a_N, battles.b_N, battles.outcomes_N, strict=True)
    )


@pytest.mark.parametrize("grounded", [True, False])
def test_the_fit_is_the_maximum_that_an_independent_search_finds(grounded):
    rng = np.random.default_rng(1)
    battles = drawn(rng, 600, np.array([-0.5, 0.0, 0.4, 0.9]), 0.6, grounded=grounded)

    fit = rao_kupper(battles)
    found = minimize(
        lambda x: (
            -plain_log_likelihood(battles, x[:4], np.log1p(np.exp(x[4])), grounded=grounded)
            + 1e-6 * (x[:4] ** 2).sum() / 2
            + x[4] ** 2 / 18
        ),
        np.zeros(5),
        method="BFGS",
    )

    assert fit.theta_M == pytest.approx(found.x[:4] - found.x[:4].mean(), abs=2e-3)
    assert fit.threshold == pytest.approx(np.log1p(np.exp(found.x[4])), abs=2e-3)
    x_M = fit.theta_M - (fit.bar if grounded else 0)
    assert fit.log_likelihood == pytest.approx(
        plain_log_likelihood(battles, x_M, fit.threshold, grounded=grounded), rel=1e-9
    )
    if grounded:
        assert fit.bar == pytest.approx(-found.x[:4].mean(), abs=2e-3)


def test_many_votes_bring_ratings_threshold_and_bar_to_the_truth():
    rng = np.random.default_rng(2)
    truth = np.array([-0.2, 0.3, 0.8, 1.1])

    fit = rao_kupper(drawn(rng, 40_000, truth, 0.5))

    assert np.abs(fit.theta_M - (truth - truth.mean())).max() < 0.06
    assert fit.threshold == pytest.approx(0.5, abs=0.03)
    assert fit.bar == pytest.approx(-truth.mean(), abs=0.05)
    assert fit.above_bar_M() == pytest.approx(1 / (1 + np.exp(-truth)), abs=0.03)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    truth = np.array([-0.4, 0.0, 0.1, 0.3])
    held = []
    for seed in range(60):
        fit = rao_kupper(drawn(np.random.default_rng(seed), 400, truth, 0.4))
        centred = truth - truth.mean()
        held.append((fit.low_M <= centred) & (centred <= fit.high_M))

    assert 0.9 <= np.mean(held) <= 0.99


def test_without_ties_and_bad_answers_it_is_bradley_and_terry():
    rng = np.random.default_rng(3)
    a_N = rng.integers(0, 5, 3000)
    b_N = (a_N + rng.integers(1, 5, 3000)) % 5
    battles = table(a_N, b_N, rng.integers(0, 2, 3000), 5)

    fit = rao_kupper(battles)

    plain = {each.model: each.rating for each in bradley_terry(battles, intervals="vote").standings}
    elo = 1000 + 400 / np.log(10) * fit.theta_M
    assert elo == pytest.approx([plain[f"m{m}"] for m in range(5)], abs=1.0)
    assert fit.threshold < 0.01


def test_turning_the_sides_turns_the_chances_and_nothing_else():
    battles = drawn(np.random.default_rng(4), 800, np.array([0.0, 0.5, 1.0]), 0.5)
    turned = table(battles.b_N, battles.a_N, np.array([1, 0, 2, 3])[battles.outcomes_N], 3)

    one, other = rao_kupper(battles), rao_kupper(turned)

    assert one.theta_M == pytest.approx(other.theta_M, abs=1e-8)
    assert one.threshold == pytest.approx(other.threshold, abs=1e-8)


def test_its_order_is_davidsons_where_the_votes_are_many():
    battles = drawn(np.random.default_rng(5), 20_000, np.linspace(-1, 1, 6), 0.5)

    assert np.argsort(rao_kupper(battles).theta_M).tolist() == np.argsort(davidson(battles).theta_M).tolist()


def test_groups_that_never_meet_are_refused():
    with pytest.raises(BoardError, match="never compared"):
        rao_kupper(table(np.array([0, 2]), np.array([1, 3]), np.array([0, 0]), 4))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(0, 3)), min_size=6, max_size=40))
def test_chances_are_chances_whatever_was_said(said):
    a_N, step_N, outcome_N = (np.array(column) for column in zip(*said, strict=True))
    battles = table(a_N, (a_N + step_N) % 3, outcome_N, 3)

    chance_N_4 = rao_kupper(battles, prior_sd=1.5).chances(np.array([0, 1]), np.array([1, 2]))

    assert np.isfinite(chance_N_4).all()
    assert (chance_N_4 >= 0).all()
    assert chance_N_4.sum(axis=1) == pytest.approx([1, 1])
