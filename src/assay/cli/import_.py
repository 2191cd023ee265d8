"""`assay import`: bring prompts, answers or comparisons into a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import options

if TYPE_CHECKING:
    from assay.records import Brief


@click.command("import")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--project", required=True, help="Name of a new project, or of one that takes more work.")
@click.option("--goal", help="What the data is for, in a sentence; a new project needs it, or --brief.")
@click.option(
    "--kind", help="How a judgment is taken: pairwise, rubric, demonstration.  [default: by the table]"
)
@click.option("--judgments-per-work", type=click.IntRange(1), default=3, show_default=True, help="The cap.")
@click.option(
    "--brief", type=click.Path(path_type=Path), help="A whole brief as JSON, instead of the three above."
)
@click.option(
    "--attachments",
    type=click.Path(path_type=Path),
    help="Folder or ZIP archive with the files that the items show.",
)
@options.home
def command(
    table: Path,
    project: str,
    goal: str | None,
    kind: str | None,
    judgments_per_work: int,
    brief: Path | None,
    attachments: Path | None,
    home: Path,
) -> None:
    """Bring TABLE into a project: prompts, answers to prompts, or comparisons with their votes.

    TABLE is Parquet, CSV, TSV or JSONL. Columns: prompt alone (people write the answer); prompt, model,
    response (each row one answer); prompt, model_a, model_b, response_a, response_b (each row a pair), and
    with winner and rater the judgments come along. Optional: item, context, language (BCP-47), domain,
    seconds, attachments (names of files, separated by |). All of it comes in, or nothing.

    \b
    Examples:
      assay import prompts.csv --project letters --goal "Letters that console" --kind demonstration
      assay import battles.parquet --project arena --goal "Which model would you keep?"
    """
    from assay import tables
    from assay.cli import files, screen
    from assay.platform import service

    with screen.working(f"reading {table.name}"):
        imported = tables.works(files.table(table))
    service.prepare(home)
    with screen.working("writing"):
        known = service.slug_of(project)
        asked = (
            None if known else _brief(project, goal, kind, judgments_per_work, brief, bool(imported.samples))
        )
        report = service.bring_in(project, imported, brief=asked, attachments=attachments)
    if known and (goal or kind or brief):
        screen.plain(f"{known} was there already and keeps its brief", "yellow")
    screen.plain(
        f"{service.slug_of(project)}: {report.items:,} new items, {report.samples:,} new answers, "
        f"{report.works:,} new works, {report.judgments:,} new judgments"
    )
    if imported.repeated:
        repeated = screen.count(imported.repeated, "vote")
        screen.plain(f"{repeated} gave way to a later one of the same rater on the same pair", "yellow")
    screen.plain(f"Serve it with: assay up --home {home}", "dim")


def _brief(
    project: str, goal: str | None, kind: str | None, cap: int, path: Path | None, has_samples: bool
) -> Brief:
    from assay import briefs
    from assay.cli import files
    from assay.errors import AssayError

    if path is not None:
        try:
            fields = json.loads(files.contents(path))
        except ValueError as wrong:
            raise AssayError(f"{path.name} is not JSON: {wrong}") from wrong
        if not isinstance(fields, dict):
            raise AssayError(f"{path.name} is not a JSON object; a brief has a goal, a kind and more")
        return briefs.from_mapping({**fields, "project": project})
    if not goal:
        raise AssayError(f"{project!r} is a new project; say what it is for with --goal or --brief")
    chosen = kind or ("pairwise" if has_samples else "demonstration")
    return briefs.from_mapping({"project": project, "goal": goal, "kind": chosen, "judgments_per_work": cap})
