"""Dawid–Skene and its hierarchical form over parts: expected counts are sums, so parts only have to be added.

The posterior of an item follows from its own votes and the raters' tables. So nothing is kept for an item: a
round reads the votes, computes the posterior before and after, and hands on counts of rater × right label ×
given label. What has to fit in memory are these counts, one part, and, while there is room, the votes as
codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl
from scipy import sparse
from scipy.special import digamma

from assay.errors import AssayError
from assay.quality.labels.ballots import WORTH_MERGING, mixed, normalised, over_given, shifted
from assay.quality.labels.columns import Floats
from assay.quality.labels.dawid_skene import PRIOR_RIGHT, PRIOR_WRONG
from assay.quality.labels.hierarchical import (
    ASSUMED,
    BASE_RATERS,
    BASE_RIGHT,
    BASE_WRONG,
    FEWEST_ROUNDS,
    MANY,
    crowd_habits,  # one model in two forms
    crowd_moves,
    expected_logs,
)
from assay.quality.scale.parts import ROWS, Names, Part, Source, frames

HOLD_MB = 500.0
"""Codes of the votes that stay in memory between rounds, in MB: about 100 million votes, 5 an item."""


@dataclass(frozen=True, eq=False)
class Tables:
    """What a round knows: the score of each answer of each rater under each right label, and of the label."""

    log_R_K_K: Floats
    log_K: Floats
    confusion_R_K_K: Floats
    prior_K_K: Floats

    def posterior(self, part: Part, names: Names, incidence: sparse.csr_array | None = None) -> Floats:
        """Return the probability of each label for each item of a part; its incidence may be at hand."""
        by_cell = np.ascontiguousarray(self.log_R_K_K.transpose(0, 2, 1)).reshape(-1, len(names.labels))
        incidence = part.incidence(names) if incidence is None else incidence
        log_I_K: Floats = incidence @ by_cell
        return part.clamped(normalised(shifted(log_I_K, self.log_K)))


@dataclass(frozen=True, eq=False)
class Sums:
    """What a part adds to a round: expected counts, label totals, and how far its posterior moved."""

    counts_R_K_K: Floats
    total_K: Floats
    furthest: float = 0.0
    square: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.counts_R_K_K + other.counts_R_K_K,
            self.total_K + other.total_K,
            max(self.furthest, other.furthest),
            self.square + other.square,
        )


def summed(part: Part, names: Names, now: Tables | None, before: Tables | None) -> Sums:
    """Return what a part adds to a round; vote shares stand for tables that are not there yet."""
    incidence = part.incidence(names)
    after_I_K = now.posterior(part, names, incidence) if now else shares(part, names)
    n_raters, n_labels = len(names.raters), len(names.labels)
    by_cell: Floats = incidence.T @ after_I_K
    counts_R_K_K = by_cell.reshape(n_raters, n_labels, n_labels).transpose(0, 2, 1)
    total_K: Floats = after_I_K.sum(axis=0)
    if now is None:
        return Sums(counts_R_K_K, total_K)
    after_I_K -= before.posterior(part, names, incidence) if before else shares(part, names)
    return Sums(counts_R_K_K, total_K, float(np.abs(after_I_K).max()), float((after_I_K * after_I_K).sum()))


def shares(part: Part, names: Names) -> Floats:
    """Return the share of each item's votes for each label, known items at their right label."""
    n_labels = len(names.labels)
    item_N = np.repeat(np.arange(len(part)), np.diff(part.start_I))
    flat = np.bincount(item_N * n_labels + part.cell_N % n_labels, part.weight_N, len(part) * n_labels)
    counts_I_K: Floats = flat.reshape(-1, n_labels).astype(np.float64)
    counts_I_K /= counts_I_K.sum(axis=1, keepdims=True)
    return part.clamped(counts_I_K)


def marks(part: Part) -> np.ndarray:
    """Return a number for each item that is the same for the same votes, as `Ballots` has it."""
    weight_N = np.ones(len(part.cell_N)) if part.weight_N is None else part.weight_N
    mark_N = mixed(part.cell_N.astype(np.uint64) + mixed(weight_N.view(np.uint64)))
    mark_I = np.add.reduceat(mark_N, part.start_I[:-1])
    return mark_I if part.gold_I is None else mark_I + mixed(part.gold_I.view(np.uint64))


class Model(Protocol):
    """A model of raters: from the sums of a round to the tables of the next."""

    method: str
    assumed: tuple[str, ...]

    def tables(self, sums: Sums, items: int, iteration: int) -> Tables: ...

    def at_rest(self, sums: Sums, survey: Survey, tolerance: float, iteration: int) -> bool: ...


@dataclass
class DawidSkene:
    """As `assay.quality.labels.dawid_skene`."""

    labels: int
    method: str = "dawid-skene"
    assumed: tuple[str, ...] = (
        "raters answer independently of each other once the right label is known",
        "a rater is equally good on every item with the same right label",
        "most raters are right more often than wrong",
    )

    def tables(self, sums: Sums, items: int, iteration: int) -> Tables:
        prior_K_K = np.full((self.labels, self.labels), PRIOR_WRONG)
        prior_K_K += (PRIOR_RIGHT - PRIOR_WRONG) * np.eye(self.labels)
        confusion_R_K_K = sums.counts_R_K_K + prior_K_K
        confusion_R_K_K /= confusion_R_K_K.sum(axis=2, keepdims=True)
        log_K = np.log((sums.total_K + 1) / (items + self.labels))
        return Tables(np.log(confusion_R_K_K), log_K, confusion_R_K_K, prior_K_K)

    def at_rest(self, sums: Sums, survey: Survey, tolerance: float, iteration: int) -> bool:
        return sums.furthest < tolerance


@dataclass
class Hierarchical:
    """As `assay.quality.labels.hierarchical`; `crowd_G_K` is what it has learned of the crowd so far."""

    labels: int
    crowd_G_K: Floats = field(init=False)
    method: str = "hierarchical"
    assumed: tuple[str, ...] = ASSUMED

    def __post_init__(self) -> None:
        self.base_G_K = np.full((self.labels, self.labels), BASE_WRONG)
        self.base_G_K += (BASE_RIGHT - BASE_WRONG) * np.eye(self.labels)
        self.crowd_G_K = self.base_G_K

    def tables(self, sums: Sums, items: int, iteration: int) -> Tables:
        counts_R_G_K, crowd_G_K = sums.counts_R_K_K.transpose(0, 2, 1), self.crowd_G_K
        row_R_K = over_given(counts_R_G_K)
        if crowd_moves(iteration):
            for _ in range(2):
                crowd_G_K = crowd_habits(counts_R_G_K, row_R_K, crowd_G_K)
            n_raters = len(counts_R_G_K)
            crowd_G_K = (n_raters * crowd_G_K + BASE_RATERS * self.base_G_K) / (n_raters + BASE_RATERS)
            self.crowd_G_K = crowd_G_K
        log_R_G_K = expected_logs(counts_R_G_K, row_R_K, crowd_G_K)
        confusion_R_G_K = (counts_R_G_K + crowd_G_K) / (row_R_K + crowd_G_K.sum(axis=0))[:, None]
        return Tables(
            log_R_G_K.transpose(0, 2, 1),
            digamma(sums.total_K + 1),
            confusion_R_G_K.transpose(0, 2, 1),
            crowd_G_K.T,
        )

    def at_rest(self, sums: Sums, survey: Survey, tolerance: float, iteration: int) -> bool:
        if iteration < FEWEST_ROUNDS:
            return False
        if not survey.many:
            return sums.furthest < tolerance
        return sums.square / (survey.items * self.labels) < (tolerance / 5) ** 2


MODELS: Mapping[str, Callable[[int], Model]] = {"hierarchical": Hierarchical, "dawid-skene": DawidSkene}


@dataclass(frozen=True)
class Survey:
    """What one look at the votes tells: how many there are, and whether rest is judged by a mean."""

    names: Names
    items: int
    votes: int
    repeated: int
    many: bool


@dataclass
class Distinct:
    """Counts distinct ballots, up to as many as matter for `hierarchical.at_rest`."""

    seen: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))

    def add(self, mark_I: np.ndarray) -> None:
        if len(self.seen) < MANY:
            self.seen = np.union1d(self.seen, mark_I)

    def many(self, items: int) -> bool:
        """Say whether the method in memory would iterate over `MANY` ballots or more."""
        found = len(self.seen)
        return found >= MANY or (items >= MANY and found > WORTH_MERGING * items)


@dataclass(frozen=True, eq=False)
class Scaled:
    """The outcome of a fit over parts.

    Attributes
    ----------
    method, assumed, converged, iterations
        As in `Result`.
    names
        Raters and labels, sorted as text.
    items, votes, repeated
        How many there were; votes that a later one replaced are counted in `repeated` only.
    confusion_R_K_K, counts_R_K_K, prior_K_K
        Each rater's confusion matrix, the expected counts behind it, and what was added to them.
    """

    method: str
    assumed: tuple[str, ...]
    converged: bool
    iterations: int
    names: Names
    items: int
    votes: int
    repeated: int
    counts_R_K_K: Floats
    tables: Tables = field(repr=False)
    gold: Mapping[str, str] = field(repr=False)

    @property
    def confusion_R_K_K(self) -> Floats:
        return self.tables.confusion_R_K_K

    @property
    def prior_K_K(self) -> Floats:
        return self.tables.prior_K_K

    def posteriors(self, source: Source, *, rows: int = ROWS) -> Iterator[pl.DataFrame]:
        """Judge items, part after part: `item`, `label`, `probability` and the whole `posterior`.

        The votes need not be those of the fit; their raters have to be. `posterior` holds 32-bit numbers, in
        the order of the labels; of equally probable labels the first one counts. Probabilities are those of
        the model, not calibrated.
        """
        for frame in frames(source, rows):
            yield self.judged(self.names.code(frame, self.gold))

    def judged(self, part: Part) -> pl.DataFrame:
        """Judge the items of one part."""
        posterior_I_K = self.tables.posterior(part, self.names)
        choice_I = np.argmax(np.round(posterior_I_K, 9), axis=1)
        width = len(self.names.labels)
        return pl.DataFrame(
            {
                "item": part.items,
                "label": pl.Series(self.names.labels, dtype=pl.String).gather(choice_I),
                "probability": posterior_I_K[np.arange(len(choice_I)), choice_I],
                "posterior": pl.Series(
                    "posterior", posterior_I_K.astype(np.float32), pl.Array(pl.Float32, width)
                ),
            }
        )


def fit(
    source: Source,
    *,
    method: str = "hierarchical",
    gold: Mapping[str, str] | None = None,
    rows: int = ROWS,
    hold_mb: float = HOLD_MB,
    tolerance: float = 1e-3,
    max_iterations: int = 100,
) -> Scaled:
    """Fit a model of raters to votes that need not fit in memory.

    The numbers are those of the method in memory up to the order of sums (1e-9 in the tests), for any split
    into parts by item. A round costs O(N·K) and reads the votes once; memory is R·K² for the counts, one part
    of the votes, and `hold_mb` for codes that need not be read again.

    Parameters
    ----------
    source
        See `Source`. Parts that are given as such are trusted to hold whole items.
    method
        `hierarchical` or `dawid-skene`.
    gold
        Item → right label, where known; as `Columns.knowing`.
    rows
        Votes read at a time from a `LazyFrame`.
    hold_mb
        Codes kept between rounds, in MB; 0 reads everything again in each round.

    Raises
    ------
    AssayError
        For a method that has no form over parts.

    >>> votes = [(i, name, "no" if name == "tired" and i % 3 else "yes") for i in range(9)
    ...          for name in ("ann", "ben", "cleo", "tired")]
    >>> table = pl.LazyFrame(votes, schema=["item", "rater", "label"], orient="row").sort("item")
    >>> result = fit(table, rows=10)
    >>> pl.concat(result.posteriors(table))["label"].unique().to_list()
    ['yes']
    """
    known = gold or {}
    seen: tuple[set[str], set[str]] = (set(), set())
    for frame in frames(source, rows):
        for names_seen, column in zip(seen, ("rater", "label"), strict=True):
            names_seen.update(frame[column].unique().to_list())
    names = Names.found(*seen, known)
    held = Held(source, names, known, rows, hold_mb)

    distinct, items, votes, repeated = Distinct(), 0, 0, 0
    first: Sums | None = None
    for part in held.parts():
        distinct.add(marks(part))
        items, votes, repeated = items + len(part), votes + len(part.cell_N), repeated + part.repeated
        sums = summed(part, names, None, None)
        first = sums if first is None else first + sums
    if first is None:
        raise AssayError(
            "the source was read once and was empty the second time; give one that can be reread"
        )
    survey = Survey(names, items, votes, repeated, distinct.many(items))

    def one_pass(now: Tables, before: Tables | None) -> Sums:
        return add(summed(part, names, now, before) for part in held.parts())

    return rounds(
        survey, first, one_pass, method=method, gold=known, tolerance=tolerance, max_iterations=max_iterations
    )


def add(sums: Iterator[Sums]) -> Sums:
    """Add up at least one."""
    whole = next(sums)
    for more in sums:
        whole += more
    return whole


def rounds(
    survey: Survey,
    first: Sums,
    one_pass: Callable[[Tables, Tables | None], Sums],
    *,
    method: str,
    gold: Mapping[str, str],
    tolerance: float,
    max_iterations: int,
) -> Scaled:
    """Go round after round until at rest; `one_pass` is all that touches votes."""
    if method not in MODELS:
        raise AssayError(f"{method!r} has no form over parts; known: {', '.join(MODELS)}")
    model = MODELS[method](len(survey.names.labels))
    sums, before = first, None
    iteration = 0
    while True:
        iteration += 1
        now = model.tables(sums, survey.items, iteration)
        after = one_pass(now, before)
        converged = model.at_rest(after, survey, tolerance, iteration)
        if converged or iteration >= max_iterations:
            return Scaled(
                method=model.method,
                assumed=model.assumed,
                converged=converged,
                iterations=iteration,
                names=survey.names,
                items=survey.items,
                votes=survey.votes,
                repeated=survey.repeated,
                counts_R_K_K=sums.counts_R_K_K,
                tables=now,
                gold=gold,
            )
        sums, before = after, now


@dataclass
class Held:
    """Coded parts: kept where there is room for all of them, else read anew each time."""

    source: Source
    names: Names
    gold: Mapping[str, str]
    rows: int
    hold_mb: float
    kept: list[Part] = field(default_factory=list)
    complete: bool = False

    def parts(self) -> Iterator[Part]:
        """Go through all parts once."""
        if self.complete:
            yield from self.kept
            return
        room = self.hold_mb
        self.kept = []
        for frame in frames(self.source, self.rows):
            coded = self.names.code(frame, self.gold)
            part = Part(None, coded.start_I, coded.cell_N, coded.weight_N, coded.gold_I, coded.repeated)
            room -= part.megabytes
            if room >= 0:
                self.kept.append(part)
            else:
                self.kept = []
            yield part
        self.complete = room >= 0


__all__ = ["Scaled", "fit"]
