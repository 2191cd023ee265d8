"""Boxes as columns: the rectangles that each person drew in an image, with or without a class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from assay.errors import TableError
from assay.quality import reading
from assay.quality.labels.columns import VotesError
from assay.quality.reading import Codes, Floats

FARTHEST = 1e9
"""No corner lies farther out than this: no image is so large, and areas stay exact enough to compare."""

Box = tuple[float, float, float, float] | tuple[float, float, float, float, str]
"""x0, y0, x1, y1, and the class where there is one."""


@dataclass(frozen=True)
class BoxHistory:
    """What a rater drew before: boxes drawn rightly, all they drew, all they should have drawn.

    `overlap` is the sum of the overlaps of those drawn rightly, `items` how many items that was; all may be
    faded, such as by a half.
    """

    right: float
    drawn: float
    wanted: float
    overlap: float
    items: float

    def __post_init__(self) -> None:
        counts = (self.right, self.drawn, self.wanted, self.overlap, self.items)
        most = min(self.drawn, self.wanted)
        # Sums of overlaps may pass their bound in the last bit.
        ordered = self.overlap <= self.right + 1e-6 and self.right <= most + 1e-6
        if not (np.isfinite(counts).all() and min(counts) >= 0 and ordered):
            raise VotesError("a history has no more right boxes than were drawn or wanted, and none below 0")


@dataclass(frozen=True, eq=False)
class Boxes:
    """N answers, each the boxes that one of R raters drew in one of I items.

    Attributes
    ----------
    item_N, rater_N, weight_N
        Codes into `items` and `raters`, and what each answer counts; sorted by item, then rater.
    answer_B, class_B, corner_B_4
        The B boxes: the answer each belongs to, a code into `classes`, and x0, y0, x1, y1. Those of one
        answer are sorted, each there once; an answer may have none.
    items, raters, classes
        Names, sorted as text. The class of a box without one is "".
    repeated
        How many answers were set aside because the same rater answered the same item again later.
    known
        The right boxes of some items, (class, corners); set them with `knowing`.
    history
        What some raters drew before; set it with `remembering`.
    """

    item_N: Codes
    rater_N: Codes
    weight_N: Floats
    answer_B: Codes
    class_B: Codes
    corner_B_4: Floats
    items: tuple[str, ...]
    raters: tuple[str, ...]
    classes: tuple[str, ...]
    repeated: int = 0
    known: Mapping[str, tuple[tuple[str, tuple[float, ...]], ...]] = field(default_factory=dict)
    history: Mapping[str, BoxHistory] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item_N)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Boxes:
        """Read a table with `item`, `rater`, `label` and perhaps `weight`, one row an answer.

        `label` is a JSON list of [x0, y0, x1, y1], as text: "[[10, 20, 50, 80]]"; a class may stand in fifth
        place: "[[10, 20, 50, 80, \\"cat\\"]]"; "[]" for nothing to mark. Any unit will do, pixels or shares.

        Raises
        ------
        TableError
            Where a column is missing, a cell is empty, or a label is no list of boxes with x0 < x1 and
            y0 < y1; names the row and the column.
        VotesError
            Where there is no answer.

        >>> table = pl.DataFrame({"item": ["i"], "rater": ["ann"], "label": ['[[0, 0, 4, 3, "cat"]]']})
        >>> read = Boxes.from_frame(table)
        >>> read.corner_B_4.tolist(), read.classes
        ([[0.0, 0.0, 4.0, 3.0]], ('cat',))
        """
        frame = reading.filled(frame, ["item", "rater", "label"])
        drawn = [_read(label, row) for row, label in enumerate(frame["label"].to_list(), start=1)]
        frame = frame.with_columns(
            pl.Series("weight", reading.weights(frame)), pl.Series("place", np.arange(len(frame)))
        )
        kept = reading.last_answers(frame, ["item", "rater"])
        (item_N,), items = reading.coded(kept["item"])
        (rater_N,), raters = reading.coded(kept["rater"])
        order_N = np.lexsort((rater_N, item_N))
        flat = [
            (n, *box) for n, place in enumerate(kept["place"].to_numpy()[order_N]) for box in drawn[place]
        ]
        classes = sorted({name for _, name, _ in flat})
        code = {name: number for number, name in enumerate(classes)}
        return cls(
            item_N[order_N],
            rater_N[order_N],
            kept["weight"].to_numpy()[order_N],
            np.array([n for n, _, _ in flat], dtype=np.int64),
            np.array([code[name] for _, name, _ in flat], dtype=np.int64),
            np.array([corners for _, _, corners in flat], dtype=np.float64).reshape(-1, 4),
            items,
            raters,
            tuple(classes),
            repeated=len(frame) - len(kept),
        )

    @classmethod
    def from_lists(
        cls, item: Sequence[object], rater: Sequence[object], boxes: Sequence[Sequence[Sequence[object]]]
    ) -> Boxes:
        """Read three sequences of equal length, the last of lists of (x0, y0, x1, y1) or (…, class).

        >>> len(Boxes.from_lists(["i", "i"], ["ann", "ben"], [[(0, 0, 4, 3)], []]))
        2
        """
        label = [json.dumps([list(box) for box in one]) for one in boxes]
        return cls.from_frame(reading.listed(item=item, rater=rater, label=label))

    def knowing(self, gold: Mapping[str, Sequence[Sequence[object]]]) -> Boxes:
        """Return the same answers with the right boxes of some items known; items nobody saw are left out.

        The verdict on a known item is what is known, and it is what raters are measured against there.

        >>> said = Boxes.from_lists(["i"], ["ann"], [[(0, 0, 4, 3)]])
        >>> said.knowing({"i": [(0, 0, 4, 4, "cat")]}).known
        {'i': (('cat', (0.0, 0.0, 4.0, 4.0)),)}
        """
        known = {
            item: tuple(_read(json.dumps([list(box) for box in gold[item]]), 1))
            for item in self.items
            if item in gold
        }
        classes = tuple(sorted({*self.classes, *(name for own in known.values() for name, _ in own)}))
        code = {name: number for number, name in enumerate(classes)}
        moved = np.array([code[name] for name in self.classes], dtype=np.int64)
        return replace(self, classes=classes, class_B=moved[self.class_B], known=known)

    def remembering(self, history: Mapping[str, BoxHistory]) -> Boxes:
        """Return the same answers with what is known of some raters from before.

        `history` is such as `BoxesResult.history` of an earlier fit. Raters not here are left out. It counts
        in how well people draw, not in the verdicts: `fused` counts people alike.

        >>> before = {"ann": BoxHistory(9, 10, 12, 8.1, 6), "zoe": BoxHistory(0, 0, 0, 0, 0)}
        >>> list(Boxes.from_lists(["i"], ["ann"], [[(0, 0, 4, 3)]]).remembering(before).history)
        ['ann']
        """
        return replace(self, history={rater: history[rater] for rater in self.raters if rater in history})


def _read(label: str, row: int) -> list[tuple[str, tuple[float, ...]]]:
    """Return the boxes of a label as (class, corners), sorted, each once."""
    try:
        said = json.loads(label)
    except (ValueError, RecursionError):
        said = None
    found = set()
    for box in said if isinstance(said, list) else [None]:
        if not (
            isinstance(box, list) and len(box) in {4, 5} and all(type(at) in {int, float} for at in box[:4])
        ):
            raise TableError(
                f"{label[:40]!r} is not a JSON list of [x0, y0, x1, y1], such as [[10, 20, 50, 80]]",
                row=row,
                column="label",
            )
        name = box[4] if len(box) == 5 else ""
        if len(box) == 5 and not (isinstance(name, str) and name.strip()):
            raise TableError(
                f"the class {name!r} of a box is not a name; leave it out or give one",
                row=row,
                column="label",
            )
        x0, y0, x1, y1 = box[:4]
        # A NaN is smaller than nothing, so it fails here too.
        if not (-FARTHEST <= x0 < x1 <= FARTHEST and -FARTHEST <= y0 < y1 <= FARTHEST):
            raise TableError(
                f"the box {str(box)[:60]} is not x0 < x1 and y0 < y1, all finite and at most a billion",
                row=row,
                column="label",
            )
        # Adding zero makes −0 and 0 one number.
        found.add((name, tuple(float(at) + 0.0 for at in box[:4])))
    return sorted(found)
