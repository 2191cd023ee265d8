from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assay.errors import AssayError, TableError
from assay.quality.contested import who_said_what
from assay.quality.report import page
from assay.quality.study import TYPES, guess, study

PEOPLE = ["ann", "ben", "cleo"]


def answers(**columns) -> pl.DataFrame:
    return pl.DataFrame(columns)


VOTES = answers(item=["i"] * 3 + ["j"] * 3, rater=PEOPLE * 2, label=["yes", "yes", "no", "no", "no", "no"])
NUMBERS = answers(item=["i"] * 3 + ["j"] * 3, rater=PEOPLE * 2, label=[4.5, 5.0, 4.0, 1.0, 1.5, 2.0])
PAIRS = answers(
    left=["a", "b", "a"] * 3,
    right=["b", "c", "c"] * 3,
    label=["a", "b", "a"] * 3,
    worker=["ann"] * 3 + ["ben"] * 3 + ["cleo"] * 3,
)
TEXTS = answers(item=["i"] * 3, rater=PEOPLE, text=["the moon is out", "the moon is out", "a fish"])
SPANS = answers(item=["i"] * 3, rater=PEOPLE, label=["[[0, 4]]", "[[0, 5]]", "[]"])
BOXES = answers(item=["i"] * 3, rater=PEOPLE, label=["[]", "[[0, 0, 4.5, 5]]", '[[-1, 0, 4, 5, "cat"]]'])
LEVELS = answers(item=["i"] * 3 + ["j"] * 3, rater=PEOPLE * 2, label=[3, 3, 2, 1, 1, 2])
RANKINGS = answers(item=["i"] * 3, rater=PEOPLE, label=['["b", "a"]', '["b", ["a", "c"]]', '["a", "b", "c"]'])
CHOICES = answers(item=["i"] * 3, rater=PEOPLE, label=["b", "tie", "none"], shown=["a|b|c"] * 3)
SETS = answers(item=["i"] * 3, rater=PEOPLE, label=['["cat", "dog"]', '["cat"]', "[]"])
EVERY = {
    "categorical": VOTES, "ordinal": LEVELS, "ratings": NUMBERS, "pairs": PAIRS, "texts": TEXTS,
    "spans": SPANS, "boxes": BOXES, "rankings": RANKINGS, "best-of-n": CHOICES, "multilabel": SETS,
}  # fmt: skip


def test_every_type_has_a_table_here():
    assert set(EVERY) == set(TYPES)


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_comes_to_the_same_shape(kind):
    found = study(EVERY[kind], type=kind)

    assert {"item", "verdict", "doubt", "answers"} <= set(found.verdicts.columns)
    assert found.raters.columns[:5] == ["rater", "mean", "low", "high", "votes"]
    assert set(found.raters["rater"]) == set(PEOPLE)
    assert found.verdicts["doubt"].is_between(0, 1).all()
    numbers = found.raters.select("mean", "low", "high").to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers[:, 1] <= numbers[:, 0] + 1e-9).all()
    assert (numbers[:, 0] <= numbers[:, 2] + 1e-9).all()
    assert found.assumed


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_has_a_page_that_loads_nothing(kind):
    text = page(study(EVERY[kind], type=kind), "<b>table</b>")

    ours = text.partition("<script>")[0]
    assert "What to do next" in ours
    assert "<b>table</b>" not in ours
    assert "src=" not in ours
    assert "href=" not in ours


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "ordinal"])
def test_the_type_is_guessed_from_the_table(kind):
    assert guess(EVERY[kind]) == kind


def test_many_whole_numbers_are_ratings_and_few_are_classes():
    scale, codes = (
        answers(item=["i"] * n, rater=[f"r{k}" for k in range(n)], label=list(range(n))) for n in (11, 5)
    )

    assert (guess(scale), guess(codes)) == ("ratings", "categorical")


def test_levels_are_sorted_as_numbers_where_they_are_numbers():
    table = answers(item=["i"] * 3, rater=PEOPLE, label=["2", "10", "10"])

    found = study(table, type="ordinal")

    assert "from the lowest up: 2, 10" in found.notes[-1]
    assert found.verdicts["level"][0] > 0.5


def test_a_lead_is_told_what_to_do_next():
    rng = np.random.default_rng(3)
    truth = rng.integers(2, size=60)
    accuracy = {"ann": 0.95, "ben": 0.95, "cleo": 0.9, "coin": 0.4, "new": 0.9}
    rows = [
        (f"i{n}", name, str(truth[n] if rng.random() < p else 1 - truth[n]))
        for n in range(60)
        for name, p in accuracy.items()
        if name != "new" or n < 2
    ]
    rows += [("lonely", "ann", "1")]
    table = pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row")

    steps = " ".join(study(table).next_steps)

    assert "Of 61 items 1 got fewer than 3 answers" in steps
    assert "coin" in steps
    assert "With fewer than five answers: 1 (new)" in steps


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        (VOTES, {"type": "colours"}, "no type 'colours'"),
        (VOTES, {"type": "ratings"}, "row 1"),
        (VOTES, {"method": "oracle"}, "no 'oracle' in quality"),
        (VOTES, {"type": "pairs"}, "left"),
        (TEXTS, {"type": "texts", "gold": VOTES}, "leave --gold out"),
        (VOTES, {"type": "ordinal", "levels": ["no", "maybe"]}, "'yes' is none of the levels"),
        (VOTES, {"type": "ordinal"}, "say which label is higher"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(table, arguments, message):
    with pytest.raises(AssayError, match=message) as refusal:
        study(table, **arguments)

    assert "\n" not in str(refusal.value)


def test_a_span_that_ends_before_it_starts_is_refused_with_its_row():
    table = answers(item=["i", "j"], rater=["ann"] * 2, label=["[[0, 4]]", "[[9, 4]]"])

    with pytest.raises(TableError, match="row 2"):
        study(table, type="spans")


@pytest.mark.parametrize(
    ("name", "kind", "score", "least"),
    [
        ("zencrowd_all", "categorical", "accuracy", 0.82),
        ("web", "ordinal", "accuracy", 0.80),
        ("snow_anger", "ratings", "Pearson", 0.70),
        ("music_pairs", "pairs", "Kendall", 0.50),
        ("pico_spans", "spans", "F1 by character", 0.70),
    ],
)
def test_real_answers_of_every_type_are_read_and_scored(name, kind, score, least, shared):
    table, gold = (pl.read_parquet(shared(f"truth/{name}/{part}.parquet")) for part in ("labels", "gold"))

    found = study(table, type=kind, gold=gold)

    assert found.scores[found.method][score] >= least


@pytest.mark.parametrize(
    ("kind", "level"), [("categorical", "nominal"), ("ordinal", "ordinal"), ("ratings", "interval")]
)
def test_agreement_is_told_at_the_level_of_the_answers_and_called_what_it_is(kind, level):
    found = study(EVERY[kind], type=kind)

    assert level in found.agreement.name
    assert "not how right" in found.agreed


def test_agreement_on_marks_is_gamma_and_says_what_was_drawn():
    marks = answers(item=["i", "i", "j", "j"], rater=["ann", "ben"] * 2, label=["[[0, 9]]", "[[1, 9]]"] * 2)
    many = pl.concat([marks.with_columns(item=pl.col("item") + str(n)) for n in range(60)])
    crowd = answers(item=["i"] * 13, rater=[f"r{n}" for n in range(13)], label=["[[0, 9]]"] * 13)

    assert study(marks).agreement.name == "gamma"
    assert study(many).agreement.name == "gamma on 100 of 120 items, drawn,"
    assert study(crowd).agreement.name == "alpha on characters"


def test_agreement_that_is_undefined_says_why():
    alone = answers(item=["i", "j"], rater=["ann", "ben"], label=["yes", "no"])

    assert "undefined because" in study(alone).agreed


def test_known_answers_teach_and_are_never_scored():
    rng = np.random.default_rng(8)
    truth = rng.integers(2, size=80)
    # The whole crowd but one person reads the question upside down.
    right = {"ann": 0.95, "ben": 0.2, "cleo": 0.25, "dan": 0.2}
    rows = [
        (f"i{n}", name, str(truth[n] if rng.random() < p else 1 - truth[n]))
        for n in range(80)
        for name, p in right.items()
    ]
    table = pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row")
    gold = pl.DataFrame({"item": [f"i{n}" for n in range(80)], "label": [str(label) for label in truth]})

    told, alone = study(table, gold=gold, known=gold.head(20)), study(table, gold=gold)

    assert alone.scores["ensemble"]["accuracy"] < 0.3
    assert told.scores["ensemble"]["accuracy"] > 0.8
    assert len(told.calibrated[0]) == 60


def test_lists_that_may_be_orders_or_sets_are_asked_about():
    same = answers(item=["i"] * 2, rater=["ann", "ben"], label=['["a", "b"]'] * 2)

    with pytest.raises(AssayError, match="--type rankings or --type multilabel"):
        guess(same)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (['["a", "b"]', '["b", "a"]'], "rankings"),
        (['["a", "b"]', '["b"]'], "multilabel"),
        (['["a", "b"]', "[]"], "multilabel"),
        (['["a", ["b", "c"]]', '["b", "a", "c"]'], "rankings"),
        (["a > b", "a=b"], "rankings"),
        (["x=1", "x=2"], "categorical"),
        ([">50", "<50"], "categorical"),
        (["[[0, 4]]", "[]"], "spans"),
    ],
)
def test_orders_sets_and_marks_are_told_apart(labels, kind):
    assert guess(answers(item=["i"] * 2, rater=["ann", "ben"], label=labels)) == kind


def test_lists_in_a_column_of_lists_are_read():
    table = answers(item=["i"] * 2, rater=["ann", "ben"], label=[["b", "a"], ["a", "b"]])

    assert study(table).type == "rankings"


def test_rankings_and_choices_are_scored_beside_the_simplest_rule():
    ranked = study(RANKINGS, gold=answers(item=["i"], label=['["b", "a", "c"]']))
    chosen = study(CHOICES, gold=answers(item=["i"], label=["b"]))

    assert ranked.scores["crowd-bradley-terry"] == {"accuracy": 1.0, "Kendall": 1.0}
    assert chosen.scores == {name: {"accuracy": 1.0} for name in ("crowd-bradley-terry", "borda")}


def test_none_of_them_is_a_verdict_where_most_say_so():
    table = answers(item=["i"] * 3, rater=PEOPLE, label=["none", "none", "b"], shown=["a|b"] * 3)

    row = study(table).verdicts.row(0, named=True)

    assert (row["verdict"], row["order"]) == ("none", '["b", "a"]')
    assert 0.5 < row["probability"] < 0.9


def test_a_board_is_told_where_all_items_have_the_same_candidates():
    table = answers(item=["i"] * 3 + ["j"] * 3, rater=PEOPLE * 2, label=["b > a"] * 6)

    assert "over all items: b +" in study(table).notes[0]


def test_known_sets_teach_and_are_never_scored():
    gold = answers(item=["i", "j"], label=['["cat"]', '["dog"]'])
    table = answers(item=["i"] * 3 + ["j"] * 3, rater=PEOPLE * 2, label=['["cat"]', "[]", "[]"] * 2)

    told = study(table, type="multilabel", gold=gold, known=gold.head(1))

    assert told.verdicts["verdict"][0] == '["cat"]'
    assert told.scores["multilabel"]["exact"] == 0.0


def test_known_texts_are_the_verdict():
    told = study(TEXTS, known=answers(item=["i"], text=["the moon"]))

    assert told.verdicts["verdict"].to_list() == ["the moon"]


def timed(**seconds: list[float]) -> pl.DataFrame:
    """Votes on twelve items by everybody named, with how long each took."""
    rows = [(f"i{n}", name, "yes", took[n]) for name, took in seconds.items() for n in range(12)]
    return pl.DataFrame(rows, schema=["item", "rater", "label", "time_spent"], orient="row")


def test_whoever_answers_again_and_again_faster_than_others_is_named_and_nobody_else():
    usual = [20.0, 30, 25, 40, 22, 18, 33, 29, 24, 27, 31, 26]
    table = timed(
        ann=usual,
        ben=[1.5 * s for s in usual],
        quick=[0.5 * s for s in usual],
        dash=[2.0] * 12,
        tired=[*usual[:9], 1, 1, 1],
    )

    found = study(table)

    assert found.hasty["rater"].to_list() == ["dash"]
    assert any("dash took 2 seconds" in step for step in found.next_steps)
    assert dict(found.raters.select("rater", "seconds").iter_rows())["ann"] == np.median(usual)
    assert found.verdicts.equals(study(table.drop("time_spent")).verdicts), "a flag, not a punishment"


def test_long_items_make_nobody_hasty_on_short_ones():
    short, long = [3.0] * 6, [300.0] * 6
    table = timed(ann=[*short, *long], ben=[*short, *long], cleo=[*short, *long])

    assert study(table).hasty.is_empty()


def test_seconds_that_are_none_are_refused_with_their_row_and_may_be_left_out():
    table = timed(ann=[5.0] * 12, ben=[6.0] * 12).with_columns(pl.col("time_spent").cast(pl.String))
    fourth = pl.when(pl.int_range(pl.len()) == 3)
    holes = table.with_columns(time_spent=fourth.then(None).otherwise("time_spent"))
    wrong = table.with_columns(time_spent=fourth.then(pl.lit("soon")).otherwise("time_spent"))

    assert study(holes).raters["seconds"].to_list() == [5.0, 6.0]
    with pytest.raises(TableError, match="row 4"):
        study(wrong)


def spoken(seed: int = 2) -> pl.DataFrame:
    """Votes in three languages: nobody is good in Swahili, and one person alone answers in Yoruba."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(240):
        language = ["en", "en", "sw", "yo"][n % 4]
        people = ["ann", "ben", "cleo", "dan"] if language != "yo" else ["ann"]
        truth = rng.integers(2)
        for name in people:
            right = rng.random() < (0.92 if language == "en" else 0.5)
            rows.append((f"i{n}", name, str(truth if right else 1 - truth), language))
    return pl.DataFrame(rows, schema=["item", "rater", "label", "language"], orient="row")


def test_a_lead_is_told_who_is_good_at_what_and_where_nobody_is():
    found = study(spoken())

    assert {one.where for one in found.best} == {"en", "sw", "yo"}
    best = {one.where: one for one in found.best}
    assert best["en"].low > best["sw"].mean
    assert any("people answer in yo" in step for step in found.next_steps)
    text = page(found, "votes.csv")
    assert "Who is good at what" in text
    assert "The best in each" in text


def test_without_languages_profiles_are_one_line_a_person_and_no_figure():
    found = study(VOTES)

    assert found.profiles["rater"].n_unique() == len(found.profiles) == 3
    assert found.cells == ()
    assert "Who is good at what" not in page(found, "votes.csv")


@pytest.mark.parametrize("kind", TYPES)
def test_reviews_speak_of_people_whatever_the_answers_are(kind):
    reviews = answers(rater=["ann"] * 9 + ["ben"] * 9, right=[1] * 9 + [0] * 9)

    found = study(EVERY[kind], type=kind, reviews=reviews)

    means = dict(found.profiles.select("rater", "mean").iter_rows())
    assert means["ann"] > means["ben"] + 0.3


def test_where_nobody_can_be_compared_there_are_no_profiles_and_no_complaint():
    alone = answers(item=["i", "j"], rater=["ann", "ben"], label=["yes", "no"])

    assert study(alone, method="majority").profiles is None


def test_right_answers_may_stand_beside_the_votes():
    table = VOTES.with_columns(gold=pl.Series(["yes"] * 3 + [None] * 3))

    found = study(table)

    assert found.scores["majority"]["accuracy"] == 1
    assert found.against == "gold"


def test_a_weight_counts_as_many_votes():
    heavy = VOTES.with_columns(weight=pl.Series([1, 1, 9, 1, 1, 1]))

    assert study(VOTES, method="majority").verdicts["verdict"][0] == "yes"
    assert study(heavy, method="majority").verdicts["verdict"][0] == "no"


def test_open_items_come_with_who_said_what_and_whom_to_ask():
    rng = np.random.default_rng(5)
    rows = [
        (f"i{n:02}", name, "yes" if rng.random() < p else "no")
        for n in range(40)
        for name, p in (("ann", 0.97), ("ben", 0.97), ("cleo", 0.95), ("dan", 0.95), ("coin", 0.5))
    ]
    rows += [("split", "ann", "yes"), ("split", "ben", "no"), ("split", "coin", "no")]
    found = study(pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row"))

    said = {parting.item: parting for parting in who_said_what(found, 40)}

    assert "good people stand on both sides" in said["split"].why
    assert [answer for answer, _ in said["split"].sides] == ["no", "yes"]
    assert said["split"].sides[0][1].startswith("ben ")
    assert "coin" in said["split"].sides[0][1]
    assert said["split"].ask in {"cleo", "dan"}
    assert "not asked yet" in page(found, "votes.csv")


def test_of_comparisons_those_are_shown_that_people_part_on():
    rows = [("a", "b", "a", name) for name in ("ann", "ben", "cleo", "dan")]
    rows += [("c", "b", w, name) for w, name in zip("cbcb", ("ann", "ben", "cleo", "dan"), strict=True)]
    found = study(pl.DataFrame(rows, schema=["left", "right", "label", "rater"], orient="row"))

    assert [parting.item for parting in who_said_what(found, 5)] == ["b / c"]


def test_places_hold_within_groups_that_met_and_what_would_join_them_is_said():
    wins = [("a", "b"), ("b", "c"), ("a", "c"), ("x", "y"), ("p", "q")]
    rows = [(one, other, one, rater) for one, other in wins for rater in ("ann", "ben", "cleo")]
    table = pl.DataFrame(rows, schema=["left", "right", "label", "rater"], orient="row")

    found = study(table)
    whole = study(table.head(9))

    assert dict(found.verdicts.select("item", "verdict").iter_rows()) == {
        "a": 1, "b": 2, "c": 3, "p": 1, "q": 2, "x": 1, "y": 2,
    }  # fmt: skip
    assert found.verdicts["group"].n_unique() == 3
    assert any("3 groups" in step and "(a with p and p with x)" in step for step in found.next_steps)
    assert "group" not in whole.verdicts.columns
    assert not any("groups" in step for step in whole.next_steps)


def test_marks_on_which_nobody_agrees_are_named_though_they_are_never_split_evenly():
    alike = [(f"same{n}", rater, "[[0, 9]]") for n in range(3) for rater in ("ann", "ben", "cleo")]
    apart = [("apart", "ann", "[[0, 9]]"), ("apart", "ben", "[[0, 30]]"), ("apart", "cleo", "[[8, 25]]")]
    table = pl.DataFrame(alike + apart, schema=["item", "rater", "label"], orient="row")

    steps = study(table, type="spans").next_steps

    assert any("1 (apart)" in step for step in steps)
