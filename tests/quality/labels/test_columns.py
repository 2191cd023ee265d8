from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.errors import TableError
from assay.quality import Columns
from assay.quality.labels.columns import VotesError
from assay.records import Vote


def test_ids_of_any_type_are_compared_as_text():
    columns = Columns.from_lists([1, "1", 2.5], ["ann", "ben", 7], [True, "True", False])

    assert (columns.items, columns.raters, columns.labels) == (
        ("1", "2.5"),
        ("7", "ann", "ben"),
        ("False", "True"),
    )


def test_of_two_votes_by_one_rater_on_one_item_the_last_counts():
    columns = Columns.from_lists(["i", "i", "i"], ["ann", "ben", "ann"], ["no", "no", "yes"])

    assert columns.counts_I_K.tolist() == [[1.0, 1.0]]
    assert columns.repeated == 1


def test_an_empty_cell_is_refused_with_its_row_and_column():
    frame = pl.DataFrame({"item": ["i", "j"], "rater": ["ann", None], "label": ["yes", "no"]})

    with pytest.raises(TableError, match="row 2, column 'rater'"):
        Columns.from_frame(frame)


def test_no_votes_are_refused():
    with pytest.raises(VotesError, match="there are no votes"):
        Columns.from_lists([], [], [])


def test_votes_on_two_questions_are_refused():
    votes = [Vote("i", "ann", "surprise", "yes"), Vote("i", "ann", "ear", "yes")]

    with pytest.raises(VotesError, match="one question at a time"):
        Columns.from_votes(votes)


def test_ids_read_as_labels_are_refused():
    many = [str(number) for number in range(2_000)]

    with pytest.raises(VotesError, match="2000 different labels"):
        Columns.from_lists(many, ["ann"] * 2_000, many)


def test_a_label_outside_the_question_is_refused():
    frame = pl.DataFrame({"item": ["i"], "rater": ["ann"], "label": ["maybe"]})

    with pytest.raises(VotesError, match="'maybe' is none of: no, yes"):
        Columns.from_frame(frame, labels=["no", "yes"])


def test_the_incidence_holds_each_vote_once():
    columns = Columns.from_lists(["i", "i", "j"], ["ann", "ben", "ann"], ["a", "b", "b"])

    dense = columns.incidence.toarray().reshape(2, 2, 2)  # item, rater, label

    np.testing.assert_array_equal(dense, [[[1, 0], [0, 1]], [[0, 1], [0, 0]]])


def test_weights_that_are_no_positive_numbers_are_refused_with_their_row():
    frame = pl.DataFrame(
        {"item": ["i", "j"], "rater": ["ann"] * 2, "label": ["yes"] * 2, "weight": [1.0, -2.0]}
    )

    with pytest.raises(TableError, match="row 2, column 'weight': a weight is a finite number above 0"):
        Columns.from_frame(frame)


def test_history_of_another_shape_is_refused():
    columns = Columns.from_lists(["i", "i"], ["ann", "ben"], ["yes", "no"])

    with pytest.raises(VotesError, match="history of 'ann' is not 2 × 2"):
        columns.remembering({"ann": np.ones((3, 3))})
