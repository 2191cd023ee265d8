from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from assay.errors import AssayError, TableError
from assay.quality import Columns, ensemble, majority, pairs
from assay.quality.profiles import Evidence, evidence_of, profiles

LANGUAGES = ("en", "es", "ar", "sw")


def crowd(seed: int, *, raters: int = 80, votes: int = 60, by_person: float = 0.8, by_language: float = 0.6):
    """Judged votes of people who differ, overall and by language, and the chance that each is right."""
    rng = np.random.default_rng(seed)
    level = 1.0 + rng.normal(0, by_person, raters)
    own = level[:, None] + rng.normal(0, by_language, (raters, len(LANGUAGES)))
    rater = rng.integers(raters, size=raters * votes)
    language = rng.choice(len(LANGUAGES), size=raters * votes, p=[0.7, 0.2, 0.07, 0.03])
    right = rng.random(raters * votes) < expit(own[rater, language])
    frame = pl.DataFrame(
        {
            "rater": [f"r{r}" for r in rater],
            "language": [LANGUAGES[number] for number in language],
            "right": right.astype(float),
        }
    )
    return frame, expit(own)


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = []
    for seed in range(4):
        frame, chance = crowd(seed)
        fitted = profiles(Evidence.from_frame(frame))
        for rater in range(len(chance)):
            for number, language in enumerate(LANGUAGES):
                skill = fitted.of(f"r{rater}", language=language)
                held.append(skill.low <= chance[rater, number] <= skill.high)

    assert 0.92 <= np.mean(held) <= 0.98


def test_a_skill_borrows_from_the_persons_other_languages():
    frame, chance = crowd(7)

    fitted = profiles(Evidence.from_frame(frame))

    own = frame.filter(pl.col("language") == "ar").group_by("rater").agg(pl.col("right").mean())
    alone = dict(own.iter_rows())
    errors = {"pooled": [], "alone": []}
    for rater in range(len(chance)):
        truth = chance[rater, LANGUAGES.index("ar")]
        errors["pooled"].append((fitted.of(f"r{rater}", language="ar").mean - truth) ** 2)
        errors["alone"].append((alone.get(f"r{rater}", frame["right"].mean()) - truth) ** 2)
    assert np.mean(errors["pooled"]) < 0.6 * np.mean(errors["alone"])


def test_how_much_people_differ_is_learned():
    frame, _ = crowd(3, raters=300, by_person=0.9, by_language=0.0)

    spread = profiles(Evidence.from_frame(frame)).spread

    assert spread["rater"] == pytest.approx(0.9, abs=0.15)
    assert spread["language"] < 0.3


def test_evidence_in_two_parts_gives_the_same_answer_as_all_at_once():
    frame, _ = crowd(5, raters=20)

    parts = profiles(Evidence.from_frame(frame[:500]) + Evidence.from_frame(frame[500:]))
    whole = profiles(Evidence.from_frame(frame))

    for rater in whole.raters:
        assert parts.of(rater, language="es") == whole.of(rater, language="es")


def test_one_right_answer_makes_nobody_perfect_and_a_stranger_is_less_certain_than_a_newcomer():
    frame, _ = crowd(9, raters=40)
    seen = pl.concat([frame, pl.DataFrame({"rater": ["new"], "language": ["en"], "right": [1.0]})])

    fitted = profiles(Evidence.from_frame(seen))
    newcomer, stranger = (fitted.of(name, language="en") for name in ("new", "nobody"))

    assert stranger.mean < newcomer.mean < 0.95
    assert stranger.high - stranger.low > newcomer.high - newcomer.low
    assert (newcomer.votes, stranger.votes) == (1, 0)


def test_a_language_nobody_has_shown_widens_the_interval():
    fitted = profiles(Evidence.from_frame(crowd(2)[0]))

    known, unknown = (fitted.of("r1", language=language) for language in ("en", "yo"))

    assert unknown.high - unknown.low > known.high - known.low


def test_old_votes_fade_so_that_a_skill_can_drift():
    days = np.arange(200)
    frame = pl.DataFrame(
        {"rater": ["ann"] * 200, "right": (days >= 150).astype(float), "at": days.astype(float)}
    )

    steady = profiles(Evidence.from_frame(frame)).of("ann").mean
    recent = profiles(Evidence.from_frame(frame, now=200.0, half_life=15.0)).of("ann").mean

    assert steady < 0.35
    assert recent > 0.75


def test_one_person_always_right_and_one_always_wrong_stay_inside_zero_and_one():
    frame = pl.DataFrame({"rater": ["ann"] * 50 + ["ben"] * 50, "right": [1.0] * 50 + [0.0] * 50})

    fitted = profiles(Evidence.from_frame(frame))

    ann, ben = fitted.of("ann"), fitted.of("ben")
    assert 0 < ben.low < ben.mean < 0.2
    assert 0.8 < ann.mean < ann.high < 1


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"rater": ["a"]}, "no column 'right'"),
        ({"rater": ["a"], "right": [1.5]}, "row 1, column 'right': right is a number from 0 to 1"),
        ({"rater": ["a", None], "right": [1.0, 1.0]}, "row 2, column 'rater'"),
        ({"rater": ["a"], "right": [float("nan")]}, "row 1, column 'right'"),
        ({"rater": ["a"], "right": [1.0], "weight": [0.0]}, "row 1, column 'weight'"),
    ],
)
def test_evidence_that_is_none_is_refused_with_its_place(columns, message):
    with pytest.raises(TableError, match=message):
        Evidence.from_frame(pl.DataFrame(columns))


def test_no_evidence_at_all_is_refused():
    empty = pl.DataFrame({"rater": [], "right": []}, schema={"rater": pl.String, "right": pl.Float64})

    with pytest.raises(AssayError, match="no evidence"):
        profiles(Evidence.from_frame(empty))


def judged(seed: int, *, items: int = 120) -> tuple[pl.DataFrame, dict[str, str]]:
    """Votes in two languages of people of whom one is good in the one and hopeless in the other."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=items)
    chance = {
        "ann": (0.95, 0.95),
        "ben": (0.9, 0.9),
        "cleo": (0.85, 0.9),
        "half": (0.95, 0.5),
        "coin": (0.5, 0.5),
    }
    rows = [
        (
            f"i{n}",
            name,
            str(truth[n] if rng.random() < right[n % 2] else 1 - truth[n]),
            ["en", "sw"][n % 2],
            n,
        )
        for n in range(items)
        for name, right in chance.items()
    ]
    table = pl.DataFrame(rows, schema=["item", "rater", "label", "language", "at"], orient="row")
    return table, {f"i{n}": str(label) for n, label in enumerate(truth)}


def skill_in(frame: pl.DataFrame, rater: str, language: str) -> dict[str, object]:
    return frame.row(by_predicate=(pl.col("rater") == rater) & (pl.col("language") == language), named=True)


def test_votes_alone_show_who_is_good_in_which_language():
    table, _ = judged(1)

    found = evidence_of(table, ensemble(Columns.from_frame(table))).profiles()

    assert skill_in(found, "half", "en")["mean"] > skill_in(found, "half", "sw")["mean"] + 0.1
    assert skill_in(found, "ann", "sw")["mean"] > skill_in(found, "half", "sw")["mean"] + 0.1


def test_evidence_is_told_by_where_it_comes_from_and_what_rests_on_verdicts_is_less_sure():
    table, truth = judged(2)
    known = {item: truth[item] for item in list(truth)[:40]}

    found = evidence_of(table, ensemble(Columns.from_frame(table)), known).profiles()

    alone = evidence_of(table, ensemble(Columns.from_frame(table))).profiles()
    assert found["gold"].to_list() == [20.0] * 10
    assert found["unsure"].to_list() == found["peers"].to_list() == [40.0] * 10
    own, unsure = skill_in(found, "ann", "en"), skill_in(alone, "ann", "en")
    assert own["high"] - own["low"] < unsure["high"] - unsure["low"]
    parts = found.select("gold", "peers", "reviews", "outcomes", "earlier").sum_horizontal()
    np.testing.assert_allclose(parts, found["total"])


def test_a_vote_says_nothing_about_whoever_gave_it_alone():
    table = pl.DataFrame({"item": ["i", "j"], "rater": ["ann", "ben"], "label": ["a", "b"]})

    with pytest.raises(AssayError, match="no evidence about anybody"):
        evidence_of(table, majority(Columns.from_frame(table))).profiles()


def test_reviews_and_outcomes_move_a_skill_by_what_they_are_worth():
    table, _ = judged(3)
    found = ensemble(Columns.from_frame(table))
    bad = pl.DataFrame({"rater": ["ann"] * 30, "accepted": ["no"] * 30, "language": ["en"] * 30})

    before = skill_in(evidence_of(table, found).profiles(), "ann", "en")
    after = skill_in(evidence_of(table, found, reviews=bad).profiles(), "ann", "en")
    hardly = skill_in(
        evidence_of(table, found, outcomes=bad.with_columns(weight=pl.lit(0.01))).profiles(), "ann", "en"
    )

    assert after["mean"] < before["mean"] - 0.2
    assert after["reviews"] == 30
    assert hardly["mean"] == pytest.approx(before["mean"], abs=0.02)
    assert hardly["outcomes"] == pytest.approx(0.3)


def test_the_profiles_of_one_project_are_where_the_next_begins():
    table, truth = judged(4)
    first = evidence_of(table, ensemble(Columns.from_frame(table)), truth).profiles()
    small = table.filter(pl.col("item").is_in(["i0", "i1", "i2"]))

    alone = evidence_of(small, ensemble(Columns.from_frame(small))).profiles()
    carried = evidence_of(small, ensemble(Columns.from_frame(small)), history=first).profiles()

    own, widest = skill_in(carried, "half", "sw"), skill_in(alone, "half", "sw")
    assert own["mean"] < 0.75
    assert own["high"] - own["low"] < 0.5 * (widest["high"] - widest["low"])
    assert own["earlier"] == pytest.approx(60.0)


def test_projects_one_after_the_other_come_to_the_same_as_all_at_once():
    table, truth = judged(5)
    found = ensemble(Columns.from_frame(table))
    reviews = pl.DataFrame({"rater": ["ben", "coin"] * 5, "right": [1, 0] * 5, "language": ["sw"] * 10})

    at_once = evidence_of(table, found, truth, reviews=reviews).profiles()
    first = evidence_of(table, found, truth).profiles()
    then = evidence_of(table, None, reviews=reviews, history=first).profiles()

    shown = ["rater", "language", "mean", "low", "high", "right", "total", "unsure"]
    for one, other in zip(at_once.select(shown).rows(), then.select(shown).rows(), strict=True):
        assert one[:2] == other[:2]
        np.testing.assert_allclose(one[2:], other[2:], atol=1e-9)


@given(cuts=st.lists(st.integers(0, 600), max_size=4))
@settings(max_examples=15, deadline=None)
def test_evidence_that_arrives_in_any_parts_is_refitted_to_the_same_answer(cuts):
    frame, _ = crowd(11, raters=15, votes=40)
    edges = [0, *sorted(cuts), 600]
    parts = [Evidence.from_frame(frame[a:b]) for a, b in pairwise(edges) if b > a]

    streamed = profiles(reduce(add, parts)).table(reduce(add, parts).frame)

    whole = Evidence.from_frame(frame)
    np.testing.assert_allclose(
        streamed.select("mean", "low", "high").to_numpy(),
        profiles(whole).table(whole.frame).select("mean", "low", "high").to_numpy(),
        atol=1e-9,
    )


def test_with_a_half_life_what_somebody_does_now_outweighs_what_they_did():
    table, truth = judged(6, items=200)
    turned = table.with_columns(
        label=pl.when((pl.col("rater") == "ann") & (pl.col("at") >= 150))
        .then(pl.lit("1"))
        .otherwise(pl.col("label"))
    )
    found = ensemble(Columns.from_frame(turned))

    steady = evidence_of(turned, found, truth).profiles()
    recent = evidence_of(turned, found, truth, half_life=10).profiles()

    assert skill_in(recent, "ann", "en")["mean"] < skill_in(steady, "ann", "en")["mean"] - 0.1


def test_people_who_turn_comparisons_round_are_known_by_it():
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(60):
        a, b = sorted(rng.choice(8, 2, replace=False).tolist())
        for name in ("ann", "ben", "cleo", "upside"):
            better = a if (name != "upside") == (rng.random() < 0.9) else b
            rows.append((f"s{a}", f"s{b}", f"s{better}", name, "verse"))
    table = pl.DataFrame(rows, schema=["left", "right", "label", "rater", "domain"], orient="row")

    found = evidence_of(table, pairs.crowd_bradley_terry(pairs.Pairs.from_frame(table))).profiles()

    means = dict(found.select("rater", "mean").iter_rows())
    assert means["upside"] < 0.3
    assert min(means["ann"], means["ben"], means["cleo"]) > 0.5
    assert found["domain"].unique().to_list() == ["verse"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"reviews": {"rater": ["ann"], "right": ["perhaps"]}},
            "row 1, column 'right': 'perhaps' is neither",
        ),
        ({"outcomes": {"rater": ["ann"]}}, "no column for 'right'"),
        ({"outcomes": {"rater": ["ann"], "right": [1], "weight": [-1]}}, "row 1, column 'weight'"),
        ({"history": {"rater": ["ann"], "right": [2.0], "total": [1.0]}}, "row 1, column 'right'"),
        ({"history": {"rater": ["ann"]}}, "a history is a profiles.parquet"),
    ],
)
def test_what_else_is_known_is_refused_with_its_place_where_it_is_wrong(more, message):
    table, _ = judged(7, items=10)

    with pytest.raises(TableError, match=message):
        evidence_of(table, majority(Columns.from_frame(table)), **more)


def test_forgetting_needs_to_know_when():
    table, _ = judged(8, items=10)

    with pytest.raises(TableError, match="column 'at'"):
        evidence_of(table.drop("at"), majority(Columns.from_frame(table)), half_life=5)
