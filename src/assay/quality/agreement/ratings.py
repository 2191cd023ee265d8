"""Who gave which value to what: the table that coefficients of agreement read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from scipy import sparse

from assay.errors import AssayError
from assay.quality.agreement.result import Size
from assay.quality.labels.columns import Codes, Columns, Floats


class AgreementError(AssayError):
    """Values that the coefficient asked for cannot read."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """Votes with any number of distinct values, in their order.

    Attributes
    ----------
    item_N, rater_N, value_N
        Codes of each vote, into `items`, `raters` and `values`.
    values
        The values that could be given, lowest first: labels as text, or numbers as text.
    number_V
        The same as numbers; `None` where one of them is no number.

    A weight on a vote has no meaning here: agreement is about pairs of raters. Build one with `from_columns`
    where there are labels, with `from_lists` for numbers of any fineness.
    """

    item_N: Codes
    rater_N: Codes
    value_N: Codes
    items: tuple[str, ...]
    raters: tuple[str, ...]
    values: tuple[str, ...]
    number_V: Floats | None = None

    @classmethod
    def from_columns(cls, columns: Columns, order: Sequence[str] | None = None) -> Ratings:
        """Read votes. Labels stand in the `order` given, else as numbers where all are, else as text.

        >>> Ratings.from_columns(Columns.from_lists(["i"] * 2, ["ann", "ben"], ["10", "9"])).values
        ('9', '10')
        """
        if order is not None and sorted(order) != sorted(set(order) | set(columns.labels)):
            raise AgreementError(f"the order has to name each label once: {', '.join(columns.labels)}")
        number_V = _numbers(columns.labels if order is None else order)
        if order is not None:
            values = tuple(order)
        elif number_V is not None:
            place = np.argsort(number_V, kind="stable")
            values, number_V = tuple(columns.labels[code] for code in place), number_V[place]
        else:
            values = columns.labels
        code = {label: place for place, label in enumerate(values)}
        moved_K = np.array([code[label] for label in columns.labels])
        return cls(
            columns.item_N,
            columns.rater_N,
            moved_K[columns.label_N],
            columns.items,
            columns.raters,
            values,
            number_V,
        )

    @classmethod
    def from_lists(
        cls, item: Sequence[object], rater: Sequence[object], value: Sequence[float] | Floats
    ) -> Ratings:
        """Read numbers of any fineness; of two by one rater on one item the last counts.

        >>> Ratings.from_lists(["i", "i"], ["ann", "ben"], [0.25, 0.5]).values
        ('0.25', '0.5')
        """
        number_N = np.asarray(value, dtype=np.float64)
        if not len(item) == len(rater) == len(number_N) > 0:
            raise AgreementError("give one item, one rater and one value for each of the votes")
        if not np.isfinite(number_N).all():
            raise AgreementError("a value is no finite number; remove the row")
        # Columns codes the ids and keeps the last of two votes; the row number rides along as the weight.
        frame = pl.DataFrame(
            {
                "item": pl.Series([str(one) for one in item], dtype=pl.String),
                "rater": pl.Series([str(one) for one in rater], dtype=pl.String),
                "label": pl.Series(["value"] * len(number_N), dtype=pl.String),
                "weight": np.arange(1.0, len(number_N) + 1),
            }
        )
        columns = Columns.from_frame(frame)
        number_V, value_N = np.unique(number_N[columns.weights_N.astype(np.int64) - 1], return_inverse=True)
        return cls(
            columns.item_N,
            columns.rater_N,
            value_N.astype(np.int64),
            columns.items,
            columns.raters,
            tuple(f"{number:g}" for number in number_V.tolist()),
            number_V,
        )

    @cached_property
    def counts_I_V(self) -> sparse.csr_array:
        """How many raters gave each value to each item."""
        shape = (len(self.items), len(self.values))
        return sparse.csr_array((np.ones(len(self.item_N)), (self.item_N, self.value_N)), shape=shape)

    @cached_property
    def votes_I(self) -> Codes:
        """How many votes each item got."""
        return np.bincount(self.item_N, minlength=len(self.items)).astype(np.int64)

    @cached_property
    def size(self) -> Size:
        """What a coefficient over pairs of votes on one item rests on."""
        shared_N = self.votes_I[self.item_N] > 1
        votes = int(shared_N.sum())
        return Size(
            int((self.votes_I > 1).sum()),
            len(np.unique(self.rater_N[shared_N])),
            votes,
            len(self.item_N) - votes,
        )

    def numbers(self, wanted_for: str) -> Floats:
        """Return the values as numbers, or say which one is none."""
        if self.number_V is None:
            strange = next(value for value in self.values if _numbers([value]) is None)
            raise AgreementError(f"{wanted_for} needs numbers, and {strange!r} is none")
        return self.number_V


def patterns(counts_I_V: sparse.csr_array) -> tuple[sparse.csr_array, Floats]:
    """Return the distinct rows of a table of counts, and how often each occurs."""
    counts_I_V.sort_indices()
    start = counts_I_V.indptr
    index, data = counts_I_V.indices.astype(np.int32).tobytes(), counts_I_V.data.tobytes()
    first: dict[tuple[bytes, bytes], int] = {}
    pattern_I = np.empty(counts_I_V.shape[0], dtype=np.int64)
    kept: list[int] = []
    for row in range(counts_I_V.shape[0]):
        low, high = int(start[row]), int(start[row + 1])
        key = (index[4 * low : 4 * high], data[8 * low : 8 * high])
        place = first.setdefault(key, len(first))
        if place == len(kept):
            kept.append(row)
        pattern_I[row] = place
    return counts_I_V[kept], np.bincount(pattern_I, minlength=len(kept)).astype(np.float64)


def _numbers(values: Sequence[str]) -> Floats | None:
    try:
        number_V = np.array([float(value) for value in values])
    except ValueError:
        return None
    return number_V if np.isfinite(number_V).all() else None
