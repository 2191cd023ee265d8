from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from assay import tables
from assay.evaluation import Battles, BoardError, bradley_terry
from assay.evaluation.plain import ELO
from assay.records import Battle

OUTCOMES = ("a", "b", "tie", "both_bad")


def season(seed: int, *, models: int = 6, rounds: int = 400, raters: int = 50) -> list[Battle]:
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, 0.7, models)
    battles = []
    for number in range(rounds):
        a, b = rng.choice(models, 2, replace=False)
        wins = rng.random() < 1 / (1 + np.exp(strength[b] - strength[a]))
        outcome = str(rng.choice(OUTCOMES[2:])) if rng.random() < 0.2 else ("a" if wins else "b")
        battles.append(Battle(f"i{number}", f"m{a}", f"m{b}", outcome, f"r{rng.integers(raters)}"))
    return battles


def ratings(board) -> dict[str, float]:
    return {standing.model: standing.rating for standing in board.standings}


@pytest.mark.parametrize("seed", range(3))
def test_ratings_are_those_of_the_likelihood_written_out(seed):
    battles = season(seed)
    models = sorted({battle.model_a for battle in battles} | {battle.model_b for battle in battles})
    worth = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": 0.5}

    def loss(theta):
        total = 0.0
        for battle in battles:
            margin = theta[models.index(battle.model_a)] - theta[models.index(battle.model_b)]
            total += np.log1p(np.exp(margin)) - worth[battle.winner] * margin
        return total

    best = minimize(loss, np.zeros(len(models)), method="BFGS").x
    expected = {model: 1000 + ELO * (theta - best.mean()) for model, theta in zip(models, best, strict=True)}

    assert ratings(bradley_terry(Battles.from_records(battles))) == pytest.approx(expected, abs=0.05)


def test_the_order_of_the_sides_and_of_the_rows_does_not_matter():
    battles = season(4)
    turned = [
        Battle(
            one.item, one.model_b, one.model_a, {"a": "b", "b": "a"}.get(one.winner, one.winner), one.rater
        )
        for one in reversed(battles)
    ]

    straight, mirrored = (bradley_terry(Battles.from_records(some)) for some in (battles, turned))

    for one, other in zip(straight.standings, mirrored.standings, strict=True):
        assert one.model == other.model
        assert (one.rating, one.low, one.high) == pytest.approx((other.rating, other.low, other.high))


def test_rows_repeated_by_the_same_people_do_not_narrow_clustered_intervals():
    battles = season(6)
    once, twice = (Battles.from_records(battles * times) for times in (1, 2))

    widths = {
        how: bradley_terry(twice, intervals=how).mean_width / bradley_terry(once, intervals=how).mean_width
        for how in ("rater", "vote")
    }

    assert widths == pytest.approx({"rater": 1.0, "vote": np.sqrt(0.5)}, rel=1e-6)


@pytest.mark.slow
def test_intervals_by_rater_cover_the_truth_where_people_have_tastes_of_their_own():
    """The simulation of personal taste: independent-vote intervals cover about 85 %, ours at least 92 %."""
    rng = np.random.default_rng(11)
    models, people, each = 8, 60, 25
    covered = {"rater": [], "vote": []}
    for _ in range(60):
        strength = rng.normal(0, 0.5, models)
        taste_R_M = strength + rng.normal(0, 0.6, (people, models))
        a_N, b_N = np.array([rng.choice(models, 2, replace=False) for _ in range(people * each)]).T
        rater_N = np.repeat(np.arange(people), each)
        margin_N = taste_R_M[rater_N, a_N] - taste_R_M[rater_N, b_N]
        score_N = (rng.random(people * each) < 1 / (1 + np.exp(-margin_N))).astype(float)
        names = tuple(f"m{m}" for m in range(models))
        battles = Battles(a_N, b_N, score_N, rater_N, names, tuple(f"r{r}" for r in range(people)))
        # Averaging over tastes flattens the logistic; c is the usual approximation's constant.
        c = 16 * np.sqrt(3) / (15 * np.pi)
        target = strength / np.sqrt(1 + 2 * 0.6**2 * c**2)
        target = 1000 + ELO * (target - target.mean())
        for how, hits in covered.items():
            for standing in bradley_terry(battles, intervals=how).standings:
                hits.append(standing.low <= target[int(standing.model[1:])] <= standing.high)

    assert np.mean(covered["rater"]) >= 0.92 > np.mean(covered["vote"])


def test_a_rank_range_spans_what_the_intervals_leave_open():
    battles = [Battle("i", "strong", "weak", "a" if n % 10 else "b", f"r{n}") for n in range(200)]
    battles += [Battle("i", "weak", "twin", "a" if n % 2 else "b", f"r{n}") for n in range(200)]

    ranks = {
        s.model: (s.rank_low, s.rank_high) for s in bradley_terry(Battles.from_records(battles)).standings
    }

    assert ranks == {"strong": (1, 1), "weak": (2, 3), "twin": (2, 3)}


def test_models_that_never_met_are_refused_with_the_reason():
    apart = [Battle("i", "x", "y", "a"), Battle("i", "y", "x", "a"), Battle("i", "p", "q", "a")]

    with pytest.raises(BoardError, match="2 groups that were never compared"):
        bradley_terry(Battles.from_records(apart))


def test_an_undefeated_model_gets_a_finite_rating_and_the_board_says_how():
    board = bradley_terry(Battles.from_records([Battle("i", "x", "y", "a")] * 20))

    assert all(
        np.isfinite([standing.rating, standing.low, standing.high]).all() for standing in board.standings
    )
    assert "weak prior" in board.notes[0]


def test_a_model_against_itself_is_refused():
    with pytest.raises(BoardError, match="'x' is compared with itself"):
        Battles.from_records([Battle("i", "x", "x", "a")])


def test_clustering_over_a_handful_of_raters_is_refused():
    few = Battles.from_records(season(2, raters=3))

    with pytest.raises(BoardError, match="at least 5 known raters"):
        bradley_terry(few, intervals="rater")
    assert not bradley_terry(few).clustered


def test_the_board_of_a_real_arena_agrees_with_the_reference(shared):
    import polars as pl

    frame = tables.battles(
        tables.read(shared("prefs/llmfao/battles.parquet").read_bytes(), "battles.parquet")
    )
    people = Battles.from_frame(frame.filter(pl.col("rater_kind") == "crowd"))

    board = bradley_terry(people, intervals="vote")

    assert (board.votes, len(board.standings), board.raters) == (8_931, 59, 124)
    assert board.mean_width == pytest.approx(72.8, abs=0.1)


def test_arguments_of_topics_that_never_meet_are_refused_on_real_data(shared):
    frame = tables.battles(
        tables.read(shared("prefs/ukp_convarg/battles.parquet").read_bytes(), "battles.parquet")
    )

    with pytest.raises(BoardError, match="32 groups"):
        bradley_terry(Battles.from_frame(frame))
