"""Who votes like a machine: e-processes of each rater against what an honest person would choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, logsumexp

from assay.evaluation.evalues import e_bh

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

SURE = 0.95
"""How often a machine follows its own pattern."""

FAVOUR = 1.5
"""By how many log-odds somebody who rigs a board prefers a provider."""

PERIODS = (2, 3, 4)
"""Lengths of a pattern of sides that a clock may repeat."""

LEAST_TURNED = 0.1
"""In so many votes on models that meet again they change places, or sides cannot be told from models."""

LEAST_SHARED = 5
"""So many shared pairs before anybody may be called a copy of another."""

WEIGHT: Mapping[str, float] = MappingProxyType(
    {"coin": 0.6, "one side": 0.1, "favours": 0.1, "copies": 0.1, "clock": 0.1}
)
"""How the money is spread over the ways to cheat; a coin is the hardest to see and gets the most."""

LOOK = 100
"""At this vote every rater is tested once by the law of the same evidence in honest hands."""

LOOK_SHARE = 0.5
"""Part of the money that waits for that look; the rest is bet vote by vote."""

LOOK_WORTH = 0.025
"""The look pays LOOK_SHARE / LOOK_WORTH where chance would reach its evidence at most this often."""

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "coin": "votes like a coin, whatever stands there",
        "one side": "chooses one side of the page, whatever stands there",
        "favours": "favours one provider beyond what others see in it",
        "copies": "copies another rater",
        "clock": "repeats a pattern of sides",
    }
)


@dataclass(frozen=True, eq=False)
class Suspicion:
    """Evidence against R raters.

    Attributes
    ----------
    log_e_R
        Against "votes as an honest person would", after the last vote.
    reason_R
        The way to cheat that explains the votes best, a key of `NAMES`.
    flagged_R
        Whether e was ever 1/α or more, each rater judged alone: at most a share α of honest people.
    surely_R
        Whether the rater stands among all raters by e-BH: at most a share α of those is innocent on average.
    votes_R
        How many decided votes were judged.
    """

    log_e_R: Floats
    reason_R: tuple[str, ...]
    flagged_R: NDArray[np.bool_]
    surely_R: NDArray[np.bool_]
    votes_R: Codes


def honest_chances(pair_N: Codes, chose_N: Codes, expected_N: Floats, *, pseudo: float = 4.0) -> Floats:
    """Return for each vote the chance that an honest person chooses the first, from the others' votes.

    The others are those who judged the same pair of answers (`pair_N`, one code each); `pseudo` votes as a
    board expects (`expected_N`) are added. Each vote is left out of its own chance.

    >>> honest_chances(np.array([0, 0, 0]), np.array([1, 1, 0]), np.full(3, 0.5)).round(2).tolist()
    [0.5, 0.5, 0.67]
    """
    pairs = int(pair_N.max()) + 1 if len(pair_N) else 0
    all_P = np.bincount(pair_N, minlength=pairs).astype(float)
    first_P = np.bincount(pair_N, chose_N, pairs)
    chance_N: Floats = (first_P[pair_N] - chose_N + pseudo * expected_N) / (all_P[pair_N] - 1 + pseudo)
    return chance_N


def trust(pair_N: Codes, chose_N: Codes, expected_N: Floats) -> float:
    """Return the number of pseudo votes with which the others foretell a vote best (log-loss over all votes).

    Where people agree nearly always, an honest person agrees too, and is no copy for that.

    >>> trust(np.repeat(np.arange(40), 4), np.repeat(np.arange(40) % 2, 4), np.full(160, 0.5))
    0.25
    """
    if not len(chose_N):
        return 4.0

    def loss(pseudo: float) -> float:
        chance_N = np.clip(honest_chances(pair_N, chose_N, expected_N, pseudo=pseudo), 1e-6, 1 - 1e-6)
        return -float(_said(chance_N, chose_N).sum())

    return min((0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0), key=loss)


def sides(left_N: Codes | None, turned_N: NDArray[np.bool_], models_N: Codes) -> Codes | None:
    """Return 1 where the lower-coded of two answers stood on the left; nothing where that cannot be told.

    `left_N` says where the first answer of a vote stood, `turned_N` where that is the higher-coded one, and
    `models_N` which two models a vote compares. Where sides are not known, the order of the columns stands in
    for them, if models changed places there: else who likes a model that always comes first would seem to
    like a side.

    >>> turned_N = np.array([False, True, False, True])
    >>> sides(None, turned_N, np.zeros(4, int)).tolist()
    [1, 0, 1, 0]
    >>> sides(None, np.zeros(4, bool), np.zeros(4, int)) is None
    True
    """
    if left_N is None:
        if not change_places(turned_N, models_N):
            return None
        left_N = np.ones(len(turned_N), dtype=np.int64)
    found: Codes = np.where(turned_N, 1 - left_N, left_N)
    return found


def change_places(turned_N: NDArray[np.bool_], models_N: Codes) -> bool:
    """Say whether two models that meet again stand now one way and now the other; if none do, they might.

    >>> change_places(np.array([False, True]), np.array([0, 0]))
    True
    >>> change_places(np.array([True, True]), np.array([0, 0]))
    False
    """
    back_P, all_P = np.bincount(models_N, turned_N), np.bincount(models_N)
    again_P = all_P > 1
    rarer = np.minimum(back_P, all_P - back_P)[again_P].sum()
    return bool(rarer >= LEAST_TURNED * all_P[again_P].sum())


def coin(honest_N: Floats, chose_N: Codes) -> Floats:
    """Return log e of a coin after each of one rater's votes.

    >>> coin(np.array([0.9]), np.array([0])).round(2).tolist()
    [1.61]
    """
    ratio_N: Floats = (np.log(0.5) - _said(honest_N, chose_N)).cumsum()
    return ratio_N


def one_side(honest_N: Floats, chose_N: Codes, left_N: Codes) -> Floats:
    """Return log e of somebody who always takes the left, or always the right.

    `left_N` is 1 where the first answer stood on the left.

    >>> bool(one_side(np.full(9, 0.5), np.ones(9, int), np.ones(9, int))[-1] > 5)
    True
    """
    both = [
        (_follows(chose_N, np.where(left_N == side, 1, 0)) - _said(honest_N, chose_N)).cumsum()
        for side in (0, 1)
    ]
    ratio_N: Floats = np.logaddexp(*both) - np.log(2)
    return ratio_N


def favours(honest_N: Floats, chose_N: Codes, provider_N_P: NDArray[np.int64]) -> Floats:
    """Return log e of somebody who prefers one of P providers by 1.5 log-odds.

    `provider_N_P` is +1 where the provider made the first answer only, −1 the second only, else 0.

    >>> favours(np.full(2, 0.5), np.ones(2, int), np.array([[1], [0]])).round(2).tolist()
    [0.49, 0.49]
    """
    n_providers = provider_N_P.shape[1]
    if not n_providers:
        return np.zeros(len(chose_N))
    tilted_N_P = expit(logit(np.clip(honest_N, 1e-6, 1 - 1e-6))[:, None] + FAVOUR * provider_N_P)
    log_N_P = _said(tilted_N_P, chose_N[:, None]) - _said(honest_N, chose_N)[:, None]
    ratio_N: Floats = logsumexp(log_N_P.cumsum(axis=0), axis=1) - np.log(n_providers)
    return ratio_N


def copies(honest_N: Floats, chose_N: Codes, others_N_S: NDArray[np.int64]) -> Floats:
    """Return log e of somebody who says what one of S others said before on the same pair of answers.

    `others_N_S` holds their choices (1 the first, 0 the second), −1 where they said nothing before.

    >>> bool(copies(np.full(9, 0.5), np.ones(9, int), np.ones((9, 1), int))[-1] > 5)
    True
    """
    shared_S = (others_N_S >= 0).sum(axis=0) >= LEAST_SHARED
    if not shared_S.any():
        return np.zeros(len(chose_N))
    others_N_S = others_N_S[:, shared_S]
    follows_N_S = _follows(chose_N[:, None], others_N_S) - _said(honest_N, chose_N)[:, None]
    log_N_S = np.where(others_N_S >= 0, follows_N_S, 0.0).cumsum(axis=0)
    ratio_N: Floats = logsumexp(log_N_S, axis=1) - np.log(others_N_S.shape[1])
    return ratio_N


def clock(honest_N: Floats, chose_N: Codes, left_N: Codes) -> Floats:
    """Return log e of somebody whose sides repeat after two, three or four votes.

    Each vote is foretold from the side taken so many votes ago, so no pattern has to be guessed beforehand.

    >>> bool(clock(np.full(12, 0.5), np.arange(12) % 2, np.ones(12, int))[-1] > 4)
    True
    """
    went_left_N = np.where(chose_N == left_N, 1, 0)
    logs = []
    for period in PERIODS:
        before_N_L = np.full((len(chose_N), period), -1)
        for lag in range(1, min(period, len(chose_N) - 1) + 1):
            before_N_L[lag:, lag - 1] = went_left_N[:-lag]
        # sides that never change are no clock
        bets_N = (before_N_L[:, -1] >= 0) & (before_N_L != before_N_L[:, :1]).any(axis=1)
        foretold_N = np.where(before_N_L[:, -1] == left_N, 1, 0)
        logs.append(np.where(bets_N, _follows(chose_N, foretold_N) - _said(honest_N, chose_N), 0.0).cumsum())
    ratio_N: Floats = logsumexp(np.array(logs), axis=0) - np.log(len(PERIODS))
    return ratio_N


def evidence(
    honest_N: Floats,
    chose_N: Codes,
    *,
    left_N: Codes | None,
    provider_N_P: NDArray[np.int64],
    others_N_S: NDArray[np.int64] | None = None,
    rng: np.random.Generator,
    draws: int = 799,
) -> tuple[Floats, str]:
    """Return log e of one rater after each decided vote, and which way to cheat explains them best.

    Half of the money follows the ways to cheat, vote by vote. The other half waits: at the 100th vote the
    same evidence is compared with what it would be in honest hands (`draws` sets of votes drawn by
    `honest_N`), and pays 20 where at most one in forty honest people had as much. Nothing is paid before, so
    the whole is fair at any moment. Without sides (`left_N`) the ways that follow them get no money.

    Source: Ville (1939); Wald (1945); Monte Carlo test: Barnard (1963).

    >>> n = 100
    >>> honest_N = np.tile([0.95, 0.05], n // 2)
    >>> path, why = evidence(
    ...     honest_N, np.ones(n, int), left_N=np.ones(n, int), provider_N_P=np.zeros((n, 0), int),
    ...     rng=np.random.default_rng(0),
    ... )
    >>> why, bool(path[-1] > np.log(20))
    ('one side', True)
    """
    others_N_S = np.zeros((len(chose_N), 0), dtype=np.int64) if others_N_S is None else others_N_S

    def parts(said_N: Codes) -> dict[str, Floats]:
        found = {
            "coin": coin(honest_N, said_N),
            "favours": favours(honest_N, said_N, provider_N_P),
            "copies": copies(honest_N, said_N, others_N_S),
        }
        if left_N is not None:
            found |= {
                "one side": one_side(honest_N, said_N, left_N),
                "clock": clock(honest_N, said_N, left_N),
            }
        return found

    def mixed(some: Mapping[str, Floats]) -> Floats:
        return np.asarray(logsumexp([np.log(WEIGHT[name]) + path for name, path in some.items()], axis=0))

    own = parts(chose_N)
    path_N = mixed(own)
    reason = max(own, key=lambda name: np.log(WEIGHT[name]) + float(own[name].max(initial=-np.inf)))
    bet_N = path_N + np.log(1 - LOOK_SHARE)
    if len(chose_N) >= LOOK:
        # a coin that is foretold by the others' shares alone: drawing all ways again would cost a second each
        drawn_B_N = rng.random((draws, LOOK)) < honest_N[:LOOK]
        fall_N = np.log(0.5) - np.log(honest_N[:LOOK])
        rise_N = np.log(0.5) - np.log1p(-honest_N[:LOOK])
        honest_B = np.where(drawn_B_N, fall_N, rise_N).sum(axis=1)
        p = (1 + int((honest_B >= own["coin"][LOOK - 1] - 1e-12).sum())) / (draws + 1)
        if p <= LOOK_WORTH:
            bet_N[LOOK - 1 :] = np.logaddexp(bet_N[LOOK - 1 :], np.log(LOOK_SHARE / LOOK_WORTH))
            strongest = max(own.values(), key=lambda path: float(path[-1]))
            if float(strongest[-1]) <= 0:
                reason = "coin"
    return bet_N, reason


def suspicion(
    honest_N: Floats,
    chose_N: Codes,
    rater_N: Codes,
    *,
    rng: np.random.Generator,
    left_N: Codes | None = None,
    pair_N: Codes | None = None,
    provider_N_P: NDArray[np.int64] | None = None,
    alpha: float = 0.05,
) -> Suspicion:
    """Weigh every rater's decided votes, in the order in which they were cast.

    `honest_N` comes from `honest_chances`. It is held to be right: where few others judged a pair it follows
    the board, and a person of unusual taste who votes a lot may then look like a coin. A flag asks for known
    answers and a talk; it removes no vote.

    >>> rng = np.random.default_rng(0)
    >>> honest_N = rng.beta(1, 1, 400)
    >>> chance_N = np.where(np.arange(400) < 200, honest_N, 0.5)
    >>> chose_N = (rng.random(400) < chance_N).astype(int)
    >>> suspicion(honest_N, chose_N, np.repeat([0, 1], 200), rng=rng).flagged_R.tolist()
    [False, True]
    """
    n_raters = int(rater_N.max()) + 1 if len(rater_N) else 0
    n_votes = len(chose_N)
    if provider_N_P is None:
        provider_N_P = np.zeros((n_votes, 0), dtype=np.int64)
    honest_N = np.clip(honest_N, 1e-6, 1 - 1e-6)
    earlier = _earlier(pair_N, rater_N, chose_N) if pair_N is not None else {}
    log_e_R, peak_R, reasons = np.zeros(n_raters), np.zeros(n_raters), [""] * n_raters
    order_N = np.argsort(rater_N, kind="stable")
    ends_R = np.searchsorted(rater_N[order_N], np.arange(n_raters + 1))
    for rater in range(n_raters):
        own = order_N[ends_R[rater] : ends_R[rater + 1]]
        if not len(own):
            continue
        bets_N, reasons[rater] = evidence(
            honest_N[own],
            chose_N[own],
            left_N=None if left_N is None else left_N[own],
            provider_N_P=provider_N_P[own],
            others_N_S=_others(own, earlier),
            rng=rng,
        )
        log_e_R[rater], peak_R[rater] = bets_N[-1], bets_N.max()
    votes_R = np.bincount(rater_N, minlength=n_raters)
    # the largest e so far may be acted upon at once, one rater alone; among many, what holds now counts
    flagged_R = peak_R >= np.log(1 / alpha)
    return Suspicion(log_e_R, tuple(reasons), flagged_R, e_bh(log_e_R, alpha=alpha), votes_R)


def _said(chance: Floats, chose: Codes) -> Floats:
    """Return the log of the chance of what was chosen."""
    logs: Floats = np.where(chose == 1, np.log(chance), np.log1p(-chance))
    return logs


def _follows(chose: Codes, pattern: Codes) -> Floats:
    logs: Floats = np.log(1 - SURE) + np.equal(chose, pattern) * (np.log(SURE) - np.log(1 - SURE))
    return logs


def _earlier(pair_N: Codes, rater_N: Codes, chose_N: Codes) -> dict[int, list[tuple[int, int]]]:
    """Return for each vote what others had said on the same pair before it."""
    said: dict[int, list[tuple[int, int]]] = {}
    found: dict[int, list[tuple[int, int]]] = {}
    for n, (pair, rater, chose) in enumerate(
        zip(pair_N.tolist(), rater_N.tolist(), chose_N.tolist(), strict=True)
    ):
        before = said.setdefault(pair, [])
        if before:
            found[n] = [(other, choice) for other, choice in before if other != rater]
        before.append((rater, chose))
    return found


def _others(own: Codes, earlier: Mapping[int, list[tuple[int, int]]]) -> NDArray[np.int64]:
    """Return the earlier choices of those who shared enough pairs with a rater, one column each."""
    heard = [earlier.get(n, []) for n in own.tolist()]
    counted: dict[int, int] = {}
    for each in heard:
        for other, _ in each:
            counted[other] = counted.get(other, 0) + 1
    column = {
        other: k for k, other in enumerate(o for o, shared in counted.items() if shared >= LEAST_SHARED)
    }
    table_N_S = np.full((len(own), len(column)), -1, dtype=np.int64)
    for row, each in enumerate(heard):
        for other, choice in each:
            if other in column:
                table_N_S[row, column[other]] = choice
    return table_N_S
