from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.errors import AssayError, TableError
from assay.evaluation import evalues
from assay.evaluation.selection import (
    Registry,
    Variant,
    before_and_after,
    best_of,
    bias_of_best,
    exposure,
    provisional,
    split,
)
from assay.evaluation.variants import Record

ELO = 400 / np.log(10)


def error(votes):
    return np.sqrt(4 / votes) * 1.15


def covered(variants, votes, runs=500, *, fresh=False):
    rng, held = np.random.default_rng(0), []
    for _ in range(runs):
        own = rng.normal(0, error(votes), variants)
        again = rng.normal(0, error(votes)) if fresh else None
        found = best_of(own, error(votes), fresh=again, fresh_error=error(votes) if fresh else None)
        held.append((found.low <= 0 <= found.high, found.naive_low <= 0 <= found.naive_high))
    return np.mean(held, axis=0)


@pytest.mark.parametrize("fresh", [False, True])
def test_the_interval_of_the_best_of_27_covers_the_truth_where_its_own_misses_it_in_half(fresh):
    # With fresh votes an interval is searched for, which takes sixty times as long; 500 tell 0.95 from 0.93.
    knowing, naive = covered(27, 1000, 500 if fresh else 1500, fresh=fresh)

    assert knowing >= 0.94
    assert naive <= 0.6


@pytest.mark.parametrize(("variants", "elo"), [(3, 10.6), (10, 19.5), (27, 25.3)])
def test_the_best_of_equal_variants_is_overrated_by_as_much_as_is_known(variants, elo):
    assert bias_of_best(variants, error(1000)) * ELO == pytest.approx(elo, abs=0.5)


def test_fresh_votes_and_chosen_ones_together_are_never_worse_than_fresh_ones_alone():
    rng = np.random.default_rng(1)
    for _ in range(40):
        own, again = rng.normal(0, 0.1, 10), rng.normal(0, 0.1)
        found = best_of(own, 0.1, fresh=again, fresh_error=0.1)
        low, high = split(again, 0.1)
        assert found.high - found.low <= (high - low) * 1.01


def test_a_clear_winner_loses_nothing_by_having_been_chosen():
    found = best_of(np.array([5.0, 0.0, 0.1]), 0.1)

    assert (found.low, found.high) == pytest.approx((found.naive_low, found.naive_high), abs=1e-6)


def test_a_narrow_winner_may_be_worth_far_less():
    found = best_of(np.array([0.3, 0.2999]), 0.1)

    assert found.low < found.naive_low - 0.5


def test_the_record_of_variants_takes_each_once_in_order_and_before_its_votes():
    record = Registry().added(Variant("2026-01-02", "ours", "a"), first_vote="2026-01-03")

    with pytest.raises(AssayError, match="registered already"):
        record.added(Variant("2026-01-04", "ours", "a"))
    with pytest.raises(AssayError, match="in the order of time"):
        record.added(Variant("2026-01-01", "ours", "b"))
    with pytest.raises(AssayError, match="before it was registered"):
        record.added(Variant("2026-01-04", "ours", "b"), first_vote="2026-01-03")
    assert record.variants == (Variant("2026-01-02", "ours", "a"),)
    assert record.unregistered(["a", "z"]) == ("z",)
    assert len(record.of("ours", until="2026-01-01")) == 0


def test_a_score_is_provisional_until_enough_fresh_votes_are_in():
    assert provisional("m", 27, 1999) is not None
    assert provisional("m", 27, 2000) is None
    assert provisional("m", 3, 500) is None
    assert provisional("m", 1, 0) is None


def test_draws_that_follow_the_policy_are_rarely_accused_however_often_one_looks():
    rng, policy, accused = np.random.default_rng(2), np.array([0.5, 0.3, 0.2]), 0
    for _ in range(200):
        drawn = np.eye(3, dtype=int)[rng.choice(3, 1000, p=policy)].cumsum(axis=0)
        accused += any(exposure(drawn[look], policy)[1] >= np.log(20) for look in range(49, 1000, 50))

    assert accused / 200 <= 0.05


def test_a_provider_that_is_shown_more_than_announced_is_seen():
    divergence, log_e = exposure(np.array([400, 300, 300]), np.array([1.0, 1, 1]))

    assert divergence > 0
    assert log_e > np.log(20)


def test_a_policy_that_never_shows_a_provider_is_refused():
    with pytest.raises(AssayError, match="a chance above 0"):
        exposure(np.array([1, 1]), np.array([1.0, 0.0]))


def released(rng, before, after, votes=600):
    """One model's votes against three rivals, half of them after its release on day 50."""
    day_N = rng.uniform(0, 100, votes)
    rival_N = rng.integers(0, 3, votes)
    chance_N = np.where(day_N < 50, before, after) - 0.1 * rival_N
    return (rng.random(votes) < chance_N).astype(float), day_N, rival_N, rng.integers(0, 120, votes)


def test_the_same_weights_before_and_after_are_fair_and_luck_before_is_found():
    def log_e(before, after, seed):
        won_N, day_N, rival_N, rater_N = released(np.random.default_rng(seed), before, after)
        y_N, _ = before_and_after(won_N, day_N, rival_N, rater_N, 50.0)
        return evalues.betting(y_N, side="greater")[-1]

    same = [log_e(0.55, 0.55, seed) >= np.log(20) for seed in range(200)]
    lucky = [log_e(0.75, 0.5, seed) >= np.log(20) for seed in range(20)]

    assert np.mean(same) <= 0.05
    assert np.mean(lucky) >= 0.8


def test_rivals_that_are_met_more_often_later_are_no_evidence():
    rng = np.random.default_rng(0)
    day_N = np.concatenate([rng.uniform(0, 50, 300), rng.uniform(50, 100, 300)])
    rival_N = np.concatenate([rng.random(300) < 0.1, rng.random(300) < 0.9]).astype(int)
    won_N = (rng.random(600) < np.where(rival_N == 1, 0.2, 0.8)).astype(float)

    y_N, pairs = before_and_after(won_N, day_N, rival_N, np.arange(600), 50.0)

    assert pairs <= 300
    assert abs(y_N.mean() - 0.5) < 0.1


def test_a_record_names_the_row_that_is_wrong():
    good = pl.DataFrame({"model": ["v1", "v2"], "provider": ["ours", "theirs"], "share": [0.7, 0.3]})

    assert Record.of(good).policy == {"ours": 0.7, "theirs": 0.3}
    with pytest.raises(TableError, match=r"row 2.*twice"):
        Record.of(good.with_columns(model=pl.lit("v1")))
    with pytest.raises(TableError, match=r"row 1.*share"):
        Record.of(good.with_columns(share=pl.lit("many")))
    with pytest.raises(TableError, match=r"row 1.*neither a number of days"):
        Record.of(good.with_columns(released=pl.lit("soon")))
    with pytest.raises(TableError, match="no column model"):
        Record.of(good.drop("model"))


def test_a_record_of_registrations_is_the_registry():
    found = Record.of(pl.DataFrame({"model": ["v2", "v1"], "registered": ["2026-02-01", "2026-01-01"]}))

    assert [each.hash for each in found.registry.variants] == ["v1", "v2"]
    assert found.registry.unregistered(["v3"]) == ("v3",)
