"""`assay board`: rank models from comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from assay.cli import options

if TYPE_CHECKING:
    import polars as pl

    from assay.evaluation import Board

MACHINE = "^(llm|model|judge)\\b"
"""Kinds of rater that are no people, by the beginning of `rater_kind`."""


@click.command("board")
@click.argument("battles", type=click.Path(path_type=Path))
@click.option(
    "--raters",
    type=click.Choice(["people", "models", "all"]),
    default="people",
    show_default=True,
    help="Whose votes count, where a column rater_kind says who is a model.",
)
@click.option(
    "--intervals",
    type=click.Choice(["auto", "rater", "vote"]),
    default="auto",
    show_default=True,
    help="Treat each rater's votes as belonging together, or each vote as a new person.",
)
@options.where
@click.option("--only", multiple=True, metavar="MODEL", help="Rank these models only; repeat for each.")
@click.option("--top", type=click.IntRange(1), help="Show so many models; all where not given.")
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
    frame = _chosen(tables.battles(tables.where(files.table(battles), where)), raters, only)
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


def _chosen(frame: pl.DataFrame, raters: str, only: tuple[str, ...]) -> pl.DataFrame:
    """Keep the comparisons that were asked for, and say what is left out."""
    import polars as pl

    from assay.cli import screen
    from assay.errors import AssayError

    if "rater_kind" in frame.columns and raters != "all":
        machine = pl.col("rater_kind").fill_null("").str.contains(MACHINE)
        kept = frame.filter(machine if raters == "models" else ~machine)
        if left_out := len(frame) - len(kept):
            whose = "people" if raters == "models" else "model judges"
            screen.plain(f"{left_out:,} comparisons by {whose} are left out; --raters all counts them", "dim")
        frame = kept
    if only:
        known = set(frame["model_a"]) | set(frame["model_b"])
        if strange := [model for model in only if model not in known]:
            listed = ", ".join(sorted(known)[:12]) + (" …" if len(known) > 12 else "")
            raise AssayError(f"there is no model {strange[0]!r} in the table; there are: {listed}")
        frame = frame.filter(pl.col("model_a").is_in(only) & pl.col("model_b").is_in(only))
    return frame


def _table(board: Board) -> pl.DataFrame:
    from dataclasses import asdict

    import polars as pl

    return pl.DataFrame([asdict(standing) for standing in board.standings])
