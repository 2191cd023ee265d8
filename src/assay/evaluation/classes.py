"""Kinds of taste: people in a few groups, each with a board of its own; votes kept aside say how many.

The factor model (`assay.evaluation.taste`) lets people differ by degrees along a direction. Here they differ
in kind. Which of the two foresees votes better is a question for votes that neither saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, logsumexp

from assay.evaluation.battles import Battles, BoardError, Codes, Floats
from assay.evaluation.counts import summed
from assay.evaluation.taste import taste
from assay.wording import say

PRIOR_SD = 1.5
"""Spread of the ratings of the board that all classes share, in log-odds."""

CLASS_SD = 0.7
"""Spread of a class around that board. Fixed beforehand, on no table."""

RESTARTS = 10
WARM = 12
"""Rounds of each restart; the best one alone is carried on."""

ROUNDS = 200
MOST = 4
"""So many classes are tried: of more, what is found is seldom found again."""

FEW = 8
"""A kind of taste with fewer people than this is not described: a page would point at them."""


@dataclass(frozen=True, eq=False)
class Classes:
    """C kinds of taste, the commonest first, in log-odds; ties are half a win.

    Attributes
    ----------
    weight_C
        Share of the people in each.
    theta_C_M
        What each thinks of the models, mean 0.
    member_R_C
        The chance that each rater belongs to each, given the votes.
    log_likelihood
        Of the votes, classes added up, in nats.
    """

    models: tuple[str, ...]
    raters: tuple[str, ...]
    weight_C: Floats
    theta_C_M: Floats
    member_R_C: Floats
    votes_R: Codes
    log_likelihood: float

    def _code(self, name: str) -> int:
        if name not in self.models:
            raise BoardError(f"there is no model {name!r}; there are: {', '.join(self.models[:12])}")
        return self.models.index(name)

    def share(self, one: str, other: str) -> float:
        """Return the share of people to whose kind of taste the first is the better one."""
        better_C = self.theta_C_M[:, self._code(one)] > self.theta_C_M[:, self._code(other)]
        return float(self.weight_C[better_C].sum())

    def best_for(self, rater: str) -> list[tuple[str, float]]:
        """Return the models in the order of one rater: the classes, mixed by how likely each is.

        Whoever voted little has the mix of the crowd; so has a stranger.
        """
        member_C = self.weight_C
        if rater in self.raters:
            member_C = self.member_R_C[self.raters.index(rater)]
        mixed_M = member_C @ self.theta_C_M
        return [(self.models[m], float(mixed_M[m])) for m in np.argsort(-mixed_M, kind="stable")]

    def log_losses(self, battles: Battles) -> Floats:
        """Return the log-loss of each of other votes on the same models, ties as half a win."""
        code_M = np.array([self._code(name) for name in battles.models])
        a_N, b_N = code_M[battles.a_N], code_M[battles.b_N]
        place = {name: code for code, name in enumerate(self.raters)}
        unknown = len(self.raters)
        member_X_C = np.vstack([self.member_R_C, self.weight_C])
        if battles.raters:
            who_N = np.array([place.get(name, unknown) for name in battles.raters])[battles.rater_N]
        else:
            who_N = np.full(len(battles), unknown)
        chance_N = (member_X_C[who_N] * expit(self.theta_C_M[:, a_N] - self.theta_C_M[:, b_N]).T).sum(axis=1)
        chance_N = np.clip(chance_N, 1e-12, 1 - 1e-12)
        losses_N: Floats = -(battles.score_N * np.log(chance_N) + (1 - battles.score_N) * np.log1p(-chance_N))
        return losses_N


@dataclass(frozen=True, eq=False)
class Told:
    """How well 1, 2, … classes foresee votes that were kept aside.

    Attributes
    ----------
    loss_K
        Mean log-loss, in nats, of one class, two, and so on.
    error_K
        Standard error of what each loses against the best, the votes of a person together.
    chosen
        The fewest classes whose loss is within one standard error of the least.
    """

    loss_K: Floats
    error_K: Floats
    chosen: int


def classes(
    battles: Battles, number: int, rng: np.random.Generator, *, restarts: int = RESTARTS, merge: bool = True
) -> Classes:
    """Fit a mixture of Bradley–Terry boards by EM, from many starts; classes that say the same are merged.

    A class is drawn to the board that all share by a normal prior of 0.7. Two classes are merged where their
    common board costs less log-likelihood than ½·M·log R, the price of the parameters that it saves (BIC). So
    fewer than `number` may come back.

    Source: mixtures of paired-comparison models: Dillon, Kumar & de Borrero, J. Marketing Research 30 (1993);
    EM: Dempster, Laird & Rubin, JRSS B 39 (1977).

    Raises
    ------
    BoardError
        Where the raters are not known.

    >>> from assay.evaluation.simulations import kinds
    >>> crowd = kinds(np.random.default_rng(0))
    >>> fit = classes(crowd.battles, 2, np.random.default_rng(1))
    >>> fit.weight_C.round(1).tolist()
    [0.7, 0.3]
    """
    if not battles.raters:
        raise BoardError("kinds of taste need to know who voted; give a column rater")
    if number < 1:
        raise BoardError(f"{number} kinds of taste cannot be; ask for one or more")
    cells = _Cells.of(battles)
    nothing_M = np.zeros(cells.n_models)
    everybody = np.ones((len(battles.raters), 1))
    shared_M = cells.boards(everybody, nothing_M[None], nothing_M, PRIOR_SD, steps=12)[0]
    tried = []
    for _ in range(restarts if number > 1 else 1):
        member_R_C = rng.dirichlet(np.full(number, 0.5), len(battles.raters))
        tried.append(_climbed(cells, member_R_C, np.tile(shared_M, (number, 1)), shared_M, WARM))
    _, member_R_C, theta_C_M = max(tried, key=lambda one: one[0])
    value, member_R_C, theta_C_M = _climbed(cells, member_R_C, theta_C_M, shared_M, ROUNDS)
    while merge and len(theta_C_M) > 1:
        joined = _joined(cells, member_R_C, theta_C_M, shared_M)
        if joined is None:
            break
        value, member_R_C, theta_C_M = joined
    weight_C = _weights(member_R_C)
    order_C = np.argsort(-weight_C, kind="stable")
    return Classes(
        battles.models,
        battles.raters,
        weight_C[order_C],
        theta_C_M[order_C],
        member_R_C[:, order_C],
        np.bincount(battles.rater_N, minlength=len(battles.raters)),
        value,
    )


def how_many(
    battles: Battles, rng: np.random.Generator, *, most: int = MOST, folds: int = 5, restarts: int = 5
) -> Told:
    """Try one class, two, … on votes kept aside, other votes of the same people staying in.

    The fewest within one standard error of the best are chosen: a class more has to be worth its while.

    Source: one standard error: Breiman, Friedman, Olshen & Stone (1984).

    >>> from assay.evaluation.simulations import kinds
    >>> how_many(kinds(np.random.default_rng(0)).battles, np.random.default_rng(1), most=3).chosen
    2
    """
    fold_N = rng.integers(0, folds, len(battles))
    loss_K_N = np.zeros((most, len(battles)))
    for fold in range(folds):
        kept, aside = battles.take(fold_N != fold), battles.take(fold_N == fold)
        for k in range(most):
            fit = classes(kept, k + 1, rng, restarts=restarts, merge=False)
            loss_K_N[k, fold_N == fold] = fit.log_losses(aside)
    loss_K = loss_K_N.mean(axis=1)
    best = int(np.argmin(loss_K))
    behind_K_N = loss_K_N - loss_K_N[best]
    error_K = np.array(
        [
            np.sqrt((np.bincount(battles.rater_N, behind_N) ** 2).sum()) / len(battles)
            for behind_N in behind_K_N
        ]
    )
    chosen = int(np.flatnonzero(loss_K <= loss_K[best] + error_K)[0]) + 1
    return Told(loss_K, error_K, chosen)


def beside_factors(
    battles: Battles,
    rng: np.random.Generator,
    *,
    most: int = 3,
    ways: Sequence[int] = (1, 2),
    folds: int = 5,
    restarts: int = 3,
) -> dict[str, float]:
    """Return how well kinds and directions of taste foresee the same votes kept aside (log-loss, nats).

    Directions are those of `assay.evaluation.taste`. Both know ties as half a win.

    >>> from assay.evaluation.simulations import kinds
    >>> crowd = kinds(np.random.default_rng(0), raters=60)
    >>> told = beside_factors(crowd.battles, np.random.default_rng(1), most=2)
    >>> told["2 kinds"] < told["1 kind"]
    True
    """
    fold_N = rng.integers(0, folds, len(battles))
    total: dict[str, float] = {}
    for fold in range(folds):
        kept, aside = battles.take(fold_N != fold), battles.take(fold_N == fold)
        share = len(aside) / len(battles)
        for number in range(1, most + 1):
            name = f"{number} kind{'s' if number > 1 else ''}"
            loss = float(classes(kept, number, rng, restarts=restarts, merge=False).log_losses(aside).mean())
            total[name] = total.get(name, 0.0) + share * loss
        for number in ways:
            name = f"{number} direction{'s' if number > 1 else ''}"
            total[name] = total.get(name, 0.0) + share * taste(kept, number).log_loss(aside)
    return total


def sentences(found: Classes, told: Told) -> tuple[str, ...]:
    """Say how many kinds of taste the votes show, and what each puts first.

    >>> from assay.evaluation.simulations import kinds
    >>> crowd, rng = kinds(np.random.default_rng(0)), np.random.default_rng(1)
    >>> said = sentences(classes(crowd.battles, 2, rng), Told(np.array([0.69, 0.6]), np.zeros(2), 2))
    >>> said[0]
    'People fall into 2 kinds of taste: votes kept aside are foreseen better by 2 boards than by one.'
    """
    if len(found.weight_C) == 1:
        return (
            say(
                "One board foresees votes kept aside as well as several do: the votes show no kinds of taste."
            ),
        )
    said: list[str] = [
        say(
            "People fall into {kinds} kinds of taste: votes kept aside are foreseen better by {kinds} boards "
            "than by one.",
            kinds=len(found.weight_C),
        )
    ]
    people = len(found.raters)
    for weight, theta_M in zip(found.weight_C, found.theta_C_M, strict=True):
        if weight * people < FEW:
            said.append(say("A few people follow another taste."))
            continue
        order_M = np.argsort(-theta_M, kind="stable")
        named = " > ".join(found.models[int(m)] for m in order_M[:3])
        said.append(
            say("About {share:.0f} % of the people put {names} first.", share=100 * weight, names=named)
        )
    return tuple(said)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The votes of each rater on each pair, added up: all that the likelihood of a class has to know."""

    rater_Q: Codes
    pair_Q: Codes
    votes_Q: Floats
    wins_Q: Floats
    a_P: Codes
    b_P: Codes
    n_models: int
    n_raters: int

    @classmethod
    def of(cls, battles: Battles) -> _Cells:
        n_models = len(battles.models)
        back_N = battles.a_N > battles.b_N
        low_N = np.where(back_N, battles.b_N, battles.a_N).astype(np.int64)
        high_N = np.where(back_N, battles.a_N, battles.b_N)
        won_N = np.where(back_N, 1 - battles.score_N, battles.score_N)
        key_P, pair_N = np.unique(low_N * n_models + high_N, return_inverse=True)
        cell_Q, cell_N = np.unique(battles.rater_N * len(key_P) + pair_N, return_inverse=True)
        return cls(
            cell_Q // len(key_P),
            cell_Q % len(key_P),
            np.bincount(cell_N).astype(float),
            summed(cell_N, won_N, len(cell_Q)),
            key_P // n_models,
            key_P % n_models,
            n_models,
            len(battles.raters),
        )

    def told_R_C(self, theta_C_M: Floats) -> Floats:
        """Return the log-likelihood of each rater's votes under each class."""
        gap_C_P = theta_C_M[:, self.a_P] - theta_C_M[:, self.b_P]
        for_C_P, against_C_P = log_expit(gap_C_P), log_expit(-gap_C_P)
        lost_Q = self.votes_Q - self.wins_Q
        told = []
        for for_P, against_P in zip(for_C_P, against_C_P, strict=True):
            said_Q = self.wins_Q * for_P[self.pair_Q] + lost_Q * against_P[self.pair_Q]
            told.append(np.bincount(self.rater_Q, said_Q, self.n_raters))
        return np.stack(told, axis=1)

    def boards(
        self, member_R_C: Floats, theta_C_M: Floats, middle_M: Floats, spread: float, *, steps: int = 2
    ) -> Floats:
        """Return each class's ratings after Newton steps, drawn to `middle_M` by a normal prior."""
        found = theta_C_M.copy()
        pairs, models = len(self.a_P), self.n_models
        for c in range(len(found)):
            weight_Q = member_R_C[self.rater_Q, c]
            votes_P = np.bincount(self.pair_Q, weight_Q * self.votes_Q, pairs)
            wins_P = np.bincount(self.pair_Q, weight_Q * self.wins_Q, pairs)
            for _ in range(steps):
                chance_P = expit(found[c, self.a_P] - found[c, self.b_P])
                left_P = wins_P - votes_P * chance_P
                slope_M = np.bincount(self.a_P, left_P, models) - np.bincount(self.b_P, left_P, models)
                slope_M -= (found[c] - middle_M) / spread**2
                mass_P = votes_P * chance_P * (1 - chance_P)
                square_M_M = np.zeros((models, models))
                square_M_M[self.a_P, self.b_P] = -mass_P
                square_M_M += square_M_M.T
                np.fill_diagonal(square_M_M, spread**-2 - square_M_M.sum(axis=1))
                found[c] += np.clip(np.linalg.solve(square_M_M, slope_M), -1, 1)
        centred: Floats = found - found.mean(axis=1, keepdims=True)
        return centred


def _weights(member_R_C: Floats) -> Floats:
    """Return the share of each class, with one person more in each so that none dies at once."""
    held_C = member_R_C.sum(axis=0) + 1
    weight_C: Floats = held_C / held_C.sum()
    return weight_C


def _climbed(
    cells: _Cells, member_R_C: Floats, theta_C_M: Floats, shared_M: Floats, rounds: int
) -> tuple[float, Floats, Floats]:
    """Return the log-posterior, the memberships and the boards after rounds of EM."""
    before = -np.inf
    for _ in range(rounds):
        theta_C_M = cells.boards(member_R_C, theta_C_M, shared_M, CLASS_SD)
        joint_R_C = np.log(_weights(member_R_C)) + cells.told_R_C(theta_C_M)
        all_R = logsumexp(joint_R_C, axis=1)
        member_R_C = np.exp(joint_R_C - all_R[:, None])
        value = float(all_R.sum() - ((theta_C_M - shared_M) ** 2).sum() / (2 * CLASS_SD**2))
        if abs(value - before) < 1e-7 * abs(value):
            break
        before = value
    return float(all_R.sum()), member_R_C, theta_C_M


def _joined(
    cells: _Cells, member_R_C: Floats, theta_C_M: Floats, shared_M: Floats
) -> tuple[float, Floats, Floats] | None:
    """Return the mixture with its two closest classes made one, or nothing where that costs too much."""
    number = len(theta_C_M)
    now = _climbed(cells, member_R_C, theta_C_M, shared_M, 1)[0]
    price = 0.5 * cells.n_models * np.log(cells.n_raters)
    best: tuple[float, Floats, Floats] | None = None
    for one in range(number):
        for other in range(one):
            kept = [c for c in range(number) if c != one]
            member = member_R_C[:, kept].copy()
            member[:, kept.index(other)] += member_R_C[:, one]
            found = _climbed(cells, member, theta_C_M[kept], shared_M, WARM)
            if best is None or found[0] > best[0]:
                best = found
    if best is None or now - best[0] > price:
        return None
    return _climbed(cells, best[1], best[2], shared_M, ROUNDS)
