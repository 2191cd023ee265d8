"""What the best of many private variants is worth: their record, and intervals that know of the choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, log_ndtr, ndtr, ndtri

from assay.errors import AssayError
from assay.wording import Sentence, say

Floats = NDArray[np.float64]

MANY_VARIANTS = 10
"""With more variants than this a score is provisional until `FRESH_VOTES` are in, else a quarter of them."""

FRESH_VOTES = 2000
"""So many votes after the choice make a score no longer provisional."""


@dataclass(frozen=True, order=True)
class Variant:
    """One set of weights that was put up for votes: `at` is the time of its registration, ISO 8601."""

    at: str
    provider: str
    hash: str


@dataclass(frozen=True)
class Registry:
    """Every variant that ever stood for votes, in the order of registration; nothing is ever taken out."""

    variants: tuple[Variant, ...] = ()

    def added(self, variant: Variant, *, first_vote: str | None = None) -> Registry:
        """Return the record with one more variant.

        Raises
        ------
        AssayError
            Where the hash is known, the time runs backwards, or votes were cast before.

        >>> record = Registry().added(Variant("2026-01-01", "ours", "ab12"))
        >>> len(record.variants)
        1
        """
        if any(known.hash == variant.hash for known in self.variants):
            raise AssayError(f"the variant {variant.hash!r} is registered already; a record is never changed")
        if self.variants and variant.at < self.variants[-1].at:
            raise AssayError(
                f"the variant {variant.hash!r} is dated {variant.at}, before the last one in the record; "
                "register variants in the order of time"
            )
        if first_vote is not None and first_vote <= variant.at:
            raise AssayError(
                f"the variant {variant.hash!r} had votes on {first_vote}, before it was registered on "
                f"{variant.at}; those votes cannot count"
            )
        return Registry((*self.variants, variant))

    def of(self, provider: str, *, until: str | None = None) -> tuple[Variant, ...]:
        """Return what a provider has registered up to a time.

        >>> Registry((Variant("2026-01-01", "ours", "ab12"),)).of("theirs")
        ()
        """
        return tuple(
            each
            for each in self.variants
            if each.provider == provider and (until is None or each.at <= until)
        )

    def unregistered(self, hashes: Iterable[str]) -> tuple[str, ...]:
        """Return those models among the votes that nobody registered.

        >>> Registry().unregistered(["ab12"])
        ('ab12',)
        """
        known = {each.hash for each in self.variants}
        return tuple(sorted(set(hashes) - known))


def before_and_after(
    surplus_N: Floats, day_N: Floats, rival_N: NDArray[np.int64], rater_N: NDArray[np.int64], released: float
) -> tuple[Floats, int]:
    """Return one increment for each person who voted after a release: ½ where nothing has changed.

    `surplus_N` in [0, 1] is the model's score in each of its votes, `rival_N` its opponent. Each vote after
    the release is set against one before it on the same opponent, drawn in the order of time, each used once.
    The same weights win as often before as after, so that such a pair is fair; a person's pairs are averaged.

    Returns
    -------
    The increments, over ½ where the model won more before, and how many pairs they rest on.

    >>> day_N = np.array([0.0, 1, 2, 3])
    >>> won_N = np.array([1.0, 1, 0, 0])
    >>> before_and_after(won_N, day_N, np.zeros(4, int), np.arange(4), 1.5)
    (array([1., 1.]), 2)
    """
    late_N = day_N >= released
    order = np.argsort(day_N, kind="stable")
    gained: dict[int, list[float]] = {}
    pairs = 0
    for rival in np.unique(rival_N[late_N]):
        own = order[rival_N[order] == rival]
        early, late = own[~late_N[own]], own[late_N[own]]
        for one, other in zip(early[-len(late) :], late, strict=False):
            gained.setdefault(int(rater_N[other]), []).append(
                0.5 + float(surplus_N[one] - surplus_N[other]) / 2
            )
            pairs += 1
    return np.array([float(np.mean(each)) for each in gained.values()]), pairs


@dataclass(frozen=True)
class Chosen:
    """The best of several: its estimate with and without knowledge of the choice, 95 % intervals beside."""

    estimate: float
    low: float
    high: float
    naive: float
    naive_low: float
    naive_high: float


def best_of(
    estimates_N: Floats,
    error: float,
    *,
    fresh: float | None = None,
    fresh_error: float | None = None,
    level: float = 0.95,
) -> Chosen:
    """Return what is known of the variant with the highest of N estimates, given that it was chosen for that.

    The estimates are normal with standard error `error`, independent of each other; the chosen one is then a
    normal cut off below at the runner-up, and its interval has the values under which it would be neither too
    high nor too low (equal tails; the estimate is the value under which it would be the median). `fresh`
    is an estimate from votes after the choice: both are weighed together, given the choice (data carving),
    which is never wider than the fresh votes alone.

    Source: Lee, Sun, Sun & Taylor, Annals of Statistics 44 (2016); Fithian, Sun & Taylor (2014), carving;
    Andrews, Kitagawa & McCloskey, QJE 139 (2024).

    >>> found = best_of(np.array([0.30, 0.29, 0.0]), 0.1)
    >>> found.estimate < found.naive, found.low < found.naive_low
    (True, True)
    """
    best = float(estimates_N.max())
    floor = float(np.sort(estimates_N)[-2]) if len(estimates_N) > 1 else -np.inf
    reach = float(ndtri((1 + level) / 2))
    naive = (best, best - reach * error, best + reach * error)
    if fresh is None or fresh_error is None:

        def passed(theta: float) -> float:
            return _cut_off(best, theta, error, floor)

        start, width = best, error
    else:
        share = error**-2 / (error**-2 + fresh_error**-2)
        both = share * best + (1 - share) * fresh
        spread = float((error**-2 + fresh_error**-2) ** -0.5)
        left = float(np.sqrt(max(error**2 - spread**2, 1e-300)))

        def passed(theta: float) -> float:
            return _carved(both, theta, spread=spread, left=left, floor=floor)

        start, width = both, spread
    found = [_solve(passed, wanted, start, width) for wanted in ((1 + level) / 2, 0.5, (1 - level) / 2)]
    return Chosen(found[1], found[0], found[2], *naive)


def split(fresh: float, fresh_error: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval from the votes after the choice alone: they know nothing of it.

    >>> low, high = split(0.0, 1.0)
    >>> round(high, 2)
    1.96
    """
    reach = float(ndtri((1 + level) / 2)) * fresh_error
    return fresh - reach, fresh + reach


def provisional(model: str, variants: int, fresh_votes: int) -> Sentence | None:
    """Say why a score is provisional, or nothing.

    >>> print(provisional("ours-7", 27, 300))
    ours-7 is provisional: it is one of 27 variants, and of the 2,000 votes after its choice 300 are in.
    """
    if variants <= 1 or fresh_votes >= FRESH_VOTES:
        return None
    if variants <= MANY_VARIANTS and fresh_votes >= FRESH_VOTES // 4:
        return None
    needed = FRESH_VOTES if variants > MANY_VARIANTS else FRESH_VOTES // 4
    return say(
        "{model} is provisional: it is one of {variants} variants, and of the {needed:,} votes after its "
        "choice {fresh:,} are in.",
        model=model,
        variants=variants,
        needed=needed,
        fresh=fresh_votes,
    )


def exposure(counts_P: NDArray[np.int64], policy_P: Floats) -> tuple[float, float]:
    """Return how far the draws of P providers are from the policy that was announced.

    Returns
    -------
    KL(share of draws ‖ policy) in nats, and log e against "each draw followed the policy": a Dirichlet
    mixture of shares centred on the policy, whose chance of ever passing 1/α is at most α.

    >>> divergence, log_e = exposure(np.array([300, 100]), np.array([0.5, 0.5]))
    >>> round(divergence, 2), bool(log_e > np.log(20))
    (0.13, True)
    """
    policy_P = np.asarray(policy_P, dtype=float) / np.sum(policy_P)
    if (policy_P <= 0).any():
        raise AssayError("the policy must give every provider a chance above 0")
    total = counts_P.sum()
    share_P = counts_P / max(total, 1)
    seen_P = share_P > 0
    divergence = float((share_P[seen_P] * np.log(share_P[seen_P] / policy_P[seen_P])).sum())
    prior_P = policy_P * 10 * len(policy_P)
    log_mixture = (
        gammaln(prior_P.sum())
        - gammaln(prior_P.sum() + total)
        + (gammaln(prior_P + counts_P) - gammaln(prior_P)).sum()
    )
    return divergence, float(log_mixture - (counts_P * np.log(policy_P)).sum())


def _cut_off(value: float, theta: float, error: float, floor: float) -> float:
    """Return the chance that a normal above `floor` stays under `value`, steadily far out in its tail."""
    top, bottom = log_ndtr((theta - value) / error), log_ndtr((theta - floor) / error)
    return float(-np.expm1(top - bottom))


def _carved(value: float, theta: float, *, spread: float, left: float, floor: float) -> float:
    """Return the same for the weighted mean of chosen and fresh, where only the chosen was cut off."""
    grid_G = theta + spread * np.linspace(-9, 9, 1801)
    weight_G = np.exp(-0.5 * ((grid_G - theta) / spread) ** 2 + log_ndtr((grid_G - floor) / left))
    peak = weight_G.max()
    if peak == 0:
        # the floor is far above: everything that was chosen lies right at it
        far_G = theta + spread * np.linspace(-40, 40, 8001)
        log_G = -0.5 * ((far_G - theta) / spread) ** 2 + log_ndtr((far_G - floor) / left)
        weight_G, grid_G = np.exp(log_G - log_G.max()), far_G
    cumulative_G = np.concatenate([[0.0], np.cumsum((weight_G[1:] + weight_G[:-1]) / 2)])
    return float(np.interp(value, grid_G, cumulative_G / cumulative_G[-1]))


def _solve(passed: Callable[[float], float], wanted: float, start: float, width: float) -> float:
    """Return the theta at which `passed` is `wanted`; it falls as theta grows."""
    low, high = start - 4 * width, start + 4 * width
    while passed(low) < wanted and start - low < 1e3 * width:
        low -= 2 * (start - low)
    while passed(high) > wanted and high - start < 1e3 * width:
        high += 2 * (high - start)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if passed(middle) > wanted else (low, middle)
    return (low + high) / 2


def bias_of_best(variants: int, error: float) -> float:
    """Return by how much the best of several equal variants is overrated on average.

    >>> round(bias_of_best(1, 1.0), 2), round(bias_of_best(2, 1.0), 2)
    (0.0, 0.56)
    """
    grid_G = np.linspace(-9, 9, 6001)
    # the mean of a maximum: the area over its distribution less the area under it on the other side of 0
    law_G = ndtr(grid_G) ** variants
    return float(
        error * np.trapezoid(np.where(grid_G > 0, 1.0, 0.0) + np.where(grid_G == 0, 0.5, 0) - law_G, grid_G)
    )
