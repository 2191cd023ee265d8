"""The whole board in one call: ratings, intervals that know raters and prompts, ranks that hold at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from scipy import sparse
from scipy.special import expit, ndtri

from assay.evaluation.battles import Battles, BoardError, Codes, Floats
from assay.evaluation.board import Board
from assay.evaluation.claims import Gap, between, neighbours
from assay.evaluation.davidson import BOTH_BAD, TIE, Davidson, davidson
from assay.evaluation.plain import CENTRE, ELO
from assay.evaluation.ranks import RankSets, rank_sets
from assay.evaluation.sandwich import Uncertainty, clustered
from assay.records import Standing
from assay.wording import counted, say

Way = Literal["rater", "item"]

WAYS: Mapping[str, tuple[Way, ...] | None] = {
    "auto": None,
    "rater": ("rater",),
    "item": ("item",),
    "both": ("rater", "item"),
    "vote": (),
}
"""A word for each way to take votes together; `None` leaves the choice to what is known."""

LEAST_CLUSTERS = 5
"""Under this many raters (or items) their scores nearly cancel, and clustering would claim certainty."""

FEW_ITEMS = 30
"""On fewer prompts than this a board speaks of these prompts only; of others they are too few to speak."""

MANY = 200
"""From so many clusters on, Student's law and the normal one give the same ranks."""

PRIOR_SD = 400 / ELO
"""Spread of the prior, in log-odds, where a model won or lost everything: it has no finite rating then."""


@dataclass(frozen=True, eq=False)
class Arena:
    """A fitted board with everything that a claim about it needs.

    Attributes
    ----------
    fit
        Ratings under Davidson's model: ties and two bad answers are outcomes, not half wins.
    uncertainty
        Covariance of the centred ratings, in log-odds², and the quantile of the intervals.
    ranks
        Which ranks are open, all models at once.
    clustered_by
        What votes were taken together for: raters, items, both or nothing.
    information
        What one more vote between equals adds to what is known of a gap (log-odds⁻²), counted as the votes so
        far counted: where people repeat themselves, a vote is worth less.
    """

    battles: Battles
    fit: Davidson
    uncertainty: Uncertainty
    ranks: RankSets
    clustered_by: tuple[Way, ...]
    information: float
    notes: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        return self.fit.models

    @property
    def order_M(self) -> Codes:
        """Codes of the models from best to worst."""
        return np.lexsort((np.arange(len(self.models)), -self.fit.theta_M))

    @property
    def votes_M(self) -> Codes:
        """How many comparisons each model stands in."""
        n_models = len(self.models)
        votes_M: Codes = np.bincount(self.battles.a_N, minlength=n_models)
        votes_M += np.bincount(self.battles.b_N, minlength=n_models)
        return votes_M

    def elo_M_3(self) -> Floats:
        """Return low end, rating and high end of each model on the Elo scale, mean 1000."""
        theta_M, half_M = self.fit.theta_M, self.uncertainty.half_K
        elo_M_3: Floats = CENTRE + ELO * np.stack([theta_M - half_M, theta_M, theta_M + half_M], axis=1)
        return elo_M_3

    def neighbours(self) -> list[Gap]:
        """Return the gap between each model and the next one, from the best down."""
        return neighbours(
            self.models,
            self.fit.theta_M,
            self.uncertainty.covariance_K_K,
            self.ranks.above_M_M,
            critical=self.ranks.critical,
            information=self.information,
        )

    def between(self, one: str, other: str) -> Gap:
        """Return what is between two models, the better one first."""
        return between(
            self.models,
            self.fit.theta_M,
            self.uncertainty.covariance_K_K,
            self.ranks.above_M_M,
            pair=(code(self.models, one), code(self.models, other)),
            critical=self.ranks.critical,
            information=self.information,
        )

    def win_share(self, one: str, other: str) -> tuple[float, float, float]:
        """Return how often the first is chosen among decided votes on the two: share and 95 % interval.

        The interval is of this pair alone; `ranks` looks at all pairs together.
        """
        a, b = code(self.models, one), code(self.models, other)
        covariance = self.uncertainty.covariance_K_K
        gap = self.fit.theta_M[a] - self.fit.theta_M[b]
        error = np.sqrt(max(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b], 0.0))
        half = float(self.uncertainty.quantile_K[a]) * error
        return float(expit(gap)), float(expit(gap - half)), float(expit(gap + half))

    @property
    def pairs_decided(self) -> tuple[int, int]:
        """How many pairs of models are decided, and how many pairs there are."""
        n_models = len(self.models)
        return int(self.ranks.above_M_M.sum()), n_models * (n_models - 1) // 2

    def decided(self) -> str:
        """Say how many pairs of models the votes decide."""
        known, all_ = self.pairs_decided
        if known == all_:
            return counted(
                "The {count:,} pair of models is decided.", "All {count:,} pairs of models are decided.", all_
            )
        return say(
            "{known:,} of {all:,} pairs of models are decided; of the others the better one is not known.",
            known=known,
            all=all_,
        )

    def how(self) -> str:
        """Say what the intervals took together, and how wide they are."""
        together = {
            (): "each vote taken as a new person",
            ("rater",): "each rater's votes taken together",
            ("item",): "the votes on each prompt taken together",
        }.get(self.clustered_by, "the votes of each rater and on each prompt taken together")
        width = 2 * ELO * float(self.uncertainty.half_K.mean())
        return f"Intervals: 95 %, {together}; {width:.0f} Elo wide on average."

    def board(self) -> Board:
        """Return the standings as a plain board has them."""
        elo_M_3, votes_M = self.elo_M_3(), self.votes_M
        standings = tuple(
            Standing(
                model=self.models[m],
                rating=float(elo_M_3[m, 1]),
                low=float(elo_M_3[m, 0]),
                high=float(elo_M_3[m, 2]),
                votes=int(votes_M[m]),
                rank_low=int(self.ranks.low_M[m]),
                rank_high=int(self.ranks.high_M[m]),
            )
            for m in self.order_M
        )
        return Board(
            standings,
            len(self.battles),
            len(self.battles.raters),
            clustered=bool(self.clustered_by),
            notes=self.notes,
        )

    def to_frame(self) -> pl.DataFrame:
        """Return the board as a table, best first, with the columns that arena-rank's tables have.

        `rating_q025` and `rating_q975` are the ends of the 95 % interval; `rank` counts ratings and
        `rank_low`, `rank_high` are the ranks that are open; `variance` is in Elo².
        """
        order_M = self.order_M
        elo_M_3 = self.elo_M_3()[order_M]
        return pl.DataFrame(
            {
                "model": [self.models[m] for m in order_M],
                "rating": elo_M_3[:, 1],
                "rating_q025": elo_M_3[:, 0],
                "rating_q975": elo_M_3[:, 2],
                "rank": np.arange(1, len(order_M) + 1),
                "rank_low": self.ranks.low_M[order_M],
                "rank_high": self.ranks.high_M[order_M],
                "num_battles": self.votes_M[order_M],
                "variance": (ELO * self.uncertainty.error_K[order_M]) ** 2,
            }
        )


def code(models: tuple[str, ...], name: str) -> int:
    """Return the code of a model, or say which models there are.

    >>> code(("mica", "slate"), "slate")
    1
    """
    if name not in models:
        listed = ", ".join(models[:12]) + (" …" if len(models) > 12 else "")
        raise BoardError(f"there is no model {name!r} in the table; there are: {listed}")
    return models.index(name)


def arena(
    battles: Battles,
    rng: np.random.Generator,
    *,
    by: tuple[Way, ...] | None = None,
    weight_N: Floats | None = None,
) -> Arena:
    """Fit a board by Davidson's model, and say with intervals and rank sets what it is sure of.

    Votes are taken together by rater where at least five are known, and at once by item where at least
    thirty are: fewer prompts stand for themselves alone, and the claims are about them. `by` asks for
    something else; `()` takes each vote as a new person on a new prompt. `weight_N` says how much each vote
    counts, mean 1, where the voters are weighed to be like other people (`assay.evaluation.strata`).

    Raises
    ------
    BoardError
        Where nobody prefers any answer, where the models fall into groups that never met, or clusters are
        asked for that are not there.

    >>> from assay.records import Battle
    >>> rng = np.random.default_rng(1)
    >>> said = [Battle(f"i{n % 50}", "x", "y", "b" if n % 4 == 0 else "a", f"r{n % 7}") for n in range(200)]
    >>> board = arena(Battles.from_records(said), rng)
    >>> board.clustered_by, board.ranks.high_M.tolist()
    (('rater', 'item'), [1, 2])
    """
    if (battles.outcomes_N >= TIE).all():
        raise BoardError(
            say("nobody prefers one answer to another here: every vote is a tie or says that both are bad")
        )
    known: dict[Way, int] = {"rater": len(battles.raters), "item": len(battles.items)}
    least: dict[Way, int] = {"rater": LEAST_CLUSTERS, "item": FEW_ITEMS}
    chosen = tuple(way for way, groups in known.items() if groups >= least[way]) if by is None else by
    for way in chosen:
        if known[way] < LEAST_CLUSTERS:
            raise BoardError(
                f"intervals by {way} need at least {LEAST_CLUSTERS} known {way}s, and there are "
                f"{known[way]}; leave the choice to assay, or name the column {way}"
            )
    notes = []
    fit = davidson(battles, weight_N=weight_N)
    if np.abs(fit.theta_M).max() > 8:
        fit = davidson(battles, prior_sd=PRIOR_SD, weight_N=weight_N)
        notes.append(
            say(
                "some model won or lost every comparison, so a weak prior (sd 400 Elo) holds the ratings in "
                "place"
            )
        )
    ridge = PRIOR_SD**-2 if notes else 0.0
    codes = {"rater": battles.rater_N, "item": battles.items_N}
    if chosen:
        ways = [codes[way] for way in chosen]
        whole = _uncertainty(battles, fit, ways, ridge, rng, weight_N=weight_N)
    elif len(battles) < 2:
        raise BoardError("one comparison says nothing about chance; a board wants two at least")
    else:
        whole = Uncertainty(
            fit.covariance_M_M,
            (len(battles),),
            len(battles) - 1,
            np.full(len(battles.models), ndtri(0.975)),
        )
    ranks = rank_sets(
        fit.theta_M, whole.covariance_K_K, rng, freedom=whole.freedom if min(whole.groups) < MANY else None
    )
    if "item" not in chosen and known["item"]:
        notes.append(
            counted(
                "what is said holds for this one prompt; people were drawn, the prompt was not",
                "what is said holds for these {count} prompts; people were drawn, prompts were not",
                known["item"],
            )
        )
    if not chosen:
        notes.append(
            say(
                "each vote counts as a person of its own on a prompt of its own; real intervals are wider "
                "where people vote often"
            )
        )
    return Arena(battles, fit, whole, ranks, chosen, _information(battles, fit, whole), tuple(notes))


def _uncertainty(
    battles: Battles,
    fit: Davidson,
    ways: list[Codes],
    ridge: float,
    rng: np.random.Generator,
    *,
    weight_N: Floats | None = None,
) -> Uncertainty:
    """Return the clustered covariance of the centred ratings under Davidson's model.

    A vote speaks about four numbers (two ratings, ν, the bar) through three predictors: the margin, the tie
    and the bar. Each becomes a row of its own, all three in the vote's clusters; what the information has
    between predictors comes in beside.
    """
    n_votes, n_models = len(battles), len(battles.models)
    grounded = bool(np.isfinite(fit.bar))
    a_N, b_N, outcome_N = battles.a_N, battles.b_N, battles.outcomes_N
    chance_N_4 = fit.chances(a_N, b_N)
    first_N, second_N, tie_N, bad_N = chance_N_4.T
    gap_N = (first_N - second_N) / 2
    size = n_models + 1 + grounded
    each = np.arange(n_votes)

    def rows(*entries: tuple[Codes, float]) -> sparse.csr_array:
        column = np.concatenate([where for where, _ in entries])
        value = np.concatenate([np.full(n_votes, worth) for _, worth in entries])
        return sparse.csr_array((value, (np.tile(each, len(entries)), column)), shape=(n_votes, size))

    margin = rows((a_N, 1.0), (b_N, -1.0))
    tie = rows((np.full(n_votes, n_models), 1.0))
    said = np.eye(4)[outcome_N] - chance_N_4
    parts = [
        (margin, (said[:, 0] - said[:, 1]) / 2, (first_N + second_N) / 4 - gap_N**2),
        (tie, said[:, TIE], tie_N * (1 - tie_N)),
    ]
    across = [(margin, tie, -gap_N * tie_N)]
    if grounded:
        bar = rows((a_N, -0.5), (b_N, -0.5), (np.full(n_votes, n_models + 1), 1.0))
        parts.append((bar, said[:, BOTH_BAD], bad_N * (1 - bad_N)))
        across += [(margin, bar, -gap_N * bad_N), (tie, bar, -tie_N * bad_N)]
    if weight_N is not None:
        parts = [(rows_, surplus * weight_N, curvature * weight_N) for rows_, surplus, curvature in parts]
        across = [(one, other, between_N * weight_N) for one, other, between_N in across]
    prior = np.zeros((size, size))
    prior[:n_models, :n_models] = ridge * np.eye(n_models)
    for one, other, between_N in across:
        term = (one.T @ other.multiply(between_N[:, None])).toarray()
        prior += term + term.T
    found = clustered(
        sparse.csr_array(sparse.vstack([rows_ for rows_, _, _ in parts])),
        np.concatenate([surplus for _, surplus, _ in parts]),
        np.concatenate([curvature for _, _, curvature in parts]),
        [np.tile(way, len(parts)) for way in ways],
        prior_K_K=prior,
        rng=rng,
    )
    centre = np.eye(n_models) - 1 / n_models
    covariance = centre @ found.covariance_K_K[:n_models, :n_models] @ centre
    return Uncertainty(covariance, found.groups, found.freedom, found.quantile_K[:n_models])


def _information(battles: Battles, fit: Davidson, whole: Uncertainty) -> float:
    """Return what a vote between equals adds, deflated by what clustering cost so far."""
    n_models = len(fit.models)
    equal = 1 / (2 + np.exp(fit.log_tie))
    plain = np.diag(fit.covariance_M_M).sum()
    honest = np.diag(whole.covariance_K_K).sum()
    share = float(min(plain / honest, 1.0)) if honest > 0 and n_models > 1 else 1.0
    decided = 1 - float((battles.outcomes_N == BOTH_BAD).mean())
    return float(equal / 2 * decided * share)
