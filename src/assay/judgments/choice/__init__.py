"""One or several labels for an item, or for an answer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.errors import AnswerError, AssayError
from assay.judgments import parts, written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say

NONE = ""
"""What a form sends for “none of these”, said on purpose."""


class Choice:
    """Every question of the brief about one sample, or about the item itself where it has none.

    Answer: `labels` (question → label, or a list of labels where several may be given), and where the person
    wants, a `note`. A form sends the labels of a question that takes several in `picked`, under the number of
    the question and the label. Each of these labels is a vote of its own, yes or no.
    """

    name = "choice"
    title = "Choose labels"
    shows = 1
    bare = True
    asks = True

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        if not brief.questions:
            raise AssayError(
                say("a project that chooses labels needs a question; give the brief one with its labels")
            )
        asked: list[Question] = []
        for question in brief.questions:
            if question.type not in ("categorical", "ordinal"):
                raise AssayError(
                    say(
                        "nobody can choose a label for {name!r}, which is of type {type}",
                        name=question.name,
                        type=question.type,
                    )
                )
            asked += _each(question) if question.several else [question]
        return tuple(asked)

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        given, picked = parts(answer, "labels"), parts(answer, "picked")
        labels: dict[str, object] = {}
        for number, question in enumerate(brief.questions):
            said = given.get(question.name)
            if question.several:
                labels[question.name] = _several(number, question, said, _picked(picked, number, question))
            elif said in question.labels:
                labels[question.name] = said
            else:
                known = ", ".join(question.labels)
                field = f"labels.{question.name}"
                raise AnswerError(
                    field, say("answer “{text}” with one of: {known}", text=question.text, known=known)
                )
        if unknown := sorted(set(given) - set(labels)):
            raise AnswerError("labels", say("the brief does not ask {name!r}", name=unknown[0]))
        clean: dict[str, object] = {"labels": labels}
        if note := written(answer, "note"):
            clean["note"] = note
        return clean

    def typed(self, brief: Brief, answer: Answer) -> dict[str, object]:
        given = parts(answer, "labels")
        picked = {
            f"{number}.{label}": label or "none"
            for number, question in enumerate(brief.questions)
            if isinstance(said := given.get(question.name), list)
            for label in said or (NONE,)
        }
        labels = {name: said for name, said in given.items() if not isinstance(said, list)}
        return {**answer, "labels": labels, "picked": picked}

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        given = parts(answer, "labels")
        votes: dict[str, str] = {}
        for question in brief.questions:
            said = given.get(question.name)
            if isinstance(said, list):
                names = zip(_each(question), question.labels, strict=True)
                votes |= {each.name: "yes" if label in said else "no" for each, label in names}
            elif said is not None:
                votes[question.name] = str(said)
        return votes

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        if not verdicts:
            return []
        sample = work.samples[0] if work.samples else None
        return [
            Example(
                id=work.id,
                shape="rating",
                prompt=work.item.prompt,
                work=work.id,
                judgments=tuple(judgment.id for judgment in judgments),
                completion=sample.text if sample else "",
                chosen_author=sample.author if sample else "",
                ratings={question: verdict.label for question, verdict in sorted(verdicts.items())},
                weight=min(verdict.probability for verdict in verdicts.values()),
                language=work.item.language,
                domain=work.item.domain,
                method=next(iter(verdicts.values())).method,
                brief_version=brief.version,
            )
        ]


def _each(question: Question) -> list[Question]:
    """Return one question, yes or no, for each label of a question that takes several."""
    return [
        replace(
            question, name=f"{question.name}: {label}", labels=("no", "yes"), several=False, ordered=False
        )
        for label in question.labels
    ]


def _picked(picked: Mapping[str, object], number: int, question: Question) -> list[str] | None:
    """Return what a form ticked for a question; `None` where nothing, not even “none of these”."""
    ticked = [label for label in (NONE, *question.labels) if picked.get(f"{number}.{label}")]
    if NONE in ticked and len(ticked) > 1:
        raise AnswerError(
            f"picked.{number}.",
            say("“{text}”: either some labels or none of these, not both", text=question.text),
        )
    return [label for label in ticked if label != NONE] if ticked else None


def _several(number: int, question: Question, said: object, ticked: list[str] | None) -> list[str]:
    chosen = said if isinstance(said, list) else [said] if isinstance(said, str) and said else ticked
    if chosen is None:
        first = f"picked.{number}.{question.labels[0]}"
        raise AnswerError(first, say("answer “{text}”: tick what fits, or none of these", text=question.text))
    if not all(label in question.labels for label in chosen) or len(set(map(str, chosen))) < len(chosen):
        known = ", ".join(question.labels)
        raise AnswerError(
            "labels", say("answer “{text}” with some of: {known}, each once", text=question.text, known=known)
        )
    return [label for label in question.labels if label in chosen]
