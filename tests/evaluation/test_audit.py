from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from assay.evaluation import Battles, importing
from assay.evaluation.audit import audit, confounded, leaks, separable
from assay.evaluation.features import measured, of_battles
from assay.evaluation.seen import FOUR
from assay.evaluation.selection import Registry, Variant
from assay.records import Battle


def season(seed, *, rounds=1500, raters=30, left=0.5, bots=0, texts=False):
    rng = np.random.default_rng(seed)
    strength = np.array([0.0, 0.3, 0.6, 0.9])
    made = []
    for number in range(rounds):
        a, b = rng.choice(4, 2, replace=False)
        rater = int(rng.integers(raters))
        order = str(rng.choice(["ab", "ba"]))
        chance = 1 / (1 + np.exp(2 * (strength[b] - strength[a])))
        won = "a" if rng.random() < chance else "b"
        if rater < bots or rng.random() < 2 * left - 1:
            won = "a" if order == "ab" else "b"
        shown = [
            f"{'Certainly!' if model == 3 and texts else 'Well,'} about {rng.integers(1000)} things"
            for model in (a, b)
        ]
        answers = {"response_a": shown[0], "response_b": shown[1]} if texts else {}
        made.append(Battle(f"i{number % 40}", f"m{a}", f"m{b}", won, f"r{rater}", order=order, **answers))
    return Battles.from_records(made)


def asked(battles, **more):
    return {each.check: each for each in audit(battles, np.random.default_rng(0), **more)}


def test_an_honest_season_raises_no_alarm_and_says_what_is_not_known():
    found = asked(season(0))

    assert {name: each.state for name, each in found.items()} == {
        "connectivity": "fine",
        "confounding": "fine",
        "ties": "fine",
        "position": "fine",
        "shrinkage": "fine",
        "exposure": "fine",
        "best of N": "unknown",
        "choice": "unknown",
        "bots": "fine",
        "tells": "unknown",
    }


def test_a_habit_of_taking_the_left_is_found():
    assert asked(season(1, left=0.7))["position"].state == "warning"


def test_a_habit_of_a_handful_of_people_is_found_too():
    found = asked(season(1, left=0.8, raters=4))["position"]

    assert found.state == "warning"
    assert asked(season(0, raters=4))["position"].state == "fine"


def test_a_better_model_that_always_stands_on_the_left_is_no_habit_of_sides():
    won = np.random.default_rng(0).choice(["a", "b"], 900, p=[0.8, 0.2])
    said = [Battle(f"i{n % 40}", "mica", "slate", str(won[n]), f"r{n % 30}") for n in range(900)]

    found = asked(Battles.from_frame(Battles.from_records(said).to_frame().with_columns(order=pl.lit("ab"))))

    assert found["position"].state == "unknown"
    assert "draw the side for each comparison" in found["position"].sentence


def test_machines_among_the_raters_are_found_and_the_surest_is_named():
    found = asked(season(2, bots=2))["bots"]

    assert found.state == "warning"
    assert found.evidence["surely"] == 2
    assert "one side of the page" in found.sentence


def test_a_giveaway_opening_is_quoted():
    found = asked(season(3, rounds=300, texts=True))["tells"]

    assert "m3" in found.sentence
    assert "certainly" in found.sentence


def test_groups_that_never_meet_are_refused_and_nothing_else_is_claimed():
    battles = Battles.from_records(
        [
            Battle("i", "x", "y", "a", "ann"),
            Battle("i", "y", "x", "a", "ann"),
            Battle("i", "v", "w", "a", "ben"),
        ]
    )

    found = asked(battles)

    assert found["connectivity"].state == "refused"
    assert "never meet" in found["connectivity"].sentence
    assert "bots" not in found


def test_one_rater_for_each_model_is_refused():
    found = confounded(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]), 3)

    assert found.state == "refused"
    assert separable(np.array([0, 1, 1]), np.array([0, 0, 1]))[0] == 1


def test_a_model_that_never_lost_is_held_by_a_prior_and_said_to_be():
    battles = Battles.from_records([Battle("i", "x", "y", "a"), Battle("j", "y", "z", "a")])

    assert asked(battles)["shrinkage"].state == "warning"


def test_a_provider_with_many_variants_and_one_that_was_never_registered_are_named():
    battles = season(4)
    record = Registry(tuple(Variant(f"2026-01-{day:02d}", "ours", f"m{day}") for day in range(14)))

    assert "14 variants" in asked(battles, registry=record)["best of N"].sentence
    assert "never registered" in asked(battles, registry=Registry())["best of N"].sentence


def test_a_provider_that_is_shown_more_than_announced_is_named():
    makers = {"m0": "theirs", "m1": "ours", "m2": "ours", "m3": "ours"}

    found = asked(season(5), providers=makers, policy={"ours": 0.5, "theirs": 0.5})["exposure"]

    assert found.state == "warning"
    assert found.sentence.startswith("ours has 7")


def test_models_that_were_each_scored_by_one_person_are_refused_on_real_data(shared):
    frame = pl.read_parquet(next(shared("prefs/wpb_zh").glob("*.parquet"))).filter(pl.col("rater") != "")
    codes = [frame[name].rank("dense").to_numpy().astype(np.int64) for name in ("rater", "model")]

    assert confounded(*codes, len(set(codes[1].tolist())) + 1).state == "refused"


@pytest.mark.slow
def test_real_votes_are_audited_from_end_to_end(shared):
    battles = importing.read(shared("prefs/llmfao/battles.parquet").read_bytes(), "battles.parquet")

    found = asked(battles)

    assert found["connectivity"].state == "fine"
    assert found["tells"].evidence["accuracy"] > 2 * found["tells"].evidence["chance"]


def test_a_model_that_was_picked_for_lucky_votes_is_named():
    rng = np.random.default_rng(0)
    rows = []
    for n in range(900):
        day = float(rng.uniform(0, 100))
        other = f"m{rng.integers(3)}"
        chance = 0.75 if day < 50 else 0.5
        said = "a" if rng.random() < chance else "b"
        rows.append(("best", other, said, f"r{n % 90}", day))
        rows.append(("m0", "m1", str(rng.choice(["a", "b"])), f"r{n % 90}", day))
    frame = pl.DataFrame(rows, schema=["model_a", "model_b", "winner", "rater", "at"], orient="row")
    battles = importing.read(frame)

    found = asked(battles, released={"best": 50.0, "m0": 50.0})["choice"]
    fair = asked(battles, released={"m0": 50.0})["choice"]

    assert found.state == "warning"
    assert "the surest is best" in found.sentence
    assert fair.state == "fine"
    assert asked(battles)["choice"].state == "unknown"


def test_a_sample_of_the_answers_is_enough_to_read_tells():
    whole, some_N = season(3, rounds=400, texts=True), np.arange(400) % 2 == 0
    sides = [
        pl.when(pl.Series(some_N)).then(pl.col(name)).alias(name) for name in ("response_a", "response_b")
    ]
    sampled = replace(whole, detail=whole.detail.with_columns(sides))

    found, alone = (
        leaks(each, np.full(len(each), 0.5), np.random.default_rng(0))
        for each in (sampled, whole.take(some_N))
    )

    assert found.evidence == alone.evidence
    assert found.evidence["accuracy"] > found.evidence["chance"]


def test_what_was_counted_before_stands_for_the_texts():
    texts = season(3, rounds=200, texts=True)
    counts = {
        f"{name}_{side}": measured(texts.column(f"response_{side}").to_list(), [name])[:, 0]
        for name in FOUR
        for side in "ab"
    }
    numbers = replace(texts, detail=pl.DataFrame(counts))

    assert of_battles(numbers).tolist() == of_battles(texts).tolist()
