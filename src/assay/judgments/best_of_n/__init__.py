"""Which of several answers serves the goal best, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.errors import AnswerError
from assay.judgments import written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say

QUESTION = "best"
TIE, ALL_BAD = "tie", "all_bad"
PLACES = "abcdefgh"


class BestOfN:
    """All samples of an item, up to eight; the answer names the best by id.

    Answer: `choice` (a sample id, `tie` where no difference matters, or `all_bad`), and where the person
    wants, `strength` (1 slightly, 2 clearly, 3 far better than the next) and `reason`.
    """

    name = "best-of-n"
    title = "Choose the best of several"
    shows = None

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        labels = (*PLACES, TIE, ALL_BAD)
        return (Question(QUESTION, say("Which answer serves the goal best?"), labels, compares=True),)

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        choice = answer.get("choice")
        known = [sample.id for sample in work.samples]
        if choice not in (*known, TIE, ALL_BAD):
            raise AnswerError("choice", "choose the best answer, no difference, or all bad")
        clean: dict[str, object] = {"choice": choice}
        if (strength := answer.get("strength")) not in (None, "") and choice in known:
            if str(strength) not in ("1", "2", "3"):
                raise AnswerError("strength", "strength is 1 (slightly), 2 (clearly) or 3 (far better)")
            clean["strength"] = int(str(strength))
        if reason := written(answer, "reason"):
            clean["reason"] = reason
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        places = {sample.id: label for sample, label in zip(work.samples, PLACES, strict=False)}
        choice = str(answer["choice"])
        return {QUESTION: places.get(choice, choice)}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        verdict = verdicts.get(QUESTION)
        samples = dict(zip(PLACES, work.samples, strict=False))
        if verdict is None or verdict.label not in samples:
            return []
        best = samples.pop(verdict.label)
        return [
            Example(
                id=f"{work.id}/{verdict.label}>{place}",
                shape="preference",
                prompt=work.item.prompt,
                work=work.id,
                judgments=tuple(judgment.id for judgment in judgments),
                chosen=best.text,
                rejected=other.text,
                chosen_author=best.author,
                rejected_author=other.author,
                weight=verdict.probability,
                language=work.item.language,
                domain=work.item.domain,
                method=verdict.method,
                brief_version=brief.version,
            )
            for place, other in samples.items()
            if other.text != best.text
        ]
