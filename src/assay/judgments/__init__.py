"""How one judgment is taken: one folder per kind, with its code, its page and a sample.

A kind checks what a person entered and turns it into `{question: label}`. Statistics read these votes and
nothing else, so kinds and quality methods never meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from assay import registry
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work


class Kind(Protocol):
    """What a folder under `judgments/` has to offer.

    Attributes
    ----------
    name, title
        The registered name, and what people read.
    shows
        How many samples are judged together.
    """

    name: str
    title: str
    shows: int

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
