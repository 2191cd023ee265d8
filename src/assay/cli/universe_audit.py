"""`assay universe audit`: whether the scores of a world's tasks are earned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import options, worlds

if TYPE_CHECKING:
    from assay.environments.auditing.findings import Audited


@click.command("audit")
@click.argument("world", default="startup")
@click.option(
    "--tasks", type=click.IntRange(1), help="How many tasks, the templates in turn; two of each by default."
)
@click.option(
    "--template", "templates", multiple=True, metavar="NAME", help="Only this one; repeat for each."
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the world.")
@worlds.knob
@options.out("audit.csv", options.WITH_PAGE)
def command(
    world: str,
    tasks: int | None,
    templates: tuple[str, ...],
    seed: int,
    knobs: tuple[str, ...],
    out: Path,
) -> None:
    """Ask whether the score of every task is earned: by the oracle all of it, by cheating nothing.

    Exit code 1 where some task gives more than 0.05 for nothing, gives its oracle less than 1, or where
    anything else is wrong with its score. WORLD is a name from the registry's worlds.

    \b
    Examples:
      assay universe audit
      assay universe audit startup --tasks 80 --seed 3 --out audit.parquet
      assay universe audit --template bad-deploy --tasks 4 --knob noise=0,20 --knob permissions=1
    """
    import tempfile

    from assay import extras
    from assay.cli import files, screen

    files.ending(out, *files.TABLES)
    extras.need("apsw", extra="worlds")
    from assay.environments.auditing import report
    from assay.environments.auditing.worlds import audit
    from assay.environments.universe import Universe

    grid = worlds.grid(knobs)
    with tempfile.TemporaryDirectory() as folder:
        universe = Universe(world, seed, Path(folder))
        many = tasks or 2 * len(templates or universe.templates)
        planted = worlds.planted(universe, many, templates, grid)
        with screen.progress(many, "auditing") as bar:
            found = audit(universe, planted, told=lambda _task: bar.advance(bar.task_ids[0]))
    show(found, "template")
    files.write_table(out, report.table(found))
    page = out.with_suffix(".html")
    files.write_text(page, report.page(found, f"{world} {seed}"))
    screen.plain(f"Wrote {out} and {page}")
    if not all(each.sound for each in found):
        click.get_current_context().exit(1)


def show(found: Sequence[Audited], what: str) -> None:
    """Print what an audit found, gathered, then in sentences."""
    from assay.cli import screen
    from assay.environments.auditing import report

    head, *rows = report.show(found, what)
    grid = screen.grid(*head, right=head[1:-1])
    grid.columns[0].no_wrap = True
    for row in rows:
        grid.add_row(*map(screen.cell, row))
    screen.console.print(grid)
    for sentence in report.sentences(found):
        screen.plain(f"- {sentence}")
