"""Two versions side by side: the difference, its interval, and what dealing alone would do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from assay.quality import experiment
from assay.quality.experiment import ExperimentError, Measurement, agreement, deal, effect


def dealt_people(count, rng):
    dealt: dict[str, int] = {}
    for number in range(count):
        dealt[f"p{number}"] = deal(list(dealt.values()), rng)
    return dealt


def crowd(rng, *, people=12, items=40, each=2, change=0.0, person=0.5, interaction=0.4):
    """Numbers with habits of people, hardness of items, and items that take to one version."""
    dealt = dealt_people(people, rng)
    habit, hard = rng.normal(0, person, people), rng.normal(0, 1, items)
    taste = rng.normal(0, interaction, (items, 2))
    said = []
    for item, version in itertools.product(range(items), (0, 1)):
        own = [number for number in range(people) if dealt[f"p{number}"] == version]
        for number in rng.choice(own, each, replace=False):
            mean = hard[item] + habit[number] + taste[item, version] + change * version
            said.append(Measurement(f"p{number}", f"i{item}", float(mean + rng.normal())))
    return said, dealt


def plainly(said, dealt):
    """Return the difference as its definition has it, item by item."""
    weights, gaps = [], []
    for item in sorted({one.item for one in said}):
        sides = [
            [one.value for one in said if one.item == item and dealt[one.person] == version
             and dealt[one.partner or one.person] == version]
            for version in (0, 1)
        ]  # fmt: skip
        if all(sides):
            n, m = map(len, sides)
            weights.append(n * m / (n + m))
            gaps.append(np.mean(sides[1]) - np.mean(sides[0]))
    return np.average(gaps, weights=weights)


def test_the_difference_is_that_within_items():
    rng = np.random.default_rng(3)
    said, dealt = crowd(rng, items=9, people=7)
    said = [one for one in said if rng.random() < 0.8]

    found = effect(said, dealt, rng=rng)

    assert found.difference == pytest.approx(plainly(said, dealt))
    assert found.difference == pytest.approx(found.means[1] - found.means[0])


def test_a_hard_item_that_one_version_alone_has_changes_nothing():
    said, dealt = crowd(np.random.default_rng(4))
    alone = next(name for name, version in dealt.items() if version)

    more = effect([*said, Measurement(alone, "hard", -100.0)], dealt, rng=np.random.default_rng(0))

    assert more == effect(said, dealt, rng=np.random.default_rng(0))


def test_to_swap_the_versions_is_to_turn_the_sign():
    said, dealt = crowd(np.random.default_rng(5), change=0.3)
    swapped = {name: 1 - version for name, version in dealt.items()}

    one, other = (effect(said, each, rng=np.random.default_rng(0)) for each in (dealt, swapped))

    assert (one.difference, one.low, one.chance) == pytest.approx(
        (-other.difference, -other.high, other.chance)
    )


def test_leaving_out_people_and_items_is_what_the_variance_says():
    said, dealt = crowd(np.random.default_rng(6), people=6, items=8)
    found = effect(said, dealt, rng=np.random.default_rng(0))

    def spread(groups):
        values = np.array([plainly([one for one in said if not own(one)], dealt) for own in groups])
        return (len(values) - 1) / len(values) * ((values - found.difference) ** 2).sum()

    by_person = spread([lambda one, name=name: one.person == name for name in dealt])
    by_item = spread([lambda one, k=k: one.item == f"i{k}" for k in range(8)])
    by_judgment = spread([lambda one, own=own: one is own for own in said])
    variance = max(by_person + by_item - by_judgment, by_person, by_item)

    assert ((found.high - found.low) / 2) ** 2 == pytest.approx(variance * 2.7764451**2, rel=1e-6)


def test_people_are_dealt_evenly_and_in_no_foreseeable_order():
    rng = np.random.default_rng(7)
    firsts = [next(iter(dealt_people(5, rng).values())) for _ in range(400)]

    assert all(abs(2 * sum(dealt_people(n, rng).values()) - n) <= 1 for n in range(12))
    assert 150 < sum(firsts) < 250


def test_pairs_of_people_agree_within_their_version_only():
    said = [("ann", "i", "a"), ("ben", "i", "b"), ("cy", "i", "a"), ("dee", "i", "b"), ("eve", "i", "b")]
    dealt = {"ann": 0, "ben": 1, "cy": 0, "dee": 1, "eve": 1}

    found = effect(agreement(said), dealt, rng=np.random.default_rng(0))

    assert (found.means, found.measurements, found.people) == ((1.0, 1.0), 4, (2, 3))
    assert found.low is None


@pytest.mark.parametrize(("said", "dealt", "sentence"), [
    ([Measurement("ann", "i", 1.0)], {"ann": 0}, "no item has judgments by both versions"),
    ([Measurement("ann", "i", 1.0)], {"ben": 0}, "'ann' has judged, but was dealt to no version"),
    ([Measurement("ann", "i", 1.0)], {"ann": 2}, "numbered 0 and 1"),
    ([], {}, "no item"),
])  # fmt: skip
def test_what_cannot_be_compared_is_said(said, dealt, sentence):
    with pytest.raises(ExperimentError, match=sentence):
        effect(said, dealt, rng=np.random.default_rng(0))


def test_few_people_can_never_be_told_from_chance():
    said, dealt = crowd(np.random.default_rng(8), people=4, change=50.0)

    found = effect(said, dealt, rng=np.random.default_rng(0))

    assert (found.chance, found.least) == (0.5, 0.5)


def test_a_large_change_is_found(monkeypatch):
    monkeypatch.setattr(experiment, "DRAWS", 300)
    said, dealt = crowd(np.random.default_rng(9), people=16, change=2.0)

    found = effect(said, dealt, rng=np.random.default_rng(0))

    assert found.sure
    assert found.low < 2.0 < found.high
    assert found.chance < 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("change", "shape"), [
    (0.0, {"people": 12}), (0.7, {"people": 12}), (0.0, {"people": 6, "items": 12}),
    (0.4, {"people": 20, "items": 80, "each": 3, "person": 0.3}), (0.0, {"people": 12, "person": 0.0}),
])  # fmt: skip
def test_the_interval_covers_and_chance_alone_is_seldom_called_an_effect(monkeypatch, change, shape):
    monkeypatch.setattr(experiment, "DRAWS", 64)
    covered, rejected, runs = 0, 0, 400
    for seed in range(runs):
        rng = np.random.default_rng([seed, 77])
        said, dealt = crowd(rng, change=change, **shape)
        found = effect(said, dealt, rng=rng)
        covered += found.low <= change <= found.high
        rejected += found.chance <= 0.05

    assert covered / runs >= 0.92  # 95 % less three standard errors of 400 runs, nearly
    if not change:
        assert rejected / runs <= 0.09


@pytest.mark.slow
def test_agreement_that_does_not_differ_is_seldom_called_different(monkeypatch):
    monkeypatch.setattr(experiment, "DRAWS", 64)
    covered, rejected, runs = 0, 0, 200
    for seed in range(runs):
        rng = np.random.default_rng([seed, 12])
        numbers, dealt = crowd(rng, people=12, items=30, each=3)
        said = agreement((one.person, one.item, one.value > 0) for one in numbers)
        found = effect(said, dealt, rng=rng)
        covered += found.low <= 0 <= found.high
        rejected += found.chance <= 0.05

    assert covered / runs >= 0.92
    assert rejected / runs <= 0.1
