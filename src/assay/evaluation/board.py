"""The board that everything here ends in: models, their ratings, and how sure these are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.records import Standing


@dataclass(frozen=True)
class Board:
    """Models from best to worst, or the reason why they cannot be ranked.

    Attributes
    ----------
    standings
        One for each model, by rating; empty where `refusal` says why.
    votes, raters
        How many comparisons, by how many people (0 where unknown).
    clustered
        Whether the intervals treat a rater's votes as belonging together.
    notes
        What a reader has to know, in sentences.
    """

    standings: tuple[Standing, ...]
    votes: int
    raters: int
    clustered: bool
    notes: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def mean_width(self) -> float:
        """Mean width of the 95 % intervals, in Elo."""
        return float(np.mean([standing.high - standing.low for standing in self.standings]))
