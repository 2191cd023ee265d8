"""Stretches of an answer, marked: errors with how bad they are, or claims with what is known of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise

from assay.errors import AnswerError, AssayError
from assay.judgments import listed, written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import joined, say

ERRORS = Question(
    "error",
    say("What is wrong here?"),
    (say("accuracy"), say("fluency"), say("style"), say("other")),
    type="spans",
)
SEVERITY = Question(
    "severity", say("How bad is it?"), (say("minor"), say("major"), say("critical")), ordered=True
)
PENALTY = Question("penalty", say("How much is wrong in all?"), type="ratings", low=0, high=100)
TIMES = 5
"""Each step of severity counts so many times the one before: 1, 5, 25, as MQM scores translations."""

MOST_MARKS = 500


class Spans:
    """One sample, shown as it is written; a person marks stretches of it and says what each is.

    The brief's question of type `spans` names the categories; the first other question, if there is one, is
    asked of every mark. With neither, errors are marked with their severity. Where the question is `sourced`,
    every mark names a source, or its comment says why there is none.

    Answer: `marks`, a list of `start`, `end` (characters as Unicode counts them, the end left out), `label`,
    and, where asked or wanted, `degree`, `source` and `comment`; a form sends the list as JSON, and with it
    `nothing` where there is nothing to mark.
    """

    name = "spans"
    title = "Mark stretches of an answer"
    shows = 1
    asks = True

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        marks, degree = asked(brief)
        each = tuple(Question(label, marks.text, type="spans") for label in marks.labels)
        return (*each, PENALTY) if degree and degree.ordered else each

    def view(self, brief: Brief, work: Work) -> Mapping[str, object]:
        marks, degree = asked(brief)
        return {"marks": marks, "degree": degree}

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        marks, degree = asked(brief)
        (sample,) = work.samples
        nothing = bool(answer.get("nothing"))
        said = listed(answer, "marks")
        if not said and not nothing and not isinstance(answer.get("marks"), list):
            raise AnswerError("nothing", "mark something, or say that there is nothing to mark")
        if said and nothing:
            raise AnswerError("nothing", "there are marks; remove them, or do not say that there is nothing")
        if said and len(said) > MOST_MARKS:
            raise AnswerError("marks", say("keep to {most} marks", most=MOST_MARKS))
        clean = [_mark(one, number, sample.text, marks, degree) for number, one in enumerate(said or (), 1)]
        clean.sort(key=_place)
        for one, other in pairwise(clean):
            if _place(one) == _place(other):
                twice = sample.text[int(str(one["start"])) : int(str(one["end"]))]
                raise AnswerError(
                    "marks",
                    say(
                        "“{twice}” is marked twice as {label}; remove one mark",
                        twice=twice[:40],
                        label=one["label"],
                    ),
                )
        return {"marks": clean}

    def typed(self, brief: Brief, answer: Answer) -> dict[str, object]:
        return {**answer, "nothing": not answer.get("marks")}

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        marks, degree = asked(brief)
        said = [mark for mark in listed(answer, "marks") or () if isinstance(mark, Mapping)]
        votes = {
            label: json.dumps([[mark["start"], mark["end"]] for mark in said if mark["label"] == label])
            for label in marks.labels
        }
        if degree and degree.ordered:
            weights = {label: TIMES**step for step, label in enumerate(degree.labels)}
            votes[PENALTY.name] = str(sum(weights[str(mark["degree"])] for mark in said))
        return votes

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        if not verdicts:
            return []
        (sample,) = work.samples
        return [
            Example(
                id=work.id,
                shape="rating",
                prompt=work.item.prompt,
                work=work.id,
                judgments=tuple(judgment.id for judgment in judgments),
                completion=sample.text,
                chosen_author=sample.author,
                ratings={question: verdict.label for question, verdict in sorted(verdicts.items())},
                weight=min(verdict.probability for verdict in verdicts.values()),
                language=work.item.language,
                domain=work.item.domain,
                method=next(iter(verdicts.values())).method,
                brief_version=brief.version,
            )
        ]


def asked(brief: Brief) -> tuple[Question, Question | None]:
    """Return the question that names the categories, and the one asked of every mark.

    >>> marks, degree = asked(Brief("poems", "Delight.", "spans"))
    >>> marks.labels[0], degree.labels[0]
    ('accuracy', 'minor')
    """
    categories = [question for question in brief.questions if question.type == "spans"]
    others = [question for question in brief.questions if question.type in ("categorical", "ordinal")]
    if len(categories) > 1 or len(others) > 1 or len(brief.questions) > 2:
        raise AssayError(say("marks need one question of type spans and at most one more; remove the rest"))
    marks = categories[0] if categories else ERRORS
    if not marks.labels:
        raise AssayError(say("the question {name!r} has no labels to mark with; add some", name=marks.name))
    degree = others[0] if others else None if categories else SEVERITY
    if degree and degree.ordered and PENALTY.name in marks.labels:
        raise AssayError(
            say("the label {name!r} is taken by the sum of all marks; choose another", name=PENALTY.name)
        )
    return marks, degree


def _place(mark: Mapping[str, object]) -> tuple[int, int, str]:
    return int(str(mark["start"])), int(str(mark["end"])), str(mark["label"])


def _mark(
    said: object, number: int, text: str, marks: Question, degree: Question | None
) -> dict[str, object]:
    if not isinstance(said, Mapping):
        raise AnswerError("marks", say("mark {number} is no object with start, end and label", number=number))
    start, end, label = said.get("start"), said.get("end"), said.get("label")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise AnswerError(
            "marks",
            say(
                "mark {number} is not 0 ≤ start < end ≤ {length}; mark it again",
                number=number,
                length=len(text),
            ),
        )
    if label not in marks.labels:
        raise AnswerError(
            "marks",
            say("mark {number}: choose one of {known}", number=number, known=joined(marks.labels, ", ")),
        )
    clean: dict[str, object] = {"start": start, "end": end, "label": label}
    if degree:
        if said.get("degree") not in degree.labels:
            known = joined(degree.labels, ", ")
            raise AnswerError(
                "marks",
                say(
                    "mark {number}: answer “{text}” with one of {known}",
                    number=number,
                    text=degree.text,
                    known=known,
                ),
            )
        clean["degree"] = said["degree"]
    for field in ("source", "comment"):
        if note := written(said, field):
            clean[field] = note
    if marks.sourced and not ("source" in clean or "comment" in clean):
        raise AnswerError(
            "marks",
            say("mark {number}: name a source, or say in the comment why there is none", number=number),
        )
    return clean
