"""Votes that say which sample won, as battles of their authors, and the board that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import polars as pl

from assay.evaluation import Battles, Board, BoardError, bradley_terry
from assay.pipeline.weighing import outcomes
from assay.records import Battle, Question, Vote, Work

PLACES = "abcdefgh"
"""What a vote calls the samples of a work, in their order."""

NOBODY = {"tie": "tie", "both_bad": "both_bad", "all_bad": "both_bad"}
"""Labels that name no winner, and what they say of any two of the samples."""


def battles(question: Question, work: Work, vote: Vote) -> list[Battle]:
    """Return what a vote says about each two samples of a work that have different authors.

    The best of several won against each of the others; what these are to each other was not said.

    >>> from assay.records import Item, Sample
    >>> three = Work("w", Item("i", "…"), tuple(Sample(f"i/{name}", "i", name, "…") for name in "xyz"))
    >>> said = battles(Question("best", "?", compares=True), three, Vote("w", "ann", "best", "b"))
    >>> [(battle.model_a, battle.model_b, battle.winner) for battle in said]
    [('x', 'y', 'b'), ('y', 'z', 'a')]
    """
    return [
        Battle(work.item.id, model_a, model_b, winner, vote.rater)
        for model_a, model_b, winner in _between(question, work, vote)
    ]


def _between(question: Question, work: Work, vote: Vote) -> list[tuple[str, str, str]]:
    """Return (an author, another, which of them won) for each two samples that a vote compares."""
    if not question.compares or len(work.samples) < 2:
        return []
    author = {sample.id: sample.author for sample in work.samples}
    if question.type == "rankings":
        known = [
            (one, other, "tie" if tied else "a")
            for one, other, tied in outcomes(vote.label)
            if one in author and other in author
        ]
    elif vote.label in NOBODY:
        known = [(one, other, NOBODY[vote.label]) for one, other in combinations(author, 2)]
    else:
        best = dict(zip(PLACES, author, strict=False)).get(vote.label)
        known = [
            (one, other, "a" if one == best else "b")
            for one, other in combinations(author, 2)
            if best in (one, other)
        ]
    return [
        (author[one], author[other], winner) for one, other, winner in known if author[one] != author[other]
    ]


def board(
    questions: Iterable[Question], work_of: Mapping[str, Work], votes: Mapping[str, Iterable[Vote]]
) -> Board | None:
    """Draw a board from every vote that compares samples; `None` where none does."""
    fought = [
        (work.item.id, *between, vote.rater)
        for question in questions
        for vote in votes.get(question.name, ())
        for work in (work_of[vote.item],)
        for between in _between(question, work, vote)
    ]
    if not fought:
        return None
    names = ("item", "model_a", "model_b", "winner", "rater")
    columns = dict(zip(names, zip(*fought, strict=True), strict=True))
    if not any(columns["rater"]):
        del columns["rater"]  # nobody said who it was
    try:
        return bradley_terry(Battles.from_frame(pl.DataFrame(columns)))
    except BoardError as refusal:
        return Board((), len(fought), 0, clustered=False, refusal=str(refusal))
