from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from assay.evaluation import Battles, BoardError, bradley_terry
from assay.evaluation.counts import OutcomeCounts, PairCounts
from assay.evaluation.davidson import davidson
from assay.evaluation.plain import ELO


def arena(seed: int, votes: int, *, models: int = 8, log_tie: float = 0.3, bar: float = -1.0) -> Battles:
    """Votes drawn from the model itself."""
    rng = np.random.default_rng(seed)
    theta_M = rng.normal(0, 0.6, models)
    theta_M -= theta_M.mean()
    a_N = rng.integers(models, size=votes)
    b_N = (a_N + rng.integers(1, models, votes)) % models
    half_N, mean_N = (theta_M[a_N] - theta_M[b_N]) / 2, (theta_M[a_N] + theta_M[b_N]) / 2
    logit_N_4 = np.stack([half_N, -half_N, np.full(votes, log_tie), bar - mean_N], axis=1)
    outcome_N = (logit_N_4 + rng.gumbel(size=(votes, 4))).argmax(axis=1).astype(np.int8)
    score_N = np.array([1, 0, 0.5, 0.5])[outcome_N]
    names = tuple(f"m{m}" for m in range(models))
    return Battles(a_N, b_N, score_N, np.arange(votes), names, (), outcome_N=outcome_N), theta_M


def test_the_fit_is_the_maximum_of_the_likelihood_written_out_vote_by_vote():
    battles, _ = arena(1, 1_500, models=5)

    def loss(x):
        total = 0.0
        for a, b, outcome in zip(battles.a_N, battles.b_N, battles.outcomes_N, strict=True):
            weights = [np.exp(x[a]), np.exp(x[b]), np.exp(x[5] + (x[a] + x[b]) / 2), np.exp(x[6])]
            total -= np.log(weights[outcome] / sum(weights))
        return total + (x[:5] ** 2).sum() * 1e-6 / 2 + (x[5:] ** 2).sum() / 18

    # the prior of the bar is on the scale where ratings need not have mean 0
    best = minimize(loss, np.zeros(7), method="BFGS").x

    fit = davidson(battles)

    np.testing.assert_allclose(fit.theta_M, best[:5] - best[:5].mean(), atol=2e-4)
    assert (fit.log_tie, fit.bar) == pytest.approx((best[5], best[6] - best[:5].mean()), abs=2e-4)


def test_truth_is_recovered_on_its_own_scale_where_half_wins_shrink_it():
    battles, theta_M = arena(2, 200_000, log_tie=np.log(2 * 0.25 / 0.75), bar=-30.0)

    fit = davidson(battles)
    plain = {s.model: (s.rating - 1000) / ELO for s in bradley_terry(battles).standings}

    slope = (fit.theta_M @ theta_M) / (theta_M @ theta_M)
    shrunk = np.array([plain[name] for name in battles.models]) @ theta_M / (theta_M @ theta_M)
    assert slope == pytest.approx(1.0, abs=0.02)
    assert shrunk == pytest.approx(0.74, abs=0.03)


def test_two_bad_answers_fix_an_absolute_level():
    battles, theta_M = arena(3, 100_000, bar=-0.5)

    fit = davidson(battles)

    assert fit.bar == pytest.approx(-0.5, abs=0.03)
    np.testing.assert_allclose(fit.above_bar_M(), expit(theta_M + 0.5), atol=0.02)


def test_intervals_cover_the_truth():
    covered = []
    for seed in range(40):
        battles, theta_M = arena(100 + seed, 1_000)
        fit = davidson(battles)
        covered.append((fit.low_M <= theta_M) & (theta_M <= fit.high_M))

    assert 0.91 <= np.mean(covered) <= 0.985


def test_sides_do_not_matter_without_a_side_effect():
    battles, _ = arena(4, 3_000)
    turned_N = np.array([1, 0, 2, 3], dtype=np.int8)[battles.outcomes_N]
    turned = Battles(
        battles.b_N, battles.a_N, 1 - battles.score_N, battles.rater_N, battles.models, (), turned_N
    )

    np.testing.assert_allclose(davidson(battles).theta_M, davidson(turned).theta_M, atol=1e-8)


def test_models_that_never_met_need_a_prior():
    a_N, b_N = np.array([0, 2] * 20), np.array([1, 3] * 20)
    apart = Battles(a_N, b_N, np.tile([1.0, 1.0, 0.0, 0.5], 10), np.arange(40), tuple("wxyz"), ())

    with pytest.raises(BoardError, match="never compared"):
        davidson(apart)
    assert np.isfinite(davidson(apart, prior_sd=1.5).theta_M).all()


def test_counts_are_those_of_counting_by_hand_whichever_way_they_are_held(monkeypatch):
    battles, _ = arena(5, 2_000)
    dense = OutcomeCounts.of(battles), PairCounts.of(battles)
    monkeypatch.setattr("assay.evaluation.counts.MOST_CELLS", 0)
    monkeypatch.setattr("assay.evaluation.counts.SLICE", 300)

    few = OutcomeCounts.of(battles), PairCounts.of(battles)

    np.testing.assert_array_equal(dense[0].tally_C_4, few[0].tally_C_4)
    np.testing.assert_array_equal(dense[1].wins_P, few[1].wins_P)
    by_hand = sum(
        (battles.a_N == a) & (battles.b_N == b) & (battles.outcomes_N == 2)
        for a, b in zip(few[0].a_C[:1], few[0].b_C[:1], strict=True)
    )
    assert by_hand.sum() == few[0].tally_C_4[0, 2]


@pytest.mark.slow
def test_a_million_votes_are_fitted_with_intervals_in_a_second(yardsticks):
    battles, _ = arena(6, 1_000_000, models=100)
    davidson(battles.take(np.arange(5_000)), prior_sd=1.5)  # what the first call loads

    assert yardsticks(lambda: (davidson(battles), bradley_terry(battles)), rounds=2) < 100


def test_ratings_agree_with_a_maximum_likelihood_fit_of_scipy_within_a_tenth_of_an_elo():
    battles, _ = arena(7, 20_000, models=20)

    def loss(theta):
        margin_N = theta[battles.a_N] - theta[battles.b_N]
        surplus_N = battles.score_N - expit(margin_N)
        slope = np.bincount(battles.b_N, surplus_N, 20) - np.bincount(battles.a_N, surplus_N, 20)
        return (np.logaddexp(0, margin_N) - battles.score_N * margin_N).sum(), slope

    peer = minimize(loss, np.zeros(20), jac=True, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-8}).x

    ours = {s.model: s.rating for s in bradley_terry(battles).standings}
    expected = 1000 + ELO * (peer - peer.mean())
    assert max(abs(ours[f"m{m}"] - expected[m]) for m in range(20)) < 0.1
