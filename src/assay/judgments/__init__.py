"""How one judgment is taken: one folder per kind, with its code, its page and a sample.

A kind checks what a person entered and turns it into `{question: label}`. Statistics read these votes and
nothing else, so kinds and quality methods never meet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from assay import registry
from assay.errors import AnswerError
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say

TEXT_LIMIT = 100_000
NOTE_LIMIT = 4_000
FIELDS = {
    "reason": say("reason"),
    "note": say("note"),
    "text": say("text"),
    "source": say("source"),
    "comment": say("comment"),
    "said": say("said"),
    "edited": say("edited"),
}
"""The texts of an answer, as sentences about them call them."""


class Kind(Protocol):
    """What a folder under `judgments/` has to offer.

    Attributes
    ----------
    name, title
        The registered name, and what people read.
    shows
        How many samples are judged together; `None` for all samples of an item, up to eight.

    A kind may also have `bare` (true where an item without any sample is a work too), `asks` (true where
    it puts the questions of the brief), `view(brief, work)`, which returns what its page needs besides, and
    `typed(brief, answer)`, which returns a checked answer by the names of its form's fields, where these are
    others: what somebody said is shown to be changed.
    """

    name: str
    title: str
    shows: int | None

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        """Return the questions whose labels become votes; none where nothing can be voted on."""
        ...

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        """Return the answer cleaned, or raise `AnswerError` naming the field that is wrong."""
        ...

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        """Return question → label for a checked answer."""
        ...

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        """Return the rows of a dataset that the judgments on one work come to.

        `verdicts` maps question → verdict for this work.
        """
        ...


def kind(name: str) -> Kind:
    """Return a kind by its registered name.

    >>> kind("pairwise").shows
    2
    """
    return cast("type[Kind]", registry.get("kinds", name))()


def written(answer: Mapping[str, object], field: str, *, limit: int = NOTE_LIMIT) -> str:
    """Return an optional text of an answer without the space around it, empty where there is none.

    >>> written({"reason": " it rhymes "}, "reason")
    'it rhymes'
    """
    text, called = answer.get(field), FIELDS.get(field, field)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise AnswerError(field, say("the {field} is not text; write it as text", field=called))
    if len(text.strip()) > limit:
        raise AnswerError(
            field,
            say("keep the {field} under {limit} characters", field=called, limit=limit),
        )
    return text.strip()


def parts(answer: Mapping[str, object], field: str) -> Mapping[str, object]:
    """Return the named parts of an answer, none where the field is missing.

    >>> parts({"labels": {"ear": "yes"}}, "labels")
    {'ear': 'yes'}
    """
    held = answer.get(field)
    if held is None or held == "":
        return {}
    if not isinstance(held, Mapping):
        raise AnswerError(field, say("{field} is no set of names and values; send an object", field=field))
    return {str(name): value for name, value in held.items()}


def listed(answer: Mapping[str, object], field: str) -> list[object] | None:
    """Return a list of an answer, which a form sends as JSON; `None` where the field is missing or empty.

    >>> listed({"marks": "[1, 2]"}, "marks")
    [1, 2]
    """
    held = answer.get(field)
    if isinstance(held, str) and held.strip():
        try:
            held = json.loads(held)
        except (ValueError, RecursionError) as wrong:
            raise AnswerError(
                field, say("{field} cannot be read; reload the page and try again", field=field)
            ) from wrong
    if held is None or held == "":
        return None
    if not isinstance(held, list):
        raise AnswerError(field, say("{field} is no list; send one", field=field))
    return held


def rated(
    brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
) -> list[Example]:
    """Return the row of a work with one sample that was judged by questions; none without a verdict."""
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
            # A row is as sure as the least sure of its verdicts.
            weight=min(verdict.probability for verdict in verdicts.values()),
            language=work.item.language,
            domain=work.item.domain,
            method=next(iter(verdicts.values())).method,
            brief_version=brief.version,
        )
    ]
