"""What the look of the answers does: what style is worth to people, and what taking it out would change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.evaluation import claims, features
from assay.evaluation.arena import LEAST_CLUSTERS, Arena
from assay.evaluation.battles import BoardError, Floats
from assay.evaluation.plain import CENTRE, ELO
from assay.evaluation.seen import FOUR
from assay.evaluation.style import robust_range, with_style
from assay.wording import say

SAID = {
    "tokens": say("A longer answer"),
    "headers": say("An answer with more headings"),
    "list_items": say("An answer with more list items"),
    "bold_spans": say("An answer with more bold type"),
}
"""How a feature is said; every one of `FOUR` is here."""


@dataclass(frozen=True, eq=False)
class Look:
    """What style is worth on this board, feature by feature, and what taking it out would do.

    Attributes
    ----------
    worth_K_3
        Low end, estimate and high end of what a typical difference (one standard deviation) of each feature
        adds to the chance of being chosen, of two answers that are otherwise equal.
    elo_M_2
        Lowest and highest rating of each model over every adjustment that can be defended.
    """

    features: tuple[str, ...]
    worth_K_3: Floats
    elo_M_2: Floats


def look(board: Arena) -> Look | None:
    """Measure what style is worth; `None` where the texts are not known or all look the same.

    >>> from assay.evaluation import Battles
    >>> from assay.evaluation.arena import arena
    >>> from assay.records import Battle
    >>> rng = np.random.default_rng(0)
    >>> lengths = rng.integers(5, 50, (900, 2))
    >>> won = rng.random(900) < 1 / (1 + np.exp(-0.1 * (lengths[:, 0] - lengths[:, 1])))
    >>> said = [
    ...     Battle("i", "x", "y", "a" if won[n] else "b", response_a="so " * one, response_b="so " * other)
    ...     for n, (one, other) in enumerate(lengths.tolist())
    ... ]
    >>> found = look(arena(Battles.from_records(said), rng))
    >>> found.features, bool(found.worth_K_3[0, 0] > 0.1)
    (('tokens',), True)
    """
    battles = board.battles
    if not features.told(battles):
        return None
    all_N_K = features.of_battles(battles)
    varied = [k for k in range(len(FOUR)) if np.ptp(all_N_K[:, k]) > 0]
    if not varied:
        return None
    names, style_N_K = [FOUR[k] for k in varied], all_N_K[:, varied]
    try:
        fit = with_style(battles, style_N_K, names, by_rater=len(battles.raters) >= LEAST_CLUSTERS)
        span_M_2 = robust_range(battles, style_N_K, names)
    except (BoardError, np.linalg.LinAlgError):
        # two features that say the same, or one that only one model has, cannot be told from each other
        return None
    spread_K = np.sqrt((style_N_K**2).mean(axis=0))
    low_K, high_K = fit.interval_K_2().T
    logit_K_3 = np.stack([low_K, fit.gamma_K, high_K], axis=1) * spread_K[:, None]
    if not (np.isfinite(logit_K_3).all() and np.isfinite(span_M_2).all()):  # too few votes to tell
        return None
    return Look(tuple(names), 1 / (1 + np.exp(-logit_K_3)) - 0.5, CENTRE + ELO * span_M_2)


def look_sentences(found: Look, board: Arena) -> tuple[str, ...]:
    """Say what style is worth and what it does to the order of the models."""
    said = []
    for name, (low, worth, high) in zip(found.features, found.worth_K_3, strict=True):
        what = SAID[name]
        told = {"what": what, "worth": _signed(worth), "low": _signed(low), "high": _signed(high)}
        if low <= 0 <= high:
            said.append(say("{what} may win or lose votes: {worth} in 100 [{low}, {high}].", **told))
        elif worth > 0:
            said.append(say("{what} wins votes: {worth} in 100 [{low}, {high}].", **told))
        else:
            said.append(say("{what} loses votes: {worth} in 100 [{low}, {high}].", **told))
    width_M = found.elo_M_2[:, 1] - found.elo_M_2[:, 0]
    most = int(np.argmax(width_M))
    chance_M = 2 * ELO * board.uncertainty.half_K
    said.append(
        say(
            "Taking style out, in whichever way can be defended, moves a rating by up to {most:.0f} Elo "
            "({model}), a typical one by {typical:.0f}; chance alone leaves a range of {chance:.0f}.",
            most=width_M[most],
            model=board.models[most],
            typical=np.median(width_M),
            chance=np.median(chance_M),
        )
    )
    highest = float(found.elo_M_2[:, 0].max())
    open_ = [board.models[int(m)] for m in board.order_M if found.elo_M_2[m, 1] >= highest]
    first = board.models[int(board.order_M[0])]
    said.append(
        say("{model} stands first whatever is taken out.", model=open_[0])
        if open_ == [first]
        else say("Which model stands first depends on it: {names}.", names=claims.listed(open_, 6))
    )
    return tuple(said)


def _signed(share: float) -> str:
    """Return points of a hundred with their sign, a plain 0 for what rounds to nothing."""
    points = round(100 * share)
    return f"{points:+d}" if points else "0"
