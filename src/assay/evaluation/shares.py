"""For what share of people one model is the better one: a board is a mean, and may be nobody's order."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from assay.evaluation import claims, classes
from assay.evaluation.arena import Arena, code
from assay.evaluation.battles import Battles, BoardError
from assay.evaluation.taste import LEAST_VOTES, Taste, taste
from assay.wording import say

LEAST_PEOPLE = 20
"""A share of fewer people than this would be a list of persons."""

MOST_MODELS, MOST_VOTES = 150, 50_000
"""On larger tables kinds of taste are not looked for unasked."""

APART = 0.2
"""Spreads of taste (log-odds) below this are no news."""


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


def kinds_of_taste(board: Arena, rng: np.random.Generator) -> tuple[str, ...]:
    """Say how many kinds of taste there are, and which two models people are furthest apart about.

    How many is settled by votes kept aside; empty where too few people voted often enough, or where there are
    so many models or votes that it would take long.

    >>> from assay.evaluation.arena import arena
    >>> from assay.evaluation.simulations import kinds
    >>> rng = np.random.default_rng(0)
    >>> kinds_of_taste(arena(kinds(rng).battles, rng), rng)[0]
    'People fall into 2 kinds of taste: votes kept aside are foreseen better by 2 boards than by one.'
    """
    battles = board.battles
    votes_R = np.bincount(battles.rater_N, minlength=len(battles.raters)) if battles.raters else np.zeros(0)
    known = (votes_R >= LEAST_VOTES).sum() >= LEAST_PEOPLE
    if not known or len(battles.models) > MOST_MODELS or len(battles) > MOST_VOTES:
        return ()
    told = classes.how_many(battles, rng, most=3, restarts=3)
    found = classes.classes(battles, told.chosen, rng, merge=False)
    return (*classes.sentences(found, told), *_furthest(board))


def _furthest(board: Arena) -> tuple[str, ...]:
    """Say about which two models people are furthest apart, where they are."""
    found = tastes(board.battles)
    if found is None or not found.loading_M_K.size:
        return ()
    gap_M_M = np.linalg.norm(found.loading_M_K[:, None] - found.loading_M_K[None], axis=2)
    one, other = np.unravel_index(int(np.argmax(gap_M_M)), gap_M_M.shape)
    if gap_M_M[one, other] < APART:
        return ()
    names = found.models[int(one)], found.models[int(other)]
    usual = 100 / (1 + np.exp(-gap_M_M[one, other]))
    return (
        say(
            "People are furthest apart about {first} and {second}: were the two equal on the board, a person "
            "at a usual distance from the mean would choose one of them {usual:.0f} times in 100.",
            first=names[0],
            second=names[1],
            usual=usual,
        ),
    )
