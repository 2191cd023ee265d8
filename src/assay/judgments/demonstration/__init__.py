"""The ideal answer, written by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.errors import AnswerError
from assay.judgments import TEXT_LIMIT, written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work


class Demonstration:
    """A prompt and an empty page; nothing to vote on, so its worth comes from review.

    Answer: `text`.
    """

    name = "demonstration"
    title = "Write the ideal answer"
    shows = 0

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        return ()

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        text = written(answer, "text", limit=TEXT_LIMIT)
        if not text:
            raise AnswerError("text", "write an answer before you submit")
        return {"text": text}

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        return {}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        return [
            Example(
                id=f"{work.id}/{judgment.id}",
                shape="demonstration",
                prompt=work.item.prompt,
                work=work.id,
                judgments=(judgment.id,),
                completion=str(judgment.answer["text"]),
                chosen_author=judgment.rater,
                language=work.item.language,
                domain=work.item.domain,
                method="written by a person",
                brief_version=judgment.brief_version,
            )
            for judgment in judgments
        ]
