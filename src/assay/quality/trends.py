"""How right votes are by day, by language, by anything: shares with honest intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import AssayError
from assay.figures import Figure, leader, nothing, specification
from assay.wording import say


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a group's votes are right: posterior mean, 95 % interval, and votes behind it."""

    group: str
    mean: float
    low: float
    high: float
    votes: int


def shares(groups: Sequence[str], right: Sequence[float], people: Sequence[str]) -> list[Share]:
    """Return for each group how right its votes are, in the order of the groups' names.

    Parameters
    ----------
    groups, right, people
        One entry a vote: its group, the probability in [0, 1] that it is right, and who cast it.

    The interval is that of a beta posterior with Jeffreys' prior, over as many votes as there would be if the
    votes of one person were not alike: n / (1 + (m − 1) ρ), with m votes a person and ρ the share of the
    variance that lies between people (Kish's design effect). Errors of the verdicts themselves are not in it.

    >>> shares(["en", "en", "ar"], [1, 0, 1], ["ann", "ben", "ann"])[1].votes
    2
    """
    from scipy.special import betaincinv  # noqa: PLC0415 -- half a second that who never asks need not wait

    if not len(groups) == len(right) == len(people):
        raise AssayError("groups, right and people differ in length; give one of each for every vote")
    group_N, right_N = np.asarray(groups, dtype=object), np.asarray(right, dtype=float)
    if len(right_N) and not ((right_N >= 0) & (right_N <= 1)).all():
        raise AssayError("a vote is right with a probability from 0 to 1")
    person_N = np.asarray(people, dtype=object)
    found = []
    for group in sorted(set(groups)):
        own = group_N == group
        mean, votes = float(right_N[own].mean()), int(own.sum())
        effective = votes / _design_effect(right_N[own], person_N[own])
        first, second = effective * mean + 0.5, effective * (1 - mean) + 0.5
        low, high = (float(betaincinv(first, second, level)) for level in (0.025, 0.975))
        found.append(Share(str(group), first / (first + second), low, high, votes))
    return found


def _design_effect(right_N: np.ndarray, person_N: np.ndarray) -> float:
    """Return Kish's design effect of votes clustered by person (one-way analysis of variance)."""
    _, code_N, votes_R = np.unique(person_N, return_inverse=True, return_counts=True)
    n, r = len(right_N), len(votes_R)
    if r < 2 or n == r:
        return 1.0 if n == r else float(n)  # one person's votes say what that person is like, and no more
    mean_R = np.bincount(code_N, right_N) / votes_R
    between = float((votes_R * (mean_R - right_N.mean()) ** 2).sum() / (r - 1))
    within = float(((right_N - mean_R[code_N]) ** 2).sum() / (n - r))
    typical = (n - (votes_R**2).sum() / n) / (r - 1)
    spread = between - within
    whole = spread / typical + within
    alike = min(max(spread / typical / whole, 0.0), 1.0) if whole > 0 else 0.0
    return 1 + (float((votes_R**2).sum()) / n - 1) * alike


def over_days(found: Iterable[Share]) -> Figure:
    """Return a line over days with its interval as a band; groups are ISO dates."""
    rows = _rows(found, "day")
    title = say("How right votes are, by day")
    if not rows:
        return nothing(title, say("There is no vote with a verdict yet."))
    caption = say(
        "Line: share of the day's votes that are right, by the verdicts of now. Band: its 95 % interval."
    )
    share = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": ".0%"}}
    x = {
        "field": "day",
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "title": "day",
        "axis": {"format": "%e %b", "grid": False, "tickMinStep": 86_400_000},
    }
    tooltip = [{"field": name, "type": "nominal", "title": name} for name in rows[0]]
    spec = specification(
        f"{title}: a line with a band. {caption}",
        rows,
        height=180,
        layer=[
            {
                "mark": {"type": "area", "opacity": 0.2},
                "encoding": {
                    "x": x,
                    "y": {"field": "low", "title": "right (%)", **share},
                    "y2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "line", "point": True},
                "encoding": {"x": x, "y": {"field": "right", **share}, "tooltip": tooltip},
            },
        ],
    )
    return Figure(title, caption, spec, rows)


def by_group(title: str, name: str, found: Iterable[Share]) -> Figure:
    """Return one line a group: the dot is the share that is right, the line its 95 % interval.

    >>> by_group("By language", "language", shares(["en"], [1.0], ["ann"])).rows[0]["language"]
    'en'
    """
    rows = _rows(found, name)
    if not rows:
        return nothing(title, say("There is no vote with a verdict yet."))
    caption = say("Dot: share of votes that are right, by the verdicts of now. Line: its 95 % interval.")
    y = {"field": name, "type": "nominal", "title": None, "sort": None}
    share = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": ".0%"}}
    x = {"field": "right", "title": "share of votes that are right (%)", **share}
    tooltip = [{"field": each, "type": "nominal", "title": each} for each in rows[0]]
    spec = specification(
        f"{title}: one line a {name}. {caption}",
        rows,
        height={"step": 26},
        layer=[
            leader(x, y),
            {
                "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.55},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y, "tooltip": tooltip},
            },
            {"mark": {"type": "point", "size": 70}, "encoding": {"x": x, "y": y, "tooltip": tooltip}},
        ],
    )
    return Figure(title, caption, spec, rows)


def _rows(found: Iterable[Share], name: str) -> list[dict[str, object]]:
    return [
        {
            name: share.group,
            "right": round(share.mean, 4),
            "low": round(share.low, 4),
            "high": round(share.high, 4),
            "votes": share.votes,
        }
        for share in found
    ]
