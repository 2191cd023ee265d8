"""For what share of people one model is the better one: a board is a mean, and may be nobody's order."""

from __future__ import annotations

import numpy as np

from assay.evaluation import claims
from assay.evaluation.arena import Arena
from assay.evaluation.battles import Battles, BoardError
from assay.evaluation.taste import LEAST_VOTES, Taste, taste

LEAST_PEOPLE = 20
"""A share of fewer people than this would be a list of persons."""


def tastes(battles: Battles) -> Taste | None:
    """Fit how people differ; `None` where too few of them voted often enough to show it.

    >>> from assay.records import Battle
    >>> tastes(Battles.from_records([Battle("i", "x", "y", "a", "ann")])) is None
    True
    """
    votes_R = np.bincount(battles.rater_N, minlength=len(battles.raters)) if battles.raters else np.zeros(0)
    if (votes_R >= LEAST_VOTES).sum() < LEAST_PEOPLE:
        return None
    try:
        return taste(battles)
    except (BoardError, np.linalg.LinAlgError):
        return None


def share(found: Taste, one: str, other: str) -> tuple[float, float, float]:
    """Return the share of people for whom the first is better, with its 95 % interval."""
    return found.share_among(one, other, found.votes_R >= LEAST_VOTES)


def of_pair(battles: Battles, one: str, other: str) -> str:
    """Say for what share of people the first is better; empty where that is not known.

    >>> from assay.records import Battle
    >>> said = [Battle(f"i{n}", "x", "y", "b" if n % 30 < 6 else "a", f"r{n % 30}") for n in range(300)]
    >>> of_pair(Battles.from_records(said), "x", "y")
    'x is better than y for 79 % of raters [61, 90].'
    """
    found = tastes(battles)
    return claims.preferred_by(one, other, *share(found, one, other)) if found is not None else ""


def from_the_top(board: Arena, most: int = 5) -> tuple[str, ...]:
    """Say for what share of people the leading model is better than each of the next ones."""
    found = tastes(board.battles)
    if found is None:
        return ()
    first, *others = (board.models[int(m)] for m in board.order_M[: most + 1])
    return tuple(claims.preferred_by(first, other, *share(found, first, other)) for other in others)
