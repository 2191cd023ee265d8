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

FEW_COLUMNS = 32
"""Up to here the maximum or sum of a row is found faster column by column."""

FEW_LABELS = 4
"""Up to here so is a row by row operation."""

SAFE = 700.0
"""Between this and minus this, exp neither overflows nor loses digits."""

TIE = 1e-9
"""Scores that differ by no more are equal: sums in another order differ by less, votes by far more."""

ALONE = 100_000
"""Entries from which a product with a vector is left to NumPy: the linear algebra library wakes all cores for
it, and they cost twenty times what they save."""

WORTH_MERGING = 0.8
"""Ballots are merged where at most this share of them is distinct; above it the bookkeeping costs more."""


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
        mark_N = mixed(incidence.indices.astype(np.uint64) + mixed(incidence.data.view(np.uint64)))
        mark_I = np.add.reduceat(mark_N, incidence.indptr[:-1])
        if gold_I is not None:
            mark_I += mixed(gold_I.view(np.uint64))
        if n_items < 2:
            return alone
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
        """(Ballot, label) × (rater, given label): the incidence with a row for each label that was given.

        For models in which a vote speaks for its own label only: a product then costs O(N), not O(N·K).
        """
        voting, n_labels = self.incidence, len(self.columns.labels)
        first_P = np.arange(voting.shape[0], dtype=voting.indices.dtype) * n_labels
        row_N = np.repeat(first_P, np.diff(voting.indptr))
        row_N += voting.indices % n_labels
        shape = (voting.shape[0] * n_labels, voting.shape[1])
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
    def shares_P_K(self) -> Floats:
        """Share of each ballot's votes for each label, known items at their right label."""
        counts_P_K = self.own_scores(np.ones_like(self.given_R_G))
        return self.clamped(counts_P_K / row_sums(counts_P_K)[:, None])

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

    def confusions(self, posterior_P_K: Floats) -> Floats:
        """`counts` for the labels, with what is known of the raters from before: (rater, given, right)."""
        history_R_K_K = self.columns.history_R_K_K
        counts_R_K_K = self.counts(posterior_P_K)
        return counts_R_K_K if history_R_K_K is None else counts_R_K_K + history_R_K_K.transpose(0, 2, 1)

    def own_scores(self, table_R_G: Floats) -> Floats:
        """Sum over each ballot's votes for a label what a table holds for (rater, that label)."""
        scores_C: Floats = self.by_label @ table_R_G.reshape(-1)
        return scores_C.reshape(len(self.times_P), -1)

    def own_counts(self, posterior_P_K: Floats) -> Floats:
        """Sum over the votes of each rater for a label the posterior of that label: (rater, given label)."""
        counts_C: Floats = self._by_own_cell @ posterior_P_K.reshape(-1)
        return counts_C.reshape(len(self.columns.raters), -1)

    @cached_property
    def of_rater(self) -> sparse.csc_array:
        """Raters × ballots: `by_rater` the other way, a ballot as often as it was cast."""
        return self._as_often_as_cast(self.by_rater)

    @cached_property
    def _by_own_cell(self) -> sparse.csc_array:
        return self._as_often_as_cast(self.by_label)

    def _as_often_as_cast(self, voting: sparse.csr_array) -> sparse.csc_array:
        """Return the transpose, each ballot times how many items cast it; its rows are ballots, or parts."""
        if self.ballot_I is None:
            return voting.T
        times_N = np.repeat(self.times_P, np.diff(self.incidence.indptr))
        return sparse.csr_array((voting.data * times_N, voting.indices, voting.indptr), shape=voting.shape).T

    def total(self, values_P_K: Floats) -> Floats:
        """Sum over the items."""
        return column_sums(self.times_P, values_P_K)

    def by_item(self, values_P_K: Rows) -> Rows:
        """Give each item the row of its ballot."""
        return values_P_K if self.ballot_I is None else values_P_K[self.ballot_I]


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


def row_sums(table_P_K: Floats) -> Floats:
    """Sum each row.

    >>> row_sums(np.array([[1.0, 3.0]])).tolist()
    [4.0]
    """
    if table_P_K.size <= ALONE:
        small_P: Floats = table_P_K @ np.ones(table_P_K.shape[1])
        return small_P
    if table_P_K.shape[1] > FEW_COLUMNS:
        every_P: Floats = np.einsum("pk->p", table_P_K)
        return every_P
    total_P: Floats = table_P_K[:, 0].copy()
    for column in range(1, table_P_K.shape[1]):
        total_P += table_P_K[:, column]
    return total_P


def column_sums(times_P: Floats, table_P_K: Floats) -> Floats:
    """Sum each column, a row as often as `times_P` says.

    >>> column_sums(np.array([1.0, 2.0]), np.array([[1.0, 3.0], [1.0, 0.0]])).tolist()
    [3.0, 3.0]
    """
    if table_P_K.size <= ALONE:
        small_K: Floats = times_P @ table_P_K
        return small_K
    return np.array([np.einsum("p,p->", times_P, column_P) for column_P in table_P_K.T])


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
    values = values + np.uint64(0x9E3779B97F4A7C15)
    shifted_back = np.empty_like(values)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        np.right_shift(values, np.uint64(shift), out=shifted_back)
        values ^= shifted_back
        values *= np.uint64(factor)
    np.right_shift(values, np.uint64(31), out=shifted_back)
    values ^= shifted_back
    return values


def colours(ballots: Ballots, rounds: int = 4) -> tuple[Hashes, Hashes]:
    """Return a number for each ballot and each label that depends on who voted with whom, not on any name.

    Colour refinement: everything starts alike; each round, a vote takes the colours of its ballot, rater and
    label, and each of them the sum of its votes'. Sums of integers are the same in every order. Whatever
    still has the same colour in the end plays the same part in the votes.
    """
    columns, incidence = ballots.columns, ballots.incidence
    n_labels = len(columns.labels)
    votes_P = np.diff(incidence.indptr)
    weight_N = mixed(incidence.data.view(np.uint64))
    times_P = ballots.times_P.astype(np.uint64)
    times_N = np.repeat(times_P, votes_P)
    ballot_P = np.zeros(incidence.shape[0], np.uint64)
    rater_R = np.zeros(len(columns.raters), np.uint64)
    label_K = np.zeros(n_labels, np.uint64)
    if ballots.gold_P is not None:
        known_P = ballots.gold_P >= 0
        ballot_P[known_P] = 1
    for _ in range(rounds):
        # Scattered once, twice and three times, so that a rater never stands for a label of the same colour.
        of_rater_R, of_label_K = mixed(mixed(rater_R)), mixed(mixed(mixed(label_K)))
        vote_N = np.repeat(mixed(ballot_P), votes_P)
        vote_N += (of_rater_R[:, None] + of_label_K).reshape(-1)[incidence.indices]
        vote_N = mixed(mixed(vote_N) + weight_N)
        many_N = vote_N if ballots.ballot_I is None else vote_N * times_N
        new_P = mixed(ballot_P + np.add.reduceat(vote_N, incidence.indptr[:-1]))
        sums_C = np.zeros(incidence.shape[1], np.uint64)
        np.add.at(sums_C, incidence.indices, many_N)
        sums_R_G = sums_C.reshape(-1, n_labels)
        new_R, new_K = rater_R + sums_R_G.sum(axis=1), label_K + sums_R_G.sum(axis=0)
        if ballots.gold_P is not None:
            new_P[known_P] += mixed(label_K)[ballots.gold_P[known_P]]
            np.add.at(new_K, ballots.gold_P[known_P], ballot_P[known_P] * times_P[known_P])
        ballot_P, rater_R, label_K = new_P, mixed(new_R), mixed(new_K)
    return ballot_P, label_K
