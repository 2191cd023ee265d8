from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay import tables
from assay.errors import TableError
from assay.quality import Columns, ratings
from assay.quality.labels.columns import VotesError
from assay.quality.ratings import Ratings, gaussian

METHODS = [
    ratings.mean, ratings.median, ratings.z_score, ratings.crh, ratings.precision, ratings.bias,
    ratings.linear, ratings.stacked, ratings.chosen,
]  # fmt: skip
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def crowd(seed: int, *, items: int = 40, raters: int = 8, each: int = 5):
    """Rows of raters with an offset, a slope and noise of their own, and the true values."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(50, 15, items)
    offset, slope, noise = rng.normal(0, 8, raters), rng.uniform(0.5, 1.5, raters), rng.uniform(2, 20, raters)
    rows = [
        (
            f"i{i:03}",
            f"r{r}",
            float(round(50 + offset[r] + slope[r] * (truth[i] - 50) + rng.normal(0, noise[r]))),
        )
        for i in range(items)
        for r in rng.choice(raters, min(each, raters), replace=False)
    ]
    return rows, truth, (offset, slope, noise)


def ratings_of(rows, **kwargs) -> Ratings:
    return Ratings.from_lists(*zip(*rows, strict=True), **kwargs)


def numbers_of(result):
    return [
        result.value_I, result.sd_I, result.low_I, result.high_I, result.offset_R, result.slope_R,
        result.noise_R, result.reliability_R, result.reliability_low_R, result.reliability_high_R,
    ]  # fmt: skip


# The plain form: the same algorithm, one rating at a time.


def plain_fit(rows, rounds: int, *, slope: bool, offset: bool):
    """The Gaussian model in loops, without the guard for flat raters."""
    items, raters = sorted({r[0] for r in rows}), sorted({r[1] for r in rows})
    given = [value for _, _, value in rows]
    middle = sum(given) / len(given)
    size = (sum((v - middle) ** 2 for v in given) / len(given)) ** 0.5
    y = {(i, r): (v - middle) / size for i, r, v in rows}
    of_item = {i: [r for j, r in y if j == i] for i in items}
    of_rater = {r: [i for i, s in y if s == r] for r in raters}
    x = {i: sum(y[i, r] for r in of_item[i]) / len(of_item[i]) for i in items}
    a, b = dict.fromkeys(raters, 1.0), dict.fromkeys(raters, 0.0)
    va, vb, ab = (dict.fromkeys(raters, 0.0) for _ in range(3))
    typical = sum((v - x[i]) ** 2 for (i, _), v in y.items()) / len(y) + 1e-4
    noise = dict.fromkeys(raters, typical)
    mean = sum(x.values()) / len(x)
    spread = sum((v - mean) ** 2 for v in x.values()) / len(x) + 1e-4
    prior_a = prior_b = 0.25
    for n in range(1, rounds + 1):
        doubt = {}
        for i in items:
            power = sum((a[r] ** 2 + va[r]) / noise[r] for r in of_item[i]) + 1 / spread
            toward = sum((a[r] * (y[i, r] - b[r]) - ab[r]) / noise[r] for r in of_item[i])
            x[i], doubt[i] = (toward + mean / spread) / power, 1 / power
        if offset:
            centre = sum(x[i] for i, _ in y) / len(y)
            x = {i: v - centre for i, v in x.items()}
        if slope:
            square = sum(x[i] ** 2 + doubt[i] for i, _ in y) / len(y)
            x = {i: v / square**0.5 for i, v in x.items()}
            doubt = {i: v / square for i, v in doubt.items()}
        mean = sum(x.values()) / len(x)
        spread = sum((x[i] - mean) ** 2 + doubt[i] for i in items) / len(items) + 1e-9
        for r in raters if offset else ():
            s = noise[r]
            system = np.array(
                [
                    [
                        sum(x[i] ** 2 + doubt[i] for i in of_rater[r]) / s + 1 / prior_a,
                        sum(x[i] for i in of_rater[r]) / s,
                    ],
                    [sum(x[i] for i in of_rater[r]) / s, len(of_rater[r]) / s + 1 / prior_b],
                ]
            )
            right = np.array(
                [
                    sum(x[i] * y[i, r] for i in of_rater[r]) / s + 1 / prior_a,
                    sum(y[i, r] for i in of_rater[r]) / s,
                ]
            )
            if slope:
                (a[r], b[r]), inverse = np.linalg.solve(system, right), np.linalg.inv(system)
                va[r], vb[r], ab[r] = inverse[0, 0], inverse[1, 1], inverse[0, 1]
            else:
                b[r], vb[r] = (right[1] - system[0, 1]) / system[1, 1], 1 / system[1, 1]
        if n > gaussian.WARM_UP and offset:
            if slope:
                prior_a = sum((a[r] - 1) ** 2 + va[r] for r in raters) / len(raters)
                prior_a = min(max(prior_a, 1e-4), 1)
            prior_b = min(max(sum(b[r] ** 2 + vb[r] for r in raters) / len(raters), 1e-4), 1)
        total = {
            r: sum(
                (y[i, r] - a[r] * x[i] - b[r]) ** 2 + (a[r] ** 2 + va[r]) * doubt[i]
                + va[r] * x[i] ** 2 + vb[r] + 2 * ab[r] * x[i] + 1e-4
                for i in of_rater[r]
            )
            for r in raters
        }  # fmt: skip
        freedom, typical = gaussian._noise_prior(
            np.array([total[r] for r in raters]), np.array([float(len(of_rater[r])) for r in raters]), typical
        )
        for r in raters:
            few = gaussian.FEW if slope and len(of_rater[r]) < gaussian.FEW else 0
            own = max(freedom, few)
            noise[r] = (total[r] + own * typical) / (len(of_rater[r]) + own)
    return [x[i] for i in items], [a[r] for r in raters], [b[r] for r in raters], [noise[r] for r in raters]


@pytest.mark.parametrize(
    "parts", [(False, False), (False, True), (True, True)], ids=["precision", "bias", "linear"]
)
@pytest.mark.parametrize("seed", range(3))
def test_the_fast_form_agrees_with_the_loops(seed, parts):
    slope, offset = parts
    rows, _, _ = crowd(seed)

    fit = gaussian.fit(ratings_of(rows), slope=slope, offset=offset, tolerance=0, max_iterations=9)

    found = [fit.x_I, fit.people.slope_R, fit.people.offset_R, fit.variance_R]
    for fast, plain in zip(found, plain_fit(rows, 9, slope=slope, offset=offset), strict=True):
        np.testing.assert_allclose(fast, plain, atol=1e-8)


@pytest.mark.parametrize("own_scale", [False, True])
def test_a_held_out_density_is_close_to_that_of_a_model_fitted_without_the_rating(own_scale):
    rows, _, _ = crowd(4, items=30)
    whole = ratings_of(rows)
    density_N = gaussian.held_out(whole, gaussian.fit(whole, slope=True, offset=True, own_scale=own_scale))
    dense = dict(zip(zip(whole.item_N, whole.rater_N, strict=True), density_N, strict=True))
    by_refit = []
    for place in range(0, len(rows), 6):
        item, rater, value = rows[place]
        rest = ratings_of([row for n, row in enumerate(rows) if n != place])
        fit = gaussian.fit(rest, slope=True, offset=True, own_scale=own_scale)
        i, r = rest.items.index(item), rest.raters.index(rater)
        slope, offset = fit.people.slope_R[r], fit.people.offset_R[r]
        at = fit.shift_R[r] + fit.scale_R[r] * (offset + slope * fit.x_I[i])
        variance = fit.scale_R[r] ** 2 * (fit.variance_R[r] + slope**2 * fit.doubt_I[i])
        refit = -0.5 * np.log(2 * np.pi * variance) - (value - at) ** 2 / (2 * variance)
        by_refit.append((refit, dense[whole.items.index(item), whole.raters.index(rater)]))

    refit, closed = np.array(by_refit).T

    assert closed.mean() == pytest.approx(refit.mean(), abs=0.15)
    assert np.corrcoef(refit, closed)[0, 1] > 0.9


def test_medians_agree_with_numpy():
    rows, _, _ = crowd(2)

    result = ratings.median(ratings_of(rows))

    expected = [np.median([v for i, _, v in rows if i == item]) for item in result.ratings.items]
    np.testing.assert_allclose(result.value_I, expected)


# What holds for every method.


@every_method
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_renaming_and_reordering_change_nothing_but_names(method, seed, data):
    rows, _, _ = crowd(seed, items=12, raters=5, each=3)
    order = data.draw(st.permutations(range(len(rows))))
    names = data.draw(st.permutations(range(12)))
    renamed = [(f"x{names[int(i[1:])]}", f"y{9 - int(r[1:])}", v) for i, r, v in (rows[n] for n in order)]

    before, after = method(ratings_of(rows)), method(ratings_of(renamed))

    expected = {f"x{names[int(i[1:])]}": value for i, value in before.verdicts.items()}
    assert after.verdicts == pytest.approx(expected, rel=1e-6, abs=1e-6)
    reversed_R = dict(zip(after.ratings.raters, after.noise_R, strict=True))
    assert [reversed_R[f"y{9 - int(r[1:])}"] for r in before.ratings.raters] == pytest.approx(
        before.noise_R.tolist(), rel=1e-5, abs=1e-6
    )


@every_method
@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("rstu"), st.sampled_from([0.0, 1.0, 1e6, -3.5])),
        min_size=1,
        max_size=25,
    )
)
def test_any_ratings_give_finite_numbers(method, rows):
    result = method(ratings_of(rows))

    assert all(np.isfinite(numbers).all() for numbers in numbers_of(result))
    assert (result.sd_I >= 0).all()
    assert (result.reliability_low_R <= result.reliability_R + 1e-12).all()
    assert (result.reliability_R <= result.reliability_high_R + 1e-12).all()


@every_method
def test_the_unit_of_the_scale_does_not_matter(method):
    rows, _, _ = crowd(6)

    here = method(ratings_of(rows))
    there = method(ratings_of([(i, r, 32 + 1.8 * v) for i, r, v in rows]))

    np.testing.assert_allclose(there.value_I, 32 + 1.8 * here.value_I, rtol=1e-6)
    np.testing.assert_allclose(there.sd_I, 1.8 * here.sd_I, rtol=1e-4)


@every_method
def test_one_person_and_one_item_is_enough(method):
    result = method(Ratings.from_lists(["i"], ["ann"], [7]))

    assert result.verdicts == pytest.approx({"i": 7})


@every_method
def test_everybody_giving_the_same_number_is_a_verdict_not_a_division_by_zero(method):
    result = method(Ratings.from_lists(list("iijj"), ["ann", "ben"] * 2, [3] * 4))

    assert result.value_I.tolist() == pytest.approx([3, 3])


@every_method
def test_raters_whom_nobody_overlaps_survive(method):
    result = method(Ratings.from_lists(list("ijkl"), ["ann", "ann", "ben", "ben"], [1, 2, 8, 9]))

    assert all(np.isfinite(numbers).all() for numbers in numbers_of(result))


@every_method
def test_known_values_are_kept(method):
    rows, truth, _ = crowd(3)
    gold = {f"i{n:03}": truth[n] for n in range(0, 40, 4)}

    result = method(ratings_of(rows).knowing(gold))

    assert {item: result.verdicts[item] for item in gold} == pytest.approx(gold)


@every_method
def test_a_weight_of_two_is_the_same_as_giving_the_rating_twice(method):
    rows = [("i", "ann", 1.0, 2.0), ("i", "ben", 4.0, 1.0), ("j", "ann", 2.0, 2.0), ("j", "ben", 2.0, 1.0)]
    frame = pl.DataFrame(rows, schema=["item", "rater", "value", "weight"], orient="row")
    plain = {ratings.mean: [2, 2], ratings.median: [1, 2]}

    result = method(Ratings.from_frame(frame))

    if method in plain:
        assert result.value_I.tolist() == pytest.approx(plain[method])
    assert np.isfinite(result.value_I).all()


# What each is for.


def test_the_linear_model_finds_offsets_slopes_and_noise():
    rows, truth, (offset, slope, noise) = crowd(11, items=300, raters=10, each=6)

    result = ratings.linear(ratings_of(rows))

    found = [np.corrcoef(result.value_I, truth)[0, 1], np.corrcoef(result.offset_R, offset)[0, 1],
             np.corrcoef(result.slope_R, slope)[0, 1], np.corrcoef(result.noise_R, noise)[0, 1]]  # fmt: skip
    assert min(found) > 0.9
    explained = slope**2 * 15**2 / (slope**2 * 15**2 + noise**2)
    held = (result.reliability_low_R <= explained + 0.05) & (explained - 0.05 <= result.reliability_high_R)
    assert held.mean() >= 0.9


def test_intervals_of_values_hold_about_as_often_as_they_say():
    held = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        truth, noise = rng.normal(0, 1, 100), rng.uniform(0.3, 1.5, 12)
        rows = [
            (f"{i:03}", f"{r}", truth[i] + rng.normal(0, noise[r]))
            for i in range(100)
            for r in rng.choice(12, 5, replace=False)
        ]
        result = ratings.precision(ratings_of(rows))
        held += list((result.low_I <= truth) & (truth <= result.high_I))

    assert 0.91 <= np.mean(held) <= 0.98


def test_the_choice_falls_on_the_model_that_made_the_ratings():
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(0, 1, 200), rng.uniform(0.2, 3, 12)
    rows = [
        (f"{i:03}", f"{r:02}", truth[i] + rng.normal(0, noise[r]))
        for i in range(200)
        for r in rng.choice(12, 6, replace=False)
    ]

    result = ratings.chosen(ratings_of(rows))

    assert result.compared["precision"] > result.compared["mean"] + 0.05
    assert max(result.compared.values()) - result.compared["precision"] < 0.02


def test_a_rater_who_always_answers_the_same_has_no_say():
    rows, truth, _ = crowd(8, items=60, raters=6, each=5)
    rows += [(f"i{n:03}", "stuck", 50.0) for n in range(60)]

    result = ratings.linear(ratings_of(rows))

    assert result.reliability_R[-1] < 0.2
    assert any("no say" in note for note in result.notes)
    assert np.corrcoef(result.value_I, truth)[0, 1] > 0.85


def test_where_nearly_all_ratings_are_one_value_nobody_gets_a_slope():
    rows = [(f"i{n}", f"r{m}", 5.0 if (n + m) % 12 else 1.0) for n in range(12) for m in range(4)]

    assert "one value" in ratings.linear(ratings_of(rows)).notes[0]


def test_known_values_set_the_level_that_the_whole_crowd_gets_wrong():
    rng = np.random.default_rng(2)
    truth = rng.normal(50, 10, 60)
    rows = [(f"{i:02}", f"{r}", truth[i] + 12 + rng.normal(0, 3)) for i in range(60) for r in range(6)]
    gold = {f"{i:02}": truth[i] for i in range(20)}

    result = ratings.bias(ratings_of(rows).knowing(gold))

    assert abs(result.value_I[20:] - truth[20:]).mean() < 3


def test_ordered_classes_get_a_class_and_its_probability():
    levels = ["poor", "fair", "good"]
    people = ["ann", "ben", "cleo"]
    result = ratings.mean(
        Ratings.from_lists(
            ["i"] * 3 + ["j"] * 3, people * 2, ["poor", "poor", "fair", "good", "good", "good"], levels=levels
        )
    )

    assert result.classes == {"i": "poor", "j": "good"}
    np.testing.assert_allclose(result.class_probability_I_K.sum(axis=1), 1)


def test_halfway_between_two_classes_the_lower_one_counts():
    result = ratings.mean(Ratings.from_lists(["i", "i"], ["ann", "ben"], ["lo", "hi"], levels=["lo", "hi"]))

    assert result.classes == {"i": "lo"}


def test_votes_on_ordered_classes_bring_their_known_labels():
    votes = Columns.from_lists(list("iij"), ["ann", "ben", "ann"], ["lo", "hi", "lo"]).knowing({"i": "hi"})

    read = Ratings.from_votes(votes, ["lo", "hi"])

    assert read.known_I.tolist() == pytest.approx([1.0, np.nan], nan_ok=True)
    assert read.value_N.tolist() == [0.0, 1.0, 0.0]


# What is refused, and how.


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("NaN", "row 2, column 'value': 'NaN' is not a finite number"),
        ("inf", "row 2, column 'value': 'inf' is not a finite number"),
        ("high", "row 2, column 'value': 'high' is not a finite number"),
        (None, "row 2, column 'value': None is not a finite number"),
    ],
)
def test_what_is_no_number_is_refused_with_its_row_and_column(value, said):
    frame = pl.DataFrame({"item": ["i", "j"], "rater": ["ann"] * 2, "value": ["1", value]})

    with pytest.raises(TableError, match=said):
        Ratings.from_frame(frame)


def test_a_value_off_the_scale_is_refused():
    with pytest.raises(TableError, match="row 1, column 'value': 7 is off the scale, which runs from 1 to 5"):
        Ratings.from_lists(["i"], ["ann"], [7], low=1, high=5)


def test_a_label_that_is_no_level_is_refused():
    with pytest.raises(TableError, match="row 1, column 'value': 'so-so' is none of the levels: poor, good"):
        Ratings.from_lists(["i"], ["ann"], ["so-so"], levels=["poor", "good"])


def test_no_ratings_and_a_missing_column_are_refused():
    with pytest.raises(VotesError, match="there are no answers"):
        Ratings.from_lists([], [], [])
    with pytest.raises(TableError, match="column 'value': there is no such column"):
        Ratings.from_frame(pl.DataFrame({"item": ["i"], "rater": ["ann"]}))


def test_of_two_ratings_by_one_rater_of_one_item_the_last_counts():
    read = Ratings.from_lists(["i", "i"], ["ann", "ann"], [1, 5])

    assert (read.value_N.tolist(), read.repeated) == ([5.0], 1)


# Real crowds.

REFERENCE_MEAN = {
    "snow_anger": 0.711, "snow_sadness": 0.792, "snow_valence": 0.850, "snow_wordsim": 0.952,
    "covid_s6": 0.794, "web": 0.874,
}  # fmt: skip


def real(shared, name):
    table = tables.read(shared(f"truth/{name}/labels.parquet").read_bytes(), "labels.parquet")
    gold = tables.gold(tables.read(shared(f"truth/{name}/gold.parquet").read_bytes(), "gold.parquet"))
    read = Ratings.from_frame(table.select(item="task", rater="worker", value="label"))
    places = [place for place, item in enumerate(read.items) if item in gold]
    right = np.array([float(gold[read.items[place]]) for place in places])
    return read, lambda result: float(np.corrcoef(result.value_I[places], right)[0, 1])


@pytest.mark.parametrize("name", REFERENCE_MEAN)
def test_the_mean_agrees_with_the_reference_table(name, shared):
    read, correlation = real(shared, name)

    assert correlation(ratings.mean(read)) == pytest.approx(REFERENCE_MEAN[name], abs=0.0011)


def test_on_six_real_crowds_the_choice_beats_the_mean_and_is_nowhere_far_below_it(shared):
    found = {}
    for name in REFERENCE_MEAN:
        read, correlation = real(shared, name)
        found[name] = (correlation(ratings.chosen(read)), correlation(ratings.mean(read)))
    chosen, plain = np.array(list(found.values())).T

    assert chosen.mean() >= plain.mean() + 0.0195
    assert (chosen - plain).min() > -0.02
