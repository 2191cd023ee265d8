from __future__ import annotations

import numpy as np
import pytest

from assay.errors import AssayError
from assay.evaluation.selection import (
    Registry,
    Variant,
    best_of,
    bias_of_best,
    exposure,
    provisional,
    split,
)

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
    knowing, naive = covered(27, 1000, 1500, fresh=fresh)

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
