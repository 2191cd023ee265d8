"""How verdicts fare against gold: accuracy, log-loss, calibration error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.quality.labels.columns import VotesError
from assay.quality.labels.result import Result

TIE = 1e-9
FLOOR = 1e-6


@dataclass(frozen=True)
class GoldScores:
    """Scores over the `items` gold items that got votes; `left_out` gold items got none.

    `accuracy` shares the credit among tied top labels; `log_loss` is the mean −ln p of the right label, p
    clipped to [1e-6, 1]; `calibration_error` is the expected calibration error over ten equal bins of the
    top probability.
    """

    items: int
    left_out: int
    accuracy: float
    log_loss: float
    calibration_error: float


def score(result: Result, gold: Mapping[str, str]) -> GoldScores:
    """Compare a result with gold labels. A gold label that nobody ever gave counts as a miss.

    Raises
    ------
    VotesError
        Where no gold item got a vote.

    >>> from assay.quality import Columns, majority
    >>> columns = Columns.from_lists(["i", "i", "j"], ["ann", "ben", "ann"], ["yes", "no", "no"])
    >>> score(majority(columns), {"i": "yes", "j": "no"}).accuracy
    0.75
    """
    columns = result.columns
    codes = {label: code for code, label in enumerate(columns.labels)}
    rows = [row for row, item in enumerate(columns.items) if item in gold]
    if not rows:
        raise VotesError("none of the gold items got a vote; check that both tables use the same item ids")
    posterior_G_K = result.posterior_I_K[rows]
    posterior_G_K = posterior_G_K / posterior_G_K.sum(axis=1, keepdims=True)
    gold_G = np.array([codes.get(gold[columns.items[row]], -1) for row in rows])
    known_G = gold_G >= 0
    top_G = posterior_G_K.max(axis=1)
    tied_G_K = posterior_G_K >= top_G[:, None] - TIE
    every = np.arange(len(rows))
    hit_G = np.where(known_G, tied_G_K[every, gold_G] / tied_G_K.sum(axis=1), 0.0)
    probability_G = np.where(known_G, posterior_G_K[every, gold_G], 0.0)
    bin_G = np.minimum((top_G * 10).astype(int), 9)
    size_B = np.bincount(bin_G, minlength=10)
    gap_B = np.abs(
        np.bincount(bin_G, weights=hit_G, minlength=10) - np.bincount(bin_G, weights=top_G, minlength=10)
    )
    return GoldScores(
        items=len(rows),
        left_out=len(gold) - len(rows),
        accuracy=float(hit_G.mean()),
        log_loss=float(-np.log(np.clip(probability_G, FLOOR, 1)).mean()),
        calibration_error=float(gap_B.sum() / size_B.sum()),
    )
