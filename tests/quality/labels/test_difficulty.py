from __future__ import annotations

import numpy as np
import pytest

from assay.quality import Columns, ensemble, majority
from assay.quality.labels.difficulty import difficulty


def test_planted_difficulty_is_found_and_its_intervals_hold_it():
    rng = np.random.default_rng(4)
    hard, truth = rng.random(200) < 0.3, rng.random(200) < 0.5
    votes = [
        (f"i{i:03}", f"r{r}", truth[i] ^ (rng.random() < (0.25 if hard[i] else 0.03)))
        for i in range(200)
        for r in range(25)
    ]

    found = difficulty(ensemble(Columns.from_lists(*zip(*votes, strict=True))))

    share = np.where(hard, 0.25, 0.03)
    assert found.mean_I[hard].mean() > 3 * found.mean_I[~hard].mean()
    assert np.mean((found.low_I <= share) & (share <= found.high_I)) > 0.85


def test_an_item_can_be_certain_and_hard():
    votes = [("i", f"r{n}", "yes" if n < 40 else "no") for n in range(60)]
    votes += [("j", f"r{n}", "yes") for n in range(60)]
    result = majority(Columns.from_lists(*zip(*votes, strict=True)))

    found = dict(zip(result.columns.items, difficulty(result).low_I, strict=True))

    assert found["i"] > 0.2 > found["j"]


@pytest.mark.parametrize("labels", [["yes"], ["yes", "no"]])
def test_one_vote_says_little(labels):
    found = difficulty(
        majority(Columns.from_lists(["i"] * len(labels), ["ann", "ben"][: len(labels)], labels))
    )

    assert np.isfinite([found.mean_I, found.low_I, found.high_I]).all()
    assert (found.high_I - found.low_I > 0.3).all()
