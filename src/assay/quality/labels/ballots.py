"""Ballots: items with exactly the same votes, counted once.

A method that knows an item by its votes alone gives equal verdicts to equal ballots, so it need not compute
them twice. What goes in are `Columns`; what comes out are two sparse products, one a step of expectation,
one a step of maximisation, which is all that the models of raters in this package are made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assay.quality.labels.columns import Codes, Columns, Floats

Hashes = NDArray[np.uint64]
Rows = TypeVar("Rows", Floats, Hashes)

TWO = 2
"""Most questions have two labels; half of the work is then enough."""

FEW_COLUMNS = 32
"""Up to here the maximum or sum of a row is found faster column by column."""

FEW_LABELS = 4
"""Up to here so is a row by row operation."""

SAFE = 700.0
"""Between this and minus this, exp neither overflows nor loses digits."""

TIE = 1e-9
"""Scores that differ by no more are equal: sums in another order differ by less, votes by far more."""

ALONE = 100_000
"""Multiplications above which the linear algebra library may wake all cores for a product: on thin tables
they cost twenty times what they save, so that longer ones are cut into blocks of this size."""

WORTH_MERGING = 0.8
"""Ballots are merged where at most this share of them is distinct; above it the bookkeeping costs more."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SCATTERING = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
    (np.uint64(31), None),
)
"""The constants of SplitMix64: what is added first, then by how much to shift and what to multiply by."""

RATERS, LABELS = np.uint64(1), np.uint64(2)
"""Marks by which a rater never stands for a label of the same colour."""


@dataclass(frozen=True, eq=False)
class Ballots:
    """The distinct ballots in some votes; P of them.

    Tables of raters have the axes rater, given label, right label (`R_G_K`), so that they are products as
    they stand; in results the right label comes first (`R_K_K`).

    Attributes
    ----------
    columns
        The votes.
    incidence
        Ballots × (rater, given label): the weight of each vote, as `Columns.incidence`.
    times_P
        How many items cast each ballot.
    gold_P
        Code of the right label of its items where it is known, else -1; `None` where none is known.
    ballot_I
        The ballot of each item; `None` where every item has its own.
    first_P
        The first item of each ballot; `None` where every item has its own.
    """

    columns: Columns
    incidence: sparse.csr_array
    times_P: Floats
    gold_P: Codes | None
    ballot_I: Codes | None
    first_P: Codes | None

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """Find the distinct ballots.

        >>> votes = [("i", "ann", "yes"), ("j", "ann", "yes"), ("k", "ann", "no"), ("l", "ann", "yes")]
        >>> Ballots.of(Columns.from_lists(*zip(*votes))).times_P.tolist()
        [3.0, 1.0]
        """
        incidence, gold_I = columns.incidence, columns.gold_I
        n_items = len(columns.items)
        alone = cls(columns, incidence, np.ones(n_items), gold_I, None, None)
        if n_items < 2:
            return alone
        mark_I = hashed(incidence) @ mixed(np.arange(incidence.shape[1], dtype=np.uint64))
        if gold_I is not None:
            mark_I += mixed(gold_I.view(np.uint64))
        _, first_P, ballot_I = np.unique(mark_I, return_index=True, return_inverse=True)
        if len(first_P) > WORTH_MERGING * n_items:
            return alone
        # In the order of their first items, so that what is computed from them does not hang on the hash.
        order_P = np.argsort(first_P)
        place_P = np.empty_like(order_P)
        place_P[order_P] = np.arange(len(order_P))
        first_P, ballot_I = first_P[order_P], place_P[ballot_I]
        return cls(
            columns,
            incidence[first_P],
            np.bincount(ballot_I, minlength=len(first_P)).astype(float),
            None if gold_I is None else gold_I[first_P],
            ballot_I,
            first_P,
        )

    @cached_property
    def by_cell(self) -> sparse.csc_array:
        """(Rater, given label) × ballots: what a ballot adds to a cell, as often as it was cast.

        It stays in compressed columns: a product then reads ballots in order and adds to a small table.
        """
        return self._as_often_as_cast(self.incidence)

    @cached_property
    def by_label(self) -> sparse.csr_array:
        """(Label, ballot) × (rater, given label): the incidence with a row for each label that was given.

        For models in which a vote speaks for its own label only: a product then costs O(N), not O(N·K).
        """
        voting, n_labels = self.incidence, len(self.columns.labels)
        n_ballots = len(self.times_P)
        row_N = voting.indices % n_labels
        row_N *= n_ballots
        row_N += np.repeat(np.arange(n_ballots, dtype=row_N.dtype), np.diff(voting.indptr))
        shape = (n_labels * n_ballots, voting.shape[1])
        return sparse.csr_array((voting.data, (row_N, voting.indices)), shape=shape)

    @cached_property
    def by_rater(self) -> sparse.csr_array:
        """Ballots × raters: the incidence without what was given."""
        voting, n_labels = self.incidence, len(self.columns.labels)
        shape = (voting.shape[0], len(self.columns.raters))
        return sparse.csr_array((voting.data, voting.indices // n_labels, voting.indptr), shape=shape)

    @cached_property
    def given_R_G(self) -> Floats:
        """How much weight each rater gave to each label."""
        given_C: Floats = self.by_cell @ np.ones(len(self.times_P))
        return given_C.reshape(len(self.columns.raters), -1)

    @cached_property
    def votes_P(self) -> Floats:
        """How much weight the votes on each ballot have."""
        return row_sums(self._given_P_G)

    @cached_property
    def shares_P_K(self) -> Floats:
        """Share of each ballot's votes for each label, known items at their right label."""
        return self.clamped(self._given_P_G / self.votes_P[:, None])

    @cached_property
    def _given_P_G(self) -> Floats:
        return self.own_scores(np.ones_like(self.given_R_G))

    def clamped(self, posterior_P_K: Floats) -> Floats:
        """Fix the ballots of known label at it, in place."""
        if self.gold_P is not None:
            known_P = self.gold_P >= 0
            posterior_P_K[known_P] = np.eye(posterior_P_K.shape[1])[self.gold_P[known_P]]
        return posterior_P_K

    def scores(self, table_R_K_J: Floats) -> Floats:
        """Sum over each ballot's votes what a table holds for (rater, given label, column): P × columns."""
        scores_P_J: Floats = self.incidence @ table_R_K_J.reshape(self.incidence.shape[1], -1)
        return scores_P_J

    def counts(self, posterior_P_J: Floats) -> Floats:
        """Sum a posterior over the votes of each rater: (rater, given label, column), in votes."""
        columns = self.columns
        by_cell: Floats = self.by_cell @ posterior_P_J
        return by_cell.reshape(len(columns.raters), len(columns.labels), -1)

    def posterior(self, log_R_G_K: Floats, log_K: Floats) -> Floats:
        """A step of expectation: how probable each label is for each ballot.

        Parameters
        ----------
        log_R_G_K
            What a vote says: ln P(rater gives this label | right label).
        log_K
            What is said before any vote: ln P(right label), up to a constant.
        """
        if len(log_K) == TWO:
            # Of two labels only the odds matter: one column instead of two.
            odds_P: Floats = self.incidence @ (log_R_G_K[:, :, 1] - log_R_G_K[:, :, 0]).reshape(-1)
            odds_P += log_K[1] - log_K[0]
            return self.clamped(of_odds(odds_P))
        return self.clamped(normalised(shifted(self.scores(log_R_G_K), log_K)))

    def confusions(self, posterior_P_K: Floats) -> Floats:
        """A step of maximisation: `counts` for the labels, with what is known of the raters from before."""
        if posterior_P_K.shape[1] == TWO:
            # What does not speak for one label speaks for the other.
            counts_R_K_K = np.empty((*self.given_R_G.shape, TWO))
            counts_R_K_K[:, :, 1] = (self.by_cell @ posterior_P_K[:, 1]).reshape(self.given_R_G.shape)
            np.maximum(self.given_R_G - counts_R_K_K[:, :, 1], 0, out=counts_R_K_K[:, :, 0])
        else:
            counts_R_K_K = self.counts(posterior_P_K)
        history_R_K_K = self.columns.history_R_K_K
        return counts_R_K_K if history_R_K_K is None else counts_R_K_K + history_R_K_K.transpose(0, 2, 1)

    def own_scores(self, table_R_G: Floats) -> Floats:
        """Sum over each ballot's votes for a label what a table holds for (rater, that label)."""
        scores_C: Floats = self.by_label @ table_R_G.reshape(-1)
        return scores_C.reshape(-1, len(self.times_P)).T

    def own_counts(self, posterior_P_K: Floats) -> Floats:
        """Sum over the votes of each rater for a label the posterior of that label: (rater, given label)."""
        counts_C: Floats = self._by_own_cell @ posterior_P_K.T.reshape(-1)
        return counts_C.reshape(len(self.columns.raters), -1)

    @cached_property
    def of_rater(self) -> sparse.csc_array:
        """Raters × ballots: `by_rater` the other way, a ballot as often as it was cast."""
        return self._as_often_as_cast(self.by_rater)

    @cached_property
    def _by_own_cell(self) -> sparse.csc_array:
        return self._as_often_as_cast(self.by_label)

    def _as_often_as_cast(self, voting: sparse.csr_array) -> sparse.csc_array:
        """Return the transpose, each ballot times how many items cast it; it may have all once a label."""
        if self.ballot_I is None:
            return voting.T
        times_P = np.tile(self.times_P, voting.shape[0] // len(self.times_P))
        times_N = np.repeat(times_P, np.diff(voting.indptr))
        return sparse.csr_array((voting.data * times_N, voting.indices, voting.indptr), shape=voting.shape).T

    def total(self, values_P_K: Floats) -> Floats:
        """Sum over the items."""
        return column_sums(self.times_P, values_P_K)

    def by_item(self, values_P_K: Rows) -> Rows:
        """Give each item the row of its ballot."""
        return values_P_K if self.ballot_I is None else values_P_K.take(self.ballot_I, axis=0)

    def of_item(self, values_I_K: Floats) -> Floats:
        """Give each ballot the row of its first item: what is the same for items with the same votes.

        Columns are contiguous: NumPy is many times faster along them than along short rows.
        """
        if self.first_P is None:
            return values_I_K
        return np.asfortranarray(values_I_K.take(self.first_P, axis=0))


def of_odds(odds_P: Floats) -> Floats:
    """Return the two probabilities that log odds stand for, each as exact as it is small.

    >>> of_odds(np.log([3.0])).round(9).tolist()
    [[0.25, 0.75]]
    """
    posterior_P_K = np.empty((TWO, len(odds_P))).T
    odds_P = np.exp(np.clip(odds_P, -SAFE, SAFE))
    posterior_P_K[:, 0] = 1 / (1 + odds_P)
    np.multiply(odds_P, posterior_P_K[:, 0], out=posterior_P_K[:, 1])
    return posterior_P_K


def normalised(log_P_K: Floats) -> Floats:
    """Return exp over its sum in each row, computed in place; many times faster than softmax on few columns.

    >>> normalised(np.log([[1.0, 3.0]])).round(9).tolist()
    [[0.25, 0.75]]
    """
    if not (log_P_K.size and log_P_K.min() > -SAFE and log_P_K.max() < SAFE):
        log_P_K -= highest(log_P_K)[:, None]
    np.exp(log_P_K, out=log_P_K)
    total_P = row_sums(log_P_K)
    if log_P_K.shape[1] > FEW_LABELS:
        log_P_K /= total_P[:, None]
    else:
        for column in range(log_P_K.shape[1]):
            log_P_K[:, column] /= total_P
    return log_P_K


def product(table_P_J: Floats, weights_J: Floats) -> Floats:
    """Multiply each row by weights, a vector or a matrix: as `@`, in blocks that wake no second core.

    >>> product(np.array([[1.0, 3.0]]), np.array([2.0, 1.0])).tolist()
    [5.0]
    """
    block = 1 + ALONE // (weights_J.size or 1)
    if len(table_P_J) <= block:
        whole: Floats = table_P_J @ weights_J
        return whole
    return np.concatenate(
        [table_P_J[first : first + block] @ weights_J for first in range(0, len(table_P_J), block)]
    )


def row_sums(table_P_K: Floats) -> Floats:
    """Sum each row.

    >>> row_sums(np.array([[1.0, 3.0]])).tolist()
    [4.0]
    """
    return product(table_P_K, np.ones(table_P_K.shape[1]))


def column_sums(times_P: Floats, table_P_K: Floats) -> Floats:
    """Sum each column, a row as often as `times_P` says; in blocks, as `product`.

    >>> column_sums(np.array([1.0, 2.0]), np.array([[1.0, 3.0], [1.0, 0.0]])).tolist()
    [3.0, 3.0]
    """
    block = 1 + ALONE // table_P_K.shape[1]
    total_K: Floats = times_P[:block] @ table_P_K[:block]
    for first in range(block, len(times_P), block):
        total_K += times_P[first : first + block] @ table_P_K[first : first + block]
    return total_K


def shifted(scores_P_K: Floats, by_K: Floats) -> Floats:
    """Add a number to each column, in place.

    >>> shifted(np.zeros((1, 2)), np.array([1.0, 2.0])).tolist()
    [[1.0, 2.0]]
    """
    if len(by_K) > FEW_LABELS:
        scores_P_K += by_K
    else:
        for column, by in enumerate(by_K.tolist()):
            scores_P_K[:, column] += by
    return scores_P_K


def over_given(table_R_G_K: Floats) -> Floats:
    """Sum over the middle axis, the given labels; slice by slice, as NumPy is slow along short axes.

    >>> over_given(np.ones((1, 2, 3))).tolist()
    [[2.0, 2.0, 2.0]]
    """
    if table_R_G_K.shape[1] > FEW_COLUMNS:
        every_R_K: Floats = table_R_G_K.sum(axis=1)
        return every_R_K
    row_R_K: Floats = table_R_G_K[:, 0].copy()
    for given in range(1, table_R_G_K.shape[1]):
        row_R_K += table_R_G_K[:, given]
    return row_R_K


def highest(scores_P_K: Floats) -> Floats:
    """Return the maximum of each row.

    >>> highest(np.array([[1.0, 3.0], [2.0, 0.0]])).tolist()
    [3.0, 2.0]
    """
    if scores_P_K.shape[1] > FEW_COLUMNS:
        every_P: Floats = scores_P_K.max(axis=1)
        return every_P
    top_P: Floats = scores_P_K[:, 0].copy()
    for column in range(1, scores_P_K.shape[1]):
        np.maximum(top_P, scores_P_K[:, column], out=top_P)
    return top_P


def leading(scores_P_K: Floats) -> NDArray[np.bool_]:
    """Say which labels have the highest score of their row, several where they tie within `TIE`.

    >>> leading(np.array([[0.4, 0.4, 0.2]])).tolist()
    [[True, True, False]]
    """
    leads_P_K: NDArray[np.bool_] = scores_P_K >= (highest(scores_P_K) - TIE)[:, None]
    return leads_P_K


def mixed(values: Hashes) -> Hashes:
    """Scatter 64-bit integers (the finaliser of SplitMix64; Steele, Lea & Flood, OOPSLA 2014)."""
    values = values + GOLDEN
    shifted_back = np.empty_like(values)
    for shift, factor in SCATTERING:
        np.right_shift(values, shift, out=shifted_back)
        values ^= shifted_back
        if factor is not None:
            values *= factor
    return values


def hashed(incidence: sparse.csr_array) -> sparse.csr_array:
    """Return the same votes with scattered odd integers for weights, to sum marks of them modulo 2^64."""
    weight_N, bits_N = incidence.data, np.ones(incidence.nnz, np.uint64)
    if not (weight_N == 1).all():
        bits_N |= mixed(weight_N.view(np.uint64))
    return sparse.csr_array((bits_N, incidence.indices, incidence.indptr), shape=incidence.shape)


def colours(ballots: Ballots, rounds: int = 4) -> tuple[Hashes, Hashes]:
    """Return a number for each ballot and each label that depends on who voted with whom, not on any name.

    Colour refinement: everything starts alike; each round, a ballot takes the colours of its cells (rater,
    given label), a rater and a label those of the ballots in their cells. Sums of integers are the same in
    every order. Whatever still has the same colour in the end plays the same part in the votes.
    """
    columns, voting = ballots.columns, hashed(ballots.incidence)
    n_raters, n_labels = len(columns.raters), len(columns.labels)
    times_P = ballots.times_P.astype(np.uint64)
    ballot_P = np.zeros(len(times_P), np.uint64)
    rater_R, label_K = np.zeros(n_raters, np.uint64), np.zeros(n_labels, np.uint64)
    if ballots.gold_P is not None:
        known_P = ballots.gold_P >= 0
        ballot_P[known_P] = 1
    for _ in range(rounds):
        cell_C = mixed(mixed(rater_R ^ RATERS)[:, None] + mixed(label_K ^ LABELS)).reshape(-1)
        new_P = mixed(ballot_P + voting @ cell_C)
        cast_R_G = (voting.T @ (mixed(ballot_P) * times_P)).reshape(n_raters, n_labels)
        cast_R_G = mixed(cast_R_G + cell_C.reshape(n_raters, n_labels))
        new_R, new_K = rater_R + cast_R_G.sum(axis=1), label_K + cast_R_G.sum(axis=0)
        if ballots.gold_P is not None:
            new_P[known_P] += mixed(label_K)[ballots.gold_P[known_P]]
            np.add.at(new_K, ballots.gold_P[known_P], ballot_P[known_P] * times_P[known_P])
        ballot_P, rater_R, label_K = new_P, mixed(new_R), mixed(new_K)
    return ballot_P, label_K
