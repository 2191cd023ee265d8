"""Evidence that may be looked at after every vote: e-values, and which of many to believe."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, betaln, logsumexp

Floats = NDArray[np.float64]
Side = Literal["two", "greater", "less"]

CLOSE = 30.0
"""Both parameters of the Beta law by which bets are spread: win rates within ±.13 of even, most of them."""

NODES = 48
"""Points by which a spread of bets is replaced; a mixture of fair bets is fair, however coarse."""


POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Evident(float):
    """An e-value as it is said: from ten million on as a power of ten, since nobody reads thirty digits.

    >>> f"{Evident(1658.2):,.0f}, {Evident(2.9e37):,.0f}"
    '1,658, 3·10³⁷'
    """

    def __format__(self, spec: str) -> str:
        """Return the number by its format, or as a power of ten."""
        if not 1e7 <= self < np.inf:
            return super().__format__(spec)
        digit, power = f"{float(self):.0e}".split("e+")
        return f"{digit}·10{str(int(power)).translate(POWERS)}"


def said(log_e: float) -> Evident:
    """Return the e-value of a logarithm, to be said.

    >>> f"{said(3.0):.3g}"
    '20.1'
    """
    return Evident(np.exp(min(log_e, 700.0)))


def _stakes() -> Floats:
    """Return stakes in (0, 1): half around close races, half (Krichevsky–Trofimov) for any."""
    upper = 0.5 + (np.arange(NODES) + 0.5) / NODES / 2
    near, wide = (2 * betaincinv(each, each, upper) - 1 for each in (CLOSE, 0.5))
    stakes: Floats = np.concatenate([near, wide])
    return stakes


STAKES_S = _stakes()


def beta_binomial(wins_N: Floats, losses_N: Floats, *, prior: float = CLOSE) -> Floats:
    """Return log e against "both win equally often" after so many wins and losses; ties count as neither.

    The likelihood under a Beta(prior, prior) mixture of win rates, over that under ½. Its chance of ever
    passing 1/α is at most α however often one looks.

    Source: Robbins, Annals of Math. Statistics 41 (1970); Ville (1939).

    >>> beta_binomial(np.array([0.0, 60]), np.array([0.0, 20])).round(2).tolist()
    [0.0, 5.41]
    """
    log_e_N: Floats = (
        betaln(prior + wins_N, prior + losses_N) - betaln(prior, prior) + (wins_N + losses_N) * np.log(2)
    )
    return log_e_N


def betting(y_N: Floats, *, mean: float = 0.5, side: Side = "two", effort_N: Floats | None = None) -> Floats:
    """Return log e after each increment in [0, 1], against "its mean is `mean`" (or no better, or no worse).

    e_n = Σ_s w_s ∏ (1 + κ_s λ_n (y_n − mean)): stakes are spread around close races and over all races, half
    of the money each, and two-sided evidence is the average of both sides. A tie (½ against ½) moves nothing.
    An increment must be fair given the earlier ones, so votes on one prompt are averaged into one.
    `effort_N` in [0, 1] lets votes without effort move less; it must not depend on the vote itself.

    Source: Waudby-Smith & Ramdas, JRSS B 86 (2024); Krichevsky & Trofimov, IEEE Trans. Inf. Theory 27 (1981).

    >>> betting(np.array([0.5, 0.5])).tolist()
    [0.0, 0.0]
    >>> bool(betting(np.ones(20), side="greater")[-1] > np.log(1000))
    True
    """
    y_N = np.asarray(y_N, dtype=float)
    if ((y_N < 0) | (y_N > 1)).any():
        raise ValueError("increments lie between 0 and 1")
    if side == "two":
        both = [betting(y_N, mean=mean, side=each, effort_N=effort_N) for each in ("greater", "less")]
        log_e_N: Floats = np.logaddexp(*both) - np.log(2)
        return log_e_N
    if side == "less":
        return betting(1 - y_N, mean=1 - mean, side="greater", effort_N=effort_N)
    moved_N = (y_N - mean) / mean
    if effort_N is not None:
        moved_N = moved_N * effort_N
    log_S_N = np.log1p(STAKES_S[:, None] * moved_N[None, :]).cumsum(axis=1)
    one_sided_N: Floats = logsumexp(log_S_N, axis=0) - np.log(len(STAKES_S))
    return one_sided_N


def e_bh(log_e_K: Floats, *, alpha: float = 0.05) -> NDArray[np.bool_]:
    """Say which of K hypotheses to reject so that at most a share α of the rejections is false on average.

    Holds under any dependence: overlapping slices, the same votes, checkpoints one after the other.

    Source: Wang & Ramdas, JRSS B 84 (2022).

    >>> e_bh(np.log([100.0, 30, 5, 1])).tolist()
    [True, False, False, False]
    """
    n_tests = len(log_e_K)
    if not n_tests:
        return np.zeros(0, dtype=bool)
    order = np.argsort(-log_e_K, kind="stable")
    enough = log_e_K[order] >= np.log(n_tests / (alpha * np.arange(1, n_tests + 1)))
    rejected_K = np.zeros(n_tests, dtype=bool)
    if enough.any():
        rejected_K[order[: int(np.flatnonzero(enough)[-1]) + 1]] = True
    return rejected_K
