"""A kind with the brief and the work of its own sample."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from assay import briefs, pipeline, registry
from assay.errors import AnswerError
from assay.judgments import kind as kind_named
from assay.records import Brief, Item, Judgment, Sample, Work


@dataclass
class Desk:
    """One person at one work."""

    kind: Any
    brief: Brief
    work: Work

    def check(self, answer):
        return self.kind.check(self.brief, self.work, answer)

    def votes(self, answer):
        return self.kind.votes(self.brief, self.work, self.check(answer))

    def refusal(self, answer) -> AnswerError:
        with pytest.raises(AnswerError) as refused:
            self.check(answer)
        return refused.value

    def outcome(self, *answers) -> pipeline.Outcome:
        """What one answer each by as many people comes to."""
        said = [
            Judgment(f"j{n}", self.work.id, f"r{n}", self.kind.name, self.check(answer))
            for n, answer in enumerate(answers)
        ]
        return pipeline.run(self.brief, [self.work], said)

    def asking(self, *questions) -> Desk:
        return replace(self, brief=replace(self.brief, questions=questions))

    def reading(self, *texts: str) -> Desk:
        samples = tuple(Sample(f"moon/{n}", "moon", f"author{n}", text) for n, text in enumerate(texts))
        return replace(self, work=replace(self.work, samples=samples))


@pytest.fixture
def desk():
    def at(name: str) -> Desk:
        sample = json.loads(registry.folder("kinds", name).joinpath("sample/sample.json").read_text("utf-8"))
        fields = sample["work"]
        work = Work(fields["id"], Item(**fields["item"]), tuple(Sample(**one) for one in fields["samples"]))
        return Desk(kind_named(name), briefs.from_mapping(sample["brief"]), work)

    return at


DEEP = "[" * 5_000 + "]" * 5_000


@pytest.fixture
def hostile():
    """What no form sends, but somebody may: wrong types, oversized, nested without end."""
    return [
        None, True, 7, 1e400, "x", "x" * 200_000, "[", DEEP, "\ud800", "null", "{}", "NaN",
        [], [[]], [None], [{}], ["moon/first"] * 3,
        {}, {"x": {}}, {"": ""}, {"__class__": "x"}, {"moon/first": {"moon/first": []}},
    ]  # fmt: skip
