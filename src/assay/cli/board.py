"""`assay board`: rank models from comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from assay.cli import comparisons, options

if TYPE_CHECKING:
    import polars as pl

    from assay.evaluation import Board


@click.command("board")
@comparisons.argument
@comparisons.raters
@click.option(
    "--intervals",
    type=click.Choice(["auto", "rater", "vote"]),
    default="auto",
    show_default=True,
    help="Treat each rater's votes as belonging together, or each vote as a new person.",
)
@options.where
@comparisons.only
@comparisons.top
@click.option("--out", type=click.Path(path_type=Path), help="Write the board as .parquet, .csv or .jsonl.")
@click.option("--report", type=click.Path(path_type=Path), help="One HTML page with the board, drawn.")
def command(
    battles: Path,
    raters: Literal["people", "models", "all"],
    intervals: Literal["auto", "rater", "vote"],
    where: tuple[str, ...],
    only: tuple[str, ...],
    top: int | None,
    out: Path | None,
    report: Path | None,
) -> None:
    """Rank models from BATTLES by Bradley–Terry, with 95 % intervals.

    BATTLES is a Parquet, CSV, TSV or JSONL table with one row a comparison and the columns model_a, model_b,
    winner (a, b, tie, both_bad; FastChat's words are understood) and, where known, rater. A tie and two bad
    answers count as half a win each. Models that were never compared, not even through others, are refused.

    \b
    Examples:
      assay board battles.parquet
      assay board battles.csv --only ours-v2 --only ours-v1 --only theirs --out board.csv
      assay board ratings.parquet --where dimension=overall --where language=ar
    """
    from assay import tables
    from assay.cli import files, screen
    from assay.evaluation import Battles, bradley_terry

    if report:
        files.ending(report, ".html")
    if out:
        files.ending(out, *files.TABLES)
    frame = tables.battles(tables.where(files.table(battles), where))
    frame = comparisons.among(comparisons.by_whom(frame, raters), only)
    with screen.working("fitting the board"):
        board = bradley_terry(Battles.from_frame(frame), intervals=intervals)
    people = f" by {screen.count(board.raters, 'rater')}" if board.raters else ""
    models = screen.count(len(board.standings), "model")
    screen.plain(f"{screen.count(board.votes, 'comparison')} of {models}{people}")
    screen.show_board(board, top=top)
    how = "each rater's votes taken together" if board.clustered else "each vote taken as a new person"
    screen.plain(f"Intervals: 95 %, {how}; {board.mean_width:.1f} Elo wide on average.", "dim")
    screen.plain("Ranks: what a model may hold, all pairs compared at once.", "dim")
    for note in board.notes:
        screen.plain(f"Note: {note}.", "yellow")
    if out:
        files.write_table(out, _table(board))
        screen.plain(f"Wrote {out}")
    if report:
        from assay import figures
        from assay.evaluation import plots

        files.write_text(report, figures.page(battles.name, [plots.standings(board)]))
        screen.plain(f"Wrote {report}")


def _table(board: Board) -> pl.DataFrame:
    from dataclasses import asdict

    import polars as pl

    return pl.DataFrame([asdict(standing) for standing in board.standings])
