from __future__ import annotations

import json

import pytest

from assay.datasets import DatasetError, card, format_named, lines
from assay.records import Brief, Example

SURE = Example("1", "preference", "p", "w", ("j1",), chosen="a", rejected="b", weight=0.95, language="sw")
UNSURE = Example("2", "preference", "p", "v", ("j2",), chosen="a", rejected="b", weight=0.55, language="ar")


def test_rows_less_sure_than_asked_for_stay_behind():
    kept = [
        json.loads(line)["id"]
        for line in lines([SURE, UNSURE], format_named("trl-preference"), least_weight=0.9)
    ]

    assert kept == ["1"]


def test_nothing_that_fits_is_an_error_before_the_first_line():
    rating = Example("3", "rating", "p", "w", ("j",), completion="t")

    with pytest.raises(DatasetError, match="the project has rating rows"):
        next(lines([rating], format_named("trl-sft")))
    with pytest.raises(DatasetError, match=r"no row is at least 0\.99 sure"):
        next(lines([SURE], format_named("jsonl"), least_weight=0.99))


def test_text_is_written_as_it_is_read():
    arabic = Example("1", "preference", "القمر", "w", ("j",), chosen="نعم\n", rejected="لا")

    (line,) = lines([arabic], format_named("trl-preference"))

    assert "القمر" in line
    assert line.count("\n") == 1


def test_the_card_says_what_for_how_many_how_sure():
    text = card(Brief("poems", "Delight.", "pairwise", principles=("Surprise.",)), [SURE, UNSURE])

    assert "Delight." in text
    assert "- Surprise." in text
    assert "sw 1, ar 1" in text
    assert "lowest 0.55" in text
