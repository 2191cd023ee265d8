"""The fit: one posterior for every person, skill, language and domain, partially pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit, logit

from assay.errors import AssayError
from assay.quality.profiles.evidence import ANY, AXES, Evidence
from assay.quality.progress import tell
from assay.quality.reading import Codes, Floats
from assay.records import Skill

SHARED_SD = 1.5
"""Prior standard deviation, in log-odds, of what all people find easy or hard: wide, the crowd decides it."""

FIRST_SD = 0.7
"""Where the standard deviations between people start; they are learned from there."""

PRIOR_BLOCKS = 3.0
"""How many people's worth of `FIRST_SD` is mixed into a learned standard deviation, so that three raters do
not claim that everybody is equal."""

BATCH = 2**22
"""Numbers in the largest array of Hessians that is held at a time (32 MB)."""


@dataclass(frozen=True, eq=False)
class Profiles:
    """Everybody's skills.

    Attributes
    ----------
    spread
        Standard deviation between people, in log-odds: overall (`rater`) and how far one person departs from
        their own level by skill, by language and by domain.
    converged, iterations
        Whether the fit came to rest, and after how many rounds.
    """

    raters: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    spread: dict[str, float]
    converged: bool
    iterations: int
    shared_P: Floats
    shared_cov_P_P: Floats
    effect_R_P: Floats
    cov_R_P_P: Floats
    total_R: Floats

    def of(
        self,
        rater: str,
        *,
        skill: str = ANY["skill"],
        language: str = ANY["language"],
        domain: str = ANY["domain"],
    ) -> Skill:
        """Return one person's skill at one thing, whether or not they have ever done it.

        Somebody unknown gets what the crowd leads one to expect of a stranger; a skill, language or domain
        that nobody has shown adds the uncertainty that people differ by in it.
        """
        cell = {"rater": [rater], "skill": [skill], "language": [language], "domain": [domain]}
        row = self.table(pl.DataFrame(cell)).row(0, named=True)
        return Skill(
            rater=rater,
            question=named(skill, language, domain),
            mean=row["mean"],
            low=row["low"],
            high=row["high"],
            votes=row["votes"],
        )

    def table(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Return the skill in each cell, a row `rater, skill, language, domain`, as `of` does for one.

        Adds `mean`, `low`, `high` and `votes`, the evidence on the person anywhere, rounded.
        """
        rater_C = _places(cells["rater"], self.raters)
        known_C = rater_C >= 0
        place_C_B = np.zeros((len(cells), 1 + len(AXES)), dtype=np.int64)
        variance_C = np.where(known_C, 0.0, sum(self.spread[axis] ** 2 for axis in ("rater", *AXES)))
        shown_C_B = np.ones(place_C_B.shape)
        offset = 1
        for block, axis in enumerate(AXES, start=1):
            level_C = _places(cells[axis], self.levels[axis])
            place_C_B[:, block] = offset + np.maximum(level_C, 0)
            shown_C_B[:, block] = level_C >= 0
            variance_C += (level_C < 0) * (SHARED_SD**2 + self.spread[axis] ** 2)
            offset += len(self.levels[axis])
        own_C_B = shown_C_B * known_C[:, None]
        middle_C = (self.shared_P[place_C_B] * shown_C_B).sum(axis=1)
        middle_C += (self.effect_R_P[rater_C[:, None], place_C_B] * own_C_B).sum(axis=1)
        for first, one in enumerate(place_C_B.T):
            for second, other in enumerate(place_C_B.T):
                both_C = shown_C_B[:, first] * shown_C_B[:, second]
                variance_C += both_C * self.shared_cov_P_P[one, other]
                variance_C += both_C * known_C * self.cov_R_P_P[rater_C, one, other]
        half_C = 1.959964 * np.sqrt(variance_C)
        return cells.select("rater", *AXES).with_columns(
            # The mean of a logit-normal, by the usual approximation of the logistic by a probit.
            pl.Series("mean", expit(middle_C / np.sqrt(1 + np.pi * variance_C / 8))),
            pl.Series("low", expit(middle_C - half_C)),
            pl.Series("high", expit(middle_C + half_C)),
            pl.Series("votes", np.round(np.where(known_C, self.total_R[rater_C], 0)).astype(np.int64)),
        )


def profiles(evidence: Evidence, *, tolerance: float = 1e-4, max_iterations: int = 200) -> Profiles:
    """Fit everybody's skills together.

    logit P(right) = shared(skill) + shared(language) + shared(domain) + person + person×skill +
    person×language + person×domain. What belongs to a person is drawn from N(0, σ²) with one σ for each of
    the four blocks, learned by EM with a Laplace approximation: where people differ little by language, a
    person's Spanish borrows from their English, and where they differ much it does not. So a skill works
    from the first judgment and is carried across projects.

    Given the shared part people are independent, so a round is one small dense solve for each, in batches.

    Source: generalised linear mixed models by penalised quasi-likelihood, Breslow & Clayton, JASA 88 (1993).

    >>> rows = [("ann", "es", 1.0)] * 30 + [("ann", "ar", 0.0)] * 30 + [("ben", "es", 1.0)] * 2
    >>> seen = pl.DataFrame(rows, schema=["rater", "language", "right"], orient="row")
    >>> fitted = profiles(Evidence.from_frame(seen))
    >>> fitted.of("ann", language="es").low > fitted.of("ann", language="ar").high
    True
    >>> fitted.of("ben", language="es").votes
    2
    """
    fit = _Fit.of(evidence)
    converged, iteration = False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("profiles of people", iteration, max_iterations)
        converged = fit.round() < tolerance
    levels = dict(zip(AXES, fit.levels, strict=True))
    return Profiles(
        raters=fit.raters,
        levels=levels,
        spread=dict(zip(("rater", *AXES), np.sqrt(fit.variance_B).tolist(), strict=True)),
        converged=converged,
        iterations=iteration,
        shared_P=fit.shared_P,
        shared_cov_P_P=fit.shared_cov_P_P,
        effect_R_P=fit.effect_R_P,
        cov_R_P_P=fit.cov_R_P_P,
        total_R=np.bincount(fit.rater_C, fit.total_C, len(fit.raters)).astype(np.float64),
    )


@dataclass(eq=False)
class _Fit:
    """The fit in progress: C cells of evidence, R raters, P effects for each (1 and all levels), B blocks."""

    raters: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    rater_C: Codes
    place_C_B: Codes
    right_C: Floats
    total_C: Floats
    block_P: Codes
    variance_B: Floats
    shared_P: Floats
    shared_cov_P_P: Floats
    effect_R_P: Floats
    cov_R_P_P: Floats

    @classmethod
    def of(cls, evidence: Evidence) -> _Fit:
        frame = evidence.frame
        if frame.is_empty():
            raise AssayError("there is no evidence; give at least one judged vote")
        raters = tuple(frame["rater"].unique().sort().to_list())
        levels = tuple(tuple(frame[axis].unique().sort().to_list()) for axis in AXES)
        places = [np.zeros(len(frame), dtype=np.int64)]
        blocks = [0]
        for number, (axis, known) in enumerate(zip(AXES, levels, strict=True), start=1):
            places.append(len(blocks) + _codes(frame[axis], known))
            blocks += [number] * len(known)
        # An axis on which there is nothing to compare says nothing that the person's own level does not.
        single = np.array([False, *(len(known) == 1 for known in levels)])
        size = len(blocks)
        right_C, total_C = frame["right"].to_numpy(), frame["total"].to_numpy()
        crowd = logit((right_C.sum() + 1) / (total_C.sum() + 2))
        shared_P = np.zeros(size)
        shared_P[0] = crowd
        return cls(
            raters=raters,
            levels=levels,
            rater_C=_codes(frame["rater"], raters),
            place_C_B=np.stack(places, axis=1),
            right_C=right_C,
            total_C=total_C,
            block_P=np.array(blocks),
            variance_B=np.where(single, 0.0, FIRST_SD**2),
            shared_P=shared_P,
            shared_cov_P_P=np.zeros((size, size)),
            effect_R_P=np.zeros((len(raters), size)),
            cov_R_P_P=np.zeros((len(raters), size, size)),
        )

    def round(self) -> float:
        """Take one step in the shared part, one in everybody's own, one in the variances."""
        before = np.concatenate([self.shared_P, np.sqrt(self.variance_B)])
        surplus_C, weight_C = self._slopes()
        self._step_shared(surplus_C, weight_C)
        for _ in range(2):
            surplus_C, weight_C = self._slopes()
            self._step_people(surplus_C, weight_C)
        self._learn_variances()
        after = np.concatenate([self.shared_P, np.sqrt(self.variance_B)])
        return float(np.abs(after - before).max())

    def _slopes(self) -> tuple[Floats, Floats]:
        own_C = self.effect_R_P[self.rater_C[:, None], self.place_C_B].sum(axis=1)
        chance_C = expit(self.shared_P[self.place_C_B].sum(axis=1) + own_C)
        return self.right_C - self.total_C * chance_C, self.total_C * chance_C * (1 - chance_C)

    def _step_shared(self, surplus_C: Floats, weight_C: Floats) -> None:
        size = len(self.block_P)
        # The first is the level itself and is left to the data; the rest are departures from it.
        precision_P = np.where(np.arange(size) == 0, 1e-3, 1 / SHARED_SD**2)
        gradient_P = -precision_P * self.shared_P
        hessian_P_P = np.diag(precision_P)
        for first in self.place_C_B.T:
            gradient_P += np.bincount(first, surplus_C, size)
            for second in self.place_C_B.T:
                hessian_P_P += np.bincount(first * size + second, weight_C, size * size).reshape(size, size)
        self.shared_cov_P_P = np.linalg.inv(hessian_P_P)
        self.shared_P = self.shared_P + _bounded(self.shared_cov_P_P @ gradient_P)

    def _step_people(self, surplus_C: Floats, weight_C: Floats) -> None:
        size = len(self.block_P)
        precision_P = 1 / np.maximum(self.variance_B[self.block_P], 1e-9)
        many = max(1, BATCH // size**2)
        for start in range(0, len(self.raters), many):
            stop = min(start + many, len(self.raters))
            inside = (self.rater_C >= start) & (self.rater_C < stop)
            rater_c, place_c_B = self.rater_C[inside] - start, self.place_C_B[inside]
            count = stop - start
            gradient_r_P = -precision_P * self.effect_R_P[start:stop]
            hessian_r_P_P = np.broadcast_to(np.diag(precision_P), (count, size, size)).copy()
            for first in place_c_B.T:
                flat = np.bincount(rater_c * size + first, surplus_C[inside], count * size)
                gradient_r_P += flat.reshape(count, size)
                for second in place_c_B.T:
                    np.add.at(hessian_r_P_P, (rater_c, first, second), weight_C[inside])
            self.cov_R_P_P[start:stop] = np.linalg.inv(hessian_r_P_P)
            step_r_P = np.einsum("rpq,rq->rp", self.cov_R_P_P[start:stop], gradient_r_P)
            self.effect_R_P[start:stop] += _bounded(step_r_P)

    def _learn_variances(self) -> None:
        spread_R_P = self.effect_R_P**2 + np.diagonal(self.cov_R_P_P, axis1=1, axis2=2)
        # Only levels that a person has shown tell how much people differ; the others repeat the prior.
        shown_R_P = np.zeros(spread_R_P.shape, dtype=bool)
        shown_R_P[self.rater_C[:, None], self.place_C_B] = True
        for block in np.flatnonzero(self.variance_B > 0):
            seen = shown_R_P & (self.block_P == block)
            learned = spread_R_P[seen].sum() + PRIOR_BLOCKS * FIRST_SD**2
            self.variance_B[block] = learned / (seen.sum() + PRIOR_BLOCKS)


def named(skill: str, language: str, domain: str) -> str:
    """Return one name for a skill in a language and a domain, what nobody said left out.

    >>> named("translation", "sw", "")
    'translation/sw'
    """
    return "/".join(part for part in (skill, language if language != ANY["language"] else "", domain) if part)


def _places(column: pl.Series, names: Sequence[str]) -> Codes:
    """Return where each value stands among the names, -1 where it does not."""
    place = {name: code for code, name in enumerate(names)}
    return np.array([place.get(name, -1) for name in column.to_list()], dtype=np.int64)


def _codes(column: pl.Series, names: Sequence[str]) -> Codes:
    place = {name: code for code, name in enumerate(names)}
    return np.array([place[name] for name in column.to_list()], dtype=np.int64)


def _bounded(step: Floats) -> Floats:
    """Keep a Newton step within two log-odds, where the quadratic it trusts still holds."""
    return np.clip(step, -2, 2)
