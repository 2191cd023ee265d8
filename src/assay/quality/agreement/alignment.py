"""Line up what several raters marked in one text: which of their units are about the same thing.

A unitary alignment takes at most one unit of each rater. The best alignment puts every unit into exactly one
of them, at the least total disorder: a set partition, solved exactly by integer programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, linprog, milp
from scipy.sparse.csgraph import connected_components

from assay.quality.labels.columns import Codes, Floats

LIMIT = 200_000
"""Unitary alignments that are listed at once; where there are more, a text is taken window by window."""

START, STEP = 500, 1_000
"""Columns that the linear programme starts from, and the most that join it in a round."""

CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Units:
    """U units in one text, marked by `raters` people, of whom some may have marked nothing.

    `rater_U` are codes below `raters`; `start_U` and `end_U` are in characters (or seconds); `class_U` are
    codes of categories.
    """

    rater_U: Codes
    start_U: Floats
    end_U: Floats
    class_U: Codes
    raters: int

    def __len__(self) -> int:
        return len(self.rater_U)

    def of(self, place: Codes) -> Units:
        """Return some of the units, the raters as they were."""
        return Units(
            self.rater_U[place], self.start_U[place], self.end_U[place], self.class_U[place], self.raters
        )


def dissimilarity(units: Units, alpha: float, beta: float) -> Floats:
    """Return how unlike each two units are, with 1 for a unit and none at all.

    α · ((|start − start'| + |end − end'|) / (length + length'))² + β · [categories differ].
    """
    start, end = units.start_U, units.end_U
    moved = np.abs(start[:, None] - start) + np.abs(end[:, None] - end)
    place_U_U = (moved / ((end - start)[:, None] + (end - start))) ** 2
    unlike: Floats = alpha * place_U_U + beta * (units.class_U[:, None] != units.class_U)
    return unlike


def least_disorder(units: Units, alpha: float, beta: float, *, limit: int = LIMIT) -> tuple[float, bool]:
    """Return the sum of the disorders of the best alignment's unitary alignments, and whether it is exact.

    The disorder of a unitary alignment of k units among n raters is the mean over all pairs of raters of the
    dissimilarity of their units, 1 where either has none.

    >>> two = Units(np.array([0, 1]), np.array([0.0, 0.0]), np.array([9.0, 9.0]), np.array([0, 1]), 2)
    >>> least_disorder(two, 1.0, 0.5)
    (0.5, True)
    """
    if not len(units):
        return 0.0, True
    unlike_U_U = dissimilarity(units, alpha, beta)
    pairs = units.raters * (units.raters - 1) / 2
    if units.raters == 2:
        return _of_two(units, unlike_U_U), True
    # Two units farther apart than this are never better off together, whatever else joins them.
    near = (unlike_U_U <= _most(units.raters)) & (units.rater_U[:, None] != units.rater_U)
    groups, group_U = connected_components(sparse.csr_array(near), directed=False)
    total, exact = 0.0, True
    for group in range(groups):
        place = np.flatnonzero(group_U == group)
        if len(place) == 1:
            total += 1.0
            continue
        own = units.of(place)
        unlike = unlike_U_U[np.ix_(place, place)]
        listed = _listed(own, unlike, limit)
        if listed is None:
            total += _by_windows(own, unlike, limit)
            exact = False
        else:
            total += _best(*listed, len(own), pairs)[0]
    return total, exact


def _most(raters: int) -> float:
    """Return the largest sum of dissimilarities with which a unit can stand in a best alignment.

    Taken out, it would stand alone at a disorder of 1, or n(n − 1)/2 in pairs, and leave at most n − 1 holes.
    """
    return raters * (raters - 1) / 2 + raters - 1 + CLOSE


def _of_two(units: Units, unlike_U_U: Floats) -> float:
    """Two raters: pairs that cost less than both units alone, by the Hungarian method."""
    one, other = np.flatnonzero(units.rater_U == 0), np.flatnonzero(units.rater_U == 1)
    if not (len(one) and len(other)):
        return float(len(units))
    saved = np.minimum(unlike_U_U[np.ix_(one, other)] - 2, 0)
    row, column = linear_sum_assignment(saved)
    return float(len(units) + saved[row, column].sum())


def _listed(units: Units, unlike_U_U: Floats, limit: int) -> tuple[Codes, Floats] | None:
    """Return every unitary alignment that a best one may hold, and its summed dissimilarity over all pairs.

    Raters join one by one. A row of units is dropped once one of them is farther from the others together
    than it may be (`_most`), which can only grow. `None` where there are too many.

    Source of the idea, with a weaker bound on the whole row: Mathet, Widlöcher & Métivier (2015), 5.1.
    """
    n, size = units.raters, len(units)
    most = _most(n)
    # A place behind the last unit stands for none; it costs nothing here and is counted at the end.
    padded = np.zeros((size + 1, size + 1))
    padded[:size, :size] = unlike_U_U
    present = [np.append(np.flatnonzero(units.rater_U == rater), size) for rater in np.unique(units.rater_U)]
    row_K_J = present[0][:, None]
    sum_K_J = np.zeros(row_K_J.shape)
    for choice in present[1:]:
        if len(row_K_J) * len(choice) > 4 * limit:
            return None
        new = np.tile(choice, len(row_K_J))
        old_K_J = np.repeat(row_K_J, len(choice), axis=0)
        to_new_K_J = padded[old_K_J, new[:, None]]
        sums = np.hstack(
            [np.repeat(sum_K_J, len(choice), axis=0) + to_new_K_J, to_new_K_J.sum(axis=1)[:, None]]
        )
        fine = sums.max(axis=1) <= most
        row_K_J, sum_K_J = np.hstack([old_K_J, new[:, None]])[fine], sums[fine]
        if len(row_K_J) > limit:
            return None
    count_K = (row_K_J < size).sum(axis=1)
    # With k units in a row one leaves k − 1 holes, not n − 1; and all may stand alone.
    own_K = sum_K_J.max(axis=1) <= n * (n - 1) / 2 + count_K - 1 + CLOSE
    alone_K = sum_K_J.sum(axis=1) / 2 <= (count_K - 1) * n * (n - 1) / 2 + count_K * (count_K - 1) / 2 + CLOSE
    kept = own_K & alone_K & (count_K > 0)
    whole_K = sum_K_J.sum(axis=1) / 2 + n * (n - 1) / 2 - count_K * (count_K - 1) / 2
    return row_K_J[kept], whole_K[kept]


def _best(row_K_J: Codes, whole_K: Floats, size: int, pairs: float) -> tuple[float, Codes]:
    """Return the least total disorder of a partition of the units into rows, and which rows.

    A linear programme over few rows; those of negative reduced cost join until there are none, so that its
    value is a bound for all. Where it is not whole, the integer programme takes every row whose reduced cost
    is within the gap: no other can be part of a better solution.
    """
    cost_K = whole_K / pairs
    count_K = (row_K_J < size).sum(axis=1)
    held = np.zeros(len(cost_K), dtype=bool)
    held[count_K == 1] = True
    held[np.argsort((cost_K - 1) / count_K, kind="stable")[:START]] = True
    while True:
        own = np.flatnonzero(held)
        solved = linprog(
            cost_K[own], A_eq=_cover(row_K_J[own], size), b_eq=np.ones(size), bounds=(0, None), method="highs"
        )
        price_U = np.append(solved.eqlin.marginals, 0.0)
        reduced_K = cost_K - price_U[row_K_J].sum(axis=1)
        joins = np.flatnonzero((reduced_K < -CLOSE) & ~held)
        if not len(joins):
            break
        held[joins[np.argsort(reduced_K[joins], kind="stable")[:STEP]]] = True
    if np.abs(solved.x - np.round(solved.x)).max() < 1e-6:
        return float(solved.fun), own[solved.x > 0.5]
    value, chosen = _whole(row_K_J, cost_K, own, size)
    if value > solved.fun + CLOSE:
        within = np.flatnonzero(reduced_K <= value - solved.fun + CLOSE)
        value, chosen = _whole(row_K_J, cost_K, within, size)
    return value, chosen


def _whole(row_K_J: Codes, cost_K: Floats, own: Codes, size: int) -> tuple[float, Codes]:
    solved = milp(
        cost_K[own],
        constraints=LinearConstraint(_cover(row_K_J[own], size), 1, 1),
        integrality=np.ones(len(own)),
        bounds=Bounds(0, 1),
    )
    return float(solved.fun), own[solved.x > 0.5]


def _cover(row_K_J: Codes, size: int) -> sparse.csc_array:
    """Return units × rows: which units a row holds."""
    row, place = np.nonzero(row_K_J < size)
    return sparse.coo_array(
        (np.ones(len(row)), (row_K_J[row, place], row)), shape=(size, len(row_K_J))
    ).tocsc()


def _by_windows(units: Units, unlike_U_U: Floats, limit: int) -> float:
    """Return a total disorder that is at least the best one's, window by window from the left.

    A window holds the first units of every rater, as many as can be listed; of its best alignment the row
    that ends first is kept, its units leave, and the next window begins.

    Source: the windows of Titeux & Riad, "pygamma-agreement", Journal of Open Source Software 6 (2021).
    """
    left = np.argsort((units.start_U + units.end_U) / 2, kind="stable")
    pairs = units.raters * (units.raters - 1) / 2
    total, wide = 0.0, 8
    while len(left):
        rater = units.rater_U[left]
        rank = np.array([np.count_nonzero(rater[:n] == rater[n]) for n in range(len(left))])
        listed = None
        while listed is None:
            window = left[rank < wide]
            own = units.of(window)
            listed = _listed(own, unlike_U_U[np.ix_(window, window)], limit)
            if listed is None:
                if wide == 1:
                    # So many raters that even one unit of each is too much: the units stand alone.
                    return total + float(len(left))
                wide -= 1
        rows, _ = listed
        _, chosen = _best(*listed, len(own), pairs)
        ends = np.append((own.start_U + own.end_U) / 2, -np.inf)[rows[chosen]].max(axis=1)
        first = chosen[int(np.argmin(ends))]
        taken = window[rows[first][rows[first] < len(own)]]
        total += float(listed[1][first]) / pairs
        left = left[~np.isin(left, taken)]
    return total
