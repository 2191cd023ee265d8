"""Pool rankings and best-of-n choices into one ranking of each item's candidates.

Candidates belong to their item: answer `b` to one prompt has nothing to do with answer `b` to the next. What
items share is the people, so a method for comparisons learns one reliability for each from all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from scipy.special import betainc, ndtr

from assay.quality import reading
from assay.quality.labels.columns import VotesError
from assay.quality.pairs.bradley_terry import crowd_bradley_terry
from assay.quality.pairs.rankings import Order, Rankings
from assay.quality.pairs.result import PairsMethod, PairsResult
from assay.quality.reading import Codes, Floats

NODES = 32
"""Points of the Gauss–Hermite rule behind the probability of being the best."""


@dataclass(frozen=True, eq=False)
class RankingsResult:
    """One pooled ranking for each item.

    Attributes
    ----------
    rankings
        What was said.
    compared
        The method's result on the comparisons: scores in log-odds, mean 0 within each item, and each rater's
        reliability.
    overall
        The method's result over all items together, where they all have the same candidates; else `None`.
    item_C, name_C, score_C, sd_C
        The C candidates of all items, sorted by item and name. Scores can be compared within an item only;
        the standard deviation is that of the distance from the mean of the item's scores.
    best_C
        Probability that the candidate is the best of its item.
    order_I
        The verdict: each item's candidates from the best down, equal scores together.
    sure_I
        Probability that the first one is the best; 1 where that is known.
    doubt_I
        Twice the expected share of pairs in the wrong order: 0 nothing is open, 1 everything.
    none_I
        Share of an item's answers that called none of them good.
    """

    rankings: Rankings
    compared: PairsResult
    overall: PairsResult | None
    item_C: Codes
    name_C: tuple[str, ...]
    score_C: Floats
    sd_C: Floats
    best_C: Floats
    order_I: tuple[Order, ...]
    sure_I: Floats
    doubt_I: Floats
    none_I: Floats

    @cached_property
    def verdicts(self) -> dict[str, Order]:
        """Item → candidates from the best down."""
        return dict(zip(self.rankings.items, self.order_I, strict=True))

    @cached_property
    def none_sure_I(self) -> Floats:
        """Probability that more than half of a crowd like this one would call none of an item's good."""
        rankings = self.rankings
        none_N = np.array([not order for order in rankings.order_N], dtype=np.float64)
        bad_I, all_I = (
            reading.summed(rankings.item_N, rankings.weight_N * of, len(rankings.items))
            for of in (none_N, np.ones_like(none_N))
        )
        sure_I: Floats = 1 - betainc(bad_I + 1, all_I - bad_I + 1, 0.5)
        return sure_I

    @cached_property
    def board(self) -> tuple[tuple[str, float, float], ...]:
        """Candidates that all items share, from the best down: name, score over all items, its deviation."""
        if self.overall is None:
            return ()
        names, score_C = self.overall.pairs.items, self.overall.score_I
        sd_C = _apart(_blocks(self.overall, np.arange(len(names))[None, :]))[0]
        order = np.lexsort((np.arange(len(names)), -np.round(score_C, 9)))
        return tuple((names[place], float(score_C[place]), float(sd_C[place])) for place in order)

    def candidates(self) -> pl.DataFrame:
        """Return one row a candidate: item, candidate, score, sd and the probability of being the best."""
        return pl.DataFrame(
            {
                "item": [self.rankings.items[item] for item in self.item_C.tolist()],
                "candidate": self.name_C,
                "score": self.score_C,
                "sd": self.sd_C,
                "best": self.best_C,
            }
        )


def ranked(rankings: Rankings, method: PairsMethod = crowd_bradley_terry) -> RankingsResult:
    """Pool the rankings of each item's candidates into one, with people's reliability shared by all items.

    Every answer becomes the comparisons it implies, weighing together what a ranking tells (`weight_of`); a
    tie is half a win for each, so an answer with a tie counts as the two that break it, at half a weight
    each. Candidates of different items never meet; the prior of the scores keeps each item's at mean 0.

    The probability of being the best takes the scores of an item as normal with the posterior covariance,
    whose common part cancels in every difference; what is left between candidates is neglected.

    >>> said = [["b", "a", "c"], ["b", "c", "a"], ["b", "a", "c"]]
    >>> found = ranked(Rankings.from_lists(["i"] * 3, ["ann", "ben", "cleo"], said))
    >>> found.verdicts, bool(found.sure_I[0] > 0.5)
    ({'i': (('b',), ('a',), ('c',))}, True)
    """
    compared = method(rankings.pairs)
    item_C = np.array([item for item, _ in rankings.cells], dtype=np.int64)
    names = tuple(name for _, name in rankings.cells)
    n_items = len(rankings.items)
    best_C, wrong_I = np.ones(len(names)), np.zeros(n_items)
    score_C, sd_C = compared.score_I, np.zeros(len(names))
    first_I, size_I = np.searchsorted(item_C, np.arange(n_items)), np.bincount(item_C, minlength=n_items)
    for size in np.unique(size_I[size_I > 1]):
        own_B = np.flatnonzero(size_I == size)
        cell_B_S = first_I[own_B][:, None] + np.arange(size)
        covariance_B_S_S = _blocks(compared, cell_B_S)
        best_C[cell_B_S] = _best(score_C[cell_B_S], covariance_B_S_S)
        sd_C[cell_B_S] = _apart(covariance_B_S_S)
        wrong_I[own_B] = _wrong(score_C[cell_B_S], covariance_B_S_S)
    orders: list[Order] = []
    rounded = np.round(score_C, 9).tolist()
    for first, size in zip(first_I.tolist(), size_I.tolist(), strict=True):
        levels: dict[float, list[str]] = {}
        for place in range(first, first + size):
            levels.setdefault(rounded[place], []).append(names[place])
        orders.append(tuple(tuple(levels[score]) for score in sorted(levels, reverse=True)))
    for code, item in enumerate(rankings.items):
        if item not in rankings.known:
            continue
        right = rankings.known[item]
        own = slice(first_I[code], first_I[code] + size_I[code])
        here = tuple(tuple(name for name in tied if name in names[own]) for tied in right)
        named = {name for tied in here for name in tied}
        left = tuple(tuple(name for name in tied if name not in named) for tied in orders[code])
        orders[code] = tuple(tied for tied in (*here, *left) if tied)
        if named:
            best_C[own] = [(name in orders[code][0]) / len(orders[code][0]) for name in names[own]]
            wrong_I[code] = 0.0
    sure_I = np.zeros(n_items)
    np.maximum.at(sure_I, item_C, best_C)
    none_N = np.array([not order for order in rankings.order_N], dtype=np.float64)
    weight_I = reading.summed(rankings.item_N, rankings.weight_N, n_items)
    return RankingsResult(
        rankings=rankings,
        compared=compared,
        overall=method(rankings.overall) if rankings.shared else None,
        item_C=item_C,
        name_C=names,
        score_C=score_C,
        sd_C=sd_C,
        best_C=best_C,
        order_I=tuple(orders),
        sure_I=sure_I,
        doubt_I=np.clip(2 * wrong_I, 0, 1),
        none_I=reading.summed(rankings.item_N, rankings.weight_N * none_N, n_items) / weight_I,
    )


def _blocks(compared: PairsResult, cell_B_S: Codes) -> Floats:
    """Return the posterior covariance of the candidates of items with equally many, B × S × S."""
    covariance = compared.covariance_I_I
    size = cell_B_S.shape[1]
    rows, columns = np.repeat(cell_B_S, size, axis=1).ravel(), np.tile(cell_B_S, (1, size)).ravel()
    if covariance is None:
        held = np.where(rows == columns, compared.sd_I[rows] ** 2, 0.0)
    elif isinstance(covariance, np.ndarray):
        held = covariance[rows, columns]
    else:
        found = covariance[rows, columns]
        held = np.asarray(found.toarray() if hasattr(found, "toarray") else found)
    block: Floats = held.reshape(-1, size, size)
    return block


def _apart(covariance_B_S_S: Floats) -> Floats:
    """Return standard deviations of the distances from the mean of each item's scores."""
    own_B_S = np.einsum("bss->bs", covariance_B_S_S)
    with_mean_B_S = covariance_B_S_S.mean(axis=2)
    variance_B_S = own_B_S - 2 * with_mean_B_S + with_mean_B_S.mean(axis=1, keepdims=True)
    sd_B_S: Floats = np.sqrt(np.maximum(variance_B_S, 0))
    return sd_B_S


def _best(score_B_S: Floats, covariance_B_S_S: Floats) -> Floats:
    """Return each candidate's probability of having the highest score; they add up to 1."""
    size = score_B_S.shape[1]
    apart = ~np.eye(size, dtype=bool)
    common_B = covariance_B_S_S[:, apart].mean(axis=1)
    sd_B_S = np.sqrt(np.maximum(np.einsum("bss->bs", covariance_B_S_S) - common_B[:, None], 1e-12))
    node, share = np.polynomial.hermite_e.hermegauss(NODES)
    best_B_S = np.empty_like(score_B_S)
    for one in range(size):
        at_B_K = score_B_S[:, one, None] + sd_B_S[:, one, None] * node
        above = np.ones_like(at_B_K)
        for other in range(size):
            if other != one:
                above *= ndtr((at_B_K - score_B_S[:, other, None]) / sd_B_S[:, other, None])
        best_B_S[:, one] = above @ share
    normed: Floats = best_B_S / best_B_S.sum(axis=1, keepdims=True)
    return normed


def _wrong(score_B_S: Floats, covariance_B_S_S: Floats) -> Floats:
    """Return the expected share of pairs whose order is wrong."""
    one, other = np.triu_indices(score_B_S.shape[1], 1)
    variance_B_S = np.einsum("bss->bs", covariance_B_S_S)
    gap = np.abs(score_B_S[:, one] - score_B_S[:, other])
    variance = variance_B_S[:, one] + variance_B_S[:, other] - 2 * covariance_B_S_S[:, one, other]
    wrong_B: Floats = ndtr(-gap / np.sqrt(np.maximum(variance, 1e-12))).mean(axis=1)
    return wrong_B


def kendall(order: Order, right: Order) -> float | None:
    """Return Kendall's tau-b of two orders over the candidates in both; `None` where either is one tie.

    >>> kendall((("b",), ("a",), ("c",)), (("b",), ("c",), ("a",)))
    0.3333333333333333
    """
    one, other = (
        {name: place for place, tied in enumerate(ranking) for name in tied} for ranking in (order, right)
    )
    both = sorted(one.keys() & other.keys())
    place_A, place_B = (np.array([places[name] for name in both]) for places in (one, other))
    above = np.triu_indices(len(both), 1)
    sign_A, sign_B = (
        np.sign(places[:, None] - places[None, :])[above] if both else np.zeros(0)
        for places in (place_A, place_B)
    )
    size = np.sqrt((sign_A != 0).sum() * (sign_B != 0).sum())
    return float((sign_A * sign_B).sum() / size) if size else None


def borda(rankings: Rankings) -> dict[str, Order]:
    """Rank each item's candidates by the share of the others that each is placed above; no model of people.

    Ties share their places, and what was not ranked shares the last ones. The simplest rule, to compare with.

    Source: de Borda, "Mémoire sur les élections au scrutin", 1781.

    >>> borda(Rankings.from_lists(["i", "i"], ["ann", "ben"], [["a", "b"], ["a", "b"]]))
    {'i': (('a',), ('b',))}
    """
    pairs = rankings.pairs
    n_cells = len(rankings.cells)
    won_C = reading.summed(pairs.left_N, pairs.weight_N * pairs.score_N, n_cells)
    won_C += reading.summed(pairs.right_N, pairs.weight_N * (1 - pairs.score_N), n_cells)
    met_C = reading.summed(pairs.left_N, pairs.weight_N, n_cells)
    met_C += reading.summed(pairs.right_N, pairs.weight_N, n_cells)
    share_C = np.round(won_C / np.maximum(met_C, 1e-12), 9).tolist()
    levels: dict[int, dict[float, list[str]]] = {}
    for (item, name), share in zip(rankings.cells, share_C, strict=True):
        levels.setdefault(item, {}).setdefault(share, []).append(name)
    return {
        rankings.items[item]: tuple(tuple(own[share]) for share in sorted(own, reverse=True))
        for item, own in sorted(levels.items())
    }


def scores(verdicts: Mapping[str, Order], gold: Mapping[str, Order]) -> dict[str, float]:
    """Return how near pooled rankings come to right ones: mean tau-b, and the share of right firsts.

    A first place that several share counts as the share of it that is right. Tau is taken over items whose
    right ranking orders at least two; it is left out where there is no such item.

    >>> scores({"i": (("b",), ("a",))}, {"i": (("b",), ("a",))})
    {'accuracy': 1.0, 'Kendall': 1.0}
    """
    both = [(verdicts[item], right) for item, right in gold.items() if verdicts.get(item)]
    if not both:
        raise VotesError("none of the gold items got an answer; check that both tables use the same item ids")
    firsts = [len(set(order[0]) & set(right[0])) / len(order[0]) for order, right in both]
    taus = [tau for tau in (kendall(order, right) for order, right in both) if tau is not None]
    found = {"accuracy": float(np.mean(firsts))}
    return {**found, "Kendall": float(np.mean(taus))} if taus else found
