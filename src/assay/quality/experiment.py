"""Two versions side by side: what the second one changes, and how sure that is.

People are dealt to a version, and both versions get judgments on the same items. What is compared is always
the same item: a hard item weighs on both sides. Neither the judgments of one person nor those on one item are
independent of each other, so the interval counts clusters of both; and since the dice dealt the people, the
same dice say how often a difference of this size comes from dealing alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

DRAWS = 4_000
"""Other deals behind a test; where there are fewer than this, all of them."""


class ExperimentError(AssayError):
    """Measurements from which no comparison follows."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number about one item: what one person did there, or whether two of them agree (`partner`)."""

    person: str
    item: str
    value: float
    partner: str = ""


@dataclass(frozen=True)
class Effect:
    """What the second version changes.

    Attributes
    ----------
    difference
        Mean of the second version minus mean of the first, within items; an item with n and m numbers weighs
        n·m / (n + m).
    low, high
        Its 95 % interval; `None` with fewer than two people on a side or fewer than two items.
    chance
        How often dealing people anew parts the versions at least as far, had they no effect on anybody.
    least
        The smallest such share that so few people allow.
    means
        Of either version, over the items that both have; items weigh as in the difference.
    people, items, measurements
        On how much it rests: people of either version, items that both have, numbers.
    """

    difference: float
    low: float | None
    high: float | None
    chance: float
    least: float
    means: tuple[float, float]
    people: tuple[int, int]
    items: int
    measurements: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out that there is no difference."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def deal(dealt: Sequence[int], rng: np.random.Generator) -> int:
    """Return the version for the next person: the one that fewer have, drawn where that is even.

    >>> rng = np.random.default_rng(0)
    >>> dealt: list[int] = []
    >>> for _ in range(6):
    ...     dealt.append(deal(dealt, rng))
    >>> sum(dealt)
    3
    """
    second = sum(dealt)
    first = len(dealt) - second
    return int(rng.integers(2)) if first == second else int(second < first)


def agreement(said: Iterable[tuple[str, str, Hashable]]) -> list[Measurement]:
    """Return for every two people on an item whether they say the same: 1 or 0.

    Takes (person, item, label). Pairs across versions are there too; `effect` leaves them out.

    >>> [one.value for one in agreement([("ann", "i", "a"), ("ben", "i", "a"), ("cy", "i", "b")])]
    [1.0, 0.0, 0.0]
    """
    by_item: dict[str, list[tuple[str, Hashable]]] = {}
    for person, item, label in said:
        by_item.setdefault(item, []).append((person, label))
    return [
        Measurement(one, item, float(mine == theirs), other)
        for item, own in by_item.items()
        for (one, mine), (other, theirs) in itertools.combinations(own, 2)
    ]


def effect(
    measurements: Sequence[Measurement], dealt: Mapping[str, int], *, rng: np.random.Generator
) -> Effect:
    """Return what the second version changes, with an interval clustered by person and item.

    The variance is that of leaving out one person at a time, plus that of leaving out one item at a time,
    minus that of leaving out one judgment at a time, which both contain; where this is less than one of the
    two, the larger of them. The interval is Student's, with two degrees of freedom fewer than people, or one
    fewer than items.

    Parameters
    ----------
    dealt
        Person → version, 0 or 1, in the order in which they were dealt with `deal`; also those who have not
        judged yet, whose partners they are when people are dealt anew.

    Raises
    ------
    ExperimentError
        Where no item has numbers of both versions, or where somebody judged who was dealt to none.

    Notes
    -----
    Leaving out clusters in two ways: MacKinnon, Nielsen and Webb, *Jackknife inference with two-way
    clustering* (2024); the three variances: Cameron, Gelbach and Miller, *Robust inference with multiway
    clustering* (2011). Dealing anew is Fisher's test: exact for the hypothesis that nobody's numbers, nor
    which items they judge, depend on the version.

    >>> rows = [("ann", 0.0), ("ben", 1.0), ("cy", 1.0), ("dee", 1.0)]
    >>> said = [Measurement(person, item, value) for item in "ij" for person, value in rows]
    >>> dealt = {"ann": 0, "ben": 1, "cy": 0, "dee": 1}
    >>> found = effect(said, dealt, rng=np.random.default_rng(0))
    >>> found.difference, found.people, found.items
    (0.5, (2, 2), 2)
    """
    from scipy.special import stdtrit  # noqa: PLC0415 -- who only deals or draws need not wait for it

    table = _Table(measurements, dealt)
    now = table.parts(table.version_P)
    here_I = now.weight_I > 0
    items = int(here_I.sum())
    if not items:
        raise ExperimentError("no item has judgments by both versions yet; wait for more")
    counted_N = here_I[table.item_N] & (table.side_N >= 0)
    versions = table.version_P[np.unique(np.concatenate([one[counted_N] for one in table.members]))]
    second = int(versions.sum())
    people = len(versions) - second, second
    low = high = None
    if min(people) >= 2 and items >= 2:
        freedom = min(sum(people) - 2, items - 1)
        reach = float(stdtrit(freedom, 0.975)) * math.sqrt(_variance(table, now, counted_N))
        low, high = now.difference - reach, now.difference + reach
    chance, least = _chance(table, now.difference, rng)
    return Effect(
        difference=now.difference,
        low=low,
        high=high,
        chance=chance,
        least=least,
        means=now.means(),
        people=people,
        items=items,
        measurements=int(counted_N.sum()),
    )


@dataclass(frozen=True)
class _Parts:
    """Numbers and their sums by version and item, and what follows from them for each item."""

    size_V_I: Floats
    total_V_I: Floats
    weight_I: Floats
    gap_I: Floats

    @classmethod
    def of(cls, size_V_I: Floats, total_V_I: Floats) -> _Parts:
        here_I = (size_V_I > 0).all(axis=0)
        mean_V_I = total_V_I / np.maximum(size_V_I, 1)
        weight_I = np.where(here_I, size_V_I.prod(axis=0) / np.maximum(size_V_I.sum(axis=0), 1), 0.0)
        return cls(size_V_I, total_V_I, weight_I, np.where(here_I, mean_V_I[1] - mean_V_I[0], 0.0))

    @property
    def difference(self) -> float:
        weight = self.weight_I.sum()
        return float((self.weight_I * self.gap_I).sum() / weight) if weight > 0 else math.nan

    def means(self) -> tuple[float, float]:
        mean_V_I = self.total_V_I / np.maximum(self.size_V_I, 1)
        mean_V = (mean_V_I * self.weight_I).sum(axis=1) / self.weight_I.sum()
        return float(mean_V[0]), float(mean_V[1])


class _Table:
    """N measurements of P people, in the order dealt, on I items, as arrays."""

    def __init__(self, measurements: Sequence[Measurement], dealt: Mapping[str, int]) -> None:
        number_of = {name: number for number, name in enumerate(dealt)}
        names = [(row.person, row.partner or row.person) for row in measurements]
        if lost := {name for pair in names for name in pair} - set(number_of):
            raise ExperimentError(f"{min(lost)!r} has judged, but was dealt to no version")
        if not set(dealt.values()) <= {0, 1}:
            raise ExperimentError("the versions of an experiment are numbered 0 and 1")
        items: dict[str, int] = {}
        item_N = [items.setdefault(row.item, len(items)) for row in measurements]
        self.items = len(items)
        self.item_N: Ints = np.array(item_N, dtype=np.intp)
        self.value_N: Floats = np.array([row.value for row in measurements], dtype=np.float64)
        self.version_P: Ints = np.array(list(dealt.values()), dtype=np.intp)
        self.members: tuple[Ints, Ints] = (
            np.array([number_of[one] for one, _ in names], dtype=np.intp),
            np.array([number_of[other] for _, other in names], dtype=np.intp),
        )
        self.side_N = self.sides(self.version_P)

    def sides(self, version_P: Ints) -> Ints:
        """Return the version that each number belongs to; -1 where its two people are of different ones."""
        one_N, other_N = (version_P[members] for members in self.members)
        return np.where(one_N == other_N, one_N, -1)

    def parts(self, version_P: Ints) -> _Parts:
        return self.summed(self.sides(version_P))

    def summed(self, side_N: Ints) -> _Parts:
        own_N = side_N >= 0
        place = side_N[own_N] * self.items + self.item_N[own_N]
        size = np.bincount(place, minlength=2 * self.items).astype(np.float64)
        total = np.bincount(place, self.value_N[own_N], minlength=2 * self.items).astype(np.float64)
        return _Parts.of(size.reshape(2, -1), total.reshape(2, -1))


def _variance(table: _Table, now: _Parts, counted_N: NDArray[np.bool_]) -> float:
    """Return the variance of the difference, with clusters of people and of items."""
    whole = now.difference
    sum_I = now.weight_I * now.gap_I
    people = np.unique(np.concatenate([members[counted_N] for members in table.members]))
    here_I = np.flatnonzero(now.weight_I)
    by_item = _jackknife(
        [(sum_I.sum() - sum_I[i]) / (now.weight_I.sum() - now.weight_I[i]) for i in here_I], whole
    )
    without_person, without_judgment = [], []
    for person in people:
        own_N = (table.members[0] == person) | (table.members[1] == person)
        rest = table.summed(np.where(own_N, -1, table.side_N))
        without_person.append(rest.difference)
        # Leaving out one judgment changes its own item and no other.
        touched = np.unique(table.item_N[own_N & counted_N])
        weight = now.weight_I.sum() - now.weight_I[touched] + rest.weight_I[touched]
        total = sum_I.sum() - sum_I[touched] + rest.weight_I[touched] * rest.gap_I[touched]
        without_judgment += [float(t / w) if w > 0 else math.nan for t, w in zip(total, weight, strict=True)]
    by_person = _jackknife(without_person, whole)
    return max(by_person + by_item - _jackknife(without_judgment, whole), by_person, by_item)


def _jackknife(without: Sequence[float], whole: float) -> float:
    """Return the variance that follows from leaving out one of several clusters at a time."""
    fine = np.array([each for each in without if math.isfinite(each)])
    return float((len(fine) - 1) / len(fine) * ((fine - whole) ** 2).sum()) if len(fine) > 1 else 0.0


def _chance(table: _Table, difference: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return how often another deal parts the versions as far, and the smallest such share there can be."""
    deals, everything = _deals(len(table.version_P), rng)
    differences = np.array([table.parts(version_P).difference for version_P in deals])
    tried = differences[np.isfinite(differences)]
    as_far = int((np.abs(tried) >= abs(difference) - 1e-12).sum())
    if everything:  # the deal at hand is among them, and so is its mirror image
        return as_far / len(tried), min(2 / len(tried), 1.0)
    return (as_far + 1) / (len(tried) + 1), 1 / (len(tried) + 1)


def _deals(people: int, rng: np.random.Generator) -> tuple[Ints, bool]:
    """Return other deals of so many people, one a row, and whether these are all that there can be.

    Whoever comes second in a pair gets the version that the first did not get, as `deal` has it.
    """
    pairs = (people + 1) // 2
    everything = 2**pairs <= DRAWS
    first_D_B: Ints = (
        np.array(list(itertools.product((0, 1), repeat=pairs)), dtype=np.intp)
        if everything
        else rng.integers(2, size=(DRAWS, pairs), dtype=np.intp)
    )
    both_D_B_2 = np.stack([first_D_B, 1 - first_D_B], axis=2)
    return both_D_B_2.reshape(len(first_D_B), -1)[:, :people], everything
