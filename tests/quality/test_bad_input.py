"""Whatever is wrong with a table, every type says so or does what is documented; none is wrong in silence."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.quality.test_study import EVERY

from assay.errors import AssayError, TableError
from assay.quality.study import TYPES, study

RIGHT = {
    "categorical": "yes", "ordinal": "3", "ratings": "4.0", "pairs": "1", "texts": "a moon",
    "spans": "[[0, 4]]", "boxes": "[[0, 0, 4, 4]]", "rankings": '["b", "a"]', "best-of-n": "b",
    "multilabel": '["cat"]',
}  # fmt: skip
ANOTHER = {
    "categorical": "no", "ordinal": "1", "ratings": "2", "pairs": "2", "texts": "a fish", "spans": "[]",
    "boxes": "[]", "rankings": '["a", "b"]', "best-of-n": "a", "multilabel": '["dog"]',
}  # fmt: skip
NAMED = ["categorical", "ordinal", "multilabel", "rankings", "best-of-n"]
SCORED = [kind for kind in TYPES if kind != "texts"]
CHECKED = [kind for kind in TYPES if kind not in ("categorical", "texts", "multilabel", "rankings")]
"""Any word is a label, a text, a set of one or a candidate; elsewhere an answer has a form."""

EVERY_COLUMN = [(kind, column) for kind, table in EVERY.items() for column in table.columns]


def answer_of(kind: str) -> str:
    return "text" if kind == "texts" else "label"


def rater_of(kind: str) -> str:
    return "worker" if kind == "pairs" else "rater"


def item_of(kind: str) -> str:
    return "a" if kind == "pairs" else "i"


def spoilt(table: pl.DataFrame, column: str, cell: object) -> pl.DataFrame:
    """The same table with another cell in its second row."""
    changed = (
        pl.when(pl.int_range(pl.len()) == 1).then(pl.lit(cell)).otherwise(pl.col(column).cast(pl.String))
    )
    return table.with_columns(changed.alias(column))


def told(kind: str, *answers: tuple[str, object]) -> pl.DataFrame:
    """A table of right answers."""
    items, right = zip(*answers, strict=True)
    return pl.DataFrame({"item": items, answer_of(kind): right}, strict=False)


def numbers_of(found) -> np.ndarray:
    frames = [frame for frame in (found.verdicts, found.raters, found.profiles) if frame is not None]
    columns = [frame[name] for frame in frames for name in frame.columns if frame.schema[name].is_numeric()]
    columns += [pl.Series(list(own.values())) for own in found.scores.values()]
    return np.concatenate([column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in columns])


def assert_sound(found) -> None:
    """No number is missing or infinite, and every skill lies within its interval."""
    assert np.isfinite(numbers_of(found)).all()
    mean, low, high = found.raters.select("mean", "low", "high").to_numpy().T
    assert ((low <= mean + 1e-9) & (mean <= high + 1e-9)).all()


@pytest.mark.parametrize(("kind", "column"), EVERY_COLUMN)
def test_a_missing_column_is_named(kind, column):
    named = "rater" if column == "worker" else column

    with pytest.raises(AssayError, match=f"'{named}'"):
        study(EVERY[kind].drop(column), type=kind)


@pytest.mark.parametrize("kind", TYPES)
def test_an_empty_table_is_an_error(kind):
    with pytest.raises(AssayError, match="give a table with at least one row"):
        study(EVERY[kind].head(0), type=kind)


@pytest.mark.parametrize("cell", [None, " ", "NaN"])
@pytest.mark.parametrize(("kind", "column"), [pair for pair in EVERY_COLUMN if pair[1] != "text"])
def test_an_empty_cell_is_named_with_its_row(kind, column, cell):
    with pytest.raises(TableError, match=r"the cell is empty") as wrong:
        study(spoilt(EVERY[kind], column, cell), type=kind)

    assert wrong.value.row == 2
    assert wrong.value.column in {column, "rater"}


def test_who_says_nothing_said_something_where_answers_are_texts():
    found = study(spoilt(EVERY["texts"], "text", ""), type="texts")

    assert found.answers == 3
    assert_sound(found)


@pytest.mark.parametrize("cell", ["inf", '{"a": [NaN', "[[[", "[[5, 1]]", "[" * 5_000])
@pytest.mark.parametrize("kind", CHECKED)
def test_an_answer_of_another_form_is_an_error(kind, cell):
    with pytest.raises(AssayError):
        study(spoilt(EVERY[kind], "label", cell), type=kind)


@pytest.mark.parametrize("cell", ["1e300", "-inf", "nan"])
def test_numbers_that_nothing_can_be_computed_with_are_errors(cell):
    with pytest.raises(TableError, match=r"row 2, column 'label': '.*' is not a"):
        study(spoilt(EVERY["ratings"], "label", cell), type="ratings")


@pytest.mark.parametrize("weight", ["0", "-1", "NaN", "inf", None, "much", "1e300", "1e-300"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_weight_that_counts_nothing_or_everything_is_an_error(kind, weight):
    table = EVERY[kind]
    weights = pl.Series(["1"] * (len(table) - 1) + [weight])

    with pytest.raises(TableError, match="weight") as wrong:
        study(table.with_columns(weight=weights), type=kind)

    assert wrong.value.row == len(table)


@pytest.mark.parametrize("kind", TYPES)
def test_equal_weights_change_nothing(kind):
    table = EVERY[kind]

    found = study(table.with_columns(weight=pl.lit(1.0)), type=kind)

    assert np.allclose(numbers_of(found), numbers_of(study(table, type=kind)))


@pytest.mark.parametrize("kind", TYPES)
def test_weights_as_far_apart_as_they_may_be_leave_finite_numbers(kind):
    table = EVERY[kind]
    weights = pl.Series(np.geomspace(1e-9, 1e9, len(table)).clip(1e-9, 1e9))

    assert_sound(study(table.with_columns(weight=weights), type=kind))


@pytest.mark.parametrize("kind", TYPES)
def test_a_weight_counts_in_every_type(kind):
    table = EVERY[kind]
    weights = pl.when(pl.col(rater_of(kind)) == "cleo").then(50.0).otherwise(1.0)

    heavy = study(table.with_columns(weight=weights), type=kind)

    assert not np.allclose(numbers_of(heavy), numbers_of(study(table, type=kind)))


@pytest.mark.parametrize("kind", TYPES)
def test_an_answer_given_again_takes_the_place_of_the_first(kind):
    table = EVERY[kind]

    found = study(pl.concat([table, table]), type=kind)

    assert found.repeated == len(table)
    assert found.answers == len(table)
    assert np.allclose(numbers_of(found), numbers_of(study(table, type=kind)))


@pytest.mark.parametrize("kind", TYPES)
def test_one_answer_alone_has_finite_numbers(kind):
    assert_sound(study(EVERY[kind].head(1), type=kind))


@pytest.mark.parametrize("kind", TYPES)
def test_answers_that_are_all_the_same_have_finite_numbers(kind):
    table = EVERY[kind]
    same = pl.col("left") if kind == "pairs" else pl.lit(table[answer_of(kind)][0])

    assert_sound(study(table.with_columns(same.alias(answer_of(kind))), type=kind))


@pytest.mark.parametrize("kind", TYPES)
def test_one_person_who_gave_all_answers_has_finite_numbers(kind):
    table = EVERY[kind].with_columns(pl.lit("ann").alias(rater_of(kind)))
    if kind != "pairs":
        table = table.with_columns(pl.int_range(pl.len()).cast(pl.String).alias("item"))

    assert_sound(study(table, type=kind))


def test_a_rater_who_gives_every_label_has_a_skill():
    rows = [(f"i{n}", name, str(n % 7)) for n in range(21) for name in ("ann", "ben")]
    rows += [(f"i{n}", "all", str(n // 3)) for n in range(21)]

    found = study(pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row"), type="categorical")

    assert_sound(found)
    skill = dict(found.raters.select("rater", "mean").iter_rows())
    assert skill["all"] < skill["ann"]


@pytest.mark.parametrize("kind", ["categorical", "ordinal"])
def test_ten_thousand_classes_are_no_classes(kind):
    many = pl.DataFrame({"item": ["i"] * 10_000, "rater": range(10_000), "label": range(10_000)})

    with pytest.raises(AssayError, match="10000 different labels, more than"):
        study(many, type=kind)


def test_sets_of_ten_thousand_labels_are_weighed():
    label = [[f"{n}-{k}" for k in range(1_000)] for n in range(10)]

    found = study({"item": range(10), "rater": ["ann"] * 10, "label": label}, type="multilabel")

    assert found.detail.posterior_I_L.shape == (10, 10_000)
    assert np.isfinite(found.detail.posterior_I_L).all()
    assert np.isfinite(found.raters["mean"].to_numpy()).all()


@pytest.mark.parametrize("kind", SCORED)
def test_gold_about_nothing_that_was_asked_is_an_error(kind):
    with pytest.raises(AssayError, match="gold items"):
        study(EVERY[kind], type=kind, gold=told(kind, ("elsewhere", RIGHT[kind])))


@pytest.mark.parametrize("kind", TYPES)
def test_known_items_that_nobody_answered_are_counted(kind):
    known = told(kind, (item_of(kind), RIGHT[kind]), ("here", RIGHT[kind]), ("there", RIGHT[kind]))

    found = study(EVERY[kind], type=kind, known=known)

    assert "2 known items got no answer and are left out" in found.notes


@pytest.mark.parametrize(
    ("kind", "role"),
    [(kind, role) for kind in TYPES for role in ("gold", "known") if (kind, role) != ("texts", "gold")],
)
def test_two_right_answers_to_one_item_are_an_error(kind, role):
    item = item_of(kind)

    with pytest.raises(AssayError, match=f"item '{item}' has two different"):
        study(EVERY[kind], type=kind, **{role: told(kind, (item, RIGHT[kind]), (item, ANOTHER[kind]))})


@pytest.mark.parametrize("cell", [None, "inf", "nan", "[[[", '{"a"', "[[0, 1e999]]"])
@pytest.mark.parametrize("role", ["gold", "known"])
@pytest.mark.parametrize("kind", ["ratings", "pairs", "spans", "boxes"])
def test_a_right_answer_of_another_form_is_an_error(kind, role, cell):
    with pytest.raises(AssayError):
        study(EVERY[kind], type=kind, **{role: told(kind, (item_of(kind), cell))})


@pytest.mark.parametrize("role", ["gold", "known"])
@pytest.mark.parametrize("column", ["item", "label"])
@pytest.mark.parametrize("kind", SCORED)
def test_a_column_missing_from_right_answers_is_named(kind, role, column):
    table = told(kind, (item_of(kind), RIGHT[kind])).drop(column)

    with pytest.raises(AssayError, match=f"no column for '{column}'"):
        study(EVERY[kind], type=kind, **{role: table})


@pytest.mark.parametrize("role", ["gold", "known"])
@pytest.mark.parametrize("kind", NAMED)
def test_a_right_answer_that_nobody_gave_is_pointed_out(kind, role):
    strange = "9" if kind == "ordinal" else "purple"

    found = study(EVERY[kind], type=kind, **{role: told(kind, ("i", strange))})

    assert any(repr(strange) in note and "said to be right" in note for note in found.notes)
    assert_sound(found)


@pytest.mark.parametrize("role", ["gold", "known"])
@pytest.mark.parametrize("kind", SCORED)
def test_an_empty_table_of_right_answers_says_nothing(kind, role):
    nothing = told(kind, ("i", RIGHT[kind])).head(0)

    found = study(EVERY[kind], type=kind, **{role: nothing})

    assert found.scores == {}
    assert found.verdicts.equals(study(EVERY[kind], type=kind).verdicts)


def test_a_span_longer_than_any_text_is_an_error():
    with pytest.raises(TableError, match="row 2, column 'label': the span"):
        study(spoilt(EVERY["spans"], "label", f"[[0, {10**30}]]"), type="spans")


def test_a_span_that_ends_after_its_text_is_an_error():
    with pytest.raises(TableError, match=r"row 2, column 'label': the span .* ≤ 4"):
        study(EVERY["spans"].with_columns(length=pl.lit(4)), type="spans")


def test_levels_without_an_end_are_no_levels():
    with pytest.raises(AssayError, match="say which label is higher"):
        study(spoilt(EVERY["ordinal"], "label", "inf"), type="ordinal")
