"""Texts as columns: whole answers that people wrote to the same items."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from assay.errors import TableError
from assay.quality import reading
from assay.quality.reading import Codes, Floats


@dataclass(frozen=True)
class WritingHistory:
    """How a rater wrote before: how many texts, and the sums of two measures of them against the others'.

    `away` are squared distances from the mean of the others, `like` cosines to it; all may be faded.
    """

    texts: float
    away: float
    like: float


@dataclass(frozen=True, eq=False)
class Texts:
    """N texts by R raters for I items.

    Attributes
    ----------
    item_N, rater_N, text_N
        Codes into `items` and `raters`, and what was written, in Unicode form NFC, ends stripped.
    weight_N
        What each text counts.
    items, raters
        Names, sorted as text.
    repeated
        How many texts were set aside because the same rater answered the same item again later.
    known
        The right text of some items; set it with `knowing`.
    history
        What is known of raters from before; set it with `remembering`.

    Rows are ordered by item, then by text, so that neither names nor the order of rows change a result. An
    empty text is an answer: somebody may have had nothing to write.
    """

    item_N: Codes
    rater_N: Codes
    text_N: tuple[str, ...]
    weight_N: Floats
    items: tuple[str, ...]
    raters: tuple[str, ...]
    repeated: int = 0
    known: Mapping[str, str] = field(default_factory=dict)
    history: Mapping[str, WritingHistory] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item_N)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Texts:
        """Read a table with the columns `item`, `rater`, `text` and perhaps `weight`, one row a text.

        Raises
        ------
        TableError
            Where a column is missing or a cell is empty (an empty text is none); names row and column.
        VotesError
            Where there is no text.
        """
        frame = reading.filled(frame, ["item", "rater"])
        if "text" not in frame.columns:
            has = ", ".join(frame.columns)
            raise TableError(f"there is no such column; the table has {has}", column="text")
        frame = frame.with_columns(
            pl.col("text").cast(pl.String), pl.Series("weight", reading.weights(frame))
        )
        if frame["text"].null_count():
            row = int(frame["text"].is_null().arg_true()[0]) + 1
            raise TableError("there is no text; fill it in or remove the row", row=row, column="text")
        kept = reading.last_answers(frame, ["item", "rater"])
        (item_N,), items = reading.coded(kept["item"])
        (rater_N,), raters = reading.coded(kept["rater"])
        texts = [unicodedata.normalize("NFC", text).strip() for text in kept["text"].to_list()]
        order = sorted(range(len(texts)), key=lambda n: (item_N[n], texts[n], rater_N[n]))
        return cls(
            item_N[order],
            rater_N[order],
            tuple(texts[n] for n in order),
            kept["weight"].to_numpy()[order],
            items,
            raters,
            repeated=len(frame) - len(kept),
        )

    @classmethod
    def from_lists(cls, item: Sequence[object], rater: Sequence[object], text: Sequence[object]) -> Texts:
        """Read three sequences of equal length.

        >>> Texts.from_lists([1, 1], ["ann", "ben"], ["Hello ", "Hi"]).text_N
        ('Hello', 'Hi')
        """
        return cls.from_frame(reading.listed(item=item, rater=rater, text=text))

    def knowing(self, gold: Mapping[str, str]) -> Texts:
        """Return the same texts with the right text of some items known; items nobody answered are left out.

        The verdict on a known item is that text, and its writers are measured against it.

        >>> Texts.from_lists([1], ["ann"], ["Hi"]).knowing({"1": "Hello ", "2": "x"}).known
        {'1': 'Hello'}
        """
        own = {item: gold[item] for item in self.items if item in gold}
        return replace(
            self, known={item: unicodedata.normalize("NFC", text).strip() for item, text in own.items()}
        )

    def remembering(self, history: Mapping[str, WritingHistory]) -> Texts:
        """Return the same texts with what is known of some raters from before.

        `history` is such as `TextsResult.history` of an earlier fit by the same method. Raters not here are
        left out.
        """
        return replace(self, history={rater: history[rater] for rater in self.raters if rater in history})

    @cached_property
    def pairs(self) -> tuple[Codes, Codes]:
        """All ordered pairs of different texts of the same item, as two arrays of places, sorted."""
        size_I = np.bincount(self.item_N, minlength=len(self.items))
        size_N = size_I[self.item_N]
        start_N = (np.cumsum(size_I) - size_I)[self.item_N]
        one_P = np.repeat(np.arange(len(self)), size_N)
        before_P = np.repeat(np.cumsum(size_N) - size_N, size_N)
        other_P = np.repeat(start_N, size_N) + np.arange(len(one_P)) - before_P
        apart_P = one_P != other_P
        return one_P[apart_P], other_P[apart_P]
