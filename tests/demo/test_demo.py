"""The demo: real texts, recorded answers, and made-up raters of whom some are bad on purpose."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import resources

import numpy as np
import pytest

from assay import briefs, demo, pipeline
from assay.demo import raters, record
from assay.errors import AssayError
from assay.inference import Endpoint, Failure, Reply
from assay.inference.embedded import MODEL, available, embedded
from assay.judgments import kind
from assay.records import Item, Judgment, Sample, Work
from assay.work import speaks

BRIEF, ITEMS, SAMPLES = demo.load()
WORKS = briefs.plan(ITEMS, SAMPLES, shows=kind(BRIEF.kind).shows)
ABSENT = available()


def play(seed: int) -> tuple[dict[str, float], list[Judgment], dict[str, demo.Planted]]:
    rng = np.random.default_rng(seed)
    worth = demo.worths(WORKS, rng=rng)
    return worth, *demo.simulate(WORKS, rng=rng, worth=worth)


def right(judgments: Sequence[Judgment], worth: dict[str, float], habit: str) -> float:
    """Return how often people of one habit took the answer that is clearly worth more."""
    works = {work.id: work for work in WORKS}
    hits = []
    for judgment in judgments:
        if raters_by_name[judgment.rater].habit != habit:
            continue
        first, second = works[judgment.work].samples
        difference = worth[first.id] - worth[second.id]
        if abs(difference) > 0.5 and judgment.answer["choice"] in (first.id, second.id):
            hits.append((judgment.answer["choice"] == first.id) == (difference > 0))
    assert len(hits) > 20
    return sum(hits) / len(hits)


raters_by_name = {person.rater: person for person in raters.PEOPLE}


# ── the texts ──


def test_the_brief_is_one_that_people_can_work_from() -> None:
    assert briefs.check(BRIEF) == BRIEF
    assert BRIEF.kind == "pairwise"
    assert len(BRIEF.principles) >= 4
    assert {example.great for example in BRIEF.examples} == {True, False}
    assert set(BRIEF.languages) == {item.language for item in ITEMS}


def test_every_sample_answers_an_item_and_is_named_after_it() -> None:
    items = {item.id for item in ITEMS}

    assert {sample.item for sample in SAMPLES} == items
    assert [sample.id for sample in SAMPLES] == [f"{sample.item}/{sample.author}" for sample in SAMPLES]
    assert len({sample.id for sample in SAMPLES}) == len(SAMPLES)
    assert len(items) == len(ITEMS)


def test_every_item_has_the_same_authors_in_its_language() -> None:
    everywhere = {*demo.HOUSE, MODEL, f"{MODEL}-terse"}

    for item in ITEMS:
        authors = {sample.author for sample in SAMPLES if sample.item == item.id}
        assert authors == (everywhere | {f"{MODEL}-warm"} if item.language == "en" else everywhere)


def test_texts_are_composed_unicode_whole_and_not_empty() -> None:
    texts = [item.prompt for item in ITEMS] + [sample.text for sample in SAMPLES]

    for text in texts:
        assert text.strip() == text != ""
        assert unicodedata.is_normalized("NFC", text)
        assert "\ufffd" not in text


def test_the_house_answers_in_the_script_of_the_question() -> None:
    scripts = {"ar": "ARABIC", "hi": "DEVANAGARI", "zh": "CJK"}

    for item in ITEMS:
        wanted = scripts.get(item.language, "LATIN")
        for sample in SAMPLES:
            if sample.item == item.id and sample.author in demo.HOUSE and item.domain != "code":
                letters = [unicodedata.name(letter) for letter in sample.text if letter.isalpha()]
                assert sum(wanted in name for name in letters) > 0.9 * len(letters), sample.id


def test_every_answer_has_been_read_and_nothing_else_has_a_merit() -> None:
    merits = json.loads(resources.files("assay.demo").joinpath("merits.json").read_text(encoding="utf-8"))

    assert list(merits) == [sample.id for sample in SAMPLES]
    assert all(-2 <= merit <= 2 for merit in merits.values())


def test_the_files_say_openly_what_is_made_up() -> None:
    readme = resources.files("assay.demo").joinpath("README.md").read_text(encoding="utf-8")

    assert "**made up**; they read nothing" in readme
    assert "No contributor wrote them" in readme
    assert all(person.about.startswith("simulated: ") for person in raters.PEOPLE)


# ── the people ──


def test_the_same_seed_gives_the_same_bytes() -> None:
    def dump(seed: int) -> str:
        return json.dumps([asdict(judgment) for judgment in play(seed)[1]])

    assert dump(7) == dump(7)
    assert dump(7) != dump(8)


def test_knowing_the_worths_changes_no_judgment() -> None:
    judgments, planted = demo.simulate(WORKS, rng=np.random.default_rng(7))

    assert judgments == play(7)[1]
    assert planted == raters_by_name


def test_every_language_is_read_by_three_people_of_whom_two_can_be_trusted() -> None:
    for item in ITEMS:
        readers = [person for person in raters.PEOPLE if speaks(person.languages, item.language)]
        assert len(readers) >= 3
        assert sum(person.trusty for person in readers) >= 2


def test_judgments_are_ones_that_the_platform_would_take() -> None:
    _, judgments, _ = play(7)
    works = {work.id: work for work in WORKS}
    taken = Counter(judgment.work for judgment in judgments)

    assert set(taken) == set(works)
    assert set(taken.values()) == {3, 4, 5}
    assert len({(judgment.work, judgment.rater) for judgment in judgments}) == len(judgments)
    for judgment in judgments:
        work = works[judgment.work]
        assert kind("pairwise").check(BRIEF, work, judgment.answer) == judgment.answer
        assert sorted(judgment.shown) == [sample.id for sample in work.samples]
        assert speaks(raters_by_name[judgment.rater].languages, work.item.language)
        assert judgment.seconds is not None
        assert judgment.seconds > 0
        assert judgment.brief_version == BRIEF.version


def test_work_is_spread_evenly_and_sides_are_drawn() -> None:
    _, judgments, _ = play(7)
    counts = Counter(judgment.rater for judgment in judgments)
    in_order = sum(judgment.shown[0] < judgment.shown[1] for judgment in judgments)

    assert set(counts) == set(raters_by_name)
    assert max(counts.values()) <= 1.5 * min(counts.values())
    assert 0.4 < in_order / len(judgments) < 0.6


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_who_was_planted_as_bad_is_worse_than_the_careful(seed: int) -> None:
    worth, judgments, _ = play(seed)
    share = {habit: right(judgments, worth, habit) for habit in raters.ABOUT}

    assert share["careful"] > 0.95
    assert share["careful"] >= share["ordinary"] > 0.8
    for habit in ("left", "coin", "length"):
        assert share[habit] < share["ordinary"] - 0.05
    assert 0.25 < share["coin"] < 0.75
    assert share["inverted"] < 0.1


def test_habits_show_in_what_people_do() -> None:
    _, judgments, _ = play(7)
    own = {name: [judgment for judgment in judgments if judgment.rater == name] for name in raters_by_name}
    median = {name: float(np.median([judgment.seconds or 0 for judgment in own[name]])) for name in own}
    left = sum(judgment.answer["choice"] == judgment.shown[0] for judgment in own["pieter"])
    texts = {sample.id: sample.text for sample in SAMPLES}
    longer = [
        len(texts[str(judgment.answer["choice"])]) == max(len(texts[sample]) for sample in judgment.shown)
        for judgment in own["rohan"]
        if judgment.answer["choice"] in judgment.shown
    ]

    assert left > 0.85 * len(own["pieter"])
    assert all(longer)
    assert median["kyle"] < 3
    assert all(median[person.rater] > 10 for person in raters.PEOPLE if person.trusty)
    assert {"tie", "both_bad"} < {judgment.answer["choice"] for judgment in judgments}


def test_the_same_words_tie_for_whoever_reads() -> None:
    item = Item("salt", "Why is the sea salt?", language="en")
    work = Work("salt:a|b", item, tuple(Sample(f"salt/{name}", "salt", name, "Rivers.") for name in "ab"))
    judgments, planted = demo.simulate([work], rng=np.random.default_rng(7), most=16, fewest=16)
    readers = [judgment for judgment in judgments if planted[judgment.rater].habit not in ("left", "coin")]

    assert len(readers) == 13
    assert {judgment.answer["choice"] for judgment in readers} <= {"tie", "both_bad"}


def test_quality_finds_the_planted_habits() -> None:
    _, judgments, planted = play(7)

    outcome = pipeline.run(BRIEF, WORKS, judgments)

    worst = sorted(outcome.skills, key=lambda skill: skill.mean)[:4]
    assert worst[0].rater == "tereza"
    assert {skill.rater for skill in worst} == {name for name, person in planted.items() if not person.trusty}
    assert outcome.board is not None
    assert outcome.board.standings[0].model == "house-writer"


def test_newcomers_agree_where_the_brief_has_a_rule_and_follow_their_leanings_where_it_has_none() -> None:
    rng = np.random.default_rng(7)
    crowd = raters.newcomers(8, rng=rng)
    works = [work for work in WORKS if work.item.language == "en" and "house" not in work.id]

    def bad(people: list[raters.Planted]) -> Counter[str]:
        said, _ = demo.simulate(works, rng=np.random.default_rng(7), fewest=8, most=8, people=people)
        return Counter(judgment.rater for judgment in said if judgment.answer["choice"] == "both_bad")

    ruled, alone = bad(crowd), bad(raters.left_alone(crowd))

    assert min(ruled.values()) > len(works) / 3
    assert max(ruled.values()) - min(ruled.values()) < 8
    assert len([person for person in crowd if not alone[person.rater]]) == 4
    assert {person.rater for person in crowd} == set(ruled)


# ── models, live and recorded ──


def scripted(*texts: str | None):
    """Return a stand-in for `answers` that gives these texts in turn, and a failure for each None."""

    def fake(endpoint: Endpoint, prompts: Sequence[str], *, on_done=None, **options: object):
        replies = [texts[place % len(texts)] for place in range(len(prompts))]
        outcomes = [
            Failure("the model is tired", 1) if text is None else Reply(text, endpoint.model, "stop", 3, 0.1)
            for text in replies
        ]
        for place, outcome in enumerate(outcomes):
            if on_done:
                on_done(place, outcome)
        return outcomes

    return fake


TINY = Endpoint("http://127.0.0.1:9", "tiny")


def test_a_live_model_is_one_more_author_on_one_prompt_of_each_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[int] = []
    monkeypatch.setattr(record, "answers", scripted("  Cafe\u0301, \ufffd"))

    _, items, samples = demo.load(record.live(TINY, on_done=lambda place, outcome: heard.append(place)))

    added = samples[len(SAMPLES) :]
    languages = {item.id: item.language for item in items}
    assert samples[: len(SAMPLES)] == SAMPLES
    assert {sample.author for sample in added} == {"live:tiny"}
    assert {sample.text for sample in added} == {"Café,"}
    assert sorted(languages[sample.item] for sample in added) == sorted(BRIEF.languages)
    assert heard == list(range(8))
    judgments, _ = demo.simulate(briefs.plan(items, samples, shows=2), rng=np.random.default_rng(7))
    assert any("live:tiny" in judgment.work for judgment in judgments)


def test_a_live_prompt_without_an_answer_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "answers", scripted("yes", None, " "))

    assert [sample.text for sample in record.live(TINY, prompts=6)(ITEMS)] == ["yes", "yes"]


def test_a_live_model_that_says_nothing_at_all_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "answers", scripted(None))

    with pytest.raises(AssayError, match="answered none of 8 prompts: the model is tired"):
        demo.load(record.live(TINY))


def test_recording_asks_a_manner_in_its_languages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "answers", scripted("yes"))
    warm = record.MANNERS[1]

    samples = record.record(TINY, ITEMS, warm)

    assert {sample.item for sample in samples} == {item.id for item in ITEMS if item.language == "en"}
    monkeypatch.setattr(record, "answers", scripted(None))
    with pytest.raises(AssayError, match="no answer to 'en-last-bus': the model is tired"):
        record.record(TINY, ITEMS, replace(warm, languages=("en",)))
    monkeypatch.setattr(record, "answers", scripted(" "))
    with pytest.raises(AssayError, match="said nothing to"):
        record.record(TINY, ITEMS, warm)


def test_the_shipped_samples_are_written_as_the_recorder_writes_them() -> None:
    shipped = resources.files("assay.demo").joinpath("samples.jsonl").read_text(encoding="utf-8")

    assert record.to_lines(SAMPLES) == shipped


@pytest.mark.slow
@pytest.mark.skipif(ABSENT is not None, reason=ABSENT or "")
def test_the_embedded_model_joins_the_demo() -> None:
    with embedded() as endpoint:
        _, _, samples = demo.load(record.live(endpoint, prompts=2, max_tokens=16))

    assert len(SAMPLES) < len(samples) <= len(SAMPLES) + 2
    assert samples[-1].author == f"live:{MODEL}"
