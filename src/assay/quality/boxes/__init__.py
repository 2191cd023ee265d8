"""Boxes: rectangles drawn around things in an image, one set of boxes for each item and raters' errors out.

`fused` (boxes of different people that cover the same thing become one, kept from two in five) is the
default.
"""

from assay.quality.boxes.columns import Boxes, BoxHistory
from assay.quality.boxes.fusion import fused
from assay.quality.boxes.overlap import iou, matched
from assay.quality.boxes.result import BoxesMethod, BoxesResult
from assay.quality.boxes.score import against

__all__ = ["BoxHistory", "Boxes", "BoxesMethod", "BoxesResult", "against", "fused", "iou", "matched"]
