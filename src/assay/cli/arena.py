"""`assay arena`: what human comparisons say of models, and what they do not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import comparisons, options

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from assay.evaluation import Battles
    from assay.evaluation.arena import Arena
    from assay.evaluation.gate import Evidence, Votes

SEED = 0
"""Draws only decide where intervals end; the same file gives the same page."""

SHOWN = 20
"""Rows of a long list that a terminal shows."""

battles_argument = click.argument("battles", type=click.Path(path_type=Path))
out = click.option("--out", type=click.Path(path_type=Path), help="Write a table: .parquet, .csv or .jsonl.")
slices = click.option(
    "--slice",
    "slices",
    multiple=True,
    metavar="COLUMN",
    help="Look at each value of this column by itself too; repeat for each column.",
)
alpha = click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Share of false claims among all slices, at most.",
)


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


def _fitted(battles: Battles, by: str = "auto", weight_N: NDArray[np.float64] | None = None) -> Arena:
    import numpy as np

    from assay.cli import screen
    from assay.evaluation.arena import WAYS, arena

    with screen.working("fitting the board"):
        return arena(battles, np.random.default_rng(SEED), by=WAYS[by], weight_N=weight_N)


@command.command("fit")
@battles_argument
@comparisons.raters
@options.where
@click.option("--only", multiple=True, metavar="MODEL", help="Rank these models only; repeat for each.")
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
@click.option("--top", type=click.IntRange(1), help="Show so many models; all where not given.")
@out
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
    board = _fitted(held, by, None if weights is None else weights.weight_N)
    _headline(held)
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
    _write(out, board.to_frame())


@command.command("convert")
@click.argument("export", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "tool",
    type=click.Choice(["label-studio", "potato", "table"]),
    default="table",
    show_default=True,
    help="Which tool wrote EXPORT; table is what every command reads.",
)
@click.option(
    "--pairs",
    type=click.Path(path_type=Path),
    help="A table with item, model_a, model_b, where the export does not name the models.",
)
@click.option("--schema", metavar="NAME", help="The question to read, where Potato asked several.")
@click.option(
    "--words",
    type=click.Choice(["assay", "arena-rank"]),
    default="assay",
    show_default=True,
    help="Whose words for who won: a and b, or model_a and model_b as arena-rank and FastChat read.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("battles.parquet"),
    show_default=True,
    help="Write a table: .parquet, .csv or .jsonl.",
)
def convert_(export: Path, tool: str, pairs: Path | None, schema: str | None, words: str, out: Path) -> None:
    """Turn what another tool exported into comparisons, or ours into what another tool reads.

    EXPORT is a JSON export of Label Studio, Potato's annotated_instances.jsonl or user_state.json, or a
    table. All rows or none: what cannot be read is an error that names its row.

    \b
    Examples:
      assay arena convert export.json --from label-studio --out battles.parquet
      assay arena convert annotated_instances.jsonl --from potato --pairs items.csv
      assay arena convert battles.parquet --words arena-rank --out for_arena_rank.csv
    """
    from assay.cli import files
    from assay.evaluation import annotation_tools, importing

    files.ending(out, *files.TABLES)
    beside = files.table(pairs) if pairs else None
    if tool == "table":
        frame = files.table(export)
    elif tool == "potato":
        frame = annotation_tools.potato(files.contents(export), beside, export.name, schema=schema)
    else:
        frame = annotation_tools.label_studio(files.contents(export), export.name, pairs=beside)
    held = importing.read(frame, export.name)
    _headline(held)
    _write(out, importing.for_arena_rank(held) if words == "arena-rank" else held.to_frame())


@command.command("audit")
@battles_argument
@click.option(
    "--variants",
    type=click.Path(path_type=Path),
    help="A table with model and, where known, provider, registered, released, share.",
)
@comparisons.raters
@options.where
@out
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
            np.random.default_rng(SEED),
            providers=record.providers,
            policy=record.policy,
            registry=record.registry,
            released=record.released,
        )
    _headline(held)
    table = screen.grid("question", "", "answer")
    for each in found:
        table.add_row(each.check, each.state, screen.cell(str(each.sentence)))
    screen.console.print(table)
    rows = [{"check": each.check, "state": each.state, "sentence": str(each.sentence)} for each in found]
    _write(out, pl.DataFrame(rows))
    if any(each.state == "refused" for each in found):
        click.get_current_context().exit(1)


@command.command("compare")
@battles_argument
@click.argument("first")
@click.argument("second")
@slices
@comparisons.raters
@options.where
@alpha
@out
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
    from assay.evaluation import claims, gate, shares

    if out:
        files.ending(out, *files.TABLES)
    held = comparisons.read(battles, raters, where, keep=slices)
    codes = _two(held, first, second)
    found = gate.compare(
        _votes(held), *codes, (first, second), slices=comparisons.slices(held, slices), alpha=alpha
    )
    _show_evidence(found)
    for each in found:
        if each.believed or each.slice == gate.EVERYTHING:
            screen.plain(f"- {each.sentence}")
    board = _fitted(held)
    screen.plain(f"\nBy the whole board, {claims.wins(first, second, *board.win_share(first, second))}")
    screen.plain(claims.gap_sentence(board.between(first, second)))
    if said := shares.of_pair(board, first, second):
        screen.plain(said)
    _write(out, _evidence_table(found))


@command.command("gate")
@battles_argument
@click.argument("new")
@click.argument("old")
@slices
@click.option(
    "--margin",
    type=click.FloatRange(0, 0.5, max_open=True),
    default=0.0,
    show_default=True,
    help="How much worse is still fine, as a share of wins: 0.02 lets 48 of 100 pass.",
)
@click.option(
    "--most-bad",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Shut the gate too where more than this share of NEW's comparisons end with both_bad.",
)
@comparisons.raters
@options.where
@alpha
@out
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
    codes = _two(held, new, old)
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
    _write(out, _evidence_table((*found, *bad)))
    behind = [each for each in (*found, *bad) if each.believed]
    for each in behind:
        screen.plain(f"- {each.sentence}", "red")
    if behind:
        click.get_current_context().exit(1)
    screen.plain(f"- {found[0].sentence}")
    screen.plain(f"{new} may pass: on no slice is it proven worse than {old}.")


@command.command("watch")
@battles_argument
@click.argument("checkpoints", nargs=-1)
@slices
@click.option(
    "--since",
    metavar="CHECKPOINT",
    help="Exit with 1 only for what fell with this checkpoint or later; for anything where not given.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 0.5, max_open=True),
    default=0.0,
    show_default=True,
    help="How much worse is still fine, as a share of wins: 0.02 lets 48 of 100 pass.",
)
@comparisons.raters
@options.where
@alpha
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("watch.html"),
    show_default=True,
    help="The page to write: .html.",
)
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
        text = watch_page.page(found, held, parts, np.random.default_rng(SEED), name=battles.name)
    _headline(held)
    for sentence in found.sentences():
        screen.plain(f"- {sentence}", "red" if any(turn.sentence == sentence for turn in fell) else "")
    files.write_text(out, text)
    screen.plain(f"Wrote {out}")
    if fell:
        click.get_current_context().exit(1)


@command.command("next")
@battles_argument
@click.option("--votes", default=20, show_default=True, type=click.IntRange(1), help="Draw so many.")
@click.option("--seed", default=SEED, show_default=True, help="Another seed, another draw.")
@comparisons.raters
@options.where
@out
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
    board = _fitted(held)
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
    _headline(held)
    table = screen.grid(*rows[0], right=["propensity"])
    for row in rows[:SHOWN]:
        table.add_row(
            *(screen.cell(f"{cell:.2g}" if isinstance(cell, float) else str(cell)) for cell in row.values())
        )
    screen.console.print(table)
    if len(rows) > SHOWN:
        screen.plain(f"and {len(rows) - SHOWN} more; --out writes them all", "dim")
    screen.plain(board.decided())
    _write(out, pl.DataFrame(rows))


@command.command("taste")
@battles_argument
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
    board = _fitted(held)
    with screen.working("reading tastes"):
        said = [*shares.from_the_top(board), *shares.kinds_of_taste(board, np.random.default_rng(SEED))]
        found = shares.tastes(held) if rater is not None else None
    _headline(held)
    first = board.models[int(board.order_M[0])]
    for sentence in (*head_to_head(held, board.fit.theta_M).sentences(first), *said):
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
    for model, worth in found.best_for(rater)[:SHOWN]:
        table.add_row(screen.cell(model), f"{worth:.2f}", str(place[model]))
    screen.console.print(table)


@command.command("rubric")
@click.argument("scores", type=click.Path(path_type=Path))
@click.option(
    "--battles",
    type=click.Path(path_type=Path),
    help="Comparisons of the same models: scores and battles then share one scale.",
)
@click.option(
    "--marked",
    is_flag=True,
    help="SCORES has a row for each marked error (MQM) with category and severity, or a label.",
)
@comparisons.raters
@options.where
@out
def rubric_(
    scores: Path, battles: Path | None, marked: bool, raters: str, where: tuple[str, ...], out: Path | None
) -> None:
    """Rank models by a rubric or by marked errors, with severe raters and hard prompts taken out.

    SCORES has the columns item, rater, model, score and, where several questions were asked, dimension.
    Marked errors are counted per 100 tokens where a column tokens says how long each text is, else per text.
    Each question counts by what it tells.

    \b
    Examples:
      assay arena rubric scores.csv
      assay arena rubric errors.tsv --marked --battles battles.parquet --out board.csv
    """
    from assay import tables
    from assay.cli import files, screen
    from assay.evaluation import facets

    if out:
        files.ending(out, *files.TABLES)
    frame = tables.where(files.table(scores), where)
    held = comparisons.read(battles, raters, ()) if battles else None
    with screen.working("fitting the scale"):
        sheets = facets.errors(frame, tokens=facets.lengths(frame)) if marked else facets.rubric(frame)
        found = facets.facets(sheets, held)
    board = found.to_frame()
    table = screen.grid("model", "worth", "95 %", right=["worth"])
    for row in board.rows(named=True):
        table.add_row(
            screen.cell(row["model"]), f"{row['worth']:.2f}", f"{row['low']:.2f} to {row['high']:.2f}"
        )
    screen.console.print(table)
    screen.plain("worth: log-odds, mean 0; usual rater, usual prompt.", "dim")
    for sentence in found.sentences():
        screen.plain(f"- {sentence}")
    _write(out, board)


@command.command("raters")
@battles_argument
@comparisons.raters
@options.where
@click.option("--top", default=10, show_default=True, type=click.IntRange(1), help="Show so many people.")
@out
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
    board = _fitted(held)
    with screen.working("reading people's votes"):
        found = panel(board, np.random.default_rng(SEED))
    _headline(held)
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
            _e(row["e_value"]),
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
    _write(out, frame)


@command.command("card")
@battles_argument
@slices
@comparisons.raters
@options.where
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("card.html"),
    show_default=True,
    help="The page to write: .html.",
)
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
        found = card.card(held, np.random.default_rng(SEED), name=battles.name, columns=columns)
        text = card.page(found)
    _headline(held)
    for sentence in card.in_short(found.board):
        screen.plain(f"- {sentence}")
    files.write_text(out, text)
    screen.plain(f"Wrote {out}")


def _headline(battles: Battles) -> None:
    from assay.cli import screen

    people = f" by {screen.count(len(battles.raters), 'rater')}" if battles.raters else ""
    prompts = f" on {screen.count(len(battles.items), 'prompt')}" if battles.items else ""
    models = screen.count(len(battles.models), "model")
    screen.plain(f"{screen.count(len(battles), 'comparison')} of {models}{people}{prompts}")


def _two(battles: Battles, first: str, second: str) -> tuple[int, int]:
    from assay.errors import AssayError
    from assay.evaluation.arena import code

    if first == second:
        raise AssayError(f"{first!r} is named twice; name two models")
    return code(battles.models, first), code(battles.models, second)


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
            _e(each.e),
            "proven" if each.believed else "",
        )
    screen.console.print(table)


def _e(value: float) -> str:
    """Return an e-value as people read it.

    >>> _e(0.5), _e(84.3), _e(5e9)
    ('0.5', '84', 'over a million')
    """
    if value >= 1e6:
        return "over a million"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _evidence_table(found: tuple[Evidence, ...]) -> pl.DataFrame:
    import polars as pl

    columns = ("slice", "prompts", "votes", "score", "low", "high", "log_e", "believed")
    rows = [{name: getattr(each, name) for name in columns} for each in found]
    return pl.DataFrame(rows).with_columns(pl.Series("sentence", [str(each.sentence) for each in found]))


def _write(out: Path | None, frame: pl.DataFrame) -> None:
    from assay.cli import files, screen

    if out:
        files.write_table(out, frame)
        screen.plain(f"Wrote {out}")
