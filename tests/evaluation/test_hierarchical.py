from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest

from assay.evaluation import Battles, BoardError, importing
from assay.evaluation.davidson import davidson
from assay.evaluation.design import Spreads
from assay.evaluation.effort import Curve
from assay.evaluation.hierarchical import Hierarchy, _Pass, hierarchical

PLAIN = Spreads(side=0, rater_tie=0, rater_bar=0, rater_side=0, skill=0, rater_style=0, item=0)


def drawn(seed: int, votes: int = 6_000, *, models: int = 6, raters: int = 40, bad: bool = False):
    """Votes by raters of different skill, tie habit, side bias and taste, with all that is true."""
    rng = np.random.default_rng(seed)
    true = {
        "theta": rng.normal(0, 0.7, models),
        "skill": rng.normal(0, 0.4, raters),
        "tie": rng.normal(0, 0.8, raters),
        "side": rng.normal(0, 0.4, raters),
        "style": 0.4 + rng.normal(0, 0.5, raters),
    }
    true["theta"] -= true["theta"].mean()
    a_N = rng.integers(models, size=votes)
    b_N = (a_N + rng.integers(1, models, votes)) % models
    rater_N = rng.integers(raters, size=votes)
    z_N = rng.normal(size=votes)
    core_N = true["theta"][a_N] - true["theta"][b_N] + z_N * true["style"][rater_N]
    half_N = (np.exp(true["skill"][rater_N]) * core_N + true["side"][rater_N]) / 2
    bad_N = -0.5 - (true["theta"][a_N] + true["theta"][b_N]) / 2 if bad else np.full(votes, -np.inf)
    logit_N_4 = np.stack([half_N, -half_N, -0.3 + true["tie"][rater_N], bad_N], axis=1)
    outcome_N = (logit_N_4 + rng.gumbel(size=(votes, 4))).argmax(axis=1).astype(np.int8)
    item_N = rng.integers(30, size=votes)
    frame = pl.DataFrame({"language": np.where(item_N % 2, "ar", "en")})
    battles = Battles(
        a_N, b_N, np.array([1, 0, 0.5, 0.5])[outcome_N], rater_N,
        tuple(f"m{m}" for m in range(models)), tuple(f"r{r}" for r in range(raters)),
        outcome_N=outcome_N, item_N=item_N, items=tuple(f"i{i}" for i in range(30)), detail=frame,
    )  # fmt: skip
    return battles, z_N[:, None], true


def gradient_of(fit: Hierarchy) -> np.ndarray:
    return np.asarray(fit.score_N_P().sum(axis=0)).ravel()


def test_without_raters_it_is_the_davidson_model_with_the_same_prior():
    battles, _, _ = drawn(1, bad=True)

    ours = hierarchical(battles, spreads=PLAIN)
    plain = davidson(battles, prior_sd=1.5)

    np.testing.assert_allclose(ours.theta_M, plain.theta_M, atol=2e-3)
    np.testing.assert_allclose(
        ours.chances(battles)[:50], plain.chances(battles.a_N, battles.b_N)[:50], atol=1e-3
    )


def test_what_is_true_of_raters_is_recovered():
    battles, style_N_K, true = drawn(2, 30_000)

    fit = hierarchical(battles, style_N_K=style_N_K, features=["length"], spreads=Spreads(item=0))

    def like(ours, truth):
        return np.corrcoef(ours, truth)[0, 1]

    assert fit.converged
    assert like(fit.theta_M, true["theta"]) > 0.98
    assert like(np.log(fit.skill_R), true["skill"]) > 0.8
    assert like(fit.rater_tie_R, true["tie"]) > 0.95
    assert like(fit.rater_side_R, true["side"]) > 0.8
    assert like(fit.rater_style_R_K[:, 0], true["style"]) > 0.9
    assert fit.style_K[0] == pytest.approx(0.4, abs=0.2)


def test_raters_are_worth_something_on_votes_not_seen():
    battles, style_N_K, _ = drawn(3, 8_000)
    seen_N = np.arange(len(battles)) % 4 > 0
    new = battles.take(~seen_N)

    fit = hierarchical(battles.take(seen_N), style_N_K=style_N_K[seen_N], features=["length"])

    ours = fit.log_loss(new, style_N_K=style_N_K[~seen_N])
    assert ours < davidson(battles.take(seen_N)).log_loss(new) - 0.05


@pytest.mark.parametrize("bad", [False, True])
def test_scores_are_the_slopes_of_the_log_probability(bad):
    battles, style_N_K, _ = drawn(4, 400, bad=bad)
    fit = hierarchical(
        battles, style_N_K=style_N_K, features=["length"], slices=["language"], careless=True,
        effort_N=np.random.default_rng(0).lognormal(3, 1, 400), spreads=Spreads(item_tie=0.3),
    )  # fmt: skip
    rng = np.random.default_rng(1)
    direction_P = rng.normal(size=len(fit.layout))
    click_N_4 = fit.click_R_4[battles.rater_N]

    def told(step):
        return _Pass.of(
            fit.layout, fit._rows, fit.values_P + step * direction_P, click_N_4, battles.outcomes_N
        ).log_likelihood

    slope = (told(1e-5) - told(-1e-5)) / 2e-5
    assert gradient_of(fit) @ direction_P == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_at_the_mode_the_scores_balance_the_prior():
    battles, style_N_K, _ = drawn(5, 3_000)

    fit = hierarchical(battles, style_N_K=style_N_K, features=["length"])

    spread_P = fit.layout.spread_P
    left_P = (gradient_of(fit) - fit.values_P / spread_P**2) * spread_P
    assert np.abs(left_P).max() < 0.5


def test_laplace_intervals_cover_the_truth_and_clusters_widen_what_they_should():
    covered = []
    for seed in range(8):
        battles, style_N_K, true = drawn(50 + seed, 2_000, raters=20)
        fit = hierarchical(
            battles, style_N_K=style_N_K, features=["length"], spreads=Spreads(item=0, skill=0.4, tie=3)
        )
        interval_M_2 = fit.intervals_M_2()
        covered.append((interval_M_2[:, 0] <= true["theta"]) & (true["theta"] <= interval_M_2[:, 1]))
    twice = battles.take(np.tile(np.arange(len(battles)), 2))
    doubled = hierarchical(twice, spreads=PLAIN)
    once = hierarchical(battles, spreads=PLAIN)

    assert np.mean(covered) >= 0.88
    wide = np.sqrt(np.trace(doubled.covariance_M_M(twice.rater_N)))
    assert wide == pytest.approx(np.sqrt(np.trace(once.covariance_M_M(battles.rater_N))), rel=0.02)
    assert np.trace(doubled.covariance_M_M()) < 0.6 * np.trace(once.covariance_M_M())


def test_votes_clicked_without_reading_lose_their_weight_and_are_counted():
    battles, style_N_K, _ = drawn(6, 8_000, raters=20)
    rng = np.random.default_rng(0)
    seconds_N = rng.lognormal(3.5, 0.4, len(battles))
    rushed_N = rng.random(len(battles)) < 0.3
    seconds_N[rushed_N] = rng.lognormal(0.5, 0.3, rushed_N.sum())
    outcome_N = np.where(rushed_N, rng.integers(3, size=len(battles)), battles.outcomes_N).astype(np.int8)
    clicked = Battles(
        battles.a_N, battles.b_N, np.array([1, 0, 0.5])[outcome_N], battles.rater_N, battles.models,
        battles.raters, outcome_N=outcome_N,
    )  # fmt: skip

    fit = hierarchical(clicked, style_N_K=style_N_K, features=["length"], careless=True, effort_N=seconds_N)

    attention_N = fit.attention_N
    assert attention_N[rushed_N].mean() < attention_N[~rushed_N].mean() - 0.3
    raw_M = np.bincount(clicked.a_N, minlength=6) + np.bincount(clicked.b_N, minlength=6)
    assert (fit.effective_votes_M() < raw_M).all()
    edges, counts = fit.attention_histogram()
    assert counts.sum() == len(clicked)
    assert (edges[0], edges[-1]) == (0.0, 1.0)


def test_a_slice_in_which_a_model_is_worse_says_so():
    battles, _, _ = drawn(7, 20_000)
    weak_N = (battles.column("language") == "ar").to_numpy() & (battles.a_N == 0)
    outcome_N = np.where(weak_N, 1, battles.outcomes_N).astype(np.int8)
    changed = Battles(
        battles.a_N, battles.b_N, battles.score_N, battles.rater_N, battles.models, battles.raters,
        outcome_N=outcome_N, detail=battles.detail,
    )  # fmt: skip

    fit = hierarchical(changed, slices=["language"])

    effect_M = fit.slice_M("language", "ar") - fit.slice_M("language", "en")
    assert effect_M.argmin() == 0
    assert effect_M[0] < -0.5
    with pytest.raises(BoardError, match="without the slice domain=sea"):
        fit.slice_M("domain", "sea")


def test_strangers_have_the_mean_of_the_prior():
    battles, style_N_K, _ = drawn(8, 2_000)
    fit = hierarchical(battles, style_N_K=style_N_K, features=["length"], careless=True)
    strange = Battles(np.array([0]), np.array([1]), np.array([1.0]), np.array([0]), ("m0", "new"), ("who",))

    chance_4 = fit.chances(strange, style_N_K=np.zeros((1, 1)))[0]

    assert chance_4.sum() == pytest.approx(1.0)
    assert chance_4[3] == 0.0


@pytest.mark.parametrize("style", [np.zeros((5, 1)), np.full((400, 1), np.nan), np.zeros((400, 2))])
def test_style_that_does_not_fit_is_refused(style):
    battles, _, _ = drawn(9, 400)

    with pytest.raises(BoardError, match="style"):
        hierarchical(battles, style_N_K=style, features=["length"])


def test_the_side_is_that_of_the_page():
    battles, _, _ = drawn(10, 4_000)
    shown = pl.DataFrame({"order": np.where(np.arange(4_000) % 2, "ab", "ba")})
    left_wins_N = np.where(np.arange(4_000) % 2, 0, 1).astype(np.int8)
    biased = Battles(
        battles.a_N, battles.b_N, 1.0 - left_wins_N, battles.rater_N, battles.models, battles.raters,
        outcome_N=left_wins_N, detail=shown,
    )  # fmt: skip

    fit = hierarchical(biased, spreads=Spreads(item=0))

    assert fit.rater_side_R.min() > 0.5


def test_times_that_hardly_differ_make_no_curve():
    assert Curve.through(np.full(50, 3.0)) is None
    assert Curve.through(np.full(50, np.nan)) is None


def test_the_curve_goes_on_straight_beyond_its_ends():
    seconds = np.exp(np.linspace(0, 5, 400))
    curve = Curve.through(seconds)

    far = curve.basis(np.array([1e9, 1e12, 1e-9, 1e-12]))

    np.testing.assert_allclose(far[0], far[1])
    np.testing.assert_allclose(far[2], far[3])


@pytest.mark.slow
def test_new_votes_of_a_real_arena_are_foreseen_as_well_as_the_reference_says(shared):
    data = shared("prefs/llmfao/battles.parquet").read_bytes()
    frame = pl.read_parquet(io.BytesIO(data)).filter(pl.col("rater_kind") == "crowd")
    battles = importing.read(frame)
    words = [frame[f"response_{side}"].str.split(" ").list.len().to_numpy().astype(float) for side in "ab"]
    style_N_K = ((words[0] - words[1]) / (words[0] + words[1] + 1))[:, None]
    fold_N = np.random.default_rng(0).integers(0, 5, len(battles))

    total = 0.0
    for fold in range(5):
        train, new = fold_N != fold, fold_N == fold
        fit = hierarchical(
            battles.take(train), style_N_K=style_N_K[train], features=["words"], spreads=Spreads(item=0)
        )
        total += fit.log_loss(battles.take(new), style_N_K=style_N_K[new]) * new.sum()

    assert total / len(battles) <= 0.898
