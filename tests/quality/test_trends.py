"""Shares by group: what the interval promises, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import AssayError
from assay.quality.trends import by_group, over_days, shares


def test_groups_come_in_order_with_their_votes():
    found = shares(["en", "ar", "en"], [1.0, 0.0, 1.0], ["ann", "ann", "ben"])

    assert [(each.group, each.votes) for each in found] == [("ar", 1), ("en", 2)]
    assert found[1].low < found[1].mean < found[1].high


def test_one_persons_votes_are_not_that_many():
    alone = shares(["en"] * 200, [1.0] * 200, ["ann"] * 200)[0]
    many = shares(["en"] * 200, [1.0] * 200, [f"r{n}" for n in range(200)])[0]

    assert alone.high - alone.low > 0.5
    assert many.high - many.low < 0.03


def test_ninety_five_percent_intervals_hold_where_people_differ():
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        skill_R = rng.beta(7, 3, 40)
        code_N = rng.integers(40, size=400)
        right_N = (rng.random(400) < skill_R[code_N]).astype(float)
        found = shares(["all"] * 400, right_N.tolist(), [str(code) for code in code_N])[0]
        held += found.low <= 0.7 <= found.high

    assert held / 300 > 0.91


@pytest.mark.parametrize("right", [[1.2], [-0.1], [float("nan")]])
def test_a_probability_is_one(right):
    with pytest.raises(AssayError, match="from 0 to 1"):
        shares(["en"], right, ["ann"])


def test_nothing_is_drawn_as_a_sentence():
    assert shares([], [], []) == []
    assert over_days([]).rows == ()
    assert by_group("By language", "language", []).rows == ()
