"""What a board looks like: models with their intervals, from best to worst."""

from __future__ import annotations

from assay.evaluation.bradley_terry import Board
from assay.figures import Figure, intervals


def standings(board: Board) -> Figure:
    """Draw every model's rating with its 95 % interval; the rank it may hold stands beside its name.

    >>> from assay.records import Standing
    >>> board = Board((Standing("ours", 1010, 990, 1030, 80, 1, 2),), 80, 9, clustered=True)
    >>> standings(board).rows[0]["model"]
    'ours'
    """
    rows = [
        {
            "model": standing.model,
            "rank": _ranks(standing.rank_low, standing.rank_high),
            "Elo": round(standing.rating, 1),
            "low": round(standing.low, 1),
            "high": round(standing.high, 1),
            "votes": standing.votes,
        }
        for standing in board.standings
    ]
    how = "each rater's votes taken together" if board.clustered else "each vote taken as a new person"
    return intervals(
        "The board",
        f"Dot: rating; line: 95 % interval, {how}. Where lines overlap, the order may well be the other way.",
        rows,
        name="model",
        middle="Elo",
        low="low",
        high="high",
        axis={"title": "Elo, mean of the board = 1000", "orient": "top"},
        scale={"zero": False},
    )


def _ranks(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"
