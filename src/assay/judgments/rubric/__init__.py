"""How one answer fares on each question of the brief: one label a criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.errors import AnswerError, AssayError
from assay.judgments import rated, written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say


class Rubric:
    """One sample, judged on every question of the brief.

    Answer: `labels` (question → label), and where the person wants, a `note`.
    """

    name = "rubric"
    title = "Judge one answer by criteria"
    shows = 1
    asks = True

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        for question in brief.questions:
            if question.type not in ("categorical", "ordinal") or question.several:
                raise AssayError(
                    say(
                        "criteria are judged with one label each, which is not what {name!r} asks; "
                        "take a rating for numbers, a choice for several labels",
                        name=question.name,
                    )
                )
        return brief.questions

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        given = answer.get("labels")
        if not isinstance(given, Mapping):
            raise AnswerError("labels", "answer every criterion")
        labels: dict[str, str] = {}
        for question in brief.questions:
            if given.get(question.name) not in question.labels:
                raise AnswerError(
                    question.name,
                    say(
                        "answer “{text}” with one of: {known}",
                        text=question.text,
                        known=", ".join(question.labels),
                    ),
                )
            labels[question.name] = str(given[question.name])
        if unknown := sorted(set(given) - set(labels)):
            raise AnswerError("labels", say("the brief does not ask {name!r}", name=unknown[0]))
        clean: dict[str, object] = {"labels": labels}
        if note := written(answer, "note"):
            clean["note"] = note
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        labels = answer["labels"]
        assert isinstance(labels, Mapping)  # noqa: S101 -- `check` made it one
        return {str(question): str(label) for question, label in labels.items()}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        return rated(brief, work, judgments, verdicts)
