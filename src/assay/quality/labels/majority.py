"""Majority vote: every vote weighs the same. Kept as the baseline to beat, never as a default."""

from __future__ import annotations

from assay.quality.labels.columns import Columns
from assay.quality.labels.result import Result


def majority(columns: Columns) -> Result:
    """Return the share of votes for each label.

    >>> columns = Columns.from_lists(["i", "i", "i"], ["ann", "ben", "cleo"], ["yes", "yes", "no"])
    >>> majority(columns).posterior_I_K.round(2).tolist()
    [[0.33, 0.67]]
    """
    return Result(
        columns=columns,
        posterior_I_K=columns.shares_I_K,
        method="majority",
        assumed=("everybody is equally often right", "mistakes do not repeat from one rater to the next"),
    )
