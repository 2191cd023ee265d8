from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.evaluation import Battles, BoardError
from assay.evaluation.arena import arena
from assay.evaluation.davidson import davidson
from assay.evaluation.strata import groups, weighed


def crowd(rng, *, writers=20, readers=80, votes=30):
    """Writers love x, readers love y; four of five who came are readers."""
    rows = []
    for r in range(writers + readers):
        job = "writer" if r < writers else "reader"
        for n in range(votes):
            chance = 0.8 if job == "writer" else 0.35
            rows.append((f"i{n}", "x", "y", "a" if rng.random() < chance else "b", f"r{r:03d}", job))
    names = ["item", "model_a", "model_b", "winner", "rater", "job"]
    return Battles.from_frame(pl.DataFrame(rows, schema=names, orient="row"))


def test_a_board_weighed_to_other_people_is_the_board_of_those_people():
    battles = crowd(np.random.default_rng(0))
    even = crowd(np.random.default_rng(1), writers=50, readers=50)

    found = weighed(battles, "job", {"writer": 0.5, "reader": 0.5})
    board = arena(battles, np.random.default_rng(0), weight_N=found.weight_N)

    assert board.win_share("x", "y")[0] == pytest.approx(
        arena(even, np.random.default_rng(0)).win_share("x", "y")[0], abs=0.03
    )
    assert arena(battles, np.random.default_rng(0)).win_share("x", "y")[0] < 0.5
    assert found.weight_N.mean() == pytest.approx(1)


def test_what_few_people_stand_for_is_less_sure():
    battles = crowd(np.random.default_rng(2), writers=8, readers=92)

    found = weighed(battles, "job", {"writer": 0.9, "reader": 0.1})
    wide = arena(battles, np.random.default_rng(0), by=("rater",), weight_N=found.weight_N)

    assert found.worth < 0.2
    plain = arena(battles, np.random.default_rng(0), by=("rater",))
    assert wide.uncertainty.half_K.mean() > 1.5 * plain.uncertainty.half_K.mean()


def test_weighed_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(150):
        battles = crowd(np.random.default_rng(seed), writers=15, readers=45, votes=12)
        found = weighed(battles, "job", {"writer": 0.5, "reader": 0.5})
        for by in (("rater",), ()):
            board = arena(battles, np.random.default_rng(0), by=by, weight_N=found.weight_N)
            _, low, high = board.win_share("x", "y")
            held.append(low <= 0.575 <= high)

    assert 0.91 <= np.mean(held) <= 0.99


def test_whole_weights_are_repeated_votes():
    battles = crowd(np.random.default_rng(3), writers=5, readers=5, votes=6)
    weight_N = np.random.default_rng(0).integers(1, 4, len(battles))

    one = davidson(battles, weight_N=weight_N.astype(float))
    other = davidson(battles.take(np.repeat(np.arange(len(battles)), weight_N)))

    assert one.theta_M == pytest.approx(other.theta_M, abs=1e-8)
    assert one.log_likelihood == pytest.approx(other.log_likelihood)


def test_groups_that_cannot_stand_for_others_are_named():
    battles = crowd(np.random.default_rng(4), writers=3)

    with pytest.raises(BoardError, match="3 people belong to job=writer"):
        weighed(battles, "job", {"writer": 0.5, "reader": 0.5})
    with pytest.raises(BoardError, match="0 people belong to job=poet"):
        weighed(battles, "job", {"poet": 1.0})
    with pytest.raises(BoardError, match="positive"):
        weighed(battles, "job", {"reader": -1.0})


def test_a_person_in_two_groups_is_named():
    frame = crowd(np.random.default_rng(5)).to_frame()
    frame[0, "job"] = "reader"

    with pytest.raises(BoardError, match="'r000' is both"):
        groups(Battles.from_frame(frame), "job")
