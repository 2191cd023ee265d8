"""Small crowds for tests of methods."""

from __future__ import annotations

import numpy as np
import pytest

from assay.quality import Columns

Rows = list[tuple[str, str, str]]


def make_votes(
    seed: int,
    *,
    items: int = 40,
    raters: int = 8,
    labels: int = 3,
    votes: int = 5,
    right: float | None = 0.7,
) -> Rows:
    """(item, rater, label) on random labels: raters know the answer with probability `right`, else guess.

    Where `right` is `None` each knows it with a probability of their own, from 0.1 to 1.
    """
    rng = np.random.default_rng(seed)
    truth = rng.integers(labels, size=items)
    knows = rng.uniform(0.1, 1, raters) if right is None else np.full(raters, right)
    return [
        (f"i{item}", f"r{rater}", str(truth[item] if rng.random() < knows[rater] else rng.integers(labels)))
        for item in range(items)
        for rater in rng.choice(raters, size=min(votes, raters), replace=False)
    ]


def make_columns(votes: Rows) -> Columns:
    return Columns.from_lists(*zip(*votes, strict=True))


@pytest.fixture(scope="session")
def crowd():
    """Columns of votes as `make_votes` makes them."""
    return lambda seed, **shape: make_columns(make_votes(seed, **shape))


@pytest.fixture(scope="session")
def votes_of():
    """Rows of votes by people of one skill."""
    return make_votes


@pytest.fixture(scope="session")
def mixed_votes():
    """Rows of votes by people of very different skill."""
    return lambda seed, **shape: make_votes(seed, right=None, **shape)


@pytest.fixture(scope="session")
def columns_of():
    return make_columns
