from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from assay.evaluation import Battles, BoardError
from assay.evaluation.taste import taste


def crowd(seed: int, *, raters: int = 150, each: int = 40, models: int = 8, spread: float = 1.0):
    """Raters who differ along one direction of taste, with the ratings of each."""
    rng = np.random.default_rng(seed)
    theta_M, way_M = rng.normal(0, 0.5, models), rng.normal(0, spread, models)
    theta_M, way_M = theta_M - theta_M.mean(), way_M - way_M.mean()
    place_R = rng.normal(size=raters)
    rater_N = np.repeat(np.arange(raters), each)
    a_N = rng.integers(models, size=len(rater_N))
    b_N = (a_N + rng.integers(1, models, len(rater_N))) % models
    rating_R_M = theta_M + place_R[:, None] * way_M
    gap_N = rating_R_M[rater_N, a_N] - rating_R_M[rater_N, b_N]
    score_N = (rng.random(len(rater_N)) < 1 / (1 + np.exp(-gap_N))).astype(float)
    battles = Battles(
        a_N,
        b_N,
        score_N,
        rater_N,
        tuple(f"m{m}" for m in range(models)),
        tuple(f"r{r}" for r in range(raters)),
    )
    return battles, theta_M, way_M, place_R


def test_the_direction_of_taste_and_the_places_of_people_are_found():
    battles, theta_M, way_M, place_R = crowd(0)

    fit = taste(battles)

    assert np.corrcoef(fit.theta_M, theta_M)[0, 1] > 0.95
    assert abs(np.corrcoef(fit.loading_M_K[:, 0], way_M)[0, 1]) > 0.95
    assert abs(np.corrcoef(fit.place_R_K[:, 0], place_R)[0, 1]) > 0.9
    assert np.linalg.norm(fit.loading_M_K) == pytest.approx(np.linalg.norm(way_M), rel=0.2)


def test_the_share_who_prefer_a_model_is_that_of_the_people():
    battles, theta_M, way_M, place_R = crowd(1, raters=300)
    fit = taste(battles)

    off = []
    for a in range(8):
        for b in range(a):
            true = ndtr((theta_M[a] - theta_M[b]) / abs(way_M[a] - way_M[b]))
            off.append(abs(fit.share(f"m{a}", f"m{b}") - true))

    assert np.mean(off) < 0.06
    a, b = way_M.argmax(), way_M.argmin()
    gap_R = theta_M[a] - theta_M[b] + place_R * (way_M[a] - way_M[b])
    liked = fit.share_among(f"m{a}", f"m{b}", np.ones(300, bool))
    assert liked[1] < (gap_R > 0).mean() < liked[2]


def test_people_of_one_mind_are_not_said_to_differ():
    battles, _, _, _ = crowd(2, spread=0.0)

    fit = taste(battles)

    assert fit.polarisation("m0", "m1") < 0.35


def test_knowing_people_foresees_their_next_votes_and_a_direction_that_is_not_there_does_not():
    def loss(spread, ways):
        battles, _, _, _ = crowd(3, spread=spread)
        later_N = np.arange(len(battles)) % 4 == 0
        return taste(battles.take(~later_N), ways).log_loss(battles.take(later_N))

    assert loss(1.0, 1) < loss(1.0, 0) - 0.03
    assert loss(1.0, 2) > loss(1.0, 1) - 0.005
    assert loss(0.0, 1) > loss(0.0, 0) - 0.003


def test_the_best_model_for_a_person_is_theirs_and_a_stranger_gets_the_board():
    battles, theta_M, way_M, place_R = crowd(4, each=80)
    fit = taste(battles)
    rating_R_M = theta_M + place_R[:, None] * way_M

    regret = [
        rating_R_M[r].max() - rating_R_M[r, int(fit.best_for(f"r{r}")[0][0][1:])] for r in range(len(place_R))
    ]
    board = int(fit.best_for("nobody we know")[0][0][1:])

    assert np.mean(regret) < 0.1
    assert np.mean(regret) < np.mean(rating_R_M.max(axis=1) - rating_R_M[:, board]) / 3
    assert board == int(fit.theta_M.argmax())


def test_groups_are_weighed_as_the_people_who_matter_not_as_those_who_came():
    battles, theta_M, way_M, place_R = crowd(5, each=80)
    group_R = np.where(place_R > 0.5, "writers", "others")
    fit = taste(battles)

    shares = [
        fit.post_stratified("m0", "m1", group_R, {"writers": weight, "others": 1 - weight})
        for weight in (0, 1)
    ]
    half = fit.post_stratified("m0", "m1", group_R, {"writers": 2, "others": 2})

    gap_R = theta_M[0] - theta_M[1] + place_R * (way_M[0] - way_M[1])
    wins_R = 1 / (1 + np.exp(-gap_R))
    true = [wins_R[group_R == name].mean() for name in ("others", "writers")]
    assert shares == pytest.approx(true, abs=0.06)
    assert half == pytest.approx(np.mean(shares))


def test_the_same_votes_give_the_same_tastes_from_another_start():
    battles, _, _, _ = crowd(6)

    one, other = taste(battles, seed=0), taste(battles, seed=9)

    np.testing.assert_allclose(one.loading_M_K, other.loading_M_K, atol=0.02)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda fit: fit.share("m0", "mx"), "no model 'mx'"),
        (lambda fit: fit.post_stratified("m0", "m1", ["x"] * 150, {"y": 1.0}), "no rater belongs"),
        (lambda fit: fit.post_stratified("m0", "m1", ["x"] * 150, {"x": 0.0}), "must be positive"),
        (lambda fit: fit.share_among("m0", "m1", np.zeros(150, bool)), "no raters in that group"),
    ],
)
def test_what_cannot_be_said_is_refused(call, says):
    fit = taste(crowd(7, each=6)[0])

    with pytest.raises(BoardError, match=says):
        call(fit)


def test_votes_by_nobody_known_have_no_taste():
    battles, _, _, _ = crowd(8, each=5)
    unknown = Battles(battles.a_N, battles.b_N, battles.score_N, battles.rater_N, battles.models, ())

    with pytest.raises(BoardError, match="give a column rater"):
        taste(unknown)
