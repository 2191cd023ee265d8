"""What raters did before counts: their offsets, slopes and noise are known when the next items come."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import polars as pl
import pytest

from assay.errors import AssayError, TableError
from assay.quality import ratings
from assay.quality.labels.columns import VotesError
from assay.quality.ratings import RatingHistory, Ratings
from assay.quality.ratings.history import COLUMNS, from_frame, to_frame
from assay.quality.study import study


def crowd(seed: int, *, raters: int = 12):
    """A crowd as a function: how many items, how many ratings of each, by whom → ratings and the truth."""
    rng = np.random.default_rng(seed)
    offset, slope = rng.normal(0, 0.8, raters), rng.uniform(0.6, 1.4, raters)
    noise = rng.uniform(0.2, 1, raters)

    def rated(items: int, each: int, who=None, unit=1.0):
        truth = rng.normal(3, 1, items)

        def said(i, r):
            return unit * (3 + offset[r] + slope[r] * (truth[i] - 3) + rng.normal(0, noise[r]))

        rows = [
            (f"i{i:03}", f"r{r:02}", said(i, r))
            for i in range(items)
            for r in rng.choice(raters if who is None else who, each, replace=False)
        ]
        return Ratings.from_lists(*zip(*rows, strict=True)), unit * truth

    return rated


def error(result, truth) -> float:
    return float(np.sqrt(np.mean((result.value_I - truth) ** 2)))


@pytest.mark.parametrize("method", [ratings.precision, ratings.bias, ratings.linear, ratings.chosen])
def test_one_rating_an_item_says_more_by_raters_who_are_known(method):
    cold, warm, held = [], [], []
    for seed in range(6):
        rated = crowd(seed)
        before, _ = rated(100, 5)
        now, truth = rated(60, 1)
        known = method(now.remembering(ratings.linear(before).history))
        cold.append(error(method(now), truth))
        warm.append(error(known, truth))
        held.append(np.mean((known.low_I <= truth) & (truth <= known.high_I)))

    assert np.mean(warm) < 0.75 * np.mean(cold)
    assert max(np.array(warm) - cold) < 0
    assert np.mean(held) > 0.9


def test_known_raters_bring_the_level_that_the_new_ratings_alone_cannot_show():
    """Four of a crowd rate every item: whether the four are strict is only known from before."""
    gaps = []
    for seed in range(6):
        rated = crowd(seed)
        before, _ = rated(100, 5)
        now, truth = rated(60, 4, who=[0, 1, 2, 3])
        cold, warm = (ratings.linear(of) for of in (now, now.remembering(ratings.linear(before).history)))
        gaps.append((abs((cold.value_I - truth).mean()), abs((warm.value_I - truth).mean())))

    cold, warm = np.mean(gaps, axis=0)
    assert warm < 0.5 * cold


@pytest.mark.parametrize(
    "method", [ratings.mean, ratings.z_score, ratings.crh, ratings.linear, ratings.chosen]
)
def test_a_history_of_nobody_changes_nothing(method):
    now, _ = crowd(1)(30, 3)
    stranger = {"somebody else": RatingHistory(100, 3, 2, 1, 0.5, 1.5)}
    blank = {"r00": RatingHistory(0, 0, 0, 0, 0, 0)}

    plain, told, empty = (method(of) for of in (now, now.remembering(stranger), now.remembering(blank)))

    for name in ("value_I", "sd_I", "offset_R", "slope_R", "noise_R", "reliability_R"):
        np.testing.assert_array_equal(getattr(told, name), getattr(plain, name))
        np.testing.assert_array_equal(getattr(empty, name), getattr(plain, name))
    assert told.history == plain.history


def test_whoever_the_history_does_not_know_starts_where_the_crowd_is():
    rated = crowd(3)
    before, _ = rated(100, 5)
    now, _ = rated(40, 3)
    history = dict(ratings.linear(before).history)
    stranger = max(history, key=lambda name: abs(history[name].answer - history[name].value))
    unknown = history.pop(stranger)
    seen_once = Ratings.from_lists(["i000", "i001"], [stranger, "r00"], [3.0, 3.0])

    told = ratings.linear(now.remembering(history))
    once = ratings.linear(seen_once.remembering(history))

    # After ten ratings the newcomer is known too; after one still taken for average.
    true, at = unknown.answer - unknown.value, told.ratings.raters.index(stranger)
    assert told.offset_R[at] == pytest.approx(true, abs=0.4)
    assert abs(true) > 0.8
    assert abs(once.offset_R[once.ratings.raters.index(stranger)]) < 0.25


def test_two_tables_one_after_the_other_come_near_to_both_at_once():
    rated = crowd(4)
    (first, _), (second, truth) = rated(80, 4), rated(40, 4)
    names = [f"j{item}" for item in second.items]
    both = Ratings.from_lists(
        [*(first.items[i] for i in first.item_N), *(names[i] for i in second.item_N)],
        [*(first.raters[r] for r in first.rater_N), *(second.raters[r] for r in second.rater_N)],
        [*first.value_N, *second.value_N],
    )

    whole = ratings.linear(both)
    later = ratings.linear(second.remembering(ratings.linear(first).history))

    at = [whole.ratings.items.index(name) for name in names]
    assert np.abs(later.value_I - whole.value_I[at]).max() < 0.25
    assert abs(error(later, truth) - float(np.sqrt(np.mean((whole.value_I[at] - truth) ** 2)))) < 0.05
    assert np.corrcoef(later.slope_R, whole.slope_R)[0, 1] > 0.95
    assert np.corrcoef(later.offset_R, whole.offset_R)[0, 1] > 0.95
    assert later.history["r00"].ratings == whole.history["r00"].ratings


def test_a_history_may_be_faded():
    rated = crowd(5)
    before, _ = rated(100, 5)
    now, _ = rated(40, 3)
    history = ratings.linear(before).history
    hardly = {name: replace(past, ratings=past.ratings * 1e-3) for name, past in history.items()}

    cold, warm, faded = (ratings.bias(now.remembering(of)) for of in ({}, history, hardly))

    moved = np.abs(warm.offset_R - cold.offset_R).mean()
    assert np.abs(faded.offset_R - cold.offset_R).mean() < 0.5 * moved


def test_a_history_is_in_the_units_of_the_scale():
    here, there = crowd(6), crowd(6)
    first, second = ratings.linear(here(100, 5)[0]), ratings.linear(there(100, 5, unit=20.0)[0])

    small, large = (
        ratings.linear(rated(40, 1, unit=unit)[0].remembering(found.history))
        for rated, unit, found in ((here, 1.0, first), (there, 20.0, second))
    )

    np.testing.assert_allclose(large.value_I, 20 * small.value_I, rtol=1e-4)


@pytest.mark.parametrize("unit", [0.1, 20.0])
def test_a_history_from_another_scale_is_refused(unit):
    rated = crowd(7)
    before, _ = rated(50, 4, unit=unit)
    now, _ = rated(30, 3)

    with pytest.raises(VotesError, match="bring both to one scale, or leave it out"):
        now.remembering(ratings.mean(before).history)


def test_a_history_off_the_ends_of_the_scale_is_refused():
    now = Ratings.from_lists(["i"], ["ann"], [3], low=1, high=5)

    with pytest.raises(
        VotesError, match=r"answers around 60 ± 20, these ratings by the same people are around 3"
    ):
        now.remembering({"ann": RatingHistory(40, 55, 60, 400, 300, 400)})


@pytest.mark.parametrize("constant", [3, 1e99])
def test_people_who_always_said_the_same_can_be_remembered(constant):
    before = ratings.chosen(Ratings.from_lists(list("iijj"), ["ann", "ben"] * 2, [constant] * 4))

    again = ratings.chosen(
        Ratings.from_lists(list("ij"), ["ann", "ben"], [constant] * 2).remembering(before.history)
    )

    assert again.value_I.tolist() == pytest.approx([constant] * 2)
    assert np.isfinite(again.sd_I).all()


@pytest.mark.parametrize(
    "moments",
    [
        (-1, 3, 3, 1, 0, 1), (9, 3, 3, -1, 0, 1), (9, 3, 3, 1, 0, -1), (9, 3, 3, 1, 2, 1),
        (9, float("nan"), 3, 1, 0, 1), (9, 3, float("inf"), 1, 0, 1), (9, 3, 3, 1, 0, 1e300),
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_is_refused(moments):
    with pytest.raises(VotesError, match="a history of ratings"):
        RatingHistory(*moments)


def test_histories_add_up_like_their_ratings():
    rng = np.random.default_rng(0)
    value, answer = rng.normal(3, 1, 30), rng.normal(2, 2, 30)

    def moments(part):
        covariance = np.cov(value[part], answer[part], bias=True)
        return RatingHistory(
            len(value[part]), value[part].mean(), answer[part].mean(), *covariance[np.triu_indices(2)]
        )

    both = moments(slice(0, 12)) + moments(slice(12, None))

    assert astuple(both) == pytest.approx(astuple(moments(slice(None))))


# As tables.


def table(held: Ratings) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item": [held.items[code] for code in held.item_N],
            "rater": [held.raters[code] for code in held.rater_N],
            "label": held.value_N,
        }
    )


def test_a_study_starts_from_the_raters_of_an_earlier_one(tmp_path):
    rated = crowd(8)
    (before, _), (now, truth) = rated(100, 5), rated(60, 1)
    study(table(before), type="ratings").raters.write_parquet(tmp_path / "raters.parquet")

    cold = study(table(now), type="ratings")
    warm = study(table(now), type="ratings", history=pl.read_parquet(tmp_path / "raters.parquet"))

    def off(found):
        return float(np.abs(found.verdicts["verdict"].to_numpy() - truth).mean())

    assert off(warm) < 0.75 * off(cold)
    assert "of 12 of 12 raters earlier ratings are known" in warm.notes
    assert warm.profiles is None
    before_R = dict(study(table(before), type="ratings").raters.select("rater", "ratings").iter_rows())
    after_R = dict(warm.raters.select("rater", "ratings").iter_rows())
    assert sum(after_R.values()) == sum(before_R.values()) + 60


def test_histories_come_back_from_their_table_as_they_were():
    history = ratings.chosen(crowd(9)(20, 3)[0]).history

    assert from_frame(to_frame(history)) == history


def test_rows_of_one_rater_count_one_after_the_other():
    one, two = RatingHistory(4.0, 1.0, 2.0, 1.0, 0.5, 1.0), RatingHistory(8.0, 2.0, 2.0, 1.0, 0.5, 1.0)
    frame = pl.concat([to_frame({"ann": one}), to_frame({"ann": two})])

    assert from_frame(frame) == {"ann": one + two}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answer": [3.0, float("nan")]}, "row 2, column 'answer'"),
        ({"answer": ["3", "much"]}, "row 2, column 'answer': 'much' is not a finite number"),
        ({"value_variance": [1.0, 1e300]}, "row 2: a history of ratings holds numbers"),
        ({"answer_variance": [-1.0, 1.0]}, "row 1: a history of ratings has no count or variance below 0"),
        ({"rater": ["ann", None]}, "row 2, column 'rater': the cell is empty"),
    ],
)
def test_a_table_that_holds_no_history_is_refused_with_its_row(change, said):
    frame = to_frame({"ann": RatingHistory(9, 3, 3, 1, 0.5, 1), "ben": RatingHistory(9, 3, 3, 1, 0.5, 1)})
    wrong = frame.with_columns(**{name: pl.Series(cells, strict=False) for name, cells in change.items()})

    with pytest.raises(TableError, match=said):
        study({"item": ["i"], "rater": ["ann"], "label": [3]}, type="ratings", history=wrong)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_without_one_of_the_columns_is_refused(name):
    frame = to_frame({"ann": RatingHistory(9, 3, 3, 1, 0.5, 1)}).drop(name)

    with pytest.raises(TableError, match=f"no column '{name}'; a history of ratings is a raters.parquet"):
        study({"item": ["i"], "rater": ["ann"], "label": [3]}, type="ratings", history=frame)


def test_profiles_of_ratings_still_start_from_earlier_profiles():
    profiles = {"rater": ["ann"], "right": [9.0], "total": [10.0]}

    found = study({"item": ["i"], "rater": ["ann"], "label": [3]}, type="ratings", history=profiles)

    assert found.profiles is not None
    assert found.profiles["earlier"].to_list() == [10.0]


@pytest.mark.parametrize("label", ["1e300", "-1e101", "nan", "inf"])
def test_ratings_out_of_all_size_are_refused_with_their_row(label):
    with pytest.raises(AssayError, match=r"row 2, column 'label'.*mend it or remove the row"):
        study({"item": ["i", "j"], "rater": ["ann"] * 2, "label": ["3", label]}, type="ratings")
