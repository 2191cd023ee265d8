"""Rubrics, marked errors and battles on one scale: many facets, severe raters and hard prompts taken out.

A rating says three things at once: how good the answer is, how severe the rater, how hard the prompt. Where
each rater saw other models, means of ratings rank the raters' luck. Here a model has one worth, shared by
every instrument by which it was judged, and each instrument counts by what it tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy import sparse
from scipy.optimize import minimize
from scipy.sparse.linalg import splu
from scipy.special import expit, log_softmax, stdtrit

from assay.evaluation.audit import separable
from assay.evaluation.battles import Battles, BoardError, Codes, Floats
from assay.evaluation.counts import summed
from assay.evaluation.davidson import BOTH_BAD, TIE
from assay.evaluation.sheets import Instrument, Sheets

WORTH_SD, SLOPE_SD, SEVERITY_SD, ITEM_SD = 1.5, 0.5, 1.0, 1.0
"""Spreads of the normal priors, fixed beforehand: worth of a model, log of how sharply an instrument sees it,
severity of a rater, ease of a prompt; in log-odds, or in spreads of the score where it is measured."""

FREE_SD = 3.0
STEPS = 500


@dataclass(frozen=True, eq=False)
class Facets:
    """A fitted scale: worth of the models in log-odds, mean 0, and what was taken out.

    Attributes
    ----------
    slope
        Instrument → how sharply it sees a difference of 1 in worth.
    severity
        Instrument → severity of each rater, on its own scale; 0 is usual.
    thresholds
        Graded instrument → the worth (usual rater, usual prompt, times the slope) at which the next grade
        becomes likelier than those below.
    covariance_M_M
        Of the centred worth, votes and scores of one rater together.
    information
        Instrument (and `battles`) → what it tells of a usual gap between models, as a share of all.
    """

    models: tuple[str, ...]
    raters: tuple[str, ...]
    theta_M: Floats
    covariance_M_M: Floats
    slope: Mapping[str, float]
    severity: Mapping[str, Floats]
    thresholds: Mapping[str, Floats]
    information: Mapping[str, float]
    log_posterior: float
    converged: bool

    def intervals_M_2(self) -> Floats:
        """Return 95 % intervals of the worth, by Student's law with one degree less than there are raters."""
        reach = float(stdtrit(max(len(self.raters) - 1, 1), 0.975))
        half_M = reach * np.sqrt(np.clip(np.diag(self.covariance_M_M), 0, None))
        return np.stack([self.theta_M - half_M, self.theta_M + half_M], axis=1)

    def sentences(self) -> tuple[str, ...]:
        """Say how far raters differ in severity, and what each instrument tells."""
        said = []
        for name, severity_R in self.severity.items():
            worth = float(self.theta_M.std() * self.slope[name])
            times = float(severity_R.std()) / worth if worth > 0 else np.inf
            much = f"{times:.1f} times as much as models differ in worth"
            said.append(f"On {name} raters differ in severity {much}; that is taken out.")
        if len(self.information) > 1:
            listed = ", ".join(f"{name} {share:.0%}" for name, share in self.information.items())
            said.append(f"What is known of the models comes from: {listed}.")
        if not self.converged:
            said.append("The search did not come to its end; do not rely on these numbers.")
        return tuple(said)

    def to_frame(self) -> pl.DataFrame:
        """Return one row a model, best first, in log-odds."""
        order_M = np.argsort(-self.theta_M, kind="stable")
        low_M, high_M = self.intervals_M_2()[order_M].T
        return pl.DataFrame(
            {
                "model": [self.models[m] for m in order_M],
                "worth": self.theta_M[order_M],
                "low": low_M,
                "high": high_M,
            }
        )


def facets(sheets: Sheets, battles: Battles | None = None) -> Facets:
    """Fit one worth a model to scores and battles together, to the posterior mode.

    A graded score follows a graded response model with slope a, severity s_r and ease e_i:
    P(grade ≤ k) = σ(τ_k − (a·θ_m − s_r + e_i)); a measured one is normal around a·θ_m − s_r + e_i + c; a
    battle follows Davidson's model in θ_a − θ_b. What tells more counts more, since all of it is one
    likelihood. Raters, items and models are the same where they have the same name. Errors are taken together
    by rater (sandwich, G/(G−1)).

    Source: Samejima, Psychometrika Monograph 17 (1969); many facets: Linacre (1989); Davidson, JASA 65
    (1970).

    Raises
    ------
    BoardError
        Where there is one model alone, and where raters and models cannot be told apart: a rater of their own
        for each model, and no battles.

    >>> from assay.evaluation.sheets import rubric
    >>> rng = np.random.default_rng(0)
    >>> model, rater = rng.integers(0, 3, 900), rng.integers(0, 12, 900)
    >>> score = np.clip(np.round(3 + model - 1 + rng.normal(0, 1, 900)), 1, 5)
    >>> rows = {"item": rng.integers(0, 40, 900).astype(str), "rater": rater.astype(str),
    ...         "model": [f"m{m}" for m in model], "score": score}
    >>> facets(rubric(rows)).to_frame()["model"].to_list()
    ['m2', 'm1', 'm0']
    """
    problem = _Problem.of(sheets, battles)
    spread_P = problem.spread_P

    def loss(z_P: Floats) -> tuple[float, Floats]:
        value, slope_P = problem.loss(z_P * spread_P)
        return value, slope_P * spread_P

    # In units of the priors: beside a slope that is held in place the search would hardly move otherwise.
    found = minimize(
        loss,
        problem.start() / spread_P,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "maxcor": 20, "ftol": 1e-11, "gtol": 1e-5},
    )
    x_P = found.x * spread_P
    parts = problem.parts(x_P)
    information = {part.name: part.information for part in parts}
    prior = sparse.diags_array(spread_P**-2)
    whole = sparse.csc_array(sum(information.values(), start=sparse.csr_array(prior)))
    n_models = len(problem.models)
    unit_P_M = np.zeros((len(x_P), n_models))
    unit_P_M[:n_models] = np.eye(n_models) - 1 / n_models
    solved_P_M = splu(whole).solve(unit_P_M)
    groups = max(len(problem.raters), 2)
    pulled_R_P = sum(part.by_rater(groups) for part in parts)
    moved_R_M = pulled_R_P @ solved_P_M
    covariance_M_M = moved_R_M.T @ moved_R_M * groups / (groups - 1)
    told = {name: float(np.trace(each[:n_models, :n_models].toarray())) for name, each in information.items()}
    total = sum(told.values())
    theta_M = x_P[:n_models] - x_P[:n_models].mean()
    names = [each.name for each in sheets.instruments]
    return Facets(
        problem.models,
        problem.raters,
        theta_M,
        covariance_M_M,
        {name: problem.slope(x_P, name) for name in names},
        {name: -problem.block(x_P, f"rater {name}") for name in names},
        {each.name: problem.thresholds(x_P, each) for each in sheets.instruments if each.grade_N is not None},
        {name: share / total for name, share in told.items()},
        -float(found.fun),
        bool(found.success),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """One source at one point: its log-likelihood, slope, information, and each row's score."""

    name: str
    told: float
    score_N_P: sparse.csr_array
    rater_N: Codes
    information: sparse.csr_array

    def by_rater(self, groups: int) -> Floats:
        n_rows = len(self.rater_N)
        chooser = sparse.csr_array(
            (np.ones(n_rows), (self.rater_N, np.arange(n_rows))), shape=(groups, n_rows)
        )
        summed: Floats = (chooser @ self.score_N_P).toarray()
        return summed


@dataclass(frozen=True, eq=False)
class _Problem:
    """Where each parameter stands: worth, then by instrument slope, thresholds, severity, ease."""

    models: tuple[str, ...]
    raters: tuple[str, ...]
    n_items: int
    instruments: tuple[Instrument, ...]
    battles: Battles | None
    voter_N: Codes
    grounded: bool
    place: dict[str, slice] = field(default_factory=dict)
    spreads: list[Floats] = field(default_factory=list)

    @classmethod
    def of(cls, sheets: Sheets, battles: Battles | None) -> _Problem:
        models, raters = sheets.models, sheets.raters
        voter_N = np.zeros(0, np.int64)
        if battles is not None:
            models = tuple(sorted({*models, *battles.models}))
            voters = battles.raters or tuple(f"vote {n}" for n in range(len(battles)))
            raters = (*raters, *sorted(set(voters) - set(raters)))
            code_R = np.array([raters.index(name) for name in voters])
            voter_N = code_R[battles.rater_N if battles.raters else np.arange(len(battles))]
            code_M = np.array([models.index(name) for name in battles.models])
            battles = Battles(
                code_M[battles.a_N], code_M[battles.b_N], battles.score_N, battles.rater_N, models,
                battles.raters, outcome_N=battles.outcomes_N,
            )  # fmt: skip
        if len(models) < 2:
            raise BoardError(f"every score is of {models[0]!r}; a scale needs two models at least")
        code_M = np.array([models.index(name) for name in sheets.models])
        instruments = tuple(
            Instrument(
                one.name, code_M[one.model_N], one.rater_N, one.item_N, one.grade_N, one.value_N, one.grades
            )
            for one in sheets.instruments
        )
        if battles is None:
            rater_N = np.concatenate([one.rater_N for one in instruments])
            model_N = np.concatenate([one.model_N for one in instruments])
            if separable(rater_N, model_N)[0] > 1:
                raise BoardError(
                    "raters and models fall into groups without a score between them, so that a severe rater "
                    "cannot be told from a weak model; let raters of one group judge models of the other"
                )
        grounded = battles is not None and bool((battles.outcomes_N == BOTH_BAD).any())
        found = cls(models, raters, len(sheets.items), instruments, battles, voter_N, grounded)
        found.add("worth", len(models), WORTH_SD)
        if battles is not None:
            found.add("tie", 1, FREE_SD)
            found.add("bar", 1, FREE_SD)
        for number, one in enumerate(instruments):
            # without battles the first instrument sets the scale
            fixed = battles is None and number == 0
            found.add(f"slope {one.name}", 1, 1e-4 if fixed else SLOPE_SD)
            if one.grade_N is None:
                found.add(f"middle {one.name}", 1, FREE_SD)
                found.add(f"noise {one.name}", 1, FREE_SD)
            else:
                found.add(f"first {one.name}", 1, FREE_SD)
                found.add(f"steps {one.name}", one.grades - 2, 1.0)
            found.add(f"rater {one.name}", len(sheets.raters), SEVERITY_SD)
            found.add(f"item {one.name}", len(sheets.items), ITEM_SD)
        return found

    def add(self, name: str, size: int, spread: float) -> None:
        start = sum(len(each) for each in self.spreads)
        self.place[name] = slice(start, start + size)
        self.spreads.append(np.full(size, spread))

    @property
    def spread_P(self) -> Floats:
        return np.concatenate(self.spreads)

    def block(self, x_P: Floats, name: str) -> Floats:
        return x_P[self.place[name]]

    def slope(self, x_P: Floats, name: str) -> float:
        return float(np.exp(self.block(x_P, f"slope {name}")[0]))

    def thresholds(self, x_P: Floats, one: Instrument) -> Floats:
        steps = np.exp(self.block(x_P, f"steps {one.name}"))
        first = float(self.block(x_P, f"first {one.name}")[0])
        found: Floats = first + np.concatenate([[0.0], np.cumsum(steps)])
        return found

    def start(self) -> Floats:
        x_P = np.zeros(len(self.spread_P))
        for one in self.instruments:
            if one.grade_N is not None:
                x_P[self.place[f"first {one.name}"]] = -one.grades / 2 + 0.5
        return x_P

    def loss(self, x_P: Floats) -> tuple[float, Floats]:
        told, slope_P = 0.0, -x_P * self.spread_P**-2
        for one in self.instruments:
            value, pull_N, extra_P = self._scored(x_P, one)
            told += value
            slope_P += self._pulled(x_P, one, pull_N) + extra_P
        if self.battles is not None:
            value, pull_N_3 = self._fought(x_P)
            told += value
            size, (margin_N, tie_N, bad_N) = len(x_P), pull_N_3.T
            slope_P += np.bincount(self.battles.a_N, margin_N - bad_N / 2, size)
            slope_P -= np.bincount(self.battles.b_N, margin_N + bad_N / 2, size)
            slope_P[self.place["tie"].start] += tie_N.sum()
            slope_P[self.place["bar"].start] += bad_N.sum()
        return -(told - float((x_P**2 / self.spread_P**2).sum() / 2)), -slope_P

    def _pulled(self, x_P: Floats, one: Instrument, pull_N: Floats) -> Floats:
        """Return the product of `_rows` and a slope by the predictor, without the rows."""
        slope, size = self.slope(x_P, one.name), len(x_P)
        found: Floats = slope * summed(one.model_N, pull_N, size)
        found[self.place[f"slope {one.name}"].start] = slope * float(pull_N @ x_P[one.model_N])
        for name, code_N in (("rater", one.rater_N), ("item", one.item_N)):
            found += summed(self.place[f"{name} {one.name}"].start + code_N, pull_N, size)
        return found

    def _rows(self, x_P: Floats, one: Instrument) -> sparse.csr_array:
        """Return how the predictor a·θ − s + e moves with the parameters, N×P."""
        n_rows, slope = len(one.model_N), self.slope(x_P, one.name)
        each = np.arange(n_rows)
        column = [
            one.model_N,
            np.full(n_rows, self.place[f"slope {one.name}"].start),
            self.place[f"rater {one.name}"].start + one.rater_N,
            self.place[f"item {one.name}"].start + one.item_N,
        ]
        value = [np.full(n_rows, slope), slope * x_P[one.model_N], np.ones(n_rows), np.ones(n_rows)]
        entries = np.concatenate(value), (np.tile(each, 4), np.concatenate(column))
        return sparse.csr_array(sparse.coo_array(entries, shape=(n_rows, len(x_P))))

    def _predicted(self, x_P: Floats, one: Instrument) -> Floats:
        return (
            self.slope(x_P, one.name) * x_P[one.model_N]
            + self.block(x_P, f"rater {one.name}")[one.rater_N]
            + self.block(x_P, f"item {one.name}")[one.item_N]
        )

    def _bends(self, x_P: Floats, one: Instrument) -> Floats:
        """Return how each threshold moves with the parameters, (K−1)×P."""
        bends = np.zeros((one.grades - 1, len(x_P)))
        bends[:, self.place[f"first {one.name}"].start] = 1.0
        start, steps = self.place[f"steps {one.name}"].start, np.exp(self.block(x_P, f"steps {one.name}"))
        for k, step in enumerate(steps):
            bends[k + 1 :, start + k] = step
        return bends

    def _scored(self, x_P: Floats, one: Instrument) -> tuple[float, Floats, Floats]:
        """Return log-likelihood, its slope by the predictor, and by everything else."""
        extra_P = np.zeros(len(x_P))
        eta_N = self._predicted(x_P, one)
        if one.value_N is not None:
            noise = float(self.block(x_P, f"noise {one.name}")[0])
            left_N = one.value_N - eta_N - float(self.block(x_P, f"middle {one.name}")[0])
            pull_N = left_N * np.exp(-2 * noise)
            extra_P[self.place[f"middle {one.name}"].start] = pull_N.sum()
            extra_P[self.place[f"noise {one.name}"].start] = float((left_N * pull_N - 1).sum())
            return float((-0.5 * left_N * pull_N - noise).sum()), pull_N, extra_P
        upper_N, lower_N, chance_N = self._between(x_P, one, eta_N)
        by_upper_N = upper_N * (1 - upper_N) / chance_N
        by_lower_N = lower_N * (1 - lower_N) / chance_N
        grade_N = one.grade_N if one.grade_N is not None else np.zeros(0, np.int64)
        by_T = np.bincount(grade_N, by_upper_N, one.grades)[: one.grades - 1]
        by_T = by_T - np.bincount(grade_N, by_lower_N, one.grades)[1:]
        extra_P += by_T @ self._bends(x_P, one)
        return float(np.log(chance_N).sum()), upper_N + lower_N - 1, extra_P

    def _between(self, x_P: Floats, one: Instrument, eta_N: Floats) -> tuple[Floats, Floats, Floats]:
        tau = np.concatenate([[-np.inf], self.thresholds(x_P, one), [np.inf]])
        grade_N = one.grade_N if one.grade_N is not None else np.zeros(0, np.int64)
        upper_N, lower_N = expit(tau[grade_N + 1] - eta_N), expit(tau[grade_N] - eta_N)
        return upper_N, lower_N, np.maximum(upper_N - lower_N, 1e-300)

    def _sides(self) -> tuple[sparse.csr_array, sparse.csr_array, sparse.csr_array]:
        """Return how margin, tie and bar of each vote move with the parameters."""
        battles = self.battles
        if battles is None:
            raise ValueError("there are no battles")
        n_votes, size = len(battles), len(self.spread_P)
        each = np.arange(n_votes)

        def rows(*entries: tuple[Codes, float]) -> sparse.csr_array:
            column = np.concatenate([where for where, _ in entries])
            value = np.concatenate([np.full(n_votes, worth) for _, worth in entries])
            return sparse.csr_array((value, (np.tile(each, len(entries)), column)), shape=(n_votes, size))

        tie, bar = (np.full(n_votes, self.place[name].start) for name in ("tie", "bar"))
        return (
            rows((battles.a_N, 1.0), (battles.b_N, -1.0)),
            rows((tie, 1.0)),
            rows((battles.a_N, -0.5), (battles.b_N, -0.5), (bar, 1.0)),
        )

    def _chances(self, x_P: Floats) -> Floats:
        battles = self.battles
        if battles is None:
            raise ValueError("there are no battles")
        first_N, second_N = x_P[battles.a_N], x_P[battles.b_N]
        half_N = (first_N - second_N) / 2
        tie, bar = (float(self.block(x_P, name)[0]) for name in ("tie", "bar"))
        bad_N = bar - (first_N + second_N) / 2 if self.grounded else np.full(len(half_N), -np.inf)
        logits = np.stack([half_N, -half_N, np.full(len(half_N), tie), bad_N], axis=1)
        found: Floats = log_softmax(logits, axis=1)
        return found

    def _fought(self, x_P: Floats) -> tuple[float, Floats]:
        log_N_4 = self._chances(x_P)
        outcome_N = self.battles.outcomes_N if self.battles is not None else np.zeros(0, np.int8)
        said_N_4 = np.eye(4)[outcome_N] - np.exp(log_N_4)
        pull_N_3 = np.stack(
            [(said_N_4[:, 0] - said_N_4[:, 1]) / 2, said_N_4[:, TIE], said_N_4[:, BOTH_BAD]], axis=1
        )
        if not self.grounded:
            pull_N_3[:, 2] = 0.0
        return float(log_N_4[np.arange(len(outcome_N)), outcome_N].sum()), pull_N_3

    def parts(self, x_P: Floats) -> list[_Part]:
        """Return every source with its scores and its expected information."""
        found = [self._instrument(x_P, one) for one in self.instruments]
        if self.battles is not None:
            found.append(self._battle(x_P))
        return found

    def _instrument(self, x_P: Floats, one: Instrument) -> _Part:
        rows = self._rows(x_P, one)
        told, pull_N, _ = self._scored(x_P, one)
        n_rows = len(pull_N)
        score = rows.multiply(pull_N[:, None])
        if one.value_N is not None:
            noise = np.exp(-2 * float(self.block(x_P, f"noise {one.name}")[0]))
            middle = sparse.csr_array(
                (
                    np.ones(n_rows),
                    (np.arange(n_rows), np.full(n_rows, self.place[f"middle {one.name}"].start)),
                ),
                shape=rows.shape,
            )
            whole = sparse.csr_array(rows + middle)
            score = whole.multiply(pull_N[:, None])
            return _Part(
                one.name,
                told,
                sparse.csr_array(score),
                one.rater_N,
                sparse.csr_array(whole.T @ whole * noise),
            )
        eta_N, bends = self._predicted(x_P, one), self._bends(x_P, one)
        tau = np.concatenate([[-np.inf], self.thresholds(x_P, one), [np.inf]])
        held = np.vstack([np.zeros(len(x_P)), bends, np.zeros(len(x_P))])
        information = sparse.csr_array((len(x_P), len(x_P)))
        grade_N = one.grade_N if one.grade_N is not None else np.zeros(0, np.int64)
        for k in range(one.grades):
            upper_N, lower_N = expit(tau[k + 1] - eta_N), expit(tau[k] - eta_N)
            chance_N = np.maximum(upper_N - lower_N, 1e-300)
            by_eta_N = upper_N + lower_N - 1
            by_upper_N, by_lower_N = (
                upper_N * (1 - upper_N) / chance_N, -lower_N * (1 - lower_N) / chance_N,
            )  # fmt: skip
            bend_N_2 = np.stack([by_upper_N, by_lower_N], axis=1)
            both = sparse.csr_array(held[[k + 1, k]])
            full = sparse.csr_array(rows.multiply(by_eta_N[:, None]) + sparse.csr_array(bend_N_2) @ both)
            information = information + full.T @ full.multiply(chance_N[:, None])
            own = np.flatnonzero(grade_N == k)
            chosen = sparse.csr_array((np.ones(len(own)), (own, own)), shape=(n_rows, n_rows))
            score = score + chosen @ (sparse.csr_array(bend_N_2) @ both)
        return _Part(one.name, told, sparse.csr_array(score), one.rater_N, sparse.csr_array(information))

    def _battle(self, x_P: Floats) -> _Part:
        told, pull_N_3 = self._fought(x_P)
        sides = self._sides()
        score = sum(rows.multiply(pull_N[:, None]) for rows, pull_N in zip(sides, pull_N_3.T, strict=True))
        a_N, b_N, tie_N, bad_N = np.exp(self._chances(x_P)).T
        gap_N = (a_N - b_N) / 2
        weights = {
            (0, 0): (a_N + b_N) / 4 - gap_N**2, (0, 1): -gap_N * tie_N, (1, 1): tie_N * (1 - tie_N),
            (0, 2): -gap_N * bad_N, (1, 2): -tie_N * bad_N, (2, 2): bad_N * (1 - bad_N),
        }  # fmt: skip
        information = sparse.csr_array((len(x_P), len(x_P)))
        for (one, other), weight_N in weights.items():
            term = sides[one].T @ sides[other].multiply(weight_N[:, None])
            information = information + (term if one == other else term + term.T)
        return _Part("battles", told, sparse.csr_array(score), self.voter_N, sparse.csr_array(information))
