"""The plain board: Bradley–Terry ratings by maximum likelihood, with intervals that know who voted."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, ndtri, stdtrit

from assay.evaluation.battles import Battles, BoardError, Floats
from assay.evaluation.board import Board
from assay.evaluation.counts import PairCounts, refuse_if_apart, slices
from assay.records import Standing

ELO = 400 / np.log(10)
"""Elo points per unit of log-odds."""

CENTRE = 1000.0
"""The mean rating of a board; only differences between ratings mean anything."""

FEW_RATERS = 40
"""Under this many raters the clustered intervals are themselves uncertain, and the board says so."""

LEAST_RATERS = 5
"""Under this many raters their scores nearly cancel at the maximum, and clustering would claim certainty."""

PRIOR_SD_ELO = 400.0
"""Spread of the prior that is used only where a model won or lost everything, which has no finite rating."""


def bradley_terry(battles: Battles, *, intervals: Literal["auto", "rater", "vote"] = "auto") -> Board:
    """Fit P(a beats b) = σ(θ_a − θ_b), ties as half a win each, by Newton steps on compressed counts.

    Intervals are 95 % sandwich intervals of the centred ratings. `rater` adds up the scores of each rater
    before squaring (CR1 factor G/(G−1)): people repeat themselves, and intervals that take each vote as a
    fresh person are too narrow (85 % coverage instead of 95 in simulations with personal taste); the quantile
    is Student's with G−1 degrees of freedom. `auto` is `rater` where at least 5 raters are known. Rank ranges
    hold for all pairs at once (Bonferroni): a model's best rank is one more than the number of models that
    are surely above it.

    Source: Bradley & Terry, Biometrika 39 (1952); Zermelo (1929); sandwich: Huber (1967), clustered: Liang &
    Zeger, Biometrika 73 (1986).

    Raises
    ------
    BoardError
        Where the models fall into groups that were never compared, which no method can rank.

    >>> from assay.records import Battle
    >>> rounds = [("x", "y", "a"), ("y", "z", "a"), ("x", "z", "a"), ("z", "x", "a"), ("y", "x", "tie")]
    >>> board = bradley_terry(Battles.from_records(Battle("i", *one) for one in rounds))
    >>> [standing.model for standing in board.standings]
    ['x', 'y', 'z']
    """
    counts = PairCounts.of(battles)
    refuse_if_apart(battles, counts)
    undecided = _has_unbounded(counts)
    ridge = (ELO / PRIOR_SD_ELO) ** 2 if undecided else 0.0
    theta_M, information_M_M = _fit(counts, ridge)
    enough = len(battles.raters) >= LEAST_RATERS
    clustered = intervals == "rater" or (intervals == "auto" and enough)
    if clustered and not enough:
        raise BoardError(
            f"intervals by rater need at least {LEAST_RATERS} known raters; ask for them by vote"
        )
    covariance_M_M = _sandwich(battles, counts, theta_M, information_M_M, clustered=clustered)

    notes = []
    if undecided:
        notes.append(
            "some model won or lost every comparison, so a weak prior (sd 400 Elo) holds the ratings in place"
        )
    if clustered and len(battles.raters) < FEW_RATERS:
        notes.append(
            f"only {len(battles.raters)} raters: the intervals are themselves uncertain below {FEW_RATERS}"
        )
    if not clustered:
        notes.append(
            "each vote counts as a person of its own; real intervals are wider where people vote often"
        )
    return Board(
        standings=_standings(
            counts,
            battles.models,
            theta_M,
            covariance_M_M,
            freedom=len(battles.raters) - 1 if clustered else None,
        ),
        votes=len(battles),
        raters=len(battles.raters),
        clustered=clustered,
        notes=tuple(notes),
    )


def _has_unbounded(counts: PairCounts) -> bool:
    """Say whether some models never lost to the rest, so that no finite maximum exists (Ford 1957)."""
    won = sparse.coo_array(
        (
            np.concatenate([counts.wins_P, counts.votes_P - counts.wins_P]),
            (np.concatenate([counts.a_P, counts.b_P]), np.concatenate([counts.b_P, counts.a_P])),
        ),
        shape=(counts.n_models, counts.n_models),
    ).tocsr()
    won.eliminate_zeros()
    return bool(connected_components(won, directed=True, connection="strong", return_labels=False) > 1)


def _fit(counts: PairCounts, ridge: float) -> tuple[Floats, Floats]:
    """Return the centred ratings and their information matrix, both in log-odds."""
    n_models, a_P, b_P = counts.n_models, counts.a_P, counts.b_P

    def loss(theta_M: Floats) -> float:
        margin_P = theta_M[a_P] - theta_M[b_P]
        return float(
            (counts.votes_P * np.logaddexp(0, margin_P) - counts.wins_P * margin_P).sum()
            + ridge * (theta_M**2).sum() / 2
        )

    theta_M = np.zeros(n_models)
    information_M_M = np.zeros((n_models, n_models))
    for _ in range(100):
        chance_P = expit(theta_M[a_P] - theta_M[b_P])
        surplus_P = counts.wins_P - counts.votes_P * chance_P
        gradient_M = (
            np.bincount(a_P, surplus_P, n_models) - np.bincount(b_P, surplus_P, n_models) - ridge * theta_M
        )
        weight_P = counts.votes_P * chance_P * (1 - chance_P)
        information_M_M = np.zeros((n_models, n_models))
        np.add.at(information_M_M, (a_P, b_P), -weight_P)
        information_M_M += information_M_M.T
        np.fill_diagonal(information_M_M, -information_M_M.sum(axis=1) + ridge)
        # The likelihood does not move when all ratings do; the added constant fixes their mean at 0.
        step_M = np.linalg.solve(information_M_M + 1 / n_models, gradient_M)
        before, scale = loss(theta_M), 1.0
        while loss(theta_M + scale * step_M) > before + 1e-12 * abs(before) and scale > 1e-6:
            scale /= 2
        theta_M = theta_M + scale * step_M
        if np.abs(step_M).max() < 1e-9:
            break
    return theta_M - theta_M.mean(), information_M_M


def _sandwich(
    battles: Battles, counts: PairCounts, theta_M: Floats, information_M_M: Floats, *, clustered: bool
) -> Floats:
    n_models = len(battles.models)
    if clustered:
        groups = len(battles.raters)
        score_G_M = np.zeros((groups, n_models))
        for part in slices(battles):
            a_N, b_N, rater_N = battles.a_N[part], battles.b_N[part], battles.rater_N[part]
            surplus_N = battles.score_N[part] - expit(theta_M[a_N] - theta_M[b_N])
            np.add.at(score_G_M, (rater_N, a_N), surplus_N)
            np.subtract.at(score_G_M, (rater_N, b_N), surplus_N)
        meat_M_M = score_G_M.T @ score_G_M
        meat_M_M *= groups / (groups - 1)
    else:
        chance_P = expit(theta_M[counts.a_P] - theta_M[counts.b_P])
        square_P = counts.squares_P - 2 * chance_P * counts.wins_P + counts.votes_P * chance_P**2
        meat_M_M = np.zeros((n_models, n_models))
        meat_M_M[counts.a_P, counts.b_P] = -square_P
        meat_M_M += meat_M_M.T
        np.fill_diagonal(meat_M_M, -meat_M_M.sum(axis=1))
    bread_M_M = np.linalg.inv(information_M_M + 1 / n_models) - 1 / n_models
    covariance: Floats = bread_M_M @ meat_M_M @ bread_M_M
    return covariance


def _standings(
    counts: PairCounts,
    models: tuple[str, ...],
    theta_M: Floats,
    covariance_M_M: Floats,
    *,
    freedom: int | None,
) -> tuple[Standing, ...]:
    n_models = counts.n_models

    def quantile(p: float) -> float:
        return float(ndtri(p) if freedom is None else stdtrit(freedom, p))

    variance_M = np.diag(covariance_M_M)
    half_M = quantile(0.975) * np.sqrt(np.clip(variance_M, 0, None))
    gap_M_M = theta_M[:, None] - theta_M[None, :]
    spread_M_M = np.sqrt(np.clip(variance_M[:, None] + variance_M[None, :] - 2 * covariance_M_M, 0, None))
    surely_M_M = gap_M_M > -quantile(0.025 / (n_models * (n_models - 1) / 2)) * spread_M_M
    np.fill_diagonal(surely_M_M, val=False)
    votes_M = np.bincount(counts.a_P, counts.votes_P, n_models) + np.bincount(
        counts.b_P, counts.votes_P, n_models
    )
    return tuple(
        Standing(
            model=models[m],
            rating=float(CENTRE + ELO * theta_M[m]),
            low=float(CENTRE + ELO * (theta_M[m] - half_M[m])),
            high=float(CENTRE + ELO * (theta_M[m] + half_M[m])),
            votes=int(votes_M[m]),
            rank_low=1 + int(surely_M_M[:, m].sum()),
            rank_high=n_models - int(surely_M_M[m].sum()),
        )
        for m in sorted(range(n_models), key=lambda m: (-theta_M[m], models[m]))
    )
