from __future__ import annotations

import math

import pytest

from assay.quality import Columns, majority, score
from assay.quality.labels.columns import VotesError


def result_of(*votes):
    return majority(Columns.from_lists(*zip(*votes, strict=True)))


def test_tied_labels_share_the_credit():
    result = result_of(("i", "ann", "yes"), ("i", "ben", "no"))

    assert score(result, {"i": "yes"}).accuracy == 0.5


def test_log_loss_is_natural_and_clipped():
    result = result_of(("i", "ann", "yes"), ("i", "ben", "no"), ("j", "ann", "yes"))

    scores = score(result, {"i": "yes", "j": "no"})

    assert scores.log_loss == pytest.approx((-math.log(0.5) - math.log(1e-6)) / 2)


def test_a_gold_label_that_nobody_gave_is_a_miss_and_gold_without_votes_is_left_out():
    scores = score(result_of(("i", "ann", "yes")), {"i": "maybe", "k": "yes"})

    assert (scores.accuracy, scores.items, scores.left_out) == (0.0, 1, 1)


def test_calibration_error_is_the_gap_between_sure_and_right():
    result = result_of(*[("i", f"r{n}", "yes") for n in range(4)], ("i", "r5", "no"))

    assert score(result, {"i": "no"}).calibration_error == pytest.approx(0.8)


def test_gold_from_another_table_is_refused():
    with pytest.raises(VotesError, match="none of the gold items got a vote"):
        score(result_of(("i", "ann", "yes")), {"elsewhere": "yes"})
