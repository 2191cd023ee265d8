"""`assay arena convert` and `rubric`: tables of other tools, and scores that are no battles."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli import comparisons, options


@click.command("convert")
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
@options.out("battles.parquet", options.TABLE)
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
    comparisons.headline(held)
    comparisons.write(out, importing.for_arena_rank(held) if words == "arena-rank" else held.to_frame())


@click.command("rubric")
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
@comparisons.out
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
    from assay.evaluation import sheets
    from assay.evaluation.facets import facets

    if out:
        files.ending(out, *files.TABLES)
    frame = tables.where(files.table(scores), where)
    held = comparisons.read(battles, raters, ()) if battles else None
    with screen.working("fitting the scale"):
        read = sheets.errors(frame, tokens=sheets.lengths(frame)) if marked else sheets.rubric(frame)
        found = facets(read, held)
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
    comparisons.write(out, board)


COMMANDS = (convert_, rubric_)
