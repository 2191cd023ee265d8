"""Fuse boxes: what several people drew around the same thing becomes one box."""

from __future__ import annotations

import numpy as np

from assay.quality.boxes.columns import Boxes, BoxHistory
from assay.quality.boxes.overlap import SAME, iou, matched
from assay.quality.boxes.result import BoxesResult
from assay.quality.labels.shares import pooled
from assay.quality.progress import each
from assay.quality.reading import Codes, Floats, summed

THRESHOLD = 0.4
"""Share of raters from which a box is kept. People leave out more than they add, so half is strict: two of
five is enough."""

FEW = 7
"""Up to so many boxes a median is found faster number by number than by arrays."""


def fused(boxes: Boxes, *, threshold: float = THRESHOLD) -> BoxesResult:
    """Fuse the boxes that cover the same thing, and keep what at least two in five raters drew.

    Within an item and a class, the box that the raters' boxes overlap most gathers, from every rater, the
    one that overlaps it most, if by half or more; then the next, until none is left. Each corner of a fused
    box is the weighted median of its own, so one sloppy edge moves nothing; its share is the weight of who
    drew it over that of all who saw the item. Raters are measured against the fusion of the others' boxes.

    Source: the idea of Solovyev, Wang & Gabruseva, "Weighted boxes fusion", Image and Vision Computing 107
    (2021), for people instead of detectors: medians, at most one box of a rater, no stated confidence.

    >>> drawn = [[(0, 0, 10, 10)], [(0, 1, 10, 11)], [(0, 0, 9, 10), (40, 40, 50, 50)]]
    >>> said = Boxes.from_lists(["i"] * 3, ["ann", "ben", "cleo"], drawn)
    >>> fused(said).verdicts
    {'i': ((0.0, 0.0, 10.0, 10.0),)}
    """
    n_items, n_answers = len(boxes.items), len(boxes)
    total_I = summed(boxes.item_N, boxes.weight_N, n_items)
    item_B = boxes.item_N[boxes.answer_B]
    weight_B = boxes.weight_N[boxes.answer_B]
    answers_I = np.bincount(boxes.item_N, minlength=n_items)
    hit_N, own_N, theirs_N, overlap_N = np.zeros((4, n_answers))
    rows: list[tuple[int, int, list[float], float]] = []
    known = {item: boxes.known[name] for item, name in enumerate(boxes.items) if name in boxes.known}
    groups = _groups(item_B, boxes.class_B)
    for group in each("boxes of an item", groups, len(groups)):
        item, name = int(item_B[group[0]]), int(boxes.class_B[group[0]])
        if item in known:
            continue
        corner, answer, weight = boxes.corner_B_4[group], boxes.answer_B[group], weight_B[group]
        shared = iou(corner, corner)
        found, share = _fuse(corner, answer, weight, shared, total_I[item])
        rows += [(item, name, *one) for one in zip(found.tolist(), share.tolist(), strict=True)]
        if answers_I[item] == 1:
            continue
        first = int(np.searchsorted(boxes.item_N, item))
        whole, whole_share = found, share
        for n in range(first, first + int(answers_I[item])):
            own = answer == n
            rest_weight = total_I[item] - boxes.weight_N[n]
            if own.any():
                rest = ~own
                found, share = _fuse(
                    corner[rest], answer[rest], weight[rest], shared[np.ix_(rest, rest)], rest_weight
                )
            else:
                found, share = whole, whole_share * total_I[item] / rest_weight
            verdict = found[np.round(share, 9) >= threshold]
            hits, overlap = matched(corner[own], verdict)
            hit_N[n] += hits
            overlap_N[n] += overlap
            own_N[n] += own.sum()
            theirs_N[n] += len(verdict)
    for item, right in known.items():
        rows += [(item, boxes.classes.index(name), list(corners), 1.0) for name, corners in right]
        for n in range(*np.searchsorted(boxes.item_N, [item, item + 1])):
            hit_N[n], own_N[n], theirs_N[n], overlap_N[n] = _against(boxes, n, right)
    rows.sort()
    item_C, class_C = (np.array([row[place] for row in rows], dtype=np.int64) for place in (0, 1))
    share_C = np.array([share for *_, share in rows], dtype=np.float64)
    things_I = np.bincount(item_C, minlength=n_items)
    calls_I = summed(item_C, np.maximum(share_C, 1 - share_C), n_items)
    n_raters = len(boxes.raters)
    sums = np.stack([hit_N, own_N, theirs_N, overlap_N])
    code_N, (right_N, drawn_N, wanted_N, shared_N) = _with_past(boxes, sums)
    precision, recall = (pooled(code_N, n_raters, right_N, of_N) for of_N in (drawn_N, wanted_N))
    overlap_R = pooled(code_N, n_raters, shared_N, right_N)
    return BoxesResult(
        boxes=boxes,
        item_C=item_C,
        class_C=class_C,
        corner_C_4=np.array([corners for _, _, corners, _ in rows], dtype=np.float64).reshape(-1, 4),
        share_C=share_C,
        kept_C=np.round(share_C, 9) >= threshold,
        sure_I=np.where(things_I > 0, calls_I / np.maximum(things_I, 1), 1.0),
        precision_R=precision[0],
        precision_low_R=precision[1],
        precision_high_R=precision[2],
        recall_R=recall[0],
        recall_low_R=recall[1],
        recall_high_R=recall[2],
        iou_R=overlap_R[0],
        iou_low_R=overlap_R[1],
        iou_high_R=overlap_R[2],
        method="fused",
        threshold=threshold,
        assumed=("raters draw equally well, and leave out more than they add",),
        history=_history(boxes, sums),
    )


def _with_past(boxes: Boxes, sums_4_N: Floats) -> tuple[Codes, Floats]:
    """Return the answers' sums followed by what is remembered, as an answer of usual size for each item."""
    before = [(boxes.raters.index(rater), past) for rater, past in boxes.history.items()]
    if not before:
        return boxes.rater_N, sums_4_N
    times = [max(round(past.items), 1) for _, past in before]
    code = np.repeat(np.array([rater for rater, _ in before], dtype=np.int64), times)
    past_4 = np.array([[past.right, past.drawn, past.wanted, past.overlap] for _, past in before]).T
    each = np.repeat(past_4 / np.array(times), times, axis=1)
    return np.append(boxes.rater_N, code), np.concatenate([sums_4_N, each], axis=1)


def _history(boxes: Boxes, sums_4_N: Floats) -> dict[str, BoxHistory]:
    """Return what was drawn here and what was remembered, for next time."""
    n_raters = len(boxes.raters)
    items_R = np.bincount(boxes.rater_N, minlength=n_raters)
    sums_R_4 = np.stack([summed(boxes.rater_N, of_N, n_raters) for of_N in sums_4_N], axis=1)
    found = {}
    for rater, own, items in zip(boxes.raters, sums_R_4.tolist(), items_R.tolist(), strict=True):
        past = boxes.history.get(rater, BoxHistory(0, 0, 0, 0, 0))
        before = (past.right, past.drawn, past.wanted, past.overlap, past.items)
        found[rater] = BoxHistory(*(a + b for a, b in zip(before, (*own, items), strict=True)))
    return found


def _against(
    boxes: Boxes, answer: int, right: tuple[tuple[str, tuple[float, ...]], ...]
) -> tuple[int, int, int, float]:
    """Return how many boxes of an answer are right, how many it has, how many it should, and the overlap."""
    drawn = slice(*np.searchsorted(boxes.answer_B, [answer, answer + 1]))
    hits, overlap = 0, 0.0
    for name in sorted({name for name, _ in right}):
        wanted = np.array([corners for of, corners in right if of == name])
        ours = boxes.corner_B_4[drawn][boxes.class_B[drawn] == boxes.classes.index(name)]
        found, shared = matched(ours, wanted)
        hits, overlap = hits + found, overlap + shared
    return hits, drawn.stop - drawn.start, len(right), overlap


def _groups(item_B: Codes, class_B: Codes) -> list[Codes]:
    """Return the places of the boxes of each item and class, by rater and corners within."""
    if not len(item_B):
        return []
    order_B = np.lexsort((class_B, item_B))
    new = np.diff(item_B[order_B]) | np.diff(class_B[order_B])
    return np.split(order_B, np.flatnonzero(new) + 1)


def _fuse(
    corner_B_4: Floats, answer_B: Codes, weight_B: Floats, shared_B_B: Floats, total: float
) -> tuple[Floats, Floats]:
    """Return the fused boxes of one item and class, C × 4, and the share of raters behind each."""
    found, shares = [], []
    close_B_B = np.where(shared_B_B >= SAME, shared_B_B, 0)
    left = np.arange(len(corner_B_4))
    while len(left):
        answer, corner, weight = answer_B[left], corner_B_4[left], weight_B[left]
        close = close_B_B[np.ix_(left, left)]
        first = np.flatnonzero(np.append(True, answer[1:] != answer[:-1]))
        support = np.round(np.maximum.reduceat(close, first, axis=1) @ (weight[first] / total), 9)
        # Ties go to the corners that come first, never to a name: equal boxes gather the same ones.
        seed = np.lexsort((*corner.T[::-1], -support))[0]
        near = np.lexsort((-close[seed], answer))
        nearest = near[first]
        members = nearest[close[seed, nearest] > 0]
        found.append(_median(corner[members], weight[members]))
        shares.append(weight[members].sum() / total)
        stays = np.ones(len(left), dtype=bool)
        stays[members] = False
        left = left[stays]
    return np.array(found, dtype=np.float64).reshape(-1, 4), np.array(shares, dtype=np.float64)


def _median(corner_M_4: Floats, weight_M: Floats) -> Floats:
    """Return the weighted median of each corner; where two values share the middle, their mean."""
    if len(corner_M_4) <= FEW:
        weights = weight_M.tolist()
        return np.array([_middle(corners, weights) for corners in corner_M_4.T.tolist()])
    order_M_4 = np.argsort(corner_M_4, axis=0, kind="stable")
    sorted_M_4 = np.take_along_axis(corner_M_4, order_M_4, axis=0)
    below_M_4 = np.cumsum(weight_M[order_M_4], axis=0) / weight_M.sum()
    lower_4 = (below_M_4 < 0.5 - 1e-9).sum(axis=0)
    upper_4 = np.minimum((below_M_4 <= 0.5 + 1e-9).sum(axis=0), len(weight_M) - 1)
    side = np.arange(4)
    middle_4: Floats = (sorted_M_4[lower_4, side] + sorted_M_4[upper_4, side]) / 2
    return middle_4


def _middle(values: list[float], weights: list[float]) -> float:
    """Return the weighted median of a few numbers, by the same steps one at a time."""
    total = sum(weights)
    order = sorted(range(len(values)), key=values.__getitem__)
    reached, lower = 0.0, None
    for place in order:
        reached += weights[place]
        if lower is None and reached / total >= 0.5 - 1e-9:
            lower = values[place]
        if lower is not None and reached / total > 0.5 + 1e-9:
            return (lower + values[place]) / 2
    last = values[order[-1]]
    return ((last if lower is None else lower) + last) / 2
