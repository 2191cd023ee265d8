"""For what share of people one model is the better one: a board is a mean, and may be nobody's order."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from assay.evaluation import claims
from assay.evaluation.arena import Arena, code
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


def share(found: Taste, board: Arena, one: str, other: str) -> tuple[float, float, float]:
    """Return the share of people for whom the first is better, with a 95 % interval.

    The share is Φ(gap / spread of tastes). Its ends move the gap by what the board does not know of it, on
    the scale of the tastes, so that two models that cannot be told apart get a wide interval and no majority.
    """
    a, b = (code(board.models, name) for name in (one, other))
    covariance = board.uncertainty.covariance_K_K
    error = np.sqrt(max(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b], 0.0))
    # ties are half wins there and outcomes here: the scales differ by one factor
    scale = float(found.theta_M.std() / max(board.fit.theta_M.std(), 1e-12))
    half = float(max(board.uncertainty.quantile_K[[a, b]])) * float(error) * scale
    gap = float(found.theta_M[a] - found.theta_M[b])
    spread = max(found.polarisation(one, other), 1e-12)
    low, middle, high = (float(ndtr((gap + moved) / spread)) for moved in (-half, 0.0, half))
    return middle, low, high


def of_pair(board: Arena, one: str, other: str) -> str:
    """Say for what share of people the first is better; empty where that is not known.

    >>> from assay.evaluation.arena import arena
    >>> from assay.records import Battle
    >>> said = [Battle(f"i{n}", "x", "y", "b" if n % 30 < 6 else "a", f"r{n % 30}") for n in range(300)]
    >>> board = arena(Battles.from_records(said), np.random.default_rng(0))
    >>> of_pair(board, "x", "y").startswith("x is better than y for 98 %")
    True
    """
    found = tastes(board.battles)
    return claims.preferred_by(one, other, *share(found, board, one, other)) if found is not None else ""


def from_the_top(board: Arena, most: int = 5) -> tuple[str, ...]:
    """Say for what share of people the leading model is better than each of the next ones."""
    found = tastes(board.battles)
    if found is None:
        return ()
    first, *others = (board.models[int(m)] for m in board.order_M[: most + 1])
    return tuple(claims.preferred_by(first, other, *share(found, board, first, other)) for other in others)
