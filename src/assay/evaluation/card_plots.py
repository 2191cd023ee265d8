"""What a card draws: the ranks that are open to each model, and how sure each vote is to have been read."""

from __future__ import annotations

from typing import Any

from assay.evaluation.arena import Arena
from assay.evaluation.attention import Attention
from assay.figures import Figure, specification
from assay.wording import say

FEW = 30
"""Up to so many models a line has room to breathe."""


def rank_sets(board: Arena) -> Figure:
    """Return one bar a model, the best on top, from its best open rank to its worst.

    >>> from assay.evaluation import Battles
    >>> from assay.evaluation.arena import arena
    >>> from assay.records import Battle
    >>> import numpy as np
    >>> said = [Battle("i", "x", "y", "b" if n % 4 == 0 else "a") for n in range(200)]
    >>> rank_sets(arena(Battles.from_records(said), np.random.default_rng(1))).rows[0]
    {'model': 'x', 'from': 1, 'to': 1, 'votes': 200}
    """
    n_models = len(board.models)
    rows = [
        {
            "model": board.models[m],
            "from": int(board.ranks.low_M[m]),
            "to": int(board.ranks.high_M[m]),
            "votes": int(board.votes_M[m]),
        }
        for m in board.order_M
    ]
    title = say("Which ranks are open to each model")
    caption = say(
        "Each bar covers every rank that a model may truly hold. All bars are right together in 95 of 100 "
        "such boards. A short bar is knowledge, a long one is doubt. The dot is where the model stands if "
        "its rating is taken at its word."
    )
    drawn = [
        {
            **row,
            "left": row["from"] - 0.5,
            "right": row["to"] + 0.5,
            "stands": place,
            "ranks": _range(row["from"], row["to"]),
        }
        for place, row in enumerate(rows, start=1)
    ]
    y: dict[str, Any] = {
        "field": "model",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [row["model"] for row in rows]},
    }
    x: dict[str, Any] = {
        "type": "quantitative",
        "title": "rank",
        "scale": {"domain": [0.5, n_models + 0.5], "nice": False, "zero": False},
        "axis": {"format": "d", "tickMinStep": 1, "values": _ticks(n_models), "orient": "top"},
    }
    tooltip = [
        {"field": "model", "type": "nominal", "title": "model"},
        {"field": "ranks", "type": "nominal", "title": "open ranks"},
        {"field": "votes", "type": "quantitative", "title": "votes"},
    ]
    spec = specification(
        f"{title}: one bar per model, the best on top. {caption}",
        drawn,
        height={"step": 28 if n_models <= FEW else 20},
        layer=[
            {
                "mark": {"type": "bar", "height": 10, "cornerRadius": 5, "opacity": 0.4},
                "encoding": {
                    "x": {**x, "field": "left"},
                    "x2": {"field": "right"},
                    "y": y,
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "point", "size": 40, "filled": True, "opacity": 1},
                "encoding": {"x": {**x, "field": "stands"}, "y": y, "tooltip": tooltip},
            },
        ],
    )
    return Figure(title, caption, spec, rows)


def attention(found: Attention) -> Figure:
    """Return a histogram of the chances that votes were read.

    >>> import numpy as np
    >>> from assay.evaluation.attention import Attention
    >>> one = np.ones(1)
    >>> seen = Attention(("usual",), ("x",), one, np.array([0.05, 0.95]), one, one[:, None], one, 2)
    >>> [row["votes"] for row in attention(seen).rows]
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    """
    edges, counts = found.histogram()
    rows = [
        {"from": round(float(low), 2), "to": round(float(high), 2), "votes": int(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    title = say("How sure each vote is to have been read")
    caption = say(
        "Each bar counts the votes whose chance to have been read lies there: on the right they fit with "
        "what the person and others say elsewhere, on the left a click without reading explains them better. "
        "{votes:,} votes, {assumed}.",
        votes=found.seen,
        assumed=found.names[0],
    )
    x: dict[str, Any] = {
        "type": "quantitative",
        "title": "chance that the vote was read",
        "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%", "values": [0, 0.2, 0.4, 0.6, 0.8, 1]},
    }
    tooltip = [
        {"field": "from", "type": "quantitative", "title": "from", "format": ".0%"},
        {"field": "to", "type": "quantitative", "title": "to", "format": ".0%"},
        {"field": "votes", "type": "quantitative", "title": "votes"},
    ]
    spec = specification(
        f"{title}: a histogram. {caption}",
        rows,
        height=160,
        mark={"type": "bar"},
        encoding={
            "x": {**x, "field": "from", "bin": {"binned": True, "step": 0.1}},
            "x2": {"field": "to"},
            "y": {"field": "votes", "type": "quantitative", "title": "votes", "axis": {"format": "d"}},
            "tooltip": tooltip,
        },
    )
    return Figure(title, caption, spec, rows)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def _ticks(n_models: int) -> list[int]:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 10**9) if n_models / step <= 12)
    return [1, *range(step if step > 1 else 2, n_models + 1, step)]
