"""One test over every method for ratings, comparisons, texts, spans and boxes: to join is to be checked."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import polars as pl
import pytest

from assay import registry
from assay.quality.boxes import Boxes
from assay.quality.pairs import Pairs
from assay.quality.ratings import Ratings
from assay.quality.spans import Spans
from assay.quality.texts import Texts

PEOPLE = ("ann", "ben", "cleo", "dan", "eve")
"""Four careful people and one careless one, who is also the only one to see the last item."""


def frame(rows, *columns: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row")


def rating_rows() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    truth = np.linspace(1, 9, 20)
    rows = [
        (
            f"i{n:02}",
            who,
            float(np.round(value + rng.normal(0, 0.4)) if who != "eve" else rng.integers(1, 10)),
        )
        for n, value in enumerate(truth)
        for who in PEOPLE
    ]
    return frame([*rows, ("alone", "eve", 4.0)], "item", "rater", "value")


def pair_rows() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for who in PEOPLE:
        for n, (i, j) in enumerate(itertools.combinations(range(12), 2)):
            wins = rng.random() < (0.9 if who != "eve" else 0.5)
            rows.append((f"i{i:02}", f"i{j:02}", f"i{j if wins else i:02}" if n % 9 else "tie", who))
    return frame([*rows, ("alone", "apart", "alone", "eve")], "left", "right", "label", "rater")


def text_rows() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    rows = []
    for n in range(20):
        right = rng.choice(words, 6).tolist()
        for who in PEOPLE:
            slip = 0.1 if who != "eve" else 0.6
            said = [rng.choice(words) if rng.random() < slip else word for word in right]
            rows.append((f"i{n:02}", who, " ".join(said)))
    return frame([*rows, ("alone", "eve", "nine")], "item", "rater", "text")


def span_rows() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    rows = []
    for n in range(20):
        at = int(rng.integers(0, 50))
        for who in PEOPLE:
            off = int(rng.integers(0, 3)) if who != "eve" else int(rng.integers(20, 60))
            rows.append((f"i{n:02}", who, f"[[{at + off}, {at + off + 12}]]"))
    return frame([*rows, ("alone", "eve", "[[0, 4]]")], "item", "rater", "label")


def box_rows() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    rows = []
    for n in range(20):
        x, y = rng.integers(0, 50, 2).tolist()
        for who in PEOPLE:
            off = int(rng.integers(0, 3)) if who != "eve" else int(rng.integers(20, 60))
            rows.append((f"i{n:02}", who, f"[[{x + off}, {y}, {x + off + 12}, {y + 9}]]"))
    return frame([*rows, ("alone", "eve", "[[0, 0, 4, 4]]")], "item", "rater", "label")


GROUPS = {
    "ratings": (Ratings.from_frame, rating_rows, "reliability_R", "sd_I"),
    "pairs": (Pairs.from_frame, pair_rows, "reliability_R", "sd_I"),
    "texts": (Texts.from_frame, text_rows, "quality_R", "sure_I"),
    "spans": (Spans.from_frame, span_rows, "precision_R", "sure_I"),
    "boxes": (Boxes.from_frame, box_rows, "precision_R", "sure_I"),
}
"""Group → how its table is read, a table, and where its result keeps rater quality and uncertainty."""

WITHOUT_RATERS = {"bradley-terry"}
"""Methods that take everybody to be alike and so measure nobody."""

every_method = pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group in GROUPS for name in registry.names(group)]
)


def arrays_of(result) -> dict[str, np.ndarray]:
    """Return every array of a result under its name."""
    named = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}


@every_method
def test_every_method_gives_a_verdict_an_uncertainty_and_raters_with_intervals(group, name):
    read, rows, quality, doubt = GROUPS[group]
    columns = read(rows())

    result = registry.get(group, name)(columns)

    assert dataclasses.is_dataclass(result)
    assert type(result).__dataclass_params__.frozen
    assert result.method == name
    assert result.assumed
    assert all(sentence == sentence.strip() and not sentence.endswith(".") for sentence in result.assumed)
    assert result.converged
    assert set(result.verdicts) == set(columns.items)
    assert all(np.isfinite(array).all() for array in arrays_of(result).values())
    assert len(getattr(result, doubt)) == len(columns.items)
    middle, low, high = (getattr(result, quality.replace("_R", f"{end}_R")) for end in ("", "_low", "_high"))
    assert ((low <= middle + 1e-12) & (middle <= high + 1e-12)).all()
    if name not in WITHOUT_RATERS:
        assert columns.raters[int(np.argmin(middle))] == "eve"


@every_method
def test_the_same_table_gives_the_same_bytes(group, name):
    read, rows, _, _ = GROUPS[group]
    method = registry.get(group, name)

    first, second = arrays_of(method(read(rows()))), arrays_of(method(read(rows())))

    assert {key: value.tobytes() for key, value in first.items()} == {
        key: value.tobytes() for key, value in second.items()
    }


@every_method
def test_the_order_of_the_rows_changes_no_byte(group, name):
    read, rows, _, _ = GROUPS[group]
    method, table = registry.get(group, name), rows()

    first, second = arrays_of(method(read(table))), arrays_of(method(read(table.reverse())))

    assert {key: value.tobytes() for key, value in first.items()} == {
        key: value.tobytes() for key, value in second.items()
    }


@every_method
def test_weights_of_two_for_everything_keep_every_verdict_close(group, name):
    read, rows, _, _ = GROUPS[group]
    method, table = registry.get(group, name), rows()

    once, twice = method(read(table)).verdicts, method(read(table.with_columns(weight=pl.lit(2.0)))).verdicts

    if group in {"ratings", "pairs"}:
        assert np.corrcoef(list(once.values()), list(twice.values()))[0, 1] > 0.98
    else:
        assert sum(once[item] == twice[item] for item in once) >= 0.85 * len(once)


@pytest.mark.parametrize("group", GROUPS)
def test_every_table_refuses_an_empty_id_and_names_its_row(group):
    from assay.errors import TableError

    read, rows, _, _ = GROUPS[group]
    table = rows().with_columns(
        pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise("rater").alias("rater")
    )

    with pytest.raises(TableError, match="row 5, column 'rater'"):
        read(table)


@pytest.mark.parametrize("group", GROUPS)
def test_the_first_name_of_a_group_is_its_default(group):
    assert registry.names(group)[0] == {
        "ratings": "chosen", "pairs": "crowd-bradley-terry", "texts": "rasa", "spans": "soft",
        "boxes": "fused",
    }[group]  # fmt: skip
