"""Judgments by two versions of a brief, to what the second one changes."""

from __future__ import annotations

import numpy as np
import pytest

from assay.pipeline.trying import compare_versions
from assay.quality import experiment
from assay.quality.experiment import deal
from assay.records import Brief, Item, Judgment, Question, Sample, Work

LABELS = ("no", "partly", "yes")
BRIEF = Brief("p", "g", "rubric", questions=(Question("new", "Is it new?", LABELS),))


@pytest.fixture(autouse=True)
def _few_deals(monkeypatch):
    monkeypatch.setattr(experiment, "DRAWS", 128)


def crowd(second=0.95, slower=1.0, people=14, works=40):
    """People who are right seven times in ten by the first version, and `second` often by the second."""
    rng = np.random.default_rng(2)
    dealt: dict[str, int] = {}
    for number in range(people):
        dealt[f"p{number}"] = deal(list(dealt.values()), rng)
    items = [Work(f"w{k}", Item(f"w{k}", "…"), (Sample("s", f"w{k}", "a", "…"),)) for k in range(works)]
    gold = {(work.id, "new"): str(rng.choice(LABELS)) for work in items}
    judgments = []
    for work in items:
        for version in (0, 1):
            own = [name for name, side in dealt.items() if side == version]
            for name in rng.choice(own, 3, replace=False):
                right = rng.random() < (second if version else 0.7)
                label = gold[work.id, "new"] if right else str(rng.choice(LABELS))
                seconds = float(rng.lognormal(3, 0.4)) * (slower if version else 1)
                answer = {"labels": {"new": label}}
                judgments.append(
                    Judgment(f"{work.id}{name}", work.id, str(name), "rubric", answer, seconds=seconds)
                )
    return items, judgments, dealt, gold


def compared(*args, **more):
    found = compare_versions(BRIEF, *args, rng=np.random.default_rng(0), **more)
    return {one.measure: one for one in found}


def test_a_version_that_helps_is_seen_in_known_answers_agreement_time_and_verdicts():
    items, judgments, dealt, gold = crowd(slower=1.5)

    found = compared(items, judgments, dealt, gold=gold)

    assert found["right"].effect.sure
    assert found["right"].means[0] == pytest.approx(0.8, abs=0.08)
    assert found["agree"].effect.low > 0
    factor, low, high = found["seconds"].factor
    assert low < 1.5 < high
    assert 1.2 < factor < 1.8
    assert found["sure"].means[1] > found["sure"].means[0]
    assert found["sure"].effect is None


def test_where_no_answer_is_known_nothing_is_said_about_being_right():
    items, judgments, dealt, _ = crowd()

    assert set(compared(items, judgments, dealt)) == {"agree", "seconds", "sure"}


def test_people_who_were_dealt_to_no_version_and_works_of_one_version_do_not_count():
    items, judgments, dealt, gold = crowd()
    alone = Work("alone", Item("alone", "…"), (Sample("s", "alone", "a", "…"),))
    more = [
        Judgment("stranger", "w0", "stranger", "rubric", {"labels": {"new": "no"}}, seconds=9e9),
        Judgment("alone", "alone", "p0", "rubric", {"labels": {"new": "no"}}, seconds=9e9),
    ]

    found = compared([*items, alone], [*judgments, *more], dealt, gold=gold)

    assert found == compared(items, judgments, dealt, gold=gold)


def test_before_anybody_has_judged_there_is_nothing_to_compare():
    items, _, dealt, gold = crowd()

    assert compared(items, [], dealt, gold=gold) == {}
