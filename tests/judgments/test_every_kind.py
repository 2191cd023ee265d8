"""Whatever somebody sends, a kind takes it or refuses it in a sentence."""

from __future__ import annotations

import json

import pytest

from assay import registry
from assay.errors import AnswerError
from assay.records import Brief


def fields_of(name: str) -> set[str]:
    sample = json.loads(registry.folder("kinds", name).joinpath("sample/sample.json").read_text("utf-8"))
    return {field for answer in (*sample["accepted"], *sample["refused"]) for field in answer}


@pytest.mark.parametrize("name", registry.names("kinds"))
def test_nothing_that_is_sent_breaks_a_kind(name, desk, hostile):
    at = desk(name)
    for field in fields_of(name):
        for value in hostile:
            try:
                clean = at.check({field: value})
            except AnswerError:
                continue
            assert at.check(clean) == clean
            at.kind.votes(at.brief, at.work, clean)


@pytest.mark.parametrize("name", registry.names("kinds"))
def test_a_good_answer_with_one_hostile_part_is_taken_or_refused(name, desk, hostile):
    at = desk(name)
    sample = json.loads(registry.folder("kinds", name).joinpath("sample/sample.json").read_text("utf-8"))
    for good in sample["accepted"]:
        for field in fields_of(name) | {"unheard-of"}:
            for value in hostile:
                try:
                    clean = at.check({**good, field: value})
                except AnswerError:
                    continue
                assert "unheard-of" not in clean
                assert at.check(clean) == clean
                json.dumps(clean)
                at.kind.votes(at.brief, at.work, clean)


@pytest.mark.parametrize("name", registry.names("kinds"))
def test_no_verdict_and_no_judgment_come_to_no_row(name, desk):
    at = desk(name)

    assert at.kind.examples(at.brief, at.work, [], {}) == []


@pytest.mark.parametrize("name", sorted(set(registry.names("kinds")) - {"choice"}))
def test_a_brief_without_questions_is_enough(name, desk):
    questions = desk(name).kind.questions(Brief("p", "g", name))

    assert all(question.text for question in questions)
