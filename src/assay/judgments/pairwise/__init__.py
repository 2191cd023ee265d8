"""Which of two answers serves the goal better: one of them, a tie, or both bad, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.errors import AnswerError, AssayError
from assay.judgments import parts, written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say

QUESTION = "better"
TIE, BOTH_BAD = "tie", "both_bad"
LABELS = ("a", "b", TIE, BOTH_BAD)


class Pairwise:
    """Two samples side by side; the answer names the better sample by id, so no side is ever stored.

    Answer: `choice` (a sample id, `tie` or `both_bad`), and where the person wants, `strength` (1 slightly,
    2 clearly, 3 far better), `reason`, and `dimensions` (question of the brief → a choice as above).
    """

    name = "pairwise"
    title = "Compare two answers"
    shows = 2
    asks = True

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        if any(question.name == QUESTION for question in brief.questions):
            raise AssayError(
                say("every comparison asks {name!r}; give your question another name", name=QUESTION)
            )
        own = (
            replace(question, labels=LABELS, type="categorical", compares=False)
            for question in brief.questions
        )
        return (Question(QUESTION, say("Which answer serves the goal better?"), LABELS, compares=True), *own)

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        choice = answer.get("choice")
        known = [sample.id for sample in work.samples]
        if choice not in (*known, TIE, BOTH_BAD):
            raise AnswerError("choice", "choose one of the two answers, a tie, or both bad")
        clean: dict[str, object] = {"choice": choice}
        if (strength := answer.get("strength")) not in (None, "") and choice in known:
            if str(strength) not in ("1", "2", "3"):
                raise AnswerError("strength", "strength is 1 (slightly), 2 (clearly) or 3 (far better)")
            clean["strength"] = int(str(strength))
        if reason := written(answer, "reason"):
            clean["reason"] = reason
        texts = {question.name: question.text for question in brief.questions}
        dimensions: dict[str, object] = {}
        for name, better in parts(answer, "dimensions").items():
            if name not in texts:
                raise AnswerError("dimensions", say("the brief does not ask {name!r}", name=name))
            if better in (None, ""):
                continue
            if better not in (*known, TIE, BOTH_BAD):
                field = f"dimensions.{name}"
                raise AnswerError(
                    field, say("answer “{text}” with one of the two, a tie, or both bad", text=texts[name])
                )
            dimensions[name] = better
        if dimensions:
            clean["dimensions"] = dimensions
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        places = {sample.id: label for sample, label in zip(work.samples, "ab", strict=True)}
        said = {QUESTION: answer["choice"], **parts(answer, "dimensions")}
        return {question: places.get(str(choice), str(choice)) for question, choice in said.items()}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        verdict = verdicts.get(QUESTION)
        if verdict is None or verdict.label not in ("a", "b"):
            return []
        first, second = work.samples
        chosen, rejected = (first, second) if verdict.label == "a" else (second, first)
        return [
            Example(
                id=work.id,
                shape="preference",
                prompt=work.item.prompt,
                work=work.id,
                judgments=tuple(judgment.id for judgment in judgments),
                chosen=chosen.text,
                rejected=rejected.text,
                chosen_author=chosen.author,
                rejected_author=rejected.author,
                weight=verdict.probability,
                language=work.item.language,
                domain=work.item.domain,
                method=verdict.method,
                brief_version=brief.version,
            )
        ]
