"""How often the intervals of values hold the value, where there are few ratings and where there are many."""

from __future__ import annotations

import numpy as np
import pytest

from assay.quality import ratings
from assay.quality.ratings import Ratings, gaussian

WORLDS = ("alike", "noisy", "strict", "stretched")


def simulated(seed: int, world: str, *, items: int, raters: int, step: float = 0.0):
    """Return ratings of every item by everybody, and the values on the scale of just these people."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, items)
    noise = np.full(raters, 0.7) if world == "alike" else rng.uniform(0.3, 1.2, raters)
    offset = rng.normal(0, 0.5, raters) * (world in ("strict", "stretched"))
    slope = rng.uniform(0.6, 1.4, raters) if world == "stretched" else np.ones(raters)
    given_I_R = offset + slope * truth[:, None] + rng.normal(0, noise, (items, raters))
    given_I_R = np.round(given_I_R / step) * step if step else given_I_R
    rows = [(f"{i:03}", f"{r}", given_I_R[i, r]) for i in range(items) for r in range(raters)]
    return Ratings.from_lists(*zip(*rows, strict=True)), offset.mean() + slope.mean() * truth


def coverage(method, world: str, runs: int, **size) -> float:
    held = []
    for seed in range(runs):
        read, truth = simulated(seed, world, **size)
        result = method(read)
        held.append(np.mean((result.low_I <= truth) & (truth <= result.high_I)))
    return float(np.mean(held))


METHODS = [ratings.mean, ratings.crh, ratings.precision, ratings.linear, ratings.chosen]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@pytest.mark.parametrize("world", WORLDS)
def test_intervals_of_five_items_by_four_people_hold_the_value_nine_times_in_ten(method, world):
    assert coverage(method, world, 40, items=5, raters=4) >= 0.9


@pytest.mark.parametrize("world", WORLDS)
def test_intervals_of_many_items_hold_the_value_as_often_as_they_say(world):
    held = coverage(ratings.chosen, world, 6, items=200, raters=5)

    assert 0.92 <= held <= 0.98


def test_intervals_are_not_bought_by_width_where_there_are_many_items():
    read, truth = simulated(1, "noisy", items=200, raters=5)

    result = ratings.chosen(read)

    off = float(np.sqrt(np.mean((result.value_I - truth) ** 2)))
    assert result.sd_I.mean() == pytest.approx(off, rel=0.15)


def test_items_that_seem_alike_are_not_known_to_be():
    """The likeliest spread of these items is 0, and every value the mean of all."""
    said = [[3, 4, 3, 5], [4, 4, 2, 3], [3, 3, 4, 4], [5, 3, 3, 4], [4, 4, 3, 3]]
    rows = [(f"i{i}", f"r{r}", float(value)) for i, row in enumerate(said) for r, value in enumerate(row)]
    read = Ratings.from_lists(*zip(*rows, strict=True))

    fit, result = gaussian.fit(read), ratings.precision(read)

    assert np.ptp(result.value_I) < 0.1
    assert (result.sd_I > 2 * fit.scale_R[0] * np.sqrt(fit.doubt_I)).all()
    assert (result.sd_I > 0.15).all()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_the_fewer_say_the_same_the_less_sure_it_is(method):
    def sd(items: int, people: int) -> float:
        rows = [(f"i{i}", f"r{r}", 4) for i in range(items) for r in range(people)]
        return float(method(Ratings.from_lists(*zip(*rows, strict=True))).sd_I[0])

    found = [sd(1, 1), sd(1, 2), sd(1, 4), sd(4, 4)]

    assert found == sorted(found, reverse=True)
    # Whole numbers may all be rounded the same way.
    assert 0.28 < found[-1] < 0.4
    assert found[0] > 1


def test_rounding_counts_only_where_people_differ_by_less_than_a_step():
    fine, _ = simulated(2, "noisy", items=30, raters=5)
    coarse, truth = simulated(2, "noisy", items=30, raters=5, step=4.0)

    one, other = ratings.mean(fine), ratings.mean(coarse)

    assert other.sd_I.mean() > one.sd_I.mean()
    assert np.mean((other.low_I <= truth) & (truth <= other.high_I)) > 0.9


def test_a_single_rating_an_item_says_how_little_it_says():
    rng = np.random.default_rng(3)
    read = Ratings.from_lists(range(30), [f"r{n}" for n in range(30)], rng.normal(3, 1, 30))

    result = ratings.chosen(read)

    assert (result.sd_I > 0.5).all()
    assert (result.sd_I < 1.5).all()


def test_known_values_have_no_doubt_and_lessen_that_of_others():
    read, truth = simulated(4, "strict", items=12, raters=4)
    known = read.knowing({f"{i:03}": float(truth[i]) for i in range(8)})

    result = ratings.bias(known)

    assert (result.sd_I[:8] == 0).all()
    assert (result.sd_I[8:] > 0).all()
    assert result.sd_I[8:].mean() < 1.2 * ratings.bias(read).sd_I[8:].mean()


def test_more_people_than_are_eliminated_jointly_give_nearly_the_same(monkeypatch):
    from assay.quality.ratings import certainty

    read, _ = simulated(5, "stretched", items=60, raters=20)
    jointly = ratings.linear(read).sd_I
    monkeypatch.setattr(certainty, "JOINT", 5)

    apart = ratings.linear(read).sd_I

    np.testing.assert_allclose(apart, jointly, rtol=0.1)
