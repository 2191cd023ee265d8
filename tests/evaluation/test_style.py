from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from assay.evaluation import Battles, BoardError
from assay.evaluation.features import differences, leaning_K, measured
from assay.evaluation.seen import FEATURES
from assay.evaluation.style import robust_range, with_style

TRUTH = np.array([0.25, 0.03, 0.02, 0.02])
NAMES = ("tokens", "headers", "list_items", "bold_spans")


def arena(seed: int, votes: int, *, models: int = 30, gamma: np.ndarray = TRUTH, bad: bool = False):
    """The synthetic battles by which style controls are compared: models have styles of their own."""
    rng = np.random.default_rng(seed)
    theta_M = rng.normal(0, 0.6, models)
    theta_M -= theta_M.mean()
    style_M_K = rng.normal(size=(models, len(gamma)))
    a_N = rng.integers(models, size=votes)
    b_N = (a_N + rng.integers(1, models, votes)) % models
    z_N_K = 0.5 * (style_M_K[a_N] - style_M_K[b_N]) + 0.8 * rng.normal(size=(votes, len(gamma)))
    half_N = (theta_M[a_N] - theta_M[b_N] + z_N_K @ gamma) / 2
    bad_N = -0.7 - (theta_M[a_N] + theta_M[b_N]) / 2 if bad else np.full(votes, -np.inf)
    logits = np.stack([half_N, -half_N, np.full(votes, np.log(2 * 0.25 / 0.75)), bad_N], axis=1)
    outcome_N = (logits + rng.gumbel(size=(votes, 4))).argmax(axis=1).astype(np.int8)
    battles = Battles(
        a_N, b_N, np.array([1, 0, 0.5, 0.5])[outcome_N], rng.integers(200, size=votes),
        tuple(f"m{m}" for m in range(models)), tuple(f"r{r}" for r in range(200)), outcome_N=outcome_N,
    )  # fmt: skip
    return battles, z_N_K, theta_M


@pytest.mark.parametrize(("seed", "bad"), [(0, False), (1, False), (2, True)])
def test_style_is_found_within_two_standard_errors_of_the_truth(seed, bad):
    battles, z_N_K, theta_M = arena(seed, 60_000, bad=bad)

    fit = with_style(battles, z_N_K, NAMES)

    assert (np.abs(fit.gamma_K - TRUTH) < 2.6 * fit.gamma_error_K).all()
    assert abs(fit.gamma_K[0] - TRUTH[0]) < 2 * fit.gamma_error_K[0]
    assert np.corrcoef(fit.theta_M, theta_M)[0, 1] > 0.98
    assert abs(fit.side) < 0.05


@pytest.mark.parametrize("bad", [False, True])
def test_the_fit_is_the_maximum_of_the_likelihood_written_out(bad):
    battles, z_N_K, _ = arena(3, 1_500, models=4, gamma=np.array([0.4, -0.2]), bad=bad)

    def loss(x):
        first, second = x[:4][battles.a_N], x[:4][battles.b_N]
        half = (first - second + z_N_K @ x[4:6] + x[6]) / 2
        rest = x[8] - (first + second) / 2 if bad else np.full(1_500, -np.inf)
        logits = np.stack([half, -half, np.full(1_500, x[7]), rest], axis=1)
        log = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        penalty = 5e-7 * (x[:7] @ x[:7]) + 5e-4 * (x[7:] @ x[7:])
        return penalty - log[np.arange(1_500), battles.outcomes_N].sum()

    best = minimize(loss, np.zeros(9), method="BFGS").x

    fit = with_style(battles, z_N_K, ["one", "two"])

    np.testing.assert_allclose(fit.gamma_K, best[4:6], atol=1e-3)
    np.testing.assert_allclose(fit.theta_M, best[:4] - best[:4].mean(), atol=1e-3)


def test_ratings_move_with_the_worth_of_style_as_it_is_said():
    battles, z_N_K, _ = arena(4, 20_000, models=6)
    fit = with_style(battles, z_N_K, NAMES)

    without = with_style(battles, z_N_K[:, 1:], NAMES[1:])

    foreseen_M = fit.theta_M - fit.moves_M_K[:, 0] * fit.gamma_K[0]
    np.testing.assert_allclose(without.theta_M, foreseen_M, atol=0.03)


def test_errors_by_rater_are_wider_where_raters_repeat_themselves():
    battles, z_N_K, _ = arena(5, 4_000, models=6)
    again_N = np.repeat(np.arange(4_000), 3)
    repeated = battles.take(again_N)
    repeated = Battles(
        repeated.a_N, repeated.b_N, repeated.score_N, again_N % 4_000, repeated.models,
        tuple(f"r{r}" for r in range(4_000)), outcome_N=repeated.outcome_N,
    )  # fmt: skip

    by_vote = with_style(repeated, z_N_K[again_N], NAMES).gamma_error_K
    by_rater = with_style(repeated, z_N_K[again_N], NAMES, by_rater=True).gamma_error_K

    np.testing.assert_allclose(by_rater / by_vote, np.sqrt(3), rtol=0.01)


def test_the_range_holds_the_board_with_and_without_style():
    battles, z_N_K, theta_M = arena(6, 30_000, models=8, gamma=np.array([0.8, 0.0]))

    span_M_2 = robust_range(battles, z_N_K, ["tokens", "headers"])

    fit = with_style(battles, z_N_K, ["tokens", "headers"])
    assert (span_M_2[:, 0] <= fit.theta_M).all()
    assert (fit.theta_M <= span_M_2[:, 1]).all()
    assert (span_M_2[:, 1] - span_M_2[:, 0]).max() > 0.3
    inside = (span_M_2[:, 0] - 0.1 <= theta_M) & (theta_M <= span_M_2[:, 1] + 0.1)
    assert inside.all()


def test_a_measured_worth_of_style_takes_the_place_of_the_regression():
    battles, z_N_K, _ = arena(7, 20_000, models=6, gamma=np.array([0.8]))

    none = robust_range(battles, z_N_K, ["tokens"], gamma_K=np.zeros(1))

    fit = with_style(battles, z_N_K, ["tokens"])
    at_zero_M = fit.theta_M - fit.moves_M_K[:, 0] * fit.gamma_K[0]
    assert ((none[:, 0] <= at_zero_M + 1e-9) & (at_zero_M <= none[:, 1] + 1e-9)).all()


@pytest.mark.slow
def test_a_million_votes_with_four_features_give_the_style_back():
    battles, z_N_K, _ = arena(8, 1_000_000, models=100)

    fit = with_style(battles, z_N_K, NAMES)

    assert abs(fit.gamma_K[0] - 0.25) < 2.6 * fit.gamma_error_K[0]


@pytest.mark.parametrize(
    ("style", "names", "says"),
    [
        (np.zeros((400, 1)), ["tokens"], "the same in all comparisons"),
        (np.zeros((400, 2)), ["tokens"], "one row a comparison"),
    ],
)
def test_style_from_which_nothing_follows_is_refused(style, names, says):
    battles, _, _ = arena(9, 400, models=4)

    with pytest.raises(BoardError, match=says):
        with_style(battles, style, names)


MARKDOWN = (
    "# Head\n\nSome **bold** text, __too__!\n\n1. one\n- two\n* three\n\n```py\n# no header\n- no item\n```\n"
)


@pytest.mark.parametrize(
    ("name", "text", "much"),
    [
        ("headers", MARKDOWN, 1),
        ("headers", "#hashtag\n####### seven", 0),
        ("list_items", MARKDOWN, 3),
        ("bold_spans", MARKDOWN, 2),
        ("bold_spans", "**over\nlines** and ** **", 1),
        ("tokens", "Well, yes!", 4),
        ("emoji", "Yes 🎉🎉 ☀ no 1 #", 3),
        ("exclamations", "a! b！", 2),
        ("paragraphs", "one\n\ntwo\n \nthree", 3),
        ("tables", "| a | b |\n|---|---|\n| 1 | 2 |\n\ntext\n| x | y |", 2),
        ("hedges", "Perhaps it might rain; it seems so.", 3),
        ("praise", "Great question! You're absolutely right.", 2),
        ("word_variety", "the cat the dog", 0.75),
        ("code_share", "no code", 0),
        ("em_dash_rate", "a — b c", 25),
    ],
)
def test_a_feature_counts_what_its_definition_says(name, text, much):
    assert measured([text], [name])[0, 0] == much


@given(st.text(max_size=60), st.text(max_size=60))
def test_differences_turn_their_sign_with_the_sides_and_stay_within_one(one, other):
    names = list(FEATURES)

    straight, turned = differences([one], [other], names), differences([other], [one], names)

    np.testing.assert_allclose(straight, -turned)
    assert (np.abs(straight) < 1.0).all()


def test_an_unknown_feature_is_named_with_those_that_there_are():
    with pytest.raises(BoardError, match="no feature 'charm'; there are: tokens"):
        measured(["x"], ["charm"])


def test_a_side_that_shows_more_of_a_feature_is_seen():
    rng = np.random.default_rng(0)

    assert abs(leaning_K(rng.normal(size=(1_000, 1)))[0]) < 4
    assert leaning_K(rng.normal(0.3, 1, size=(1_000, 1)))[0] > 6
