"""What would change a board: people who weigh much, prompts taken as drawn, ties counted as half wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.arena import LEAST_CLUSTERS, Arena, arena
from assay.evaluation.battles import BoardError
from assay.evaluation.davidson import TIE, davidson
from assay.evaluation.plain import bradley_terry
from assay.evaluation.rao_kupper import rao_kupper
from assay.wording import say

HEAVIEST = 5
"""So many people are left out, one at a time, those with the most votes first."""


@dataclass(frozen=True)
class WithoutRater:
    """A board without one person.

    Attributes
    ----------
    share
        Share of all votes that are this person's.
    first
        Who leads then; empty where the models fall apart without this person.
    moved
        How many places the model that moves furthest moves.
    """

    rater: str
    votes: int
    share: float
    first: str
    moved: int


def without_raters(board: Arena) -> tuple[WithoutRater, ...]:
    """Fit the board again without each of the people who voted most.

    >>> from assay.evaluation import Battles
    >>> from assay.records import Battle
    >>> said = [Battle("i", "x", "y", "b" if n % 3 else "a", "ann" if n % 2 else "ben") for n in range(60)]
    >>> found = without_raters(arena(Battles.from_records(said), np.random.default_rng(0)))
    >>> [(each.rater, each.votes, each.first) for each in found]
    [('ann', 30, 'y'), ('ben', 30, 'y')]
    """
    battles = board.battles
    if len(battles.raters) < 2:
        return ()
    votes_R = np.bincount(battles.rater_N, minlength=len(battles.raters))
    place_M = np.argsort(np.lexsort((np.arange(len(board.models)), -board.fit.theta_M)))
    found = []
    for r in np.argsort(-votes_R, kind="stable")[:HEAVIEST]:
        first, moved = "", 0
        try:
            fit = davidson(battles.take(battles.rater_N != r))
        except BoardError:
            pass
        else:
            order_M = np.lexsort((np.arange(len(board.models)), -fit.theta_M))
            first = board.models[int(order_M[0])]
            moved = int(np.abs(np.argsort(order_M) - place_M).max())
        found.append(
            WithoutRater(battles.raters[r], int(votes_R[r]), float(votes_R[r] / len(battles)), first, moved)
        )
    return tuple(found)


def without_people(board: Arena, out_R: NDArray[np.bool_]) -> str:
    """Say who leads where the votes of some people are left out.

    >>> from assay.evaluation import Battles
    >>> from assay.records import Battle
    >>> said = [Battle("i", "x", "y", "b" if n % 3 else "a", "ann" if n % 2 else "ben") for n in range(60)]
    >>> board = arena(Battles.from_records(said), np.random.default_rng(0))
    >>> without_people(board, np.array([True, False]))
    'Without the people who vote like machines y still stands first.'
    """
    left_N = ~out_R[board.battles.rater_N]
    if not left_N.any():
        return say(
            "Everybody here votes like a machine: without them there are no votes, and there is no board."
        )
    try:
        fit = davidson(board.battles.take(left_N))
    except BoardError:
        return say("Without the people who vote like machines some models never meet, and there is no board.")
    first, now = board.models[int(board.order_M[0])], board.models[int(np.argmax(fit.theta_M))]
    if first == now:
        return say("Without the people who vote like machines {model} still stands first.", model=first)
    return say(
        "Without the people who vote like machines {model} stands first instead of {first}.",
        model=now,
        first=first,
    )


def changes(board: Arena, rng: np.random.Generator) -> tuple[str, ...]:
    """Say what other ways to count would change, and what would narrow the board, in sentences.

    >>> from assay.evaluation import Battles
    >>> from assay.records import Battle
    >>> said = [Battle("i", "x", "y", "b" if n % 3 else "a", f"r{n % 6}") for n in range(60)]
    >>> changes(arena(Battles.from_records(said), np.random.default_rng(0)), np.random.default_rng(0))[0]
    'Counting ties as half wins leaves y first.'
    """
    sentences: list[str] = []
    first = board.models[int(board.order_M[0])]
    plain = bradley_terry(board.battles, intervals="vote").standings[0].model
    sentences.append(
        say("Counting ties as half wins leaves {model} first.", model=first)
        if plain == first
        else say(
            "Counting ties as half wins puts {model} first instead of {first}.", model=plain, first=first
        )
    )
    if (board.battles.outcomes_N >= TIE).any():
        banded = board.models[int(np.argmax(rao_kupper(board.battles).theta_M))]
        sentences.append(
            say("Taking a tie for too small a difference (Rao–Kupper) leaves {model} first.", model=first)
            if banded == first
            else say(
                "Taking a tie for too small a difference (Rao–Kupper) puts {model} first instead of {first}.",
                model=banded,
                first=first,
            )
        )
    prompts = len(board.battles.items)
    if "item" not in board.clustered_by and prompts >= LEAST_CLUSTERS:
        wide = arena(board.battles, rng, by=("rater", "item") if "rater" in board.clustered_by else ("item",))
        best = int((wide.ranks.low_M == 1).sum())
        sentences.append(
            say(
                "Taken as a sample of all prompts, these {prompts} leave {best} of {models} models that may "
                "be the best, instead of {now}: new prompts would tell more than new votes.",
                prompts=prompts,
                best=best,
                models=len(board.models),
                now=int((board.ranks.low_M == 1).sum()),
            )
        )
    alone = without_raters(board)
    for each in alone:
        who = {"rater": each.rater, "share": each.share}
        if not each.first:
            sentences.append(
                say(
                    "Without {rater}, who cast {share:.0%} of the votes, some models never meet, and there "
                    "is no board.",
                    **who,
                )
            )
        elif each.first != first:
            sentences.append(
                say(
                    "Without {rater}, who cast {share:.0%} of the votes, {model} stands first instead of "
                    "{first}.",
                    model=each.first,
                    first=first,
                    **who,
                )
            )
    if alone and all(each.first == first for each in alone):
        sentences.append(
            say(
                "Leaving out any one of the {people} people with the most votes leaves {model} first.",
                people=len(alone),
                model=first,
            )
        )
    return tuple(sentences)
