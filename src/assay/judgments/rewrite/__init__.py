"""An answer made better: a person edits it, and sees every word that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.errors import AnswerError
from assay.judgments import TEXT_LIMIT, written
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say

QUESTION = "great"


class Rewrite:
    """One sample to edit. Without a change nothing is kept, unless the person says that none is needed.

    Answer: `text`, the edited answer, or `great` where it was as good as it can be already; and where the
    person wants, a `reason`.
    """

    name = "rewrite"
    title = "Rewrite an answer"
    shows = 1

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        return (Question(QUESTION, say("Is the answer as good as it can be already?"), ("no", "yes")),)

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        (sample,) = work.samples
        great, text = bool(answer.get("great")), written(answer, "text", limit=TEXT_LIMIT)
        same = _alike(text) == _alike(sample.text)
        if great and text and not same:
            raise AnswerError(
                "great", "you changed the answer and say that it needs no change; decide for one"
            )
        if not great and not text:
            raise AnswerError("text", "write the better answer, or say that it is great already")
        if not great and same:
            raise AnswerError(
                "text", "nothing has changed; make the answer better, or say that it is great already"
            )
        clean: dict[str, object] = {"great": True} if great else {"text": text}
        if reason := written(answer, "reason"):
            clean["reason"] = reason
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        return {QUESTION: "yes" if answer.get("great") else "no"}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        (sample,) = work.samples
        rows = [row for judgment in judgments for row in _rows(work, judgment)]
        verdict = verdicts.get(QUESTION)
        if verdict and verdict.label == "yes":
            rows.append(
                Example(
                    id=f"{work.id}/as-it-is",
                    shape="demonstration",
                    prompt=work.item.prompt,
                    work=work.id,
                    judgments=tuple(judgment.id for judgment in judgments),
                    completion=sample.text,
                    chosen_author=sample.author,
                    weight=verdict.probability,
                    language=work.item.language,
                    domain=work.item.domain,
                    method=verdict.method,
                    brief_version=brief.version,
                )
            )
        return rows


def _alike(text: str) -> str:
    """Return text without what is no change: space, and how lines end."""
    return " ".join(text.split())


def _rows(work: Work, judgment: Judgment) -> list[Example]:
    """Return what one rewrite teaches: how to answer, and that it is better than what stood there."""
    text = judgment.answer.get("text")
    if not isinstance(text, str):
        return []
    (sample,) = work.samples
    ideal = Example(
        id=f"{work.id}/{judgment.id}",
        shape="demonstration",
        prompt=work.item.prompt,
        work=work.id,
        judgments=(judgment.id,),
        completion=text,
        chosen_author=judgment.rater,
        language=work.item.language,
        domain=work.item.domain,
        method="rewritten by a person",
        brief_version=judgment.brief_version,
    )
    better = replace(
        ideal,
        id=f"{work.id}/{judgment.id}/better",
        shape="preference",
        completion="",
        chosen=text,
        rejected=sample.text,
        rejected_author=sample.author,
    )
    return [ideal, better]
