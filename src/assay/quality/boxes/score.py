"""How near a verdict on boxes comes to an expert's."""

from __future__ import annotations

from assay.quality.boxes.columns import Boxes
from assay.quality.boxes.overlap import matched
from assay.quality.boxes.result import BoxesResult
from assay.quality.columns import VotesError


def against(result: BoxesResult, gold: Boxes) -> dict[str, float]:
    """Return F1 of the boxes that overlap an expert's of the same class by half, and their mean overlap.

    Counted over all items that both have; 1 and 0 where neither drew anything.

    >>> from assay.quality.boxes import fused
    >>> said = Boxes.from_lists(["i"], ["ann"], [[(0, 0, 10, 10), (20, 20, 30, 30)]])
    >>> against(fused(said), Boxes.from_lists(["i"], ["expert"], [[(0, 0, 10, 8)]]))
    {'F1 of boxes': 0.6666666666666666, 'IoU of shared boxes': 0.8}
    """
    ours, shared = result.boxes, [item for item in gold.items if item in set(result.boxes.items)]
    if not shared:
        raise VotesError("none of the gold items got an answer; check that both tables use the same item ids")
    hits, drawn, overlap = 0, 0, 0.0
    item_C, corner_C_4 = result.item_C[result.kept_C], result.corner_C_4[result.kept_C]
    class_C = result.class_C[result.kept_C]
    item_B = gold.item_N[gold.answer_B]
    for item in shared:
        own_C, right_B = item_C == ours.items.index(item), item_B == gold.items.index(item)
        drawn += int(own_C.sum() + right_B.sum())
        for name in set(ours.classes) & set(gold.classes):
            one = corner_C_4[own_C & (class_C == ours.classes.index(name))]
            other = gold.corner_B_4[right_B & (gold.class_B == gold.classes.index(name))]
            number, amount = matched(one, other)
            hits, overlap = hits + number, overlap + amount
    return {
        "F1 of boxes": 2 * hits / drawn if drawn else 1.0,
        "IoU of shared boxes": overlap / hits if hits else 0.0,
    }
