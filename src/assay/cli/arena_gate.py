"""`assay arena compare`, `gate`, `watch`: one model against another, as often as somebody looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import comparisons, options

if TYPE_CHECKING:
    import polars as pl

    from assay.evaluation import Battles
    from assay.evaluation.gate import Evidence, Votes


@click.command("compare")
@comparisons.argument
@click.argument("first")
@click.argument("second")
@comparisons.by_slice
@comparisons.raters
@options.where
@comparisons.alpha
@comparisons.out
def compare(
    battles: Path,
    first: str,
    second: str,
    slices: tuple[str, ...],
    raters: str,
    where: tuple[str, ...],
    alpha: float,
    out: Path | None,
) -> None:
    """Say whether FIRST is better than SECOND, over everything and in each slice; ask as often as you like.

    The evidence is an e-value: how many times over a bettor on the claim would have multiplied the stake. It
    stays true however often one looks. Votes on one prompt count as one.

    \b
    Examples:
      assay arena compare battles.parquet ours-v2 theirs
      assay arena compare battles.csv ours-v2 theirs --slice language --slice domain
    """
    from assay.cli import files, screen
    from assay.evaluation import BoardError, claims, gate, shares

    if out:
        files.ending(out, *files.TABLES)
    held = comparisons.read(battles, raters, where, keep=slices)
    codes = comparisons.two(held, first, second)
    found = gate.compare(
        _votes(held), *codes, (first, second), slices=comparisons.slices(held, slices), alpha=alpha
    )
    _show_evidence(found)
    for each in found:
        if each.believed or each.slice == gate.EVERYTHING:
            screen.plain(f"- {each.sentence}")
    try:
        board = comparisons.fitted(held)
    except BoardError as wrong:
        screen.plain(f"\nNothing is said by the whole board: {wrong}.", "yellow")
    else:
        screen.plain(f"\nBy the whole board, {claims.wins(first, second, *board.win_share(first, second))}")
        screen.plain(claims.gap_sentence(board.between(first, second)))
        if said := shares.of_pair(board, first, second):
            screen.plain(said)
    comparisons.write(out, _evidence_table(found))


@click.command("gate")
@comparisons.argument
@click.argument("new")
@click.argument("old")
@comparisons.by_slice
@comparisons.margin
@click.option(
    "--most-bad",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Shut the gate too where more than this share of NEW's comparisons end with both_bad.",
)
@comparisons.raters
@options.where
@comparisons.alpha
@comparisons.out
def gate_(
    battles: Path,
    new: str,
    old: str,
    slices: tuple[str, ...],
    margin: float,
    most_bad: float | None,
    raters: str,
    where: tuple[str, ...],
    alpha: float,
    out: Path | None,
) -> None:
    """Exit with 1 where the checkpoint NEW is proven worse than OLD on any slice, with 0 where it is not.

    2 means that the command or the table is wrong. Run it after every batch of votes: looking often does not
    raise false alarms. To be better than a bad model is not to be good: --most-bad asks the second question.

    \b
    Examples:
      assay arena gate battles.csv step-2000 step-1000
      assay arena gate battles.csv new old --slice language --margin 0.02 --most-bad 0.1
    """
    from assay.cli import files, screen
    from assay.evaluation import gate

    if out:
        files.ending(out, *files.TABLES)
    held = comparisons.read(battles, raters, where, keep=slices)
    codes = comparisons.two(held, new, old)
    parts = comparisons.slices(held, slices)
    found = gate.gate(_votes(held), *codes, (new, old), slices=parts, margin=margin, alpha=alpha)
    _show_evidence(found)
    bad: tuple[Evidence, ...] = ()
    if most_bad is not None:
        bad = gate.floor(_votes(held), codes[0], new, most=most_bad, slices=parts, alpha=alpha)
        screen.plain(f"\nHow many of the comparisons with {new} end with both_bad:")
        _show_evidence(bad, "both bad")
        if not any(each.score for each in bad):
            screen.plain("Note: nobody said both_bad. Where it was not offered, this says nothing.", "yellow")
    comparisons.write(out, _evidence_table((*found, *bad)))
    behind = [each for each in (*found, *bad) if each.believed]
    for each in behind:
        screen.plain(f"- {each.sentence}", "red")
    if behind:
        click.get_current_context().exit(1)
    screen.plain(f"- {found[0].sentence}")
    screen.plain(f"{new} may pass: on no slice is it proven worse than {old}.")


@click.command("watch")
@comparisons.argument
@click.argument("checkpoints", nargs=-1)
@comparisons.by_slice
@click.option(
    "--since",
    metavar="CHECKPOINT",
    help="Exit with 1 only for what fell with this checkpoint or later; for anything where not given.",
)
@comparisons.margin
@comparisons.raters
@options.where
@comparisons.alpha
@options.out("watch.html", options.PAGE)
def watch_(
    battles: Path,
    checkpoints: tuple[str, ...],
    slices: tuple[str, ...],
    since: str | None,
    margin: float,
    raters: str,
    where: tuple[str, ...],
    alpha: float,
    out: Path,
) -> None:
    """Say on which slice a model fell during its training, with which checkpoint, and what the average hides.

    CHECKPOINTS in the order of time; where none is named, models whose names are alike but for a number.
    Slices are the columns language and domain where they are there and none is named. Exit code 1 where
    something is proven to have fallen. Ask after every checkpoint: looking often raises no false alarms.

    \b
    Examples:
      assay arena watch battles.parquet --slice domain
      assay arena watch battles.csv step-1000 step-2000 step-3000 --since step-3000
    """
    import numpy as np

    from assay.cli import files, screen
    from assay.evaluation import watch_page, watching
    from assay.evaluation.arena import code

    files.ending(out, ".html")
    held = comparisons.read(battles, raters, where, keep=slices)
    known = held.detail.columns if held.detail is not None else []
    columns = slices or tuple(name for name in ("language", "domain") if name in known)
    parts = comparisons.slices(held, columns)
    line = [(code(held.models, name), name) for name in checkpoints or watching.in_order(held.models)]
    with screen.working("looking at every step"):
        found = watching.watched(_votes(held), line, slices=parts, margin=margin, alpha=alpha)
        fell = found.falls if since is None else found.fell_since(since)
        text = watch_page.page(found, held, parts, np.random.default_rng(comparisons.SEED), name=battles.name)
    comparisons.headline(held)
    for sentence in found.sentences():
        screen.plain(f"- {sentence}", "red" if any(turn.sentence == sentence for turn in fell) else "")
    files.write_text(out, text)
    screen.plain(f"Wrote {out}")
    if fell:
        click.get_current_context().exit(1)


def _votes(battles: Battles) -> Votes:
    from assay.evaluation.battles import OUTCOMES
    from assay.evaluation.gate import Votes

    bad_N = battles.outcomes_N == OUTCOMES.index("both_bad")
    return Votes(battles.a_N, battles.b_N, battles.score_N, battles.items_N, bad_N)


def _show_evidence(found: tuple[Evidence, ...], what: str = "wins") -> None:
    from assay.cli import screen

    numbers = ["prompts", "votes", what, "95 % always", "e-value"]
    table = screen.grid("slice", *numbers, "", right=numbers)
    for each in found:
        table.add_row(
            screen.cell(each.slice),
            f"{each.prompts:,}",
            f"{each.votes:,}",
            f"{each.score:.0%}",
            f"{each.low:.0%} to {each.high:.0%}",
            comparisons.e_value(each.e),
            "proven" if each.believed else "",
        )
    screen.console.print(table)


def _evidence_table(found: tuple[Evidence, ...]) -> pl.DataFrame:
    import polars as pl

    columns = ("slice", "prompts", "votes", "score", "low", "high", "log_e", "believed")
    rows = [{name: getattr(each, name) for name in columns} for each in found]
    return pl.DataFrame(rows).with_columns(pl.Series("sentence", [str(each.sentence) for each in found]))


COMMANDS = (compare, gate_, watch_)
