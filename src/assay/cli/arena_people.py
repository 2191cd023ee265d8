"""`assay arena taste` and `raters`: where people differ, and who votes like no person would."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli import comparisons, options


@click.command("taste")
@comparisons.argument
@click.argument("rater", required=False)
@comparisons.raters
@options.where
def taste_(battles: Path, rater: str | None, raters: str, where: tuple[str, ...]) -> None:
    """Say how far people differ, whether majorities go in a circle, and which model is best for RATER.

    A board is a mean of tastes. What one person would choose is foreseen by their own votes and by those of
    people like them; whoever voted little is shrunk to the board.

    \b
    Examples:
      assay arena taste battles.parquet
      assay arena taste battles.csv ann
    """
    import numpy as np

    from assay.cli import screen
    from assay.errors import AssayError
    from assay.evaluation import shares
    from assay.evaluation.orders import head_to_head

    held = comparisons.read(battles, raters, where)
    if rater is not None and rater not in held.raters:
        listed = ", ".join(held.raters[:12]) + (" …" if len(held.raters) > 12 else "")
        raise AssayError(f"{rater!r} has no vote here; there are: {listed or 'no known raters'}")
    board = comparisons.fitted(held)
    with screen.working("reading tastes"):
        rng = np.random.default_rng(comparisons.SEED)
        said = [*shares.from_the_top(board), *shares.kinds_of_taste(board, rng)]
        found = shares.tastes(held) if rater is not None else None
    comparisons.headline(held)
    first = board.models[int(board.order_M[0])]
    majorities = head_to_head(held, board.fit.theta_M).sentences(first) if len(held.raters) != 1 else ()
    for sentence in (*majorities, *said):
        screen.plain(f"- {sentence}")
    if not said:
        screen.plain("- Too few people voted often enough to say how they differ.")
    if rater is None:
        return
    if found is None:
        raise AssayError(f"too few people voted often enough to say what {rater} would choose")
    place = {model: rank for rank, model in enumerate((board.models[m] for m in board.order_M), start=1)}
    votes = int((held.rater_N == held.raters.index(rater)).sum())
    screen.plain(
        f"\nThe best for {rater}, by {screen.count(votes, 'vote')} of their own and those of others:"
    )
    table = screen.grid("model", "worth", "on the board", right=["worth", "on the board"])
    for model, worth in found.best_for(rater)[: comparisons.SHOWN]:
        table.add_row(screen.cell(model), f"{worth:.2f}", str(place[model]))
    screen.console.print(table)


@click.command("raters")
@comparisons.argument
@comparisons.raters
@options.where
@click.option("--top", default=10, show_default=True, type=click.IntRange(1), help="Show so many people.")
@comparisons.out
def raters_(battles: Path, raters: str, where: tuple[str, ...], top: int, out: Path | None) -> None:
    """Say who voted how: sharpness, habits, and evidence that somebody votes without reading.

    A flag asks for known answers and a talk; it takes no vote out.

    \b
    Examples:
      assay arena raters battles.parquet
      assay arena raters battles.csv --out raters.csv
    """
    import numpy as np

    from assay.cli import files, screen
    from assay.evaluation.panel import panel

    if out:
        files.ending(out, *files.TABLES)
    held = comparisons.read(battles, raters, where)
    board = comparisons.fitted(held)
    with screen.working("reading people's votes"):
        found = panel(board, np.random.default_rng(comparisons.SEED))
    comparisons.headline(held)
    frame = found.to_frame()
    numbers = ["votes", "ties", "sharpness", "first side", "e-value"]
    table = screen.grid("rater", *numbers, "", right=numbers)
    for row in frame.head(top).rows(named=True):
        table.add_row(
            screen.cell(row["rater"]),
            f"{row['votes']:,}",
            f"{row['ties']:.0%}",
            f"{row['sharpness']:.2f}",
            f"{row['first_side']:.0%}",
            comparisons.e_value(row["e_value"]),
            row["reason"],
        )
    screen.console.print(table)
    screen.plain(
        "sharpness: how clearly a person sees what others see too, 1 is usual. first side: how often the "
        "first answer is chosen, of two that are worth the same. e-value: evidence against an honest "
        "person; 20 is strong for one person alone.",
        "dim",
    )
    for sentence in found.sentences():
        screen.plain(f"- {sentence}")
    comparisons.write(out, frame)


COMMANDS = (taste_, raters_)
