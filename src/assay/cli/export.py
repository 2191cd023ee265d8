"""`assay export`: write a project's data set."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli import options


@click.command("export")
@click.argument("project")
@click.option(
    "--format", "form", default="jsonl", show_default=True, help="jsonl, trl-preference or trl-sft."
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="File to write.  [default: PROJECT-FORMAT.jsonl]"
)
@click.option(
    "--least-weight",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Leave out rows whose verdict is less probable than this.",
)
@click.option("--card", type=click.Path(path_type=Path), help="Write a data card (Markdown) beside it.")
@options.home
def command(
    project: str, form: str, out: Path | None, least_weight: float, card: Path | None, home: Path
) -> None:
    """Write the data set of PROJECT in a format that a trainer or a person reads.

    \b
    Formats:
      jsonl            every row with its history: judgments, verdict, weight, authors
      trl-preference   prompt, chosen, rejected: for TRL's DPO and reward trainers
      trl-sft          prompt, completion: for TRL's SFT trainer

    \b
    Examples:
      assay export letters --format trl-sft -o letters.jsonl
      assay export arena --format trl-preference --least-weight 0.8 --card README.md
    """
    from assay import datasets
    from assay.cli import files, screen
    from assay.platform import service

    chosen = datasets.format_named(form)
    service.prepare(home, must_exist=True)
    brief, examples = service.examples(project)
    path = out or Path(f"{project}-{form}{chosen.suffix}")
    lines = list(datasets.lines(examples, chosen, least_weight=least_weight))
    files.write_text(path, lines)
    screen.plain(f"Wrote {len(lines):,} of {len(examples):,} rows to {path}")
    if card:
        files.write_text(card, datasets.card(brief, examples))
        screen.plain(f"Wrote {card}")
