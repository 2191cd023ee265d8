"""The Gaussian model of ratings: each rater's offset, slope and noise, learned together with the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from assay.quality.ratings import certainty
from assay.quality.ratings.columns import Ratings
from assay.quality.ratings.past import Past, history_of
from assay.quality.ratings.result import RatingsResult, kept_on_scale, reliability
from assay.quality.reading import Bools, Codes, Floats

POOLED = 20.0
"""Ratings that the crowd's own mean and spread weigh in each rater's, where answers are standardised."""

FREEDOMS = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Candidates for the prior degrees of freedom of a rater's noise; the likeliest is taken."""

FEW = 20.0
"""Raters with fewer ratings than this get at least so many prior degrees of freedom where slopes are free,
since a slope can buy a spuriously small noise from a few ratings."""

FLOOR = 1e-4
"""Least variance of the noise, in units of the answers' variance."""

WIDEST = 1.0
"""Largest prior variance of slopes (around 1) and offsets (around 0), in units of the answers' variance."""

ALIKE = 0.9
"""Where the commonest value makes up this share of all ratings there is nothing to learn a slope from."""

FLAT = 0.05
"""A rater whose answers spread less than this share of everybody's has no slope of their own."""

WARM_UP = 3
"""Rounds before the priors of slopes and offsets are learned; until then their variance is ¼."""

STUCK = 10.0
"""A rater who is flat in this many ratings is taken to answer always the same: slope 0, no say. With fewer
it may be chance, and the slope is held at 1."""

TOLERANCE, ROUNDS = 1e-4, 200


@dataclass(frozen=True, eq=False)
class _Raters:
    """The posterior of each rater's slope and offset: means, variances and `both_R`, their covariance."""

    slope_R: Floats
    offset_R: Floats
    slope_variance_R: Floats
    offset_variance_R: Floats
    both_R: Floats

    @classmethod
    def average(cls, n_raters: int) -> _Raters:
        nothing = np.zeros(n_raters)
        return cls(nothing + 1, nothing, nothing, nothing, nothing)

    @classmethod
    def ridge(
        cls, sums: Sequence[Floats], free: Bools, fixed: Floats, prior_slope: float, prior_offset: float,
        *, offset: bool,
    ) -> _Raters:  # fmt: skip
        """Regress answers on values, with priors, from the trust-weighted sums of `_parts`.

        `free` says whose slope is not held at `fixed`.
        """
        xx, x, one, xy, y = sums
        if not offset:
            return cls.average(len(x))
        a, b, toward = xx + 1 / prior_slope, one + 1 / prior_offset, xy + 1 / prior_slope
        determinant = a * b - x**2
        return cls(
            np.where(free, (toward * b - x * y) / determinant, fixed),
            np.where(free, (a * y - x * toward) / determinant, (y - fixed * x) / b),
            np.where(free, b / determinant, 0.0),
            np.where(free, a / determinant, 1 / b),
            np.where(free, -x / determinant, 0.0),
        )

    @property
    def square_R(self) -> Floats:
        """Expected squared slope."""
        return self.slope_R**2 + self.slope_variance_R

    def toward(self, work_N: Floats, rater_N: Codes) -> Floats:
        """Expected slope · (answer − offset) of each rating."""
        expected: Floats = self.slope_R[rater_N] * (work_N - self.offset_R[rater_N]) - self.both_R[rater_N]
        return expected

    def square_error(self, x_N: Floats, doubt_N: Floats, work_N: Floats, rater_N: Codes) -> Floats:
        """Expected squared distance of each answer from what its rater would say without noise."""
        expected: Floats = (
            (work_N - self.slope_R[rater_N] * x_N - self.offset_R[rater_N]) ** 2
            + self.square_R[rater_N] * doubt_N
            + self.slope_variance_R[rater_N] * x_N**2
            + self.offset_variance_R[rater_N]
            + 2 * self.both_R[rater_N] * x_N
        )
        return expected

    def square_before(self, past: Past) -> Floats:
        """Expected sums of squared distances of everybody's earlier answers from the same."""
        return past.square_R(
            self.slope_R,
            self.offset_R,
            self.slope_variance_R,
            self.offset_variance_R,
            self.both_R,
            floor=FLOOR,
        )


def _parts(x_N: Floats, doubt_N: Floats, work_N: Floats) -> tuple[Floats, ...]:
    """Return x², x, 1, x·y and y of each rating: what a regression of answers on values sums up."""
    return x_N**2 + doubt_N, x_N, np.ones_like(x_N), x_N * work_N, work_N


@dataclass(frozen=True, eq=False)
class Fit:
    """Where the rounds ended, in working units: `work_N` = slope · x + offset + noise.

    `variance_R` is the noise with its prior `freedom`, `typical`; values have the prior N(`mean`, `spread`).
    `anchored` says that known values or known raters hold the scale, `past` what is known of raters.
    """

    work_N: Floats
    shift_R: Floats
    scale_R: Floats
    x_I: Floats
    doubt_I: Floats
    people: _Raters
    variance_R: Floats
    square_N: Floats
    freedom: float
    least_R: Floats
    typical: float
    mean: float
    spread: float
    free_R: Bools
    fixed_R: Floats
    has_offset: bool
    prior_slope: float
    prior_offset: float
    own_noise: bool
    shrunk: bool
    iterations: int
    converged: bool
    anchored: bool
    past: Past
    notes: tuple[str, ...]

    @property
    def freedom_R(self) -> Floats:
        """Prior degrees of freedom of each rater's noise, the guard for few ratings included."""
        return np.maximum(self.freedom, self.least_R)


def precision(ratings: Ratings) -> RatingsResult:
    """Weigh each rater by the precision of their ratings.

    y = x_i + e, e ~ N(0, s²_r), s²_r ~ scaled inverse χ²(ν, s₀²), x_i ~ N(μ, τ²). Variational EM; ν, s₀, μ
    and τ are learned from the ratings themselves (empirical Bayes).

    Source: the Gaussian truth model of Zhao & Han, "A probabilistic model for estimating real-valued truth
    from conflicting sources", QDB 2012, here with learned priors.

    >>> people = ["ann", "ben", "dice"] * 5
    >>> given = [1, 1, 5, 2, 2, 1, 3, 3, 4, 4, 4, 2, 5, 5, 3]
    >>> result = precision(Ratings.from_lists([n // 3 for n in range(15)], people, given))
    >>> bool(result.noise_R[2] > result.noise_R[0])
    True
    """
    return result_of(ratings, fit(ratings), "precision", ASSUMED[:1])


def bias(ratings: Ratings) -> RatingsResult:
    """Weigh raters by precision, after taking out how much higher or lower than others each one answers.

    `precision` with an offset b_r ~ N(0, t²), t learned: y = x_i + b_r + e.

    >>> ratings = Ratings.from_lists([0, 0, 1, 1, 2, 2], ["mild", "strict"] * 3, [5, 3, 7, 5, 9, 7])
    >>> mild, strict = bias(ratings).offset_R
    >>> bool(mild > 0 > strict)
    True
    """
    return result_of(ratings, fit(ratings, offset=True), "bias", ASSUMED[:2])


def linear(ratings: Ratings) -> RatingsResult:
    """Learn how each rater uses the scale: offset, slope and noise, together with the values.

    y = a_r·x_i + b_r + e, a ~ N(1, t_a²), b ~ N(0, t_b²), e ~ N(0, s²_r), s² ~ scaled inverse χ²(ν, s₀²),
    x_i ~ N(μ, τ²); variational EM over x and (a, b), all priors learned (empirical Bayes). Each round puts
    the values back at mean 0 and variance 1 over the ratings; where values are known they hold the scale.
    Guards: slope 0 for a rater who answers always the same, and no slopes at all where 90 % of all answers
    are one value; ν ≥ 20 for raters with fewer than 20 ratings.

    Source: Raykar et al., "Learning from crowds", JMLR 11 (2010), extended by slopes and learned priors.

    >>> ratings = Ratings.from_lists([n // 3 for n in range(12)], ["ann", "ben", "bold"] * 4,
    ...                              [4, 4, 3, 5, 5, 5, 6, 6, 7, 7, 7, 9])
    >>> linear(ratings).slope_R.round(1).tolist()
    [0.8, 0.8, 1.5]
    """
    return result_of(ratings, fit(ratings, offset=True, slope=True), "linear", ASSUMED)


ASSUMED = (
    "raters err independently of each other once the right value is known",
    "a rater's offset and noise are the same on every item",
    "a rater stretches the whole scale by one factor",
)


def fit(
    ratings: Ratings,
    *,
    slope: bool = False,
    offset: bool = False,
    own_noise: bool = True,
    own_scale: bool = False,
    shrink: bool = True,
    remember: bool = True,
    tolerance: float = TOLERANCE,
    max_iterations: int = ROUNDS,
) -> Fit:
    """Fit one member of the family.

    Parameters
    ----------
    slope, offset, own_noise
        Which parts of a rater are free.
    own_scale
        Standardise each rater's answers first, their mean and spread pooled with the crowd's (`POOLED`).
    shrink
        Pull values towards the mean of all items, the more the fewer and noisier their ratings.
    remember
        Count what is known of raters from before as so many more ratings, of items whose values are held. The
        scale is then that of the earlier crowd.
    tolerance, max_iterations
        Stop when no value moves by more, in standard deviations of all answers, or after so many rounds.
    """
    shift_R, scale_R = _units(ratings, own_scale=own_scale)
    work_N = (ratings.value_N - shift_R[ratings.rater_N]) / scale_R[ratings.rater_N]
    item_N, rater_N, weight_N = ratings.item_N, ratings.rater_N, ratings.weight_N
    by_item, by_rater = ratings.by_item, ratings.by_rater
    share_R = ratings.weight_R / ratings.weight_N.sum()
    level, gain = float(share_R @ shift_R), float(share_R @ scale_R)
    past = Past.of(ratings, shift_R, scale_R, level=level, gain=gain, remember=remember)
    count_R = ratings.weight_R + past.count_R
    free_R, fixed_R, notes = _free(ratings, work_N, past, slope=slope)
    has_raters = offset or bool(free_R.any())
    least_R = np.where((count_R < FEW) & free_R, FEW, 0.0)

    known_I, known_x_I = _known(ratings, level, gain)
    anchored = bool(known_I.any()) or past.known
    x_I = np.where(known_I, known_x_I, by_item(weight_N * work_N) / ratings.weight_I)
    people = _Raters.average(len(count_R))
    square = float(weight_N @ (work_N - x_I[item_N]) ** 2 + people.square_before(past).sum())
    typical = square / float(count_R.sum()) + FLOOR
    variance_R = np.full(len(count_R), typical)
    doubt_I, square_N = np.zeros_like(x_I), np.zeros_like(work_N)
    mean, spread, prior_slope, prior_offset = float(x_I.mean()), float(x_I.var()) + FLOOR, 0.25, 0.25
    freedom, converged, iteration = FREEDOMS[0], False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        before_I, pull = x_I, 1 / spread if shrink else 0.0
        # Values, given the raters.
        trust_N = weight_N / variance_R[rater_N]
        power_I = by_item(trust_N * people.square_R[rater_N]) + pull
        x_I = (by_item(trust_N * people.toward(work_N, rater_N)) + pull * mean) / power_I
        x_I, doubt_I = np.where(known_I, known_x_I, x_I), np.where(known_I, 0.0, 1 / power_I)
        if has_raters and not anchored:
            x_I, doubt_I = _standard(x_I, doubt_I, ratings.weight_I, stretch=bool(free_R.any()))
        mean = float(x_I.mean())
        spread = float(((x_I - mean) ** 2 + doubt_I).mean()) + 1e-9
        # Raters, given the values.
        if has_raters:
            parts = zip(_parts(x_I[item_N], doubt_I[item_N], work_N), past.sums(), strict=True)
            sums = [by_rater(trust_N * part_N) + before_R / variance_R for part_N, before_R in parts]
            people = _Raters.ridge(sums, free_R, fixed_R, prior_slope, prior_offset, offset=offset)
            if iteration > WARM_UP:
                prior_slope = _prior(people.slope_R - 1, people.slope_variance_R, free_R)
                prior_offset = _prior(people.offset_R, people.offset_variance_R, free_R | True)
        # Noise, given both.
        square_N = people.square_error(x_I[item_N], doubt_I[item_N], work_N, rater_N) + FLOOR
        square_R = by_rater(weight_N * square_N) + people.square_before(past)
        freedom, typical, variance_R = _noise(square_R, count_R, least_R, typical, own=own_noise)
        converged = iteration > WARM_UP + 2 and bool(np.abs(x_I - before_I).max() < tolerance)
    if free_R.any() and not anchored and share_R @ (scale_R * people.slope_R) <= 0:
        # The values came out upside down: more weight stretches the scale backwards than forwards.
        fallback = fit(ratings, offset=offset, own_noise=own_noise, own_scale=own_scale, shrink=shrink)
        upside_down = "raters use the scale in opposite directions, so no slopes were learned"
        return replace(fallback, notes=(*fallback.notes, upside_down))
    return Fit(
        work_N, shift_R, scale_R, x_I, doubt_I, people, variance_R, square_N, freedom, least_R, typical,
        mean, spread, free_R, fixed_R, offset, prior_slope, prior_offset, own_noise, shrink, iteration,
        converged, anchored, past, notes,
    )  # fmt: skip


def held_out(ratings: Ratings, fit: Fit) -> Floats:
    """Return the log density of each rating as the model predicts it without that rating.

    The rating is taken out of its item's value and of its rater's slope, offset and noise, all in closed
    form; only its echo in other items' values stays. So it is leave-one-out at the price of one pass, and
    needs no random folds: renaming or reordering changes nothing. Student's t, since the noise is learned.
    """
    item_N, rater_N, weight_N, work_N = ratings.item_N, ratings.rater_N, ratings.weight_N, fit.work_N

    trust_N = weight_N / fit.variance_R[rater_N]
    # The item without it.
    power_N = trust_N * fit.people.square_R[rater_N]
    toward_N = trust_N * fit.people.toward(work_N, rater_N)
    left_N = np.maximum(ratings.by_item(power_N)[item_N] - power_N, 0) + 1 / fit.spread
    rest_N = ratings.by_item(toward_N)[item_N] - toward_N
    fixed_N = (fit.doubt_I == 0)[item_N]
    other_x_N = np.where(fixed_N, fit.x_I[item_N], (rest_N + fit.mean / fit.spread) / left_N)
    other_doubt_N = np.where(fixed_N, 0.0, 1 / left_N)
    # The rater without it.
    sums = []
    parts = _parts(fit.x_I[item_N], fit.doubt_I[item_N], work_N)
    for part_N, before_R in zip(parts, fit.past.sums(), strict=True):
        amount_N = trust_N * part_N
        sums.append((ratings.by_rater(amount_N) + before_R / fit.variance_R)[rater_N] - amount_N)
    own = _Raters.ridge(
        sums, fit.free_R[rater_N], fit.fixed_R[rater_N], fit.prior_slope, fit.prior_offset,
        offset=fit.has_offset,
    )  # fmt: skip
    freedom_N, noise_N = np.full(len(work_N), fit.freedom), fit.variance_R[rater_N]
    if fit.own_noise:
        amount_N = weight_N * fit.square_N
        prior_N = fit.freedom_R[rater_N]
        freedom_N = np.maximum((ratings.weight_R + fit.past.count_R)[rater_N] - weight_N, 0) + prior_N
        square_R = ratings.by_rater(amount_N) + fit.people.square_before(fit.past)
        rest_N = np.maximum(square_R[rater_N] - amount_N, 0)
        noise_N = (rest_N + prior_N * fit.typical) / freedom_N
    off_N = work_N - own.slope_R * other_x_N - own.offset_R
    doubt_N = own.square_error(other_x_N, other_doubt_N, work_N, np.arange(len(work_N))) - off_N**2
    log_density_N = _log_student(off_N, np.maximum(noise_N / weight_N + doubt_N, 1e-12), freedom_N)
    on_raters_scale_N: Floats = log_density_N - np.log(fit.scale_R[rater_N])
    return on_raters_scale_N


def result_of(ratings: Ratings, fit: Fit, method: str, assumed: Sequence[str]) -> RatingsResult:
    """Return a fit on the raters' own scale."""
    share_R = ratings.weight_R / ratings.weight_R.sum()
    # A rater answers  shift + scale·(offset + slope·x)  where the average rater answers  level + gain·x;
    # known values and known raters have fixed the scale of x already.
    average = _Raters.average(len(share_R)) if fit.anchored else fit.people
    level = float(share_R @ (fit.shift_R + fit.scale_R * average.offset_R))
    gain = float(share_R @ (fit.scale_R * average.slope_R))
    slope_R = fit.scale_R * fit.people.slope_R / gain
    at_centre = level + gain * fit.mean
    offset_R = fit.shift_R + fit.scale_R * (fit.people.offset_R + fit.people.slope_R * fit.mean) - at_centre
    noise_R = fit.scale_R * np.sqrt(fit.variance_R)
    seen_R = ratings.weight_R + fit.past.count_R + fit.freedom_R
    shares = explained(ratings, fit, np.sqrt(fit.variance_R), seen_R)
    return RatingsResult(
        ratings=ratings,
        value_I=kept_on_scale(ratings, level + gain * fit.x_I),
        sd_I=gain * certainty.sd(ratings, fit),
        offset_R=offset_R,
        slope_R=slope_R,
        noise_R=noise_R,
        reliability_R=shares[0],
        reliability_low_R=shares[1],
        reliability_high_R=shares[2],
        centre=at_centre,
        method=method,
        assumed=tuple(assumed),
        converged=fit.converged,
        iterations=fit.iterations,
        held_out_N=held_out(ratings, fit),
        history=history_of(ratings, level + gain * fit.x_I, gain**2 * fit.doubt_I),
        notes=fit.notes,
    )


def explained(
    ratings: Ratings, fit: Fit, noise_R: Floats, freedom_R: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return each rater's reliability with its interval, for their noise in working units."""
    return reliability(
        fit.people.slope_R, fit.people.slope_variance_R, noise_R, freedom_R, float(np.sqrt(fit.spread))
    )


def _units(ratings: Ratings, *, own_scale: bool) -> tuple[Floats, Floats]:
    """Return the shift and scale that take each rater's answers to working units."""
    weight_N, count_R = ratings.weight_N, ratings.weight_R
    mean = float(weight_N @ ratings.value_N / weight_N.sum())
    spread = float(np.sqrt(weight_N @ (ratings.value_N - mean) ** 2 / weight_N.sum()))
    if spread <= 1e-12 * max(1.0, abs(mean)):
        spread = 1.0
    ones_R = np.ones(len(count_R))
    if not own_scale:
        return mean * ones_R, spread * ones_R
    centred_N = ratings.value_N - mean
    shift_R = ratings.by_rater(weight_N * centred_N) / (count_R + POOLED)
    about_R = ratings.by_rater(weight_N * (centred_N - shift_R[ratings.rater_N]) ** 2)
    return mean + shift_R, np.sqrt((about_R + POOLED * spread**2) / (count_R + POOLED))


def _free(
    ratings: Ratings, work_N: Floats, past: Past, *, slope: bool
) -> tuple[Bools, Floats, tuple[str, ...]]:
    """Say which raters may have a slope of their own, what it is held at for the others, and why."""
    nobody_R, ones_R = np.zeros(len(ratings.raters), dtype=bool), np.ones(len(ratings.raters))
    if not slope:
        return nobody_R, ones_R, ()
    _, place_N = np.unique(ratings.value_N, return_inverse=True)
    commonest = np.bincount(place_N, ratings.weight_N).max() / ratings.weight_N.sum()
    if commonest >= ALIKE:
        alike = f"{commonest:.0%} of the ratings are one value, so no slopes were learned"
        return nobody_R, ones_R, (alike,)
    mean_R = ratings.by_rater(ratings.weight_N * work_N) / ratings.weight_R
    about_R = ratings.by_rater(ratings.weight_N * (work_N - mean_R[ratings.rater_N]) ** 2)
    count_R = ratings.weight_R + past.count_R
    about_R = (about_R + past.count_R * past.yy_R) / count_R
    free_R = about_R > FLAT**2
    if not free_R.any():
        return nobody_R, ones_R, ("no rater's answers vary, so no slopes were learned",)
    stuck_R = ~free_R & (count_R >= STUCK)
    notes = (f"{stuck_R.sum()} raters always answer the same and got no say",) if stuck_R.any() else ()
    return free_R, np.where(stuck_R, 0.0, 1.0), notes


def _standard(x_I: Floats, doubt_I: Floats, weight_I: Floats, *, stretch: bool) -> tuple[Floats, Floats]:
    """Return values with mean 0 and, where slopes are free, variance 1 over the ratings."""
    centred_I = x_I - weight_I @ x_I / weight_I.sum()
    if not stretch:
        return centred_I, doubt_I
    size = max(float(weight_I @ (centred_I**2 + doubt_I) / weight_I.sum()), 1e-12)
    return centred_I / np.sqrt(size), doubt_I / size


def _known(ratings: Ratings, level: float, gain: float) -> tuple[Bools, Floats]:
    if ratings.known_I is None:
        return np.zeros(len(ratings.items), dtype=bool), np.zeros(len(ratings.items))
    known_I = np.isfinite(ratings.known_I)
    return known_I, (np.where(known_I, ratings.known_I, 0.0) - level) / gain


def _prior(off_R: Floats, variance_R: Floats, free_R: Bools) -> float:
    if not free_R.any():
        return 0.25
    learned = float((off_R**2 + variance_R)[free_R].mean())
    return min(max(learned, 1e-4), WIDEST)


def _noise(
    square_R: Floats, count_R: Floats, least_R: Floats, typical: float, *, own: bool
) -> tuple[float, float, Floats]:
    """Return the prior of everybody's noise, its degrees of freedom and scale, and the variance of each."""
    if not own:
        total = float(count_R.sum())
        return total, float(square_R.sum()) / total, np.full(len(count_R), float(square_R.sum()) / total)
    freedom, typical = _noise_prior(square_R, count_R, typical)
    freedom_R = np.maximum(freedom, least_R)
    return freedom, typical, (square_R + freedom_R * typical) / (count_R + freedom_R)


def _noise_prior(square_R: Floats, count_R: Floats, typical: float) -> tuple[float, float]:
    """Return the degrees of freedom and scale under which the raters' sums of squares are likeliest."""
    best = (-np.inf, FREEDOMS[0], typical)
    for freedom in FREEDOMS:
        scale = typical
        for _ in range(5):
            scale = len(count_R) / float(((count_R + freedom) / (square_R + freedom * scale)).sum())
        likelihood = float(
            (
                gammaln((count_R + freedom) / 2)
                - gammaln(freedom / 2)
                + freedom / 2 * np.log(freedom * scale)
                - (count_R + freedom) / 2 * np.log(square_R + freedom * scale)
            ).sum()
        )
        if likelihood > best[0] + 1e-9:
            best = (likelihood, freedom, scale)
    return best[1], best[2]


def _log_student(off: Floats, variance: Floats, freedom: Floats) -> Floats:
    log_density: Floats = (
        gammaln((freedom + 1) / 2)
        - gammaln(freedom / 2)
        - 0.5 * np.log(freedom * np.pi * variance)
        - (freedom + 1) / 2 * np.log1p(off**2 / (freedom * variance))
    )
    return log_density
