"""Models against each other without one number for each: majorities, cycles, and a draw that none beats.

A rating says that what beats a second one that beats a third beats the third too. Where people's majorities
go round in a circle no rating is right, and a reader of the board should hear of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.special import expit

from assay.evaluation import evalues
from assay.evaluation.battles import Battles, Codes, Floats
from assay.wording import say

LENT = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""So many people who vote as the board expects may be lent to each pair."""

NAMED = 0.05
"""A model with a smaller share of the draw is not named."""


@dataclass(frozen=True, eq=False)
class HeadToHead:
    """What majorities say of each two of M models.

    Attributes
    ----------
    share_M_M
        Share of people who choose the row's model over the column's: each person counts once a pair, as the
        mean of what they said; ½ on the diagonal.
    people_M_M
        How many people compared the two.
    log_e_M_M
        Evidence that the two are not chosen equally often, people as increments.
    sure_M_M
        Whether the row's majority over the column is sure, all pairs judged together (e-BH, 5 %).
    """

    models: tuple[str, ...]
    share_M_M: Floats
    people_M_M: NDArray[np.int64]
    log_e_M_M: Floats
    sure_M_M: NDArray[np.bool_]

    @property
    def winner(self) -> str | None:
        """The Condorcet winner: the model that a majority prefers to each other one; `None` where none is."""
        beats_M_M = self.share_M_M > 0.5
        np.fill_diagonal(beats_M_M, val=True)
        found = np.flatnonzero(beats_M_M.all(axis=1))
        return self.models[int(found[0])] if len(found) else None

    def top(self) -> tuple[str, ...]:
        """Return the Smith set: the fewest models of which each beats every model outside."""
        beats_M_M = self.share_M_M > 0.5
        order = np.argsort(-beats_M_M.sum(axis=1), kind="stable")
        size = 1
        while size < len(order):
            inside, outside = order[:size], order[size:]
            reached = outside[~beats_M_M[np.ix_(inside, outside)].all(axis=0)]
            if not len(reached):
                break
            size = 1 + max(int(np.flatnonzero(order == m)[0]) for m in reached)
        return tuple(self.models[int(m)] for m in order[:size])

    def cycle(self, *, sure: bool = True) -> tuple[str, ...]:
        """Return a shortest circle of majorities, each beating the next and the last the first; or nothing.

        `sure` asks for majorities that are proven each.
        """
        beats_M_M = self.sure_M_M if sure else self.share_M_M > 0.5
        best: list[int] = []
        for start in range(len(self.models)):
            before = {start: -1}
            wave = [start]
            while wave and start not in {m for m in before if before[m] >= 0}:
                following: list[int] = []
                for m in wave:
                    for n in np.flatnonzero(beats_M_M[m]).tolist():
                        if n == start:
                            path = [m]
                            while before[path[-1]] >= 0:
                                path.append(before[path[-1]])
                            if not best or len(path) < len(best):
                                best = path[::-1]
                            following = []
                            break
                        if n not in before:
                            before[n] = m
                            following.append(n)
                    else:
                        continue
                    break
                wave = following
        return tuple(self.models[m] for m in best)

    def lottery_M(self) -> Floats:
        """Return the maximal lottery: chances of drawing each model, to which no majority prefers another.

        Where one model beats all others it is drawn for certain. The draw is the best play of the symmetric
        game whose stakes are the majorities.

        Source: Fishburn, Review of Economic Studies 51 (1984); Kreweras (1965).
        """
        n_models = len(self.models)
        stakes_M_M = self.share_M_M - self.share_M_M.T
        found = linprog(
            np.append(np.zeros(n_models), -1.0),
            A_ub=np.hstack([-stakes_M_M.T, np.ones((n_models, 1))]),
            b_ub=np.zeros(n_models),
            A_eq=np.append(np.ones(n_models), 0.0)[None],
            b_eq=[1.0],
            bounds=[(0, None)] * n_models + [(None, None)],
            method="highs",
        )
        drawn_M = np.clip(found.x[:n_models], 0, None)
        chance_M: Floats = drawn_M / drawn_M.sum()
        return chance_M

    def sentences(self, first: str = "") -> tuple[str, ...]:
        """Say which model beats all others, or which go round in a circle; `first` leads the board."""
        said: list[str] = []
        if (winner := self.winner) is not None:
            own = self.models.index(winner)
            proven, all_ = int(self.sure_M_M[own].sum()), len(self.models) - 1
            told = {"model": winner, "others": all_, "proven": proven}
            said.append(
                say(
                    "Head to head a majority prefers {model} to each of the other {others}, though {first} "
                    "stands first on the board; {proven} of these majorities are proven.",
                    first=first,
                    **told,
                )
                if first and winner != first
                else say(
                    "Head to head a majority prefers {model} to each of the other {others}; {proven} of "
                    "these majorities are proven.",
                    **told,
                )
            )
        else:
            among = self.top()
            said.append(
                say(
                    "No model is preferred to all others head to head: {some} of {models} beat all the rest "
                    "and not each other.",
                    some=len(among),
                    models=len(self.models),
                )
            )
            said.append(
                say(
                    "A draw to which no majority prefers another one: {draw}.",
                    draw=_draw(self.models, self.lottery_M()),
                )
            )
        if ring := self.cycle():
            said.append(
                say(
                    "Majorities go round in a circle: {ring}. This is proven, and no rating can say it.",
                    ring=_ring(ring),
                )
            )
        elif winner is None and (ring := self.cycle(sure=False)):
            said.append(
                say("As it looks, majorities go round: {ring}; chance alone may do that.", ring=_ring(ring))
            )
        return tuple(said)


def head_to_head(battles: Battles, theta_M: Floats | None = None, *, alpha: float = 0.05) -> HeadToHead:
    """Count for each two models how many people prefer which, and how sure that is.

    To each pair people are lent who vote as the ratings `theta_M` (log-odds) expect, so that pairs that
    hardly met follow the board; without ratings they are split. How many is learned: as many as foresee each
    person best from the others on the pair. Ties, and two bad answers, are half a vote.

    Source: Condorcet (1785); e-values by person as in `assay.evaluation.evalues`.

    >>> from assay.records import Battle
    >>> rounds = [("x", "y"), ("y", "z"), ("z", "x")]
    >>> said = [Battle("i", *two, "a", f"r{n}") for n in range(60) for two in rounds]
    >>> found = head_to_head(Battles.from_records(said))
    >>> found.winner, found.cycle(), found.lottery_M().round(2).tolist()
    (None, ('x', 'y', 'z'), [0.33, 0.33, 0.33])
    """
    n_models = len(battles.models)
    back_N = battles.a_N > battles.b_N
    low_N = np.where(back_N, battles.b_N, battles.a_N).astype(np.int64)
    high_N = np.where(back_N, battles.a_N, battles.b_N)
    won_N = np.where(back_N, 1 - battles.score_N, battles.score_N)
    who_N = battles.rater_N if battles.raters else np.arange(len(battles))
    pair_N = low_N * n_models + high_N
    # one number a person and pair, in the order in which people first spoke
    people = int(who_N.max()) + 1
    _, first_C, cell_N = np.unique(pair_N * people + who_N, return_index=True, return_inverse=True)
    mean_C = np.bincount(cell_N, won_N) / np.bincount(cell_N)
    pair_C = pair_N[first_C]
    rating_M = np.zeros(n_models) if theta_M is None else theta_M
    share_M_M = expit(rating_M[:, None] - rating_M[None, :])
    people_M_M = np.zeros((n_models, n_models), dtype=np.int64)
    log_e_M_M = np.zeros((n_models, n_models))
    lent = _lent(pair_C, mean_C, share_M_M.ravel()[pair_C])
    order_C = np.lexsort((first_C, pair_C))
    starts = np.flatnonzero(np.diff(pair_C[order_C], prepend=-1))
    pairs, log_es = [], []
    for own_C in np.split(order_C, starts[1:]):
        a, b = divmod(int(pair_C[own_C[0]]), n_models)
        log_e = float(evalues.betting(mean_C[own_C])[-1])
        share = (mean_C[own_C].sum() + lent * share_M_M[a, b]) / (len(own_C) + lent)
        share_M_M[a, b], share_M_M[b, a] = share, 1 - share
        people_M_M[a, b] = people_M_M[b, a] = len(own_C)
        log_e_M_M[a, b] = log_e_M_M[b, a] = log_e
        pairs.append((a, b))
        log_es.append(log_e)
    sure_M_M = np.zeros((n_models, n_models), dtype=bool)
    for (a, b), sure in zip(pairs, evalues.e_bh(np.array(log_es), alpha=alpha), strict=True):
        if sure:
            sure_M_M[(a, b) if share_M_M[a, b] > 0.5 else (b, a)] = True
    return HeadToHead(battles.models, share_M_M, people_M_M, log_e_M_M, sure_M_M)


def _lent(pair_C: Codes, mean_C: Floats, expected_C: Floats) -> float:
    """Return the number of lent people with which the others on a pair foretell a person best."""
    _, code_C = np.unique(pair_C, return_inverse=True)
    people_C = np.bincount(code_C)[code_C]
    others_C = np.bincount(code_C, mean_C)[code_C] - mean_C

    def loss(lent: float) -> float:
        chance_C = np.clip((others_C + lent * expected_C) / (people_C - 1 + lent), 1e-6, 1 - 1e-6)
        return -float((mean_C * np.log(chance_C) + (1 - mean_C) * np.log1p(-chance_C)).sum())

    return min(LENT, key=loss)


def _ring(names: Sequence[str]) -> str:
    return ", ".join(f"{one} beats {other}" for one, other in zip(names, [*names[1:], names[0]], strict=True))


def _draw(models: Sequence[str], chance_M: Floats) -> str:
    named = [m for m in np.argsort(-chance_M, kind="stable") if chance_M[m] >= NAMED]
    return ", ".join(f"{models[int(m)]} {100 * chance_M[m]:.0f} %" for m in named)
