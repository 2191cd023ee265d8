"""Votes as columns of integer codes: the one shape that every quality method reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from assay.errors import AssayError, TableError
from assay.records import Vote

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

MAX_LABELS = 1_000
"""More classes than this are ids or free text read as labels, not answers to one question."""


class VotesError(AssayError):
    """Votes from which no verdict can be drawn."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Votes on one question.

    Attributes
    ----------
    item_N, rater_N, label_N
        Codes of each of the N votes, pointing into `items`, `raters` and `labels`.
    items, raters, labels
        Names, sorted as text, so that the order of the votes never changes a result.
    repeated
        How many votes were set aside because the same rater voted on the same item again later.

    Build one with `from_votes`, `from_frame` or `from_lists`; each of N, I, R, K is at least 1.
    """

    item_N: Codes
    rater_N: Codes
    label_N: Codes
    items: tuple[str, ...]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    repeated: int = 0

    def __len__(self) -> int:
        return len(self.item_N)

    @classmethod
    def from_votes(cls, votes: Iterable[Vote]) -> Columns:
        """Read `Vote` records, all on the same question.

        >>> Columns.from_votes([Vote("i1", "ann", "better", "a"), Vote("i1", "ben", "better", "b")]).labels
        ('a', 'b')
        """
        held = list(votes)
        if len({vote.question for vote in held}) > 1:
            raise VotesError("the votes are on several questions; take one question at a time")
        return cls.from_lists(
            [vote.item for vote in held], [vote.rater for vote in held], [vote.label for vote in held]
        )

    @classmethod
    def from_lists(cls, item: Sequence[object], rater: Sequence[object], label: Sequence[object]) -> Columns:
        """Read three sequences of equal length; ids of any type, compared as text.

        >>> Columns.from_lists([1, 1, "x"], ["ann", "ben", "ann"], [0, 1, 1]).items
        ('1', 'x')
        """
        if not len(item) == len(rater) == len(label):
            raise VotesError("item, rater and label differ in length; give one of each for every vote")
        as_text = {
            name: pl.Series(
                name, [None if value is None else str(value) for value in values], dtype=pl.String
            )
            for name, values in (("item", item), ("rater", rater), ("label", label))
        }
        return cls.from_frame(pl.DataFrame(as_text))

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, *, labels: Sequence[str] | None = None) -> Columns:
        """Read a table with the columns `item`, `rater` and `label`, one row a vote.

        Of several votes by one rater on one item the last counts; `repeated` says how many did not.

        Parameters
        ----------
        labels
            The labels that could have been given, where some may have got no vote.

        Raises
        ------
        TableError
            Where a cell is empty; names the row.
        VotesError
            Where there is no vote, or so many labels that they are no answers to one question.
        """
        if frame.is_empty():
            raise VotesError("there are no votes; give a table with at least one row")
        frame = frame.select(pl.col("item", "rater", "label").cast(pl.String))
        for name in frame.columns:
            if frame[name].null_count():
                row = int(frame[name].is_null().arg_true()[0]) + 1
                raise TableError("the cell is empty; fill it in or remove the row", row=row, column=name)
        kept = frame.unique(["item", "rater"], keep="last", maintain_order=True)
        item_N, items = _coded(kept["item"])
        rater_N, raters = _coded(kept["rater"])
        label_N, seen = _coded(kept["label"])
        if labels is not None:
            if strange := sorted(set(seen) - set(labels)):
                raise VotesError(f"the label {strange[0]!r} is none of: {', '.join(labels)}")
            known = tuple(sorted(set(labels)))
            label_N, seen = np.searchsorted(np.array(known), np.array(seen))[label_N], known
        if len(seen) > MAX_LABELS:
            raise VotesError(
                f"there are {len(seen)} different labels, more than {MAX_LABELS}; "
                "they look like ids, numbers or free text, not like answers to one question"
            )
        return cls(item_N, rater_N, label_N, items, raters, seen, repeated=len(frame) - len(kept))

    @cached_property
    def incidence(self) -> sparse.csr_array:
        """Items × (rater, label) in compressed rows: entry 1 where this rater gave this label to this item.

        With it an E-step is one sparse product, and so is an M-step.
        """
        shape = (len(self.items), len(self.raters) * len(self.labels))
        cell_N = self.rater_N * len(self.labels) + self.label_N
        return sparse.csr_array((np.ones(len(self)), (self.item_N, cell_N)), shape=shape)

    @cached_property
    def counts_I_K(self) -> Floats:
        """How many votes each item got for each label."""
        n_labels = len(self.labels)
        flat = np.bincount(self.item_N * n_labels + self.label_N, minlength=len(self.items) * n_labels)
        return flat.reshape(len(self.items), n_labels).astype(np.float64)


def _coded(column: pl.Series) -> tuple[Codes, tuple[str, ...]]:
    names = column.unique().sort()
    position = pl.DataFrame({column.name: names, "code": np.arange(len(names))})
    codes = column.to_frame().join(position, on=column.name, how="left", maintain_order="left")["code"]
    return codes.to_numpy().astype(np.int64, copy=False), tuple(names.to_list())
