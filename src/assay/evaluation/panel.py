"""The people behind a board: how much they voted, their habits, and who votes like a machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from assay.evaluation.arena import Arena
from assay.evaluation.battles import BoardError, Codes, Floats
from assay.evaluation.careless import NAMES, Suspicion, honest_chances, sides, suspicion, trust
from assay.evaluation.davidson import TIE
from assay.evaluation.design import Spreads
from assay.evaluation.hierarchical import hierarchical
from assay.wording import counted, say

QUICK = Spreads(item=0.0, item_tie=0.0)
"""Without what each model is worth on each prompt: people's habits come out nearly the same, much sooner."""


@dataclass(frozen=True, eq=False)
class Panel:
    """What is known of R people.

    Attributes
    ----------
    votes_R, ties_R
        How many comparisons, and the share of them that are ties.
    sharpness_R
        How sharply a person sees differences that others see too; 1 is usual.
    side_R
        Chance to choose the answer that stands first, of two that are worth the same.
    suspicion
        Evidence that somebody votes without looking.
    """

    raters: tuple[str, ...]
    votes_R: Codes
    ties_R: Floats
    sharpness_R: Floats
    side_R: Floats
    suspicion: Suspicion

    def to_frame(self) -> pl.DataFrame:
        """Return one row a person, those with most evidence against them first."""
        e_R = np.exp(np.minimum(self.suspicion.log_e_R, 700.0))
        return pl.DataFrame(
            {
                "rater": self.raters,
                "votes": self.votes_R,
                "ties": self.ties_R,
                "sharpness": self.sharpness_R,
                "first_side": self.side_R,
                "e_value": e_R,
                "flagged": self.suspicion.flagged_R,
                "surely": self.suspicion.surely_R,
                "reason": [
                    NAMES.get(reason, "") if flagged else ""
                    for reason, flagged in zip(self.suspicion.reason_R, self.suspicion.flagged_R, strict=True)
                ],
            }
        ).sort(["e_value", "votes"], descending=True)

    def sentences(self) -> tuple[str, ...]:
        """Say what stands out, without naming anybody: a page may travel further than its people would."""
        surely_R = self.suspicion.surely_R
        found, cast = int(surely_R.sum()), int(self.votes_R[surely_R].sum())
        said: list[str] = [
            counted(
                "{count} person votes more like a machine than like anybody who reads the answers; {cast:,} "
                "votes ({share:.0%}) are theirs. Nothing was taken out.",
                "{count} people vote more like a machine than like anybody who reads the answers; {cast:,} "
                "votes ({share:.0%}) are theirs. Nothing was taken out.",
                found,
                cast=cast,
                share=cast / self.votes_R.sum(),
            )
            if found
            else say("Nobody surely votes like a machine.")
        ]
        low, middle, high = np.quantile(self.ties_R, [0.1, 0.5, 0.9])
        if high > 0:
            said.append(
                say(
                    "How often people call a tie is their own habit: the most decided tenth does so in "
                    "{low:.0%} of their votes or less, the least decided tenth in {high:.0%} or more, half "
                    "of all in {middle:.0%} or less.",
                    low=low,
                    high=high,
                    middle=middle,
                )
            )
        return tuple(said)


def panel(board: Arena, rng: np.random.Generator) -> Panel:
    """Find out what the votes say of those who cast them.

    Raises
    ------
    BoardError
        Where the raters are not known, or there is one alone.

    >>> from assay.evaluation import Battles
    >>> from assay.evaluation.arena import arena
    >>> from assay.records import Battle
    >>> rng = np.random.default_rng(0)
    >>> won = rng.choice(["a", "b"], 300, p=[0.7, 0.3])
    >>> said = [Battle(f"i{n}", "x", "y", str(won[n]), f"r{n % 7}") for n in range(300)]
    >>> found = panel(arena(Battles.from_records(said), rng), rng)
    >>> found.to_frame().height, found.sentences()[0]
    (7, 'Nobody surely votes like a machine.')
    """
    battles = board.battles
    if not battles.raters:
        raise BoardError("nobody knows who voted; add a column rater to the comparisons")
    if len(battles.raters) < 2:
        raise BoardError(say("one person alone cannot be held against others; bring votes of others, too"))
    fit = hierarchical(battles, spreads=QUICK)
    n_raters = len(battles.raters)
    votes_R = np.bincount(battles.rater_N, minlength=n_raters)
    ties_R = np.bincount(battles.rater_N, battles.outcomes_N == TIE, n_raters) / np.maximum(votes_R, 1)
    return Panel(
        battles.raters,
        votes_R,
        ties_R,
        fit.skill_R / np.exp(np.log(fit.skill_R).mean()),
        1 / (1 + np.exp(-fit.rater_side_R)) if len(fit.rater_side_R) else np.full(n_raters, 0.5),
        _suspicion(board, rng),
    )


def _suspicion(board: Arena, rng: np.random.Generator) -> Suspicion:
    """Judge the decided votes of each person by the votes of others on the same two answers."""
    battles = board.battles
    decided_N = np.flatnonzero(battles.outcomes_N < TIE)
    some = battles.take(decided_N)
    # the same two answers, whatever side each stood on
    back_N = some.a_N > some.b_N
    low_N, high_N = np.where(back_N, some.b_N, some.a_N), np.where(back_N, some.a_N, some.b_N)
    n_models = len(some.models)
    pair_N = np.unique((some.items_N * n_models + low_N) * n_models + high_N, return_inverse=True)[1]
    chose_N = ((some.outcomes_N == 0) ^ back_N).astype(np.int64)
    gap_N = board.fit.theta_M[low_N] - board.fit.theta_M[high_N]
    left_N = None
    if some.detail is not None and "order" in some.detail.columns:
        left_N = (some.column("order").fill_null("ab") == "ab").to_numpy().astype(np.int64)
    left_N = sides(left_N, back_N, low_N * n_models + high_N)
    expected_N = 1 / (1 + np.exp(-gap_N))
    pseudo = trust(pair_N, chose_N, expected_N)
    honest_N = honest_chances(pair_N, chose_N, expected_N, pseudo=pseudo)
    found = suspicion(honest_N, chose_N, some.rater_N, rng=rng, left_N=left_N, pair_N=pair_N)
    # people who only ever called ties come after those who decided something
    silent = len(battles.raters) - len(found.reason_R)
    return Suspicion(
        np.pad(found.log_e_R, (0, silent)),
        (*found.reason_R, *[""] * silent),
        np.pad(found.flagged_R, (0, silent)),
        np.pad(found.surely_R, (0, silent)),
        np.pad(found.votes_R, (0, silent)),
    )
