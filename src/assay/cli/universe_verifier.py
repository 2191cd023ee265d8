"""`assay universe verifier`: whether the scores of one's own tasks are earned."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from assay.cli import options


@click.command("verifier")
@click.argument("address", metavar="MODULE:FUNCTION")
@click.argument("tasks", type=click.Path(path_type=Path))
@click.option("--id", "key", default="id", show_default=True, help="Column with a name for each task.")
@click.option("--prompt", default="prompt", show_default=True, help="Column with what is asked.")
@click.option("--answer", default="answer", show_default=True, help="Column with an answer that is right.")
@click.option("--by", metavar="COLUMN", help="Gather the findings by this column, such as a suite.")
@click.option(
    "--full",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="What the function gives for a task that is done.",
)
@click.option("--python", "python", default=sys.executable, help="Whose Python runs it; this one by default.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="How long one score may take.",
)
@options.out("verifier.csv", options.WITH_PAGE)
def command(
    address: str,
    tasks: Path,
    key: str,
    prompt: str,
    answer: str,
    by: str | None,
    full: float,
    python: str,
    seconds: float,
    out: Path,
) -> None:
    """Ask whether what your own verifier gives is earned.

    MODULE:FUNCTION takes a task (the row of TASKS as a dict) and an answer, and returns a number; it is
    found from this folder, and runs in processes of its own. It is asked about the right answer, an empty
    one, texts that fit everywhere or were made for graders, the prompt said back, the answer to another task
    and one without end, twice and in two processes. Where an answer is an object, its texts are replaced and
    its lists emptied. Exit code 1 where a right answer gets less than all of it, another more than 0.05 of
    it, or where the function raises, wavers or does not come back.

    \b
    Examples:
      assay universe verifier grading:score tasks.jsonl --answer ground_truth
      assay universe verifier suite:check tasks.parquet --by suite --python other/bin/python
    """
    from assay.cli import files, screen
    from assay.cli.universe_audit import show
    from assay.environments.auditing import report, verifiers

    files.ending(out, *files.TABLES)
    known = verifiers.known(_rows(tasks), key=key, prompt=prompt, answer=answer, group=by)
    here = Path.cwd()
    with (
        verifiers.Verifier(address, folder=here, python=python, seconds=seconds, hash_seed=0) as first,
        verifiers.Verifier(address, folder=here, python=python, seconds=seconds, hash_seed=4242) as second,
        screen.progress(len(known), "asking") as bar,
    ):
        found = verifiers.audit(
            first, second, known, full=full, told=lambda _task: bar.advance(bar.task_ids[0])
        )
    show(found, by or "tasks")
    files.write_table(out, report.table(found, by or "tasks"))
    page = out.with_suffix(".html")
    files.write_text(page, report.page(found, address, report.VERIFIER, what=by or "tasks"))
    screen.plain(f"Wrote {out} and {page}")
    if not all(each.sound for each in found):
        click.get_current_context().exit(1)


def _rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a table; of JSONL as they stand, since answers may be objects of any shape."""
    import json

    from assay.cli import files
    from assay.errors import AssayError

    if path.suffix.lower() not in (".jsonl", ".ndjson"):
        return files.table(path).to_dicts()
    rows = []
    for number, line in enumerate(files.contents(path).decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as wrong:
            raise AssayError(f"line {number} of {path.name} is no JSON: {wrong}") from None
        if not isinstance(row, dict):
            raise AssayError(f"line {number} of {path.name} is no object; write a task a line")
        rows.append(row)
    return rows
