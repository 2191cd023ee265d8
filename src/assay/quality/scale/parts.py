"""Parts: votes on whole items, read from a table that may be larger than memory.

What goes in is a lazy table, or several; what comes out are small arrays of codes, in which a vote takes four
bytes. No statistic here needs more than one part at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from assay.errors import TableError
from assay.quality.labels.columns import (
    LEAST_WEIGHT,
    MAX_LABELS,
    MOST_WEIGHT,
    Codes,
    Floats,
    VotesError,
)

Source = pl.LazyFrame | Sequence[pl.DataFrame] | Sequence[pl.LazyFrame] | Callable[[], Iterable[pl.DataFrame]]
"""Votes with the columns `item, rater, label` and perhaps `weight`, one row a vote, readable again and again.

A `LazyFrame` sorted by `item`, read in batches; or parts, in each of which all votes on an item stand
together: a sequence of frames, or a function that gives a fresh iterator over them.
"""

ROWS = 1_000_000
"""Votes read at a time."""


def split(votes: pl.LazyFrame, parts: int) -> list[pl.LazyFrame]:
    """Return a table in any order as parts of whole items, chosen by a hash of the item.

    Every part reads the table once, so that a fit over 10 parts reads it ten times as often. Where it is fit
    more than once, sorting pays: ``votes.sort("item").sink_parquet(...)``.

    >>> votes = pl.LazyFrame({"item": ["i", "j", "i"], "rater": ["ann", "ann", "ben"], "label": list("xyx")})
    >>> sum(part.collect().height for part in split(votes, 3))
    3
    """
    return [
        votes.filter(pl.col("item").cast(pl.String).hash(seed=0) % parts == place) for place in range(parts)
    ]


def frames(source: Source, rows: int = ROWS) -> Iterator[pl.DataFrame]:
    """Read parts of whole items, sorted by item, cells checked and as text.

    Raises
    ------
    TableError
        Where a cell is empty or a weight is none; names the row of its part.
    VotesError
        Where a `LazyFrame` is not sorted by item.
    """
    if isinstance(source, pl.LazyFrame):
        yield from _batches(source, rows)
        return
    for part in source() if callable(source) else source:
        frame = _checked(part.lazy().collect())
        if not frame.is_empty():
            yield frame if frame["item"].is_sorted() else frame.sort("item", maintain_order=True)


def _batches(votes: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """Cut a sorted table into batches between two items."""
    rest: pl.DataFrame | None = None
    for batch in _wanted(votes).collect_batches(chunk_size=rows, maintain_order=True):
        held = _checked(batch)
        if rest is not None:
            held = pl.concat([rest, held])
        if held.is_empty():
            continue
        if not held["item"].is_sorted():
            raise VotesError(
                "the votes are not sorted by item; sort them once (`sort('item').sink_parquet`), "
                "or read them by hash with `split`"
            )
        last = held["item"][-1]
        cut = int(held["item"].search_sorted(last, side="left"))
        rest = held[cut:]
        if cut:
            yield held[:cut]
    if rest is not None and not rest.is_empty():
        yield rest


def _wanted(votes: pl.LazyFrame) -> pl.LazyFrame:
    names = votes.collect_schema().names()
    weight = [pl.col("weight").cast(pl.Float64, strict=False)] if "weight" in names else []
    return votes.select(pl.col("item", "rater", "label").cast(pl.String), *weight)


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    frame = _wanted(frame.lazy()).collect()
    for name in frame.columns:
        if frame[name].null_count():
            row = int(frame[name].is_null().arg_true()[0]) + 1
            raise TableError("the cell is empty; fill it in or remove the row", row=row, column=name)
    if "weight" in frame.columns:
        fine = frame["weight"].is_between(LEAST_WEIGHT, MOST_WEIGHT)
        if not fine.all():
            row = int((~fine).arg_true()[0]) + 1
            raise TableError("a weight is a finite number above 0", row=row, column="weight")
    return frame


@dataclass(frozen=True)
class Names:
    """Who voted and what they could say, over all parts: names sorted as text."""

    raters: tuple[str, ...]
    labels: tuple[str, ...]

    @classmethod
    def found(cls, raters: Iterable[str], labels: Iterable[str], gold: Mapping[str, str]) -> Names:
        """Sort what was seen; labels that only the known items have are added."""
        every = sorted({*labels, *gold.values()})
        if not every:
            raise VotesError("there are no votes; give a table with at least one row")
        if len(every) > MAX_LABELS:
            raise VotesError(f"there are {len(every)} different labels, more than {MAX_LABELS}")
        return cls(tuple(sorted(set(raters))), tuple(every))

    @cached_property
    def _kinds(self) -> tuple[pl.Enum, pl.Enum]:
        return pl.Enum(self.raters), pl.Enum(self.labels)

    def code(self, frame: pl.DataFrame, gold: Mapping[str, str] | None = None) -> Part:
        """Turn a frame of whole items, sorted by item, into codes; of a rater's votes on one, the last."""
        kept = frame.unique(["item", "rater"], keep="last", maintain_order=True)
        rater, label = (
            kept[name].cast(kind, strict=False)
            for name, kind in zip(("rater", "label"), self._kinds, strict=True)
        )
        for column in (rater, label):
            if column.null_count():
                name = kept[column.name].filter(column.is_null())[0]
                raise VotesError(f"the {column.name} {name!r} was not in the votes that were fitted")
        runs = kept["item"].rle().struct.unnest()
        cell_N = rater.to_physical().to_numpy().astype(np.int64) * len(self.labels)
        cell_N += label.to_physical().to_numpy()
        small = len(self.raters) * len(self.labels) < 2**31
        return Part(
            items=runs["value"],
            start_I=np.concatenate([[0], np.cumsum(runs["len"].to_numpy())]).astype(np.int64),
            cell_N=cell_N.astype(np.int32) if small else cell_N,
            weight_N=kept["weight"].to_numpy() if "weight" in kept.columns else None,
            gold_I=self._known(runs["value"], gold) if gold else None,
            repeated=len(frame) - len(kept),
        )

    def _known(self, items: pl.Series, gold: Mapping[str, str]) -> Codes:
        place = {label: code for code, label in enumerate(self.labels)}
        return np.array([place[gold[item]] if item in gold else -1 for item in items.to_list()])


@dataclass(frozen=True, eq=False)
class Part:
    """Votes on whole items, as codes.

    Attributes
    ----------
    items
        Their names; `None` where nobody will ask for them again.
    start_I
        Where the votes of each item start in `cell_N`, and one past the end.
    cell_N
        (rater, given label) of each vote, as rater · K + label.
    weight_N, gold_I, repeated
        As in `Columns`.
    """

    items: pl.Series | None
    start_I: Codes
    cell_N: NDArray[np.int32] | Codes
    weight_N: Floats | None
    gold_I: Codes | None
    repeated: int = 0

    def __len__(self) -> int:
        return len(self.start_I) - 1

    @property
    def megabytes(self) -> float:
        """Memory of the codes, in MB (2^20)."""
        arrays = (self.start_I, self.cell_N, self.weight_N, self.gold_I)
        return sum(array.nbytes for array in arrays if array is not None) / 2**20

    def incidence(self, names: Names) -> sparse.csr_array:
        """Items × (rater, given label), as `Columns.incidence`."""
        weight_N = np.ones(len(self.cell_N)) if self.weight_N is None else self.weight_N
        shape = (len(self), len(names.raters) * len(names.labels))
        return sparse.csr_array((weight_N, self.cell_N, self.start_I.astype(self.cell_N.dtype)), shape=shape)

    def clamped(self, posterior_I_K: Floats) -> Floats:
        """Fix the items of known label at it, in place."""
        if self.gold_I is not None:
            known_I = self.gold_I >= 0
            posterior_I_K[known_I] = np.eye(posterior_I_K.shape[1])[self.gold_I[known_I]]
        return posterior_I_K
