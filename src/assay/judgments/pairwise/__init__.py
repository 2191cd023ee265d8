"""Which of two answers serves the goal better: one of them, a tie, or both bad, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.errors import AnswerError
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work

QUESTION = "better"
TIE, BOTH_BAD = "tie", "both_bad"
REASON_LIMIT = 4_000


class Pairwise:
    """Two samples side by side; the answer names the better sample by id, so no side is ever stored.

    Answer: `choice` (a sample id, `tie` or `both_bad`), and where the person wants, `strength` (1 slightly,
    2 clearly, 3 far better) and `reason`.
    """

    name = "pairwise"
    title = "Compare two answers"
    shows = 2

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        labels = ("a", "b", TIE, BOTH_BAD)
        return (Question(QUESTION, "Which answer serves the goal better?", labels, compares=True),)

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
        if reason := str(answer.get("reason") or "").strip():
            if len(reason) > REASON_LIMIT:
                raise AnswerError("reason", f"keep the reason under {REASON_LIMIT} characters")
            clean["reason"] = reason
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        choice = str(answer["choice"])
        places = {sample.id: label for sample, label in zip(work.samples, "ab", strict=True)}
        return {QUESTION: places.get(choice, choice)}

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
