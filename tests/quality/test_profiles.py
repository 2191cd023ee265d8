from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from assay.errors import AssayError, TableError
from assay.quality.profiles import Evidence, profiles

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
