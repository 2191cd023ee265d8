"""The page of a watch: claims first, then each slice through time, then every step that was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from assay.evaluation import evalues
from assay.evaluation.arena import Arena, arena, code
from assay.evaluation.battles import Battles, BoardError
from assay.evaluation.gate import EVERYTHING
from assay.evaluation.watching import Change, Watch
from assay.figures import Figure, Passage, specification
from assay.figures import page as page_of

Flags = NDArray[np.bool_]

MOST_LINES = 8
"""So many slices are drawn through time: everything, then those that fell, then those that rose."""

HOLDS = (
    "Each checkpoint answered the same kind of prompts; a slice that changed is another slice.",
    "Nobody knew which checkpoint wrote what they read.",
    "Votes that are looked at again may be counted again: the evidence stays true however often one looks.",
)


def page(
    found: Watch,
    battles: Battles,
    slices: Mapping[str, Flags],
    rng: np.random.Generator,
    *,
    name: str = "the model",
) -> str:
    """Return the watch as one self-contained HTML page.

    >>> from assay.evaluation.gate import Votes
    >>> from assay.evaluation.watching import watched
    >>> from assay.records import Battle
    >>> said = [Battle(f"i{n}", "s-1", "s-2", "a" if n % 4 else "b") for n in range(80)]
    >>> battles = Battles.from_records(said)
    >>> votes = Votes(battles.a_N, battles.b_N, battles.score_N, battles.items_N)
    >>> found = watched(votes, [(0, "s-1"), (1, "s-2")])
    >>> "s-2 fell behind s-1" in page(found, battles, {}, np.random.default_rng(0))
    True
    """
    line = f"{len(found.checkpoints)} checkpoints, {found.checkpoints[0]} to {found.checkpoints[-1]}"
    intro = f"{len(battles):,} comparisons. {line}, on {len(found.slices)} slices, everything among them."
    return page_of(f"How {name} changed", _sections(found, battles, slices, rng), intro=intro)


def _sections(
    found: Watch, battles: Battles, slices: Mapping[str, Flags], rng: np.random.Generator
) -> Iterator[Figure | Passage]:
    yield Passage("In short", found.sentences())
    yield steps(found)
    silent = []
    for name in _drawn(found):
        some = battles
        if name in slices:
            some = Battles.from_frame(battles.take(slices[name]).to_frame(), derived=battles.derived)
        try:
            yield through_time(arena(some, rng), found.checkpoints, name)
        except BoardError:
            silent.append(
                f"On {name} some checkpoints never meet, not even through others: no line is drawn."
            )
    if silent:
        yield Passage("What cannot be drawn", silent)
    yield Passage("Every step", rows=[_row(each) for each in found.changes])
    yield Passage("What has to hold for this", HOLDS)


def _drawn(found: Watch) -> list[str]:
    turned = [turn.change.slice for turn in (*found.falls, *found.rises)]
    return list(dict.fromkeys([EVERYTHING, *turned, *found.slices]))[:MOST_LINES]


def _row(one: Change) -> dict[str, object]:
    named = {
        "step": (one.since, one.before),
        "split": (f"all from {one.since} on", f"all up to {one.before}"),
        "run": ("whatever is newer", "whatever is older"),
    }[one.how]
    return {
        "slice": one.slice,
        "checkpoint": named[0],
        "against": named[1],
        "prompts": one.prompts,
        "wins": f"{one.score:.0%} [{one.low:.0%}, {one.high:.0%}]",
        "e that it fell": f"{evalues.said(one.log_fall):,.2g}",
        "e that it rose": f"{evalues.said(one.log_rise):,.2g}",
    }


def steps(found: Watch) -> Figure:
    """Return one square a slice and step: how often each checkpoint wins against the one before.

    >>> from assay.evaluation.watching import Watch
    >>> one = Change("everything", "b", "a", "step", 9, 9, 0.4, 0.2, 0.6, 0.5, 0.1)
    >>> steps(Watch(("a", "b"), ("everything",), (one,), (), (), ())).rows[0]["wins"]
    0.4
    """
    proven = {(turn.change.slice, turn.change.since): "fell" for turn in found.falls}
    proven |= {(turn.change.slice, turn.change.since): "rose" for turn in found.rises}
    rows = [
        {
            "slice": each.slice,
            "checkpoint": each.since,
            "before": each.before,
            "wins": round(each.score, 3),
            "prompts": each.prompts,
            "proven": proven.get((each.slice, each.since), ""),
        }
        for each in found.changes
        if each.how == "step"
    ]
    title = "Each step, slice by slice"
    caption = (
        "A square is a checkpoint against the one before it: how many of the prompts it wins. Under 50 it "
        "looks worse, over 50 better; a word in a square says that the change is proven there."
    )
    x: dict[str, Any] = {
        "field": "checkpoint", "type": "nominal", "title": None,
        "scale": {"domain": list(found.checkpoints[1:])}, "axis": {"labelAngle": -30},
    }  # fmt: skip
    y: dict[str, Any] = {
        "field": "slice", "type": "nominal", "title": None, "scale": {"domain": list(found.slices)}
    }  # fmt: skip
    tooltip = [
        {"field": "slice", "type": "nominal", "title": "slice"},
        {"field": "checkpoint", "type": "nominal", "title": "checkpoint"},
        {"field": "before", "type": "nominal", "title": "the one before"},
        {"field": "wins", "type": "quantitative", "title": "share of prompts won", "format": ".0%"},
        {"field": "prompts", "type": "quantitative", "title": "prompts"},
    ]
    color = {
        "field": "wins",
        "type": "quantitative",
        "title": "share of prompts won",
        "scale": {"domain": [0.2, 0.5, 0.8], "range": ["#f0a8a0", "#f3f1ec", "#9fd3b3"], "clamp": True},
        "legend": {"format": ".0%"},
    }
    spec = specification(
        f"{title}: a grid. {caption}",
        rows,
        height={"step": 30},
        layer=[
            {"mark": {"type": "rect"}, "encoding": {"x": x, "y": y, "color": color, "tooltip": tooltip}},
            {
                "mark": {"type": "text"},
                "encoding": {"x": x, "y": y, "text": {"field": "proven", "type": "nominal"}},
            },
        ],
    )
    return Figure(title, caption, spec, rows)


def through_time(board: Arena, checkpoints: Sequence[str], name: str) -> Figure:
    """Return how often each checkpoint wins against the first one, with 95 % intervals of each alone.

    Raises
    ------
    BoardError
        Where a checkpoint has no vote on this slice.
    """
    places = [code(board.models, one) for one in checkpoints]
    theta_M, covariance = board.fit.theta_M, board.uncertainty.covariance_K_K
    first = places[0]
    rows = []
    for one, place in zip(checkpoints, places, strict=True):
        gap = theta_M[place] - theta_M[first]
        variance = covariance[place, place] + covariance[first, first] - 2 * covariance[place, first]
        half = float(board.uncertainty.quantile_K[place]) * float(np.sqrt(max(variance, 0.0)))
        low, middle, high = (round(float(expit(gap + moved)), 3) for moved in (-half, 0.0, half))
        votes = int(board.votes_M[place])
        rows.append({"checkpoint": one, "wins": middle, "low": low, "high": high, "votes": votes})
    title = f"{name[0].upper()}{name[1:]} through time"
    caption = (
        f"How many of 100 decided comparisons each checkpoint would win against {checkpoints[0]}, by all "
        "votes on the slice together. Line: its 95 % interval, for one look. At 50 nothing has changed."
    )
    x: dict[str, Any] = {
        "field": "checkpoint", "type": "nominal", "title": None,
        "scale": {"domain": list(checkpoints)}, "axis": {"labelAngle": -30},
    }  # fmt: skip
    y: dict[str, Any] = {
        "type": "quantitative", "title": "wins against the first", "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]},
    }  # fmt: skip
    tooltip = [
        {"field": "checkpoint", "type": "nominal", "title": "checkpoint"},
        {"field": "wins", "type": "quantitative", "title": "wins against the first", "format": ".0%"},
        {"field": "votes", "type": "quantitative", "title": "votes"},
    ]
    spec = specification(
        f"{title}: a line. {caption}",
        rows,
        height=180,
        layer=[
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "tooltip": tooltip},
            },
            {"mark": {"type": "line"}, "encoding": {"x": x, "y": {**y, "field": "wins"}}},
            {
                "mark": {"type": "point", "size": 70, "filled": True, "opacity": 1},
                "encoding": {"x": x, "y": {**y, "field": "wins"}, "tooltip": tooltip},
            },
        ],
    )
    return Figure(title, caption, spec, rows)
