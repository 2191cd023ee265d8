"""Each rater against the others, and each pair of raters: plain agreement, to be read beside skills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import betaincinv

from assay.quality.labels.columns import Codes, Columns, Floats


@dataclass(frozen=True, eq=False)
class RaterTable:
    """One entry for each rater of `raters`.

    Attributes
    ----------
    share_R
        Mean over the rater's items of the share of the others' votes that say the same; NaN-free: 0 where
        `items_R` is 0.
    low_R, high_R
        95 % interval of that mean, from a beta distribution with the same mean and `items_R` observations.
    items_R
        How many items they judged together with somebody.
    alone_R
        How many they judged alone.
    """

    raters: tuple[str, ...]
    share_R: Floats
    low_R: Floats
    high_R: Floats
    items_R: Codes
    alone_R: Codes


@dataclass(frozen=True, eq=False)
class PairTable:
    """How often each two raters judged the same item, and how often they then said the same."""

    raters: tuple[str, ...]
    common_R_R: Codes
    agreed_R_R: Codes


def rater_table(columns: Columns) -> RaterTable:
    """Compare each rater with everybody else, their own vote left out.

    Where raters share their mistakes this ranks them better than any model of the right label; where the
    majority is wrong it ranks them upside down. Read it beside `skills`.

    >>> columns = Columns.from_lists(list("iiijj"), ["ann", "ben", "cleo", "ann", "ben"], list("xxyxx"))
    >>> rater_table(columns).share_R.tolist()
    [0.75, 0.75, 0.0]
    """
    n_raters = len(columns.raters)
    same_N = columns.counts_I_K[columns.item_N, columns.label_N] - columns.weights_N
    others_N = columns.counts_I_K.sum(axis=1)[columns.item_N] - columns.weights_N
    shared_N = others_N > 1e-9
    share_N = np.clip(np.where(shared_N, same_N, 0) / np.where(shared_N, others_N, 1), 0, 1)
    items_R = np.bincount(columns.rater_N, shared_N, n_raters)
    share_R = np.bincount(columns.rater_N, share_N, n_raters) / np.maximum(items_R, 1)
    # One observation, half for and half against, keeps the interval of a perfect record open.
    for_R, against_R = share_R * items_R + 0.5, (1 - share_R) * items_R + 0.5
    return RaterTable(
        columns.raters,
        share_R,
        betaincinv(for_R, against_R, 0.025),
        betaincinv(for_R, against_R, 0.975),
        items_R.astype(np.int64),
        np.bincount(columns.rater_N, ~shared_N, n_raters).astype(np.int64),
    )


def pair_table(columns: Columns) -> PairTable:
    """Count common items and common answers of each two raters; the diagonal holds everybody's own votes.

    >>> columns = Columns.from_lists(list("iijj"), ["ann", "ben"] * 2, list("xxxy"))
    >>> pair_table(columns).agreed_R_R.tolist()
    [[2, 1], [1, 2]]
    """
    n_items, n_labels = len(columns.items), len(columns.labels)
    one_N = np.ones(len(columns), dtype=np.int64)

    def together(cell_N: Codes, cells: int) -> Codes:
        held = sparse.csr_array((one_N, (columns.rater_N, cell_N)), shape=(len(columns.raters), cells))
        counts: Codes = (held @ held.T).toarray()
        return counts

    return PairTable(
        columns.raters,
        together(columns.item_N, n_items),
        together(columns.item_N * n_labels + columns.label_N, n_items * n_labels),
    )
