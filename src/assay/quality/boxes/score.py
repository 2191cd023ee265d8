"""How near a verdict on boxes comes to an expert's."""

from __future__ import annotations

import numpy as np

from assay.quality.boxes.columns import Boxes
from assay.quality.boxes.overlap import matched
from assay.quality.boxes.result import BoxesResult
from assay.quality.labels.columns import VotesError
from assay.quality.reading import Floats


def against(result: BoxesResult, gold: Boxes) -> dict[str, float]:
    """Return F1 of the boxes that overlap an expert's of the same class by half, and their mean overlap.

    Counted over all items that both have; 1 and 0 where neither drew anything.

    >>> from assay.quality.boxes import fused
    >>> said = Boxes.from_lists(["i"], ["ann"], [[(0, 0, 10, 10), (20, 20, 30, 30)]])
    >>> against(fused(said), Boxes.from_lists(["i"], ["expert"], [[(0, 0, 10, 8)]]))
    {'F1 of boxes': 0.6666666666666666, 'IoU of shared boxes': 0.8}
    """
    shared = set(result.boxes.items) & set(gold.items)
    if not shared:
        raise VotesError("none of the gold items got an answer; check that both tables use the same item ids")
    names = result.boxes.classes
    verdict = [
        (result.boxes.items[item], names[code], corners)
        for item, code, corners, kept in zip(
            result.item_C, result.class_C, result.corner_C_4, result.kept_C, strict=True
        )
        if kept
    ]
    right = [
        (gold.items[gold.item_N[answer]], gold.classes[code], corners)
        for answer, code, corners in zip(gold.answer_B, gold.class_B, gold.corner_B_4, strict=True)
    ]
    ours, theirs = _grouped(verdict, shared), _grouped(right, shared)
    drawn = sum(len(corners) for found in (ours, theirs) for corners in found.values())
    pairs = [
        matched(np.array(ours[key]), np.array(theirs[key])) for key in sorted(ours.keys() & theirs.keys())
    ]
    hits = sum(number for number, _ in pairs)
    return {
        "F1 of boxes": 2 * hits / drawn if drawn else 1.0,
        "IoU of shared boxes": sum(overlap for _, overlap in pairs) / hits if hits else 0.0,
    }


def _grouped(rows: list[tuple[str, str, Floats]], items: set[str]) -> dict[tuple[str, str], list[Floats]]:
    """Return the corners of each of the items and each class."""
    found: dict[tuple[str, str], list[Floats]] = {}
    for item, name, corners in rows:
        if item in items:
            found.setdefault((item, name), []).append(corners)
    return found
