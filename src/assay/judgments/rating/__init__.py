"""How good one answer is, on a scale: a number, or one of several steps that have names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.errors import AnswerError, AssayError
from assay.judgments import parts, rated, written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say

DEFAULT = Question("quality", say("How well does it serve the goal?"), type="ratings", low=1, high=5)
MOST_STEPS = 10


class Rating:
    """One sample on every scale of the brief, or from 1 to 5 where it names none.

    A question with `low` and `high` is answered with a number, one with labels with a label.

    Answer: `ratings` (question → number or label), and where the person wants, a `note`.
    """

    name = "rating"
    title = "Rate one answer on a scale"
    shows = 1
    asks = True

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        return tuple(map(_scale, brief.questions)) or (DEFAULT,)

    def view(self, brief: Brief, work: Work) -> Mapping[str, object]:
        return {"scales": [(question, steps(question)) for question in self.questions(brief)]}

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        given = parts(answer, "ratings")
        ratings: dict[str, object] = {}
        for question in self.questions(brief):
            said = given.get(question.name)
            ratings[question.name] = (
                _number(question, said) if _is_number(question) else _label(question, said)
            )
        if unknown := sorted(set(given) - set(ratings)):
            raise AnswerError("ratings", say("the brief does not ask {name!r}", name=unknown[0]))
        clean: dict[str, object] = {"ratings": ratings}
        if note := written(answer, "note"):
            clean["note"] = note
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        return {question: str(value) for question, value in parts(answer, "ratings").items()}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        return rated(brief, work, judgments, verdicts)


def steps(question: Question) -> list[int]:
    """Return the steps of a scale that can be chosen one by one; none where it is long or has no steps.

    >>> steps(DEFAULT)
    [1, 2, 3, 4, 5]
    """
    low, high = question.low, question.high
    if low is None or high is None or low != int(low) or high != int(high) or high - low > MOST_STEPS:
        return []
    return list(range(int(low), int(high) + 1)) if high - low > 1 else []


def _is_number(question: Question) -> bool:
    return question.type == "ratings"


def _scale(question: Question) -> Question:
    if question.type == "ratings":
        return question
    if question.type not in ("categorical", "ordinal"):
        raise AssayError(
            say(
                "a rating cannot ask {name!r}, which is of type {type}",
                name=question.name,
                type=question.type,
            )
        )
    return replace(question, type="ordinal", ordered=True)


def _number(question: Question, said: object) -> float | int:
    low, high = question.low, question.high
    wanted = say(
        "answer “{text}” with a number from {low:g} to {high:g}", text=question.text, low=low, high=high
    )
    if isinstance(said, bool) or not isinstance(said, str | int | float) or len(str(said)) > 40:
        raise AnswerError(f"ratings.{question.name}", wanted)
    try:
        number = float(said)
    except ValueError as wrong:
        raise AnswerError(f"ratings.{question.name}", wanted) from wrong
    if low is None or high is None or not math.isfinite(number) or not low <= number <= high:
        raise AnswerError(f"ratings.{question.name}", wanted)
    return int(number) if number == int(number) else number


def _label(question: Question, said: object) -> str:
    if said not in question.labels:
        known = ", ".join(question.labels)
        raise AnswerError(
            f"ratings.{question.name}",
            say("answer “{text}” with one of: {known}", text=question.text, known=known),
        )
    return str(said)
