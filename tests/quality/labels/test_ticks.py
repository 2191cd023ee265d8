from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.errors import TableError
from assay.quality.labels.multilabel import multilabel
from assay.quality.labels.ticks import Ticks, sets_score, ticked_right


def table(*rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row")


def test_the_last_list_of_a_rater_on_an_item_counts():
    ticks = Ticks.from_frame(table(("i", "ann", '["cat"]'), ("i", "ann", '["dog", "dog"]')))

    assert (ticks.ticks, len(ticks), ticks.repeated) == ((("i", "ann", "dog"),), 1, 1)


def test_a_row_a_tick_adds_up():
    ticks = Ticks.from_frame(table(("i", "ann", "cat"), ("i", "ann", "dog"), ("i", "ben", "[]")))

    assert ticks.ticks == (("i", "ann", "cat"), ("i", "ann", "dog"))
    assert ticks.shown == (("i", "ann"), ("i", "ben"))


@pytest.mark.parametrize("label", ['["cat"', "[1.5]", "[true]", '[["cat"]]', '[" "]'])
def test_a_list_of_anything_but_names_is_refused_with_its_row(label):
    with pytest.raises(TableError, match="row 2, column 'label'"):
        Ticks.from_frame(table(("i", "ann", "[]"), ("i", "ben", label)))


def test_who_ticks_at_random_is_below_who_looks():
    rng = np.random.default_rng(2)
    rows = []
    for n in range(60):
        holds = rng.random(4) < 0.4
        for who, right in {"ann": 0.9, "ben": 0.9, "cleo": 0.9, "coin": 0.5}.items():
            said = np.where(rng.random(4) < right, holds, ~holds)
            rows.append((f"i{n}", who, "[" + ", ".join(f'"l{k}"' for k in range(4) if said[k]) + "]"))
    ticks = Ticks.from_frame(table(*rows))

    right = ticked_right(ticks, multilabel(ticks.ticks, ticks.shown))

    assert right.sensitivity_R[:3].min() > right.sensitivity_high_R[3]
    assert right.precision_R[:3].min() > right.precision_R[3] + 0.2
    assert (right.sensitivity_low_R <= right.sensitivity_R).all()


def test_nobody_is_measured_against_their_own_ticks():
    """Of two who never agree, neither gets credit for what they alone ticked."""
    rows = [(f"i{n}", "ann", '["cat"]') for n in range(9)] + [(f"i{n}", "ben", '["dog"]') for n in range(9)]
    ticks = Ticks.from_frame(table(*rows))

    right = ticked_right(ticks, multilabel(ticks.ticks, ticks.shown))

    assert right.precision_R.max() < 0.6


def test_sets_are_scored_in_full_and_label_by_label():
    found = {"i": frozenset("ab"), "j": frozenset("a"), "k": frozenset()}

    score = sets_score(found, {"i": ["a", "b"], "j": ["b"], "k": [], "elsewhere": ["a"]})

    assert score == {"exact": 2 / 3, "F1 of labels": 4 / 5 * 5 / 6 * 1.0}
