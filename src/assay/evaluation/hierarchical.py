"""A board that knows its raters: their skill, their habits, their tastes, and whether they read at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.sparse.linalg import splu
from scipy.special import expit, log_softmax, ndtri

from assay.evaluation.battles import Battles, BoardError, Codes, Floats
from assay.evaluation.counts import summed
from assay.evaluation.design import READS, Design, Layout, Spreads, design
from assay.evaluation.effort import Curve

HABIT_VOTES = 5.0
"""How many votes the crowd's own habits weigh in a rater's: how they click where they do not read."""

MOST_SKILL = 4.0
"""Log of the sharpest skill that is looked at; it only keeps a long step of the search from overflowing."""

STEPS = 400


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A fitted board: ratings, what is known about the raters, and the pieces from which intervals follow.

    Attributes
    ----------
    layout, values_P
        What the parameters are and their values (posterior mode), in log-odds.
    battles
        What was fitted.
    click_R_4, click_4
        How each rater, and the crowd, answers without reading.
    curve
        How the time of a vote enters, where it does.
    """

    layout: Layout
    values_P: Floats
    battles: Battles
    style_N_K: Floats
    effort_N: Floats | None
    click_R_4: Floats
    click_4: Floats
    curve: Curve | None
    converged: bool

    # ── the board ────────────────────────────────────────────────────────────────

    @property
    def models(self) -> tuple[str, ...]:
        return self.layout.models

    @property
    def theta_M(self) -> Floats:
        """Ratings in log-odds, mean 0, as an average rater sees them."""
        theta_M = self.layout.part(self.values_P, "theta")
        centred_M: Floats = theta_M - theta_M.mean()
        return centred_M

    @property
    def skill_R(self) -> Floats:
        """How sharply each rater sees differences; 1 is the prior's middle."""
        log_R = self.layout.part(self.values_P, "skill")
        return np.exp(log_R) if len(log_R) else np.ones(len(self.layout.raters))

    @property
    def style_K(self) -> Floats:
        """What one standard deviation of each feature is worth to the average rater, in log-odds."""
        return self.layout.part(self.values_P, "style")

    @property
    def rater_style_R_K(self) -> Floats:
        """The same for each rater, the average included."""
        own_R_K: Floats = self.layout.part(self.values_P, "rater_style") + self.style_K
        return own_R_K

    @property
    def rater_tie_R(self) -> Floats:
        """How much more than others each rater calls a tie, in log-odds."""
        return self.layout.part(self.values_P, "rater_tie")

    @property
    def rater_side_R(self) -> Floats:
        """How much each rater favours what stands first, in log-odds, the average included."""
        return self.layout.part(self.values_P, "rater_side") + self.layout.part(self.values_P, "side")

    def slice_M(self, column: str, name: str) -> Floats:
        """Return what a slice adds to each rating.

        Raises
        ------
        BoardError
            Where the board was fitted without that slice.
        """
        offset = 0
        for known, names in self.layout.slices:
            if known == column and name in names:
                effects = self.layout.part(self.values_P, "slice")
                effect: Floats = effects[offset + names.index(name)]
                return effect
            offset += len(names)
        raise BoardError(
            f"the board was fitted without the slice {column}={name}; name the column in `slices`"
        )

    # ── attention ────────────────────────────────────────────────────────────────

    @cached_property
    def attention_N(self) -> Floats:
        """The chance that each fitted vote was read, given what it says; 1 where carelessness is left out."""
        return self._fitted.read_N

    def effective_votes_M(self) -> Floats:
        """Return how many attentive votes each model has: sums of `attention_N`, to stand beside the raw."""
        n_models = len(self.models)
        battles = self.battles
        first_M = summed(battles.a_N, self.attention_N, n_models)
        return first_M + summed(battles.b_N, self.attention_N, n_models)

    def attention_histogram(self, bins: int = 10) -> tuple[Floats, Codes]:
        """Return the edges and counts of a histogram of `attention_N`; publish it with the board."""
        counts, edges = np.histogram(self.attention_N, bins=bins, range=(0, 1))
        return edges, counts.astype(np.int64)

    # ── chances ──────────────────────────────────────────────────────────────────

    def chances(
        self, battles: Battles, *, style_N_K: Floats | None = None, effort_N: Floats | None = None
    ) -> Floats:
        """Return the probabilities of the four outcomes of other comparisons, N×4.

        Names are matched; a rater, model or item that was not there has the mean of its prior.
        """
        rows = design(
            self.layout,
            battles,
            _checked(style_N_K, self.layout.features, battles),
            _basis(self.curve, effort_N, battles),
        )
        click_N_4 = np.broadcast_to(self.click_4, (len(battles), 4))
        if battles.raters and len(self.click_R_4):
            place = {name: code for code, name in enumerate(self.layout.raters)}
            code_R = np.array([place.get(name, len(place)) for name in battles.raters])
            click_N_4 = np.vstack([self.click_R_4, self.click_4])[code_R[battles.rater_N]]
        return _Pass.of(self.layout, rows, self.values_P, click_N_4, None).chance_N_4

    def log_loss(
        self, battles: Battles, *, style_N_K: Floats | None = None, effort_N: Floats | None = None
    ) -> float:
        """Return the mean negative log-probability of what was said, in nats."""
        chance_N_4 = self.chances(battles, style_N_K=style_N_K, effort_N=effort_N)
        said_N = chance_N_4[np.arange(len(battles)), battles.outcomes_N]
        return float(-np.log(np.maximum(said_N, 1e-12)).mean())

    # ── what intervals need ──────────────────────────────────────────────────────

    @cached_property
    def _rows(self) -> Design:
        return design(
            self.layout, self.battles, self.style_N_K, _basis(self.curve, self.effort_N, self.battles)
        )

    @cached_property
    def _fitted(self) -> _Pass:
        battles = self.battles
        known = len(self.click_R_4) and battles.raters
        click_N_4 = self.click_R_4[battles.rater_N] if known else self.click_4[None]
        return _Pass.of(self.layout, self._rows, self.values_P, click_N_4, battles.outcomes_N)

    def score_N_P(self) -> sparse.csr_array:
        """Return each vote's score: how its log-probability moves with each parameter, sparse rows."""
        rows, at = self._rows, self._fitted
        slope = rows.core.multiply(at.skill_N[:, None]) + rows.skill.multiply(
            (at.skill_N * at.core_N)[:, None]
        )
        slope = slope + rows.side
        parts = [(slope, at.by_margin_N), (rows.tie, at.by_tie_N), (rows.bad, at.by_bad_N)]
        parts.append((rows.attention, at.by_attention_N))
        total = sum(matrix.multiply(by_N[:, None]) for matrix, by_N in parts)
        return sparse.csr_array(total)

    def information_P_P(self) -> sparse.csc_array:
        """Return the expected information of the votes, weighted by their attention, and the priors'."""
        rows, at = self._rows, self._fitted
        slope = rows.core.multiply(at.skill_N[:, None]) + rows.skill.multiply(
            (at.skill_N * at.core_N)[:, None]
        )
        slope = sparse.csr_array(slope + rows.side)
        a_N, b_N, tie_N, bad_N = at.attentive_N_4.T
        gap_N = (a_N - b_N) / 2
        weights = {
            (0, 0): (a_N + b_N) / 4 - gap_N**2,
            (0, 1): -gap_N * tie_N,
            (0, 2): -gap_N * bad_N,
            (1, 1): tie_N * (1 - tie_N),
            (1, 2): -tie_N * bad_N,
            (2, 2): bad_N * (1 - bad_N),
        }
        parts = [slope, rows.tie, rows.bad]
        total = sparse.diags_array(self.layout.spread_P**-2)
        for (one, other), weight_N in weights.items():
            term = parts[one].T @ parts[other].multiply((at.read_N * weight_N)[:, None])
            total = total + (term if one == other else term + term.T)
        if rows.attention.nnz:
            weight_N = at.reading_N * (1 - at.reading_N)
            total = total + rows.attention.T @ rows.attention.multiply(weight_N[:, None])
        return sparse.csc_array(total)

    def covariance_M_M(self, cluster_N: Codes | None = None) -> Floats:
        """Return the covariance of the centred ratings, all other parameters profiled out.

        Without clusters it is the Laplace approximation (H⁻¹: the votes are taken at the model's word). With
        a code for each vote it is the sandwich, scores added up within a cluster, factor G/(G−1).
        """
        information = self.information_P_P()
        n_models = len(self.models)
        start = self.layout.start["theta"]
        unit_P_M = np.zeros((len(self.layout), n_models))
        unit_P_M[start : start + n_models] = np.eye(n_models) - 1 / n_models
        solved_P_M = splu(information).solve(unit_P_M)
        if cluster_N is None:
            covariance: Floats = solved_P_M[start : start + n_models]
            covariance = covariance - covariance.mean(axis=0)
            return (covariance + covariance.T) / 2
        groups, group_N = np.unique(cluster_N, return_inverse=True)
        if len(groups) < 2:
            raise BoardError("intervals by cluster need at least two clusters")
        chooser = sparse.csr_array(
            (np.ones(len(group_N)), (group_N, np.arange(len(group_N)))), shape=(len(groups), len(group_N))
        )
        influence_G_M = (chooser @ self.score_N_P()) @ solved_P_M
        meat_M_M: Floats = influence_G_M.T @ influence_G_M
        return meat_M_M * len(groups) / (len(groups) - 1)

    def intervals_M_2(self, cluster_N: Codes | None = None) -> Floats:
        """Return 95 % intervals of the ratings, M×2, in log-odds."""
        half_M = ndtri(0.975) * np.sqrt(np.clip(np.diag(self.covariance_M_M(cluster_N)), 0, None))
        return np.stack([self.theta_M - half_M, self.theta_M + half_M], axis=1)


def hierarchical(
    battles: Battles,
    *,
    style_N_K: Floats | None = None,
    features: Sequence[str] = (),
    slices: Sequence[str] = (),
    effort_N: Floats | None = None,
    careless: bool = False,
    spreads: Spreads | None = None,
    reads: float = READS,
) -> Hierarchy:
    """Fit the hierarchical Davidson model to its posterior mode.

    With d = s_r·[worth_a − worth_b + z·(γ + γ_r)] + side_r, an attentive vote has
    P(a, b, tie, both bad) ∝ e^(d/2), e^(−d/2), ν·e^(τ_r + τ_i), e^(bar + β_r − (worth_a + worth_b)/2); a
    careless one follows the rater's click habits. `worth` is the rating, what the slices add, and what the
    model adds on this item.

    Parameters
    ----------
    style_N_K, features
        Differences of style between the two answers (`assay.evaluation.style`), and their names. They are
        divided by their spread and not centred: a mean that is not 0 would become a taste for a side.
    slices
        Columns of the comparisons, such as `language`, within which ratings may differ.
    effort_N
        Seconds a token, or just seconds; NaN where unknown. Enters the chance that a vote was read.
    careless
        Whether some votes may be clicks without reading.
    spreads
        The priors. A block with spread 0 is left out. Model × item effects ask for prompts on which every
        model has many votes: with five votes a pair (UKPConvArg) they explain each vote by itself, and the
        board is far worse on new votes (log-loss 1.41 for 0.81); set `item=0` there.

    reads
        Log-odds that a vote was read, before anything is known about it. What comes out hangs on it; fit with
        several (`assay.evaluation.attention`) before saying how many votes were read.

    Source: Davidson, JASA 65 (1970), with rater effects as in crossed random-effects logit
    models; mixture of reading and clicking as in MACE (Hovy et al., NAACL 2013).

    Raises
    ------
    BoardError
        Where style and names do not fit together.

    >>> from assay.records import Battle
    >>> def vote(n, rater, said):
    ...     return Battle(f"i{n % 3}", "x", "y", said, rater)
    >>> votes = [vote(n, "ann", "a" if n % 4 else "b") for n in range(40)]
    >>> votes += [vote(n, "ben", "tie" if n % 2 else "a") for n in range(40)]
    >>> fit = hierarchical(Battles.from_records(votes))
    >>> bool(fit.rater_tie_R[1] > fit.rater_tie_R[0])
    True
    """
    style = _checked(style_N_K, features, battles)
    spread_K = np.sqrt(np.mean(style**2, axis=0)) if style.shape[1] else np.ones(0)
    curve = Curve.through(effort_N) if careless and effort_N is not None else None
    layout = Layout.of(
        battles,
        features=features,
        scale_K=np.where(spread_K > 0, spread_K, 1.0),
        slices=slices,
        basis=0 if curve is None else 3,
        spreads=spreads or Spreads(),
        careless=careless,
        reads=reads,
    )
    rows = design(layout, battles, style, _basis(curve, effort_N, battles))
    click_R_4, click_4 = _habits(battles)
    click_N_4 = click_R_4[battles.rater_N] if len(click_R_4) else click_4[None]
    values_P, done = _mode(layout, rows, battles, click_N_4, np.zeros(len(layout)))
    return Hierarchy(layout, values_P, battles, style, effort_N, click_R_4, click_4, curve, done)


def _mode(
    layout: Layout, rows: Design, battles: Battles, click_N_4: Floats, start_P: Floats
) -> tuple[Floats, bool]:
    """Return the posterior mode; the parameters are divided by their spreads, which evens out the steps.

    What multiplies or competes with ratings (`LATE`) moves only once these stand: from the start it can run
    away to a mode where a few sharp raters explain everything.
    """
    if not start_P.any():
        early_P = np.ones(len(layout), bool)
        for name in LATE:
            if name in layout.start:
                early_P[layout.start[name] : layout.start[name] + layout.size[name]] = False
        if not early_P.all():
            start_P, _ = _climbed(layout, rows, battles, click_N_4, start_P, free_P=early_P)
    return _climbed(layout, rows, battles, click_N_4, start_P, free_P=np.ones(len(layout), bool))


LATE = ("skill", "item", "item_tie", "attention", "effort")


def _climbed(
    layout: Layout, rows: Design, battles: Battles, click_N_4: Floats, start_P: Floats, *, free_P: Codes
) -> tuple[Floats, bool]:
    """Climb from a starting point, along the free parameters."""
    spread_P = layout.spread_P
    outcome_N = battles.outcomes_N

    def loss(x_P: Floats) -> tuple[float, Floats]:
        at = _Pass.of(layout, rows, x_P * spread_P, click_N_4, outcome_N)
        slope_P = (
            rows.core.T @ (at.by_margin_N * at.skill_N)
            + rows.skill.T @ (at.by_margin_N * at.skill_N * at.core_N)
            + rows.side.T @ at.by_margin_N
            + rows.tie.T @ at.by_tie_N
            + rows.bad.T @ at.by_bad_N
            + rows.attention.T @ at.by_attention_N
        )
        return -at.log_likelihood + float(x_P @ x_P) / 2, np.where(free_P, x_P - slope_P * spread_P, 0.0)

    found = minimize(
        loss,
        start_P / spread_P,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "maxcor": 20, "ftol": 1e-9, "gtol": 1e-3},
    )
    return found.x * spread_P, bool(found.success)


@dataclass(frozen=True, eq=False)
class _Pass:
    """One look at all votes: their chances, and, where it is known what they said, how these would move."""

    core_N: Floats
    skill_N: Floats
    attentive_N_4: Floats
    chance_N_4: Floats
    reading_N: Floats
    """Chance that a vote is read, before what it says is known."""
    read_N: Floats
    """The same, given what it says."""
    by_margin_N: Floats
    by_tie_N: Floats
    by_bad_N: Floats
    by_attention_N: Floats
    log_likelihood: float

    @classmethod
    def of(
        cls,
        layout: Layout,
        rows: Design,
        values_P: Floats,
        click_N_4: Floats,
        outcome_N: np.ndarray[tuple[int], np.dtype[np.int8]] | None,
    ) -> _Pass:
        core_N, log_N = rows.core @ values_P, rows.skill @ values_P
        skill_N = np.exp(np.clip(log_N, -MOST_SKILL, MOST_SKILL))
        half_N = (core_N * skill_N + rows.side @ values_P) / 2
        bad_N = rows.bad @ values_P if layout.grounded else np.full(len(half_N), -np.inf)
        log_N_4 = log_softmax(np.stack([half_N, -half_N, rows.tie @ values_P, bad_N], axis=1), axis=1)
        attentive_N_4 = np.exp(log_N_4)
        ones_N = np.ones(len(half_N))
        careless = "attention" in layout.start
        reading_N = expit(layout.reads + rows.attention @ values_P) if careless else ones_N
        chance_N_4 = attentive_N_4
        if careless:
            chance_N_4 = reading_N[:, None] * attentive_N_4 + (1 - reading_N)[:, None] * click_N_4
        if outcome_N is None:
            none = np.zeros(0)
            return cls(
                core_N, skill_N, attentive_N_4, chance_N_4, reading_N, none, none, none, none, none, 0.0
            )
        each_N = np.arange(len(half_N))
        said_N = chance_N_4[each_N, outcome_N]
        if careless:
            read_N = reading_N * attentive_N_4[each_N, outcome_N] / np.maximum(said_N, 1e-300)
            told = float(np.log(np.maximum(said_N, 1e-300)).sum())
        else:
            read_N, told = ones_N, float(log_N_4[each_N, outcome_N].sum())
        a_N, b_N, tie_N, two_bad_N = ((outcome_N == k) - attentive_N_4[:, k] for k in range(4))
        return cls(
            core_N, skill_N, attentive_N_4, chance_N_4, reading_N, read_N,
            by_margin_N=read_N * (a_N - b_N) / 2,
            by_tie_N=read_N * tie_N,
            by_bad_N=read_N * two_bad_N,
            by_attention_N=read_N - reading_N,
            log_likelihood=told,
        )  # fmt: skip


def _habits(battles: Battles) -> tuple[Floats, Floats]:
    """Return how each rater answers, shrunk to the crowd, and how the crowd does."""
    outcome_N = battles.outcomes_N.astype(np.int64)
    crowd_4 = np.bincount(outcome_N, minlength=4) / len(battles)
    if not battles.raters:
        return np.zeros((0, 4)), crowd_4
    n_raters = len(battles.raters)
    said_R_4 = np.bincount(battles.rater_N * 4 + outcome_N, minlength=n_raters * 4).reshape(n_raters, 4)
    return (said_R_4 + HABIT_VOTES * crowd_4) / (said_R_4.sum(axis=1, keepdims=True) + HABIT_VOTES), crowd_4


def _basis(curve: Curve | None, effort_N: Floats | None, battles: Battles) -> Floats:
    if curve is None:
        return np.zeros((len(battles), 0))
    return curve.basis(np.full(len(battles), np.nan) if effort_N is None else effort_N)


def _checked(style_N_K: Floats | None, features: Sequence[str], battles: Battles) -> Floats:
    style = np.zeros((len(battles), 0)) if style_N_K is None else np.asarray(style_N_K, float)
    if style.shape != (len(battles), len(features)):
        raise BoardError(
            f"style has the shape {style.shape}, and {len(battles)} comparisons with {len(features)} named "
            "features are given; pass one row a comparison and one name a column"
        )
    if not np.isfinite(style).all():
        raise BoardError("style holds values that are no numbers; give 0 where a text is not known")
    return style
