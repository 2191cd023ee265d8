"""How far boxes cover the same ground, and which of two sets of boxes belong together."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from assay.quality.reading import Floats

SAME = 0.5
"""Intersection over union from which two boxes show the same thing: the first threshold of PASCAL VOC and
COCO, below which two boxes may well show neighbours."""


def iou(one_A_4: Floats, other_B_4: Floats) -> Floats:
    """Return intersection over union of every box with every other, A × B, to nine places.

    Rounding makes ties exact that differ in the last bit only, so that they break the same everywhere.

    >>> iou(np.array([[0.0, 0, 2, 2]]), np.array([[0.0, 0, 2, 1], [2, 0, 4, 2]])).tolist()
    [[0.5, 0.0]]
    """
    one, other = one_A_4[:, None, :], other_B_4[None, :, :]
    side_A_B_2 = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    both_A_B = np.maximum(side_A_B_2, 0).prod(axis=2)
    area_A, area_B = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (one_A_4, other_B_4))
    either_A_B = area_A[:, None] + area_B[None, :] - both_A_B
    shared_A_B: Floats = np.round(
        np.divide(both_A_B, either_A_B, out=np.zeros_like(both_A_B), where=either_A_B > 0), 9
    )
    return shared_A_B


def matched(one_A_4: Floats, other_B_4: Floats) -> tuple[int, float]:
    """Return how many boxes of two sets belong together, each to one other, and the sum of their overlaps.

    As many as can be with an overlap of at least one half; among such pairings the one that overlaps most.

    >>> matched(np.array([[0.0, 0, 2, 2], [9, 9, 10, 10]]), np.array([[0.0, 0, 2, 1]]))
    (1, 0.5)
    """
    shared_A_B = iou(one_A_4, other_B_4)
    fine_A_B = shared_A_B >= SAME
    # With this much for each pair, one pair more always outweighs any gain in overlap.
    worth_A_B = np.where(fine_A_B, min(shared_A_B.shape) + shared_A_B, 0)
    a, b = linear_sum_assignment(worth_A_B, maximize=True)
    fine = fine_A_B[a, b]
    return int(fine.sum()), float(shared_A_B[a, b][fine].sum())
