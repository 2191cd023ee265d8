"""Comparisons added up: what a likelihood without raters has to know, however many votes there are.

A board of M models needs at most M² cells. They are counted in slices of the votes, so that ten million votes
take little more memory than the codes themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from assay.evaluation.battles import OUTCOMES, Battles, BoardError, Codes, Floats

SLICE = 1 << 19
"""How many votes are looked at together: few enough that what is worked on stays in the cache."""

MOST_CELLS = 1 << 23
"""Up to so many cells every pair has a place of its own; beyond, only those that met."""


@dataclass(frozen=True, eq=False)
class PairCounts:
    """The P pairs that met, whatever side each stood on.

    Attributes
    ----------
    a_P, b_P
        Codes of the two models, `a_P < b_P`.
    votes_P, wins_P, squares_P
        How often they met, the sum of the first one's scores, and the sum of their squares.
    """

    a_P: Codes
    b_P: Codes
    votes_P: Floats
    wins_P: Floats
    squares_P: Floats
    n_models: int

    @classmethod
    def of(cls, battles: Battles) -> PairCounts:
        """Count the scores of a table of comparisons.

        >>> from assay.records import Battle
        >>> rounds = [("x", "y", "a"), ("y", "x", "a"), ("y", "x", "tie")]
        >>> counts = PairCounts.of(Battles.from_records(Battle("i", *one) for one in rounds))
        >>> counts.votes_P.tolist(), counts.wins_P.tolist()
        ([3.0], [1.5])
        """
        n_models = len(battles.models)
        a_C, b_C, (votes_C, wins_C, squares_C) = _added(battles, _moments)
        back_C = a_C > b_C
        low_C, high_C = np.where(back_C, b_C, a_C), np.where(back_C, a_C, b_C)
        squares_C = np.where(back_C, votes_C - 2 * wins_C + squares_C, squares_C)
        wins_C = np.where(back_C, votes_C - wins_C, wins_C)
        pair_P, place_C = np.unique(low_C * n_models + high_C, return_inverse=True)
        votes_P, wins_P, squares_P = (
            summed(place_C, each_C, len(pair_P)) for each_C in (votes_C, wins_C, squares_C)
        )
        return cls(pair_P // n_models, pair_P % n_models, votes_P, wins_P, squares_P, n_models)

    def met_M_M(self) -> sparse.coo_array:
        """Return how often each two met, each pair once."""
        return sparse.coo_array((self.votes_P, (self.a_P, self.b_P)), shape=(self.n_models, self.n_models))


@dataclass(frozen=True, eq=False)
class OutcomeCounts:
    """The C pairs that met, the sides kept apart, and how often each of the four outcomes was chosen."""

    a_C: Codes
    b_C: Codes
    tally_C_4: Floats
    n_models: int

    @classmethod
    def of(cls, battles: Battles, weight_N: Floats | None = None) -> OutcomeCounts:
        """Count the outcomes of a table of comparisons, each vote by its weight where weights are given.

        Raises
        ------
        BoardError
            Where there is none, as when the votes of everybody were left out.

        >>> from assay.records import Battle
        >>> rounds = [("x", "y", "a"), ("x", "y", "both_bad"), ("y", "x", "tie")]
        >>> OutcomeCounts.of(Battles.from_records(Battle("i", *one) for one in rounds)).tally_C_4.tolist()
        [[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]
        """
        if not len(battles):
            raise BoardError("there are no comparisons; a board needs at least one")
        a_C, b_C, tallies = _added(battles, partial(_each_outcome, weight_N=weight_N))
        return cls(a_C, b_C, np.stack(tallies, axis=1), len(battles.models))


def refuse_if_apart(battles: Battles, counts: PairCounts) -> None:
    """Raise `BoardError` where some models never met, not even through others."""
    groups, group_M = connected_components(counts.met_M_M(), directed=False)
    if groups > 1:
        models = battles.models
        first, second = (models[int(np.argmax(group_M == group))] for group in (0, 1))
        raise BoardError(
            f"the {counts.n_models} models fall into {groups} groups that were never compared "
            f"({first!r} never meets {second!r}, not even through others); rank each group on its own, "
            "or collect comparisons between them"
        )


def summed(place_N: Codes, value_N: Floats, size: int) -> Floats:
    """Add up the values that fall on each of `size` places.

    >>> summed(np.array([0, 2, 0]), np.array([0.5, 1.0, 0.25]), 3).tolist()
    [0.75, 0.0, 1.0]
    """
    return np.bincount(place_N, value_N, size).astype(np.float64, copy=False)


def slices(battles: Battles) -> Iterator[slice]:
    """Cut the votes into slices that are small enough to work on."""
    for start in range(0, len(battles), SLICE):
        yield slice(start, min(start + SLICE, len(battles)))


def _moments(battles: Battles, part: slice, key_N: Codes, size: int) -> list[Floats]:
    score_N = battles.score_N[part]
    return [
        np.bincount(key_N, minlength=size).astype(np.float64),
        summed(key_N, score_N, size),
        summed(key_N, score_N * score_N, size),
    ]


def _each_outcome(
    battles: Battles, part: slice, key_N: Codes, size: int, weight_N: Floats | None = None
) -> list[Floats]:
    if battles.outcome_N is None:
        score_N = battles.score_N[part]
        outcome_N = np.where(score_N == 1, 0, np.where(score_N == 0, 1, 2))
    else:
        outcome_N = battles.outcome_N[part].astype(np.int64)
    kinds = len(OUTCOMES)
    own_N = None if weight_N is None else weight_N[part]
    flat = np.bincount(key_N * kinds + outcome_N, own_N, size * kinds).astype(np.float64)
    return list(flat.reshape(size, kinds).T)


def _added(
    battles: Battles, sums_of: Callable[[Battles, slice, Codes, int], list[Floats]]
) -> tuple[Codes, Codes, list[Floats]]:
    """Return the ordered pairs that met, and each of the sums over their votes."""
    n_models = len(battles.models)
    dense = n_models**2 <= MOST_CELLS
    if not dense:
        cell_C, place_N = np.unique(battles.a_N * n_models + battles.b_N, return_inverse=True)
    size = n_models**2 if dense else len(cell_C)
    total: list[Floats] = []
    for part in slices(battles):
        key_N = battles.a_N[part].astype(np.int64) * n_models + battles.b_N[part] if dense else place_N[part]
        found = sums_of(battles, part, key_N, size)
        total = [one + other for one, other in zip(total, found, strict=True)] if total else found
    if dense:
        met_C = np.logical_or.reduce([each != 0 for each in total])
        cell_C = np.flatnonzero(met_C)
        total = [each[cell_C] for each in total]
    return cell_C // n_models, cell_C % n_models, total
