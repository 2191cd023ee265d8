"""`assay arena`: what human comparisons say of models, and what they do not."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from assay.cli import comparisons, options


@click.group("arena", options_metavar="", subcommand_metavar="COMMAND …")
def command() -> None:
    """Say what human comparisons of models are sure of, and what they are not.

    Every command reads BATTLES: a Parquet, CSV, TSV or JSONL table with one row a comparison and the columns
    model_a, model_b, winner (a, b, tie, both_bad; FastChat's words are understood) and, where known, rater,
    item, language, domain, response_a, response_b, seconds. `assay board` is the simple door: plain ratings
    from the same tables.

    \b
    Examples:
      assay arena card battles.parquet                        one page for a sceptic
      assay arena compare battles.csv ours-v2 theirs --slice language
      assay arena gate battles.csv step-2000 step-1000        exit code 1 where it got worse
    """


@command.command("fit")
@comparisons.argument
@comparisons.raters
@options.where
@comparisons.only
@click.option(
    "--by",
    type=click.Choice(["auto", "rater", "item", "both", "vote"]),
    default="auto",
    show_default=True,
    help="What votes are taken together by.",
)
@click.option(
    "--as-if",
    "as_if",
    multiple=True,
    metavar="COLUMN=VALUE:SHARE",
    help="Weigh the voters to be so; repeat for each group of one column.",
)
@comparisons.top
@comparisons.out
def fit(
    battles: Path,
    raters: str,
    where: tuple[str, ...],
    only: tuple[str, ...],
    by: str,
    as_if: tuple[str, ...],
    top: int | None,
    out: Path | None,
) -> None:
    """Rank models with ties as ties, intervals by rater and prompt, and rank sets that hold all at once.

    \b
    Examples:
      assay arena fit battles.parquet --top 10
      assay arena fit battles.csv --where language=ar --out board.parquet
      assay arena fit battles.csv --as-if job=writer:0.3 --as-if job=reader:0.7
    """
    from assay.cli import files, screen
    from assay.evaluation import claims, strata

    if out:
        files.ending(out, *files.TABLES)
    shares = comparisons.shares(as_if)
    held = comparisons.read(battles, raters, where, only, keep=(shares[0],) if shares else ())
    weights = strata.weighed(held, *shares) if shares else None
    board = comparisons.fitted(held, by, None if weights is None else weights.weight_N)
    comparisons.headline(held)
    screen.show_board(board.board(), top=top)
    if weights is not None:
        screen.plain(weights.sentence())
    screen.plain(board.how(), "dim")
    screen.plain("Ranks: what a model may hold, all pairs compared at once.", "dim")
    order_M = board.order_M
    screen.plain(claims.leaders([board.models[m] for m in order_M], board.ranks.low_M[order_M]))
    screen.plain(board.decided())
    for note in board.notes:
        screen.plain(f"Note: {note}.", "yellow")
    comparisons.write(out, board.to_frame())


@command.command("audit")
@comparisons.argument
@click.option(
    "--variants",
    type=click.Path(path_type=Path),
    help="A table with model and, where known, provider, registered, released, share.",
)
@comparisons.raters
@options.where
@comparisons.out
def audit_(
    battles: Path, variants: Path | None, raters: str, where: tuple[str, ...], out: Path | None
) -> None:
    """Ask what a sceptic asks: who met whom, ties, sides, priors, exposure, machines, tells.

    Exit code 1 where the answer is that these comparisons cannot be ranked. A question for which a column is
    missing is answered "unknown", with what to bring. VARIANTS has a row for every model that ever stood for
    votes: who made it, when it was registered and released (a model wins more before than after where it was
    picked for its luck), and what share of the votes its maker was promised.

    \b
    Examples:
      assay arena audit battles.parquet --variants variants.csv
      assay arena audit battles.csv --out findings.csv
    """
    import numpy as np
    import polars as pl

    from assay.cli import files, screen
    from assay.evaluation.audit import audit
    from assay.evaluation.variants import Record

    if out:
        files.ending(out, *files.TABLES)
    held = comparisons.read(battles, raters, where)
    record = Record.of(files.table(variants)) if variants else Record()
    with screen.working("asking"):
        found = audit(
            held,
            np.random.default_rng(comparisons.SEED),
            providers=record.providers,
            policy=record.policy,
            registry=record.registry,
            released=record.released,
        )
    comparisons.headline(held)
    table = screen.grid("question", "", "answer")
    for each in found:
        table.add_row(each.check, each.state, screen.cell(str(each.sentence)))
    screen.console.print(table)
    rows = [{"check": each.check, "state": each.state, "sentence": str(each.sentence)} for each in found]
    comparisons.write(out, pl.DataFrame(rows))
    if any(each.state == "refused" for each in found):
        click.get_current_context().exit(1)


@command.command("next")
@comparisons.argument
@click.option("--votes", default=20, show_default=True, type=click.IntRange(1), help="Draw so many.")
@click.option("--seed", default=comparisons.SEED, show_default=True, help="Another seed, another draw.")
@comparisons.raters
@options.where
@comparisons.out
def next_(
    battles: Path, votes: int, seed: int, raters: str, where: tuple[str, ...], out: Path | None
) -> None:
    """Draw the comparisons whose votes would settle most ranks; each with the chance that it had.

    Keep the propensity beside the vote: whoever reads the table later can weigh by it. A part of the draws is
    uniform, and no prompt becomes more than a hundredth of a model's votes where there are enough prompts.

    \b
    Examples:
      assay arena next battles.parquet --votes 100 --out wanted.csv
    """
    import numpy as np
    import polars as pl

    from assay.cli import files, screen
    from assay.evaluation import pairing

    if out:
        files.ending(out, *files.TABLES)
    held = comparisons.read(battles, raters, where)
    board = comparisons.fitted(held)
    rng = np.random.default_rng(seed)
    n_models, n_items = len(held.models), max(len(held.items), 1)
    seen_M_I = np.zeros((n_models, n_items), dtype=np.int64)
    for side_N in (held.a_N, held.b_N):
        np.add.at(seen_M_I, (side_N, held.items_N if held.items else np.zeros_like(side_N)), 1)
    policy_M_M = pairing.decisive(board.fit.theta_M, board.uncertainty.covariance_K_K)
    rows = []
    for _ in range(votes):
        drawn = pairing.draw(policy_M_M, seen_M_I, rng)
        seen_M_I[[drawn.a, drawn.b], drawn.item] += 1
        row: dict[str, object] = {"model_a": held.models[drawn.a], "model_b": held.models[drawn.b]}
        if held.items:
            row["item"] = held.items[drawn.item]
        rows.append(row | {"propensity": drawn.propensity})
    comparisons.headline(held)
    table = screen.grid(*rows[0], right=["propensity"])
    for row in rows[: comparisons.SHOWN]:
        table.add_row(
            *(screen.cell(f"{cell:.2g}" if isinstance(cell, float) else str(cell)) for cell in row.values())
        )
    screen.console.print(table)
    if len(rows) > comparisons.SHOWN:
        screen.plain(f"and {len(rows) - comparisons.SHOWN} more; --out writes them all", "dim")
    screen.plain(board.decided())
    comparisons.write(out, pl.DataFrame(rows))


@command.command("card")
@comparisons.argument
@comparisons.by_slice
@comparisons.raters
@options.where
@options.out("card.html", options.PAGE)
def card_(battles: Path, slices: tuple[str, ...], raters: str, where: tuple[str, ...], out: Path) -> None:
    """Write one page with claims, rank sets, slices, doubts and what would change the result.

    The page needs nothing but itself: send it to somebody who does not believe you. Slices are the columns
    language and domain where they are there and none is named.

    \b
    Examples:
      assay arena card battles.parquet
      assay arena card battles.csv --slice language --out board.html
    """
    import numpy as np

    from assay.cli import files, screen
    from assay.evaluation import card

    files.ending(out, ".html")
    held = comparisons.read(battles, raters, where, keep=slices)
    known = held.detail.columns if held.detail is not None else []
    columns = slices or tuple(name for name in ("language", "domain") if name in known)
    with screen.working("reading the votes"):
        found = card.card(held, np.random.default_rng(comparisons.SEED), name=battles.name, columns=columns)
        text = card.page(found)
    comparisons.headline(held)
    for sentence in card.in_short(found.board):
        screen.plain(f"- {sentence}")
    files.write_text(out, text)
    screen.plain(f"Wrote {out}")


for _part in ("gate", "people", "tables"):
    for _command in importlib.import_module(f"assay.cli.arena_{_part}").COMMANDS:
        command.add_command(_command)
