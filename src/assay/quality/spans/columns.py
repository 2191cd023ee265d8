"""Spans as columns: which characters of a text each person marked, cut into runs that nobody splits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from scipy import sparse

from assay.errors import TableError
from assay.quality import reading
from assay.quality.agreement.spans import Span
from assay.quality.reading import Bools, Codes, Floats

LONGEST = 10**10
"""Characters in the longest text: more is a slip, and runs over where places of all items are counted."""


@dataclass(frozen=True)
class MarkHistory:
    """What a rater marked before: characters marked rightly, all they marked, all they should have marked.

    `items` is how many items that was; all may be faded, such as by a half.
    """

    right: float
    marked: float
    wanted: float
    items: float


@dataclass(frozen=True, eq=False)
class Spans:
    """N answers, each the spans that one of R raters marked in one of I items.

    Attributes
    ----------
    item_N, rater_N, weight_N
        Codes into `items` and `raters`, and what each answer counts.
    answer_S, start_S, end_S
        The S spans: the answer each belongs to, and its characters [start, end). Those of one answer are
        sorted, and joined where they touch or overlap; an answer may have none.
    length_I
        How many characters each item has; where it was not said, the end of the last span marked in it.
    items, raters
        Names, sorted as text.
    repeated
        How many answers were set aside because the same rater marked the same item again later.
    known
        The right spans of some items; set them with `knowing`.
    history
        What is known of raters from before; set it with `remembering`.
    """

    item_N: Codes
    rater_N: Codes
    weight_N: Floats
    answer_S: Codes
    start_S: Codes
    end_S: Codes
    length_I: Codes
    items: tuple[str, ...]
    raters: tuple[str, ...]
    repeated: int = 0
    known: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    history: Mapping[str, MarkHistory] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item_N)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Spans:
        """Read a table with `item`, `rater`, `label` and perhaps `weight` and `length`, one row an answer.

        `label` is a JSON list of [start, end), as text: "[[0, 5], [9, 12]]"; "[]" for nothing to mark.
        `length` is the number of characters of the item.

        Raises
        ------
        TableError
            Where a column is missing, a cell is empty, or a label is no list of pairs of whole numbers with
            0 ≤ start < end ≤ length; names the row and the column.
        VotesError
            Where there is no answer.

        >>> table = pl.DataFrame({"item": ["i"], "rater": ["ann"], "label": ["[[4, 9], [0, 5]]"]})
        >>> read = Spans.from_frame(table)
        >>> read.start_S.tolist(), read.end_S.tolist()
        ([0], [9])
        """
        frame = reading.filled(frame, ["item", "rater", "label"])
        length = (
            reading.numbers(frame, "length") if "length" in frame.columns else np.full(len(frame), np.inf)
        )
        marked = [
            read_marks(label, row, length[row - 1])
            for row, label in enumerate(frame["label"].to_list(), start=1)
        ]
        frame = frame.with_columns(
            pl.Series("weight", reading.weights(frame)), pl.Series("place", np.arange(len(frame)))
        )
        kept = reading.last_answers(frame, ["item", "rater"])
        (item_N,), items = reading.coded(kept["item"])
        (rater_N,), raters = reading.coded(kept["rater"])
        order_N = np.lexsort((rater_N, item_N))
        place_N = kept["place"].to_numpy()[order_N]
        item_N = item_N[order_N]
        flat = [(n, start, end) for n, place in enumerate(place_N) for start, end in marked[place]]
        answer_S, start_S, end_S = np.array(flat, dtype=np.int64).reshape(-1, 3).T
        length_I = np.zeros(len(items), dtype=np.int64)
        np.maximum.at(length_I, item_N[answer_S], end_S)
        said_N = length[place_N]
        np.maximum.at(length_I, item_N, np.where(np.isfinite(said_N), said_N, 0).astype(np.int64))
        return cls(
            item_N,
            rater_N[order_N],
            kept["weight"].to_numpy()[order_N],
            answer_S,
            start_S,
            end_S,
            length_I,
            items,
            raters,
            repeated=len(frame) - len(kept),
        )

    @classmethod
    def from_lists(
        cls,
        item: Sequence[object],
        rater: Sequence[object],
        spans: Sequence[Sequence[tuple[int, int]]],
    ) -> Spans:
        """Read three sequences of equal length, the last of lists of (start, end).

        >>> Spans.from_lists(["i", "i"], ["ann", "ben"], [[(0, 5)], []]).length_I.tolist()
        [5]
        """
        label = [json.dumps([list(span) for span in one]) for one in spans]
        return cls.from_frame(reading.listed(item=item, rater=rater, label=label))

    def knowing(self, gold: Mapping[str, Sequence[Sequence[int]]]) -> Spans:
        """Return the same answers with the right spans of some items known; items nobody saw are left out.

        The verdict on a known item is what is known, and it is what raters are measured against there.

        >>> said = Spans.from_lists(["i"], ["ann"], [[(0, 5)]])
        >>> said.knowing({"i": [(3, 8), (0, 3)]}).known
        {'i': ((0, 8),)}
        """
        own = {
            item: read_marks(json.dumps([list(s) for s in gold[item]]), 1, np.inf)
            for item in self.items
            if item in gold
        }
        length_I = self.length_I.copy()
        place = {item: code for code, item in enumerate(self.items)}
        for item, spans in own.items():
            length_I[place[item]] = max(int(length_I[place[item]]), *(end for _, end in spans), 0)
        return replace(self, length_I=length_I, known={item: tuple(spans) for item, spans in own.items()})

    def remembering(self, history: Mapping[str, MarkHistory]) -> Spans:
        """Return the same answers with what is known of some raters from before.

        `history` is such as `SpansResult.history` of an earlier fit. Raters not here are left out.
        """
        return replace(self, history={rater: history[rater] for rater in self.raters if rater in history})

    def marked(self) -> tuple[list[Span], list[tuple[str, str]], dict[str, int]]:
        """Return the spans, who looked at what, and the lengths, as coefficients of agreement take them.

        >>> spans, shown, lengths = Spans.from_lists(["i", "i"], ["ann", "ben"], [[(0, 5)], []]).marked()
        >>> len(spans), shown, lengths
        (1, [('i', 'ann'), ('i', 'ben')], {'i': 5})
        """
        shown = [
            (self.items[item], self.raters[rater])
            for item, rater in zip(self.item_N.tolist(), self.rater_N.tolist(), strict=True)
        ]
        marks = zip(self.answer_S.tolist(), self.start_S.tolist(), self.end_S.tolist(), strict=True)
        spans = [Span(shown[answer][0], shown[answer][1], start, end) for answer, start, end in marks]
        return spans, shown, dict(zip(self.items, self.length_I.tolist(), strict=True))

    @cached_property
    def runs(self) -> Runs:
        """The runs of characters between any two boundaries, all items one after the other."""
        stride = int(self.length_I.max(initial=0)) + 1
        item_S = self.item_N[self.answer_S]
        right = [
            (place * stride + start, place * stride + end)
            for place, item in enumerate(self.items)
            for start, end in self.known.get(item, ())
        ]
        right_G_2 = np.array(right, dtype=np.int64).reshape(-1, 2)
        cut = np.unique(
            np.concatenate(
                [
                    right_G_2.ravel(),
                    item_S * stride + self.start_S,
                    item_S * stride + self.end_S,
                    np.arange(len(self.items)) * stride,
                    np.arange(len(self.items)) * stride + self.length_I,
                ]
            )
        )
        item_U = cut[:-1] // stride
        within_U = item_U == cut[1:] // stride
        first, last = cut[:-1][within_U], cut[1:][within_U]
        item_U = item_U[within_U]
        # Every span is a stretch of whole runs.
        from_S = np.searchsorted(first, item_S * stride + self.start_S)
        until_S = np.searchsorted(first, item_S * stride + self.end_S)
        size_S = until_S - from_S
        before_S = np.cumsum(size_S) - size_S
        run = np.repeat(from_S - before_S, size_S) + np.arange(int(size_S.sum()))
        covered = sparse.csr_array(
            (np.ones(len(run)), (np.repeat(self.answer_S, size_S), run)), shape=(len(self), len(first))
        )
        known_I = np.array([item in self.known for item in self.items])
        inside_U = np.zeros(len(first))
        for start, end in right_G_2.tolist():
            inside_U[np.searchsorted(first, start) : np.searchsorted(first, end)] = 1
        known_U = np.where(known_I[item_U], inside_U, np.nan)
        return Runs(item_U, first - item_U * stride, last - item_U * stride, covered, known_U)


@dataclass(frozen=True, eq=False)
class Runs:
    """U runs of characters, each marked as a whole or not at all by every answer.

    `covered` (N × U, sparse) is 1 where an answer marks a run. `known_U` is 1 or 0 where it is known whether
    a run belongs, NaN elsewhere.
    """

    item_U: Codes
    start_U: Codes
    end_U: Codes
    covered: sparse.csr_array
    known_U: Floats

    def clamped(self, probability_U: Floats) -> Floats:
        """Return probabilities with those of known items fixed."""
        fixed_U: Floats = np.where(np.isnan(self.known_U), probability_U, self.known_U)
        return fixed_U

    @cached_property
    def size_U(self) -> Floats:
        """Characters of each run."""
        return (self.end_U - self.start_U).astype(np.float64)

    def joined(self, chosen_U: Bools, n_items: int) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Return for each item the chosen runs as spans, those that touch as one."""
        spans: list[list[tuple[int, int]]] = [[] for _ in range(n_items)]
        columns = (self.item_U[chosen_U], self.start_U[chosen_U], self.end_U[chosen_U])
        for item, start, end in zip(*(column.tolist() for column in columns), strict=True):
            if spans[item] and spans[item][-1][1] == start:
                spans[item][-1] = (spans[item][-1][0], end)
            else:
                spans[item].append((start, end))
        return tuple(tuple(one) for one in spans)


def read_marks(label: str, row: int, length: float = np.inf) -> list[tuple[int, int]]:
    """Return the spans of a label, sorted, those that touch joined; `row` is for the error.

    >>> read_marks("[[4, 9], [0, 5]]", 1)
    [(0, 9)]
    """
    wanted = "a JSON list of [start, end) with whole numbers, such as [[0, 5], [9, 12]]"
    try:
        said = json.loads(label)
    except (ValueError, RecursionError):
        said = None
    pairs = said if isinstance(said, list) else [None]
    spans: list[tuple[int, int]] = []
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(at) is int for at in pair)):
            raise TableError(f"{label[:40]!r} is not {wanted}", row=row, column="label")
        if not 0 <= pair[0] < pair[1] <= min(length, LONGEST):
            ends = f" ≤ {min(length, LONGEST):.0f}"
            raise TableError(f"the span {pair} is not 0 ≤ start < end{ends}", row=row, column="label")
        spans.append((pair[0], pair[1]))
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
