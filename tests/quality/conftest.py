"""Small crowds for tests of methods."""

from __future__ import annotations

import numpy as np
import pytest

from assay.quality import Columns


def make_crowd(
    seed: int, *, items: int = 40, raters: int = 8, labels: int = 3, votes: int = 5, right: float = 0.7
) -> Columns:
    """Votes of raters who know the answer with probability `right` and otherwise guess, on random labels."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(labels, size=items)
    cast = [
        (f"i{item}", f"r{rater}", str(truth[item] if rng.random() < right else rng.integers(labels)))
        for item in range(items)
        for rater in rng.choice(raters, size=min(votes, raters), replace=False)
    ]
    return Columns.from_lists(*zip(*cast, strict=True))


@pytest.fixture
def crowd():
    return make_crowd
