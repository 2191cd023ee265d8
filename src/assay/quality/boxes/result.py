"""What a method for boxes returns: boxes for each item, how many drew them, raters' precision and recall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from assay.quality.boxes.columns import Box, Boxes, BoxHistory
from assay.quality.reading import Bools, Codes, Floats


@dataclass(frozen=True, eq=False)
class BoxesResult:
    """The outcome of one method on boxes.

    Attributes
    ----------
    item_C, class_C, corner_C_4, share_C, kept_C
        The C things that anybody drew, sorted by item, class and corners: x0, y0, x1, y1 of their fused box,
        the weighted share of the item's raters who drew it, and whether that is enough for the verdict.
    sure_I
        Expected share of right calls among the things that anybody drew; 1 where nobody drew any.
    precision_R, recall_R, iou_R and their ends low and high
        Share of a rater's boxes that the others' verdict has too, share of the others' boxes that the rater
        drew, and the mean overlap of those in both; pooled over items, shrunk by three of the crowd's, with
        95 % intervals that count an item, not a box, as one observation.
    method, threshold, assumed, converged, iterations
        The registered name, from which share on a box is kept, and what has to hold.
    history
        What each rater drew, here and remembered: what `Boxes.remembering` takes next time.
    """

    boxes: Boxes
    item_C: Codes
    class_C: Codes
    corner_C_4: Floats
    share_C: Floats
    kept_C: Bools
    sure_I: Floats
    precision_R: Floats
    precision_low_R: Floats
    precision_high_R: Floats
    recall_R: Floats
    recall_low_R: Floats
    recall_high_R: Floats
    iou_R: Floats
    iou_low_R: Floats
    iou_high_R: Floats
    method: str
    threshold: float
    assumed: tuple[str, ...] = ()
    converged: bool = True
    iterations: int = 0
    history: Mapping[str, BoxHistory] = field(default_factory=dict, repr=False)

    @cached_property
    def verdicts(self) -> dict[str, tuple[Box, ...]]:
        """Item → boxes (x0, y0, x1, y1), with the class in fifth place where there is one."""
        found: list[list[Box]] = [[] for _ in self.boxes.items]
        kept = (self.item_C[self.kept_C], self.class_C[self.kept_C], self.corner_C_4[self.kept_C])
        for item, code, (x0, y0, x1, y1) in zip(*(column.tolist() for column in kept), strict=True):
            name = self.boxes.classes[code]
            found[item].append((x0, y0, x1, y1, name) if name else (x0, y0, x1, y1))
        return dict(zip(self.boxes.items, map(tuple, found), strict=True))


class BoxesMethod(Protocol):
    """A method for boxes: one function, boxes in, a frozen result out."""

    def __call__(self, boxes: Boxes, /) -> BoxesResult: ...
