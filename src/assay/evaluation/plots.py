"""A board of models as a picture: ratings with their intervals, and the ranks that they leave open."""

from __future__ import annotations

from assay.evaluation.board import Board
from assay.figures import Figure, leader, nothing, specification
from assay.records import Standing
from assay.wording import say


def standings(board: Board) -> Figure:
    """Return one line per model, the best on top: dot, 95 % interval, and the ranks it may hold.

    >>> best = Standing("mica", 1040.0, 1021.0, 1062.0, votes=300, rank_low=1, rank_high=2)
    >>> standings(Board((best,), votes=300, raters=20, clustered=True)).rows[0]["ranks"]
    '1–2'
    """
    title = say("Standing of the models")
    if not board.standings:
        return nothing(
            title,
            board.refusal
            or say("No model stands on the board yet: it takes comparisons between two models."),
        )
    how = (
        say("each rater's votes taken together")
        if board.clustered
        else say("each vote taken as a new person")
    )
    ordered = sorted(board.standings, key=lambda standing: (-standing.rating, standing.model))
    caption = say(
        "Dot: rating on the Elo scale. Line: its 95 % interval, {how}. The numbers beside it: the ranks "
        "that the model may hold. 1–3 says that first, second and third are all still possible.",
        how=how,
    )
    rows = [
        {
            "model": standing.model,
            "rating": round(standing.rating, 1),
            "low": round(standing.low, 1),
            "high": round(standing.high, 1),
            "interval": f"{standing.low:.0f} to {standing.high:.0f}",
            "ranks": _ranks(standing),
            "votes": standing.votes,
        }
        for standing in ordered
    ]
    y = {
        "field": "model",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [standing.model for standing in ordered]},
    }
    scale = {"zero": False, "nice": False, "padding": 44}
    x = {
        "field": "rating",
        "type": "quantitative",
        "title": "rating (Elo)",
        "scale": scale,
        "axis": {"format": "d"},
    }
    tooltip = [
        {"field": "model", "type": "nominal", "title": "model"},
        {"field": "rating", "type": "quantitative", "title": "rating (Elo)", "format": ".0f"},
        {"field": "interval", "type": "nominal", "title": "95 % interval"},
        {"field": "ranks", "type": "nominal", "title": "ranks it may hold"},
        {"field": "votes", "type": "quantitative", "title": "votes"},
    ]
    spec = specification(
        f"{title}: one line per model, the best on top. {caption}",
        rows,
        height={"step": 28},
        layer=[
            # the whole line answers the pointer, not only the dot
            {"mark": {"type": "rect", "opacity": 0}, "encoding": {"y": y, "tooltip": tooltip}},
            leader(x, y),
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.55},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y, "tooltip": tooltip},
            },
            {"mark": {"type": "point", "size": 80}, "encoding": {"x": x, "y": y, "tooltip": tooltip}},
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "style": "quiet"},
                "encoding": {
                    "x": {**x, "field": "high"},
                    "y": y,
                    "text": {"field": "ranks", "type": "nominal"},
                },
            },
        ],
    )
    table = [{name: value for name, value in row.items() if name != "interval"} for row in rows]
    return Figure(title, caption, spec, table)


def _ranks(standing: Standing) -> str:
    low, high = standing.rank_low, standing.rank_high
    return str(low) if low == high else f"{low}–{high}"
