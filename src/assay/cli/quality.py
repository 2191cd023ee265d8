"""`assay quality`: what a table of answers is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from assay.quality.findings import Study


MOST_TOLD = 3
"""Open items of which the summary says who gave which answer; the report has more."""


@click.command("quality")
@click.argument("votes", type=click.Path(path_type=Path))
@click.option("--gold", type=click.Path(path_type=Path), help="Table of right answers: item, label.")
@click.option(
    "--known", type=click.Path(path_type=Path), help="Table of right answers to learn from, never scored."
)
@click.option("--type", "kind", default="auto", show_default=True, help="What an answer is; see below.")
@click.option("--method", help="How answers become verdicts; see below.  [default: by the type]")
@click.option("--levels", help="For ordinal: the labels from the lowest up, by commas.")
@click.option("--top", default=5, show_default=True, type=click.IntRange(1), help="Rows in each list.")
@click.option(
    "--reviews", type=click.Path(path_type=Path), help="Table of reviewed work: rater, right (0 to 1)."
)
@click.option(
    "--outcomes", type=click.Path(path_type=Path), help="Table of later outcomes: rater, right, weight."
)
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    help="profiles.parquet of earlier work to start from; of ratings raters.parquet.",
)
@click.option(
    "--half-life",
    type=click.FloatRange(0, min_open=True),
    help="Days after which evidence about people counts half; needs a column at.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for verdicts, raters and profiles as Parquet."
)
@click.option(
    "--report", type=click.Path(path_type=Path), help="One HTML page with the same findings, drawn."
)
def command(
    votes: Path,
    gold: Path | None,
    known: Path | None,
    kind: str,
    method: str | None,
    levels: str | None,
    top: int,
    reviews: Path | None,
    outcomes: Path | None,
    history: Path | None,
    half_life: float | None,
    out: Path | None,
    report: Path | None,
) -> None:
    """Say what VOTES are worth: verdicts, who is reliable, which items are open.

    VOTES is a Parquet, CSV, TSV or JSONL table with one row an answer and the columns item, rater, label
    (task, worker and other common names are understood). Of several answers by one rater to one item the
    last counts. Columns skill, language, domain, seconds, weight, gold and at are read where they are there.

    \b
    Types, each with its methods, the default first:
      categorical  one of several labels: ensemble, hierarchical, dawid-skene, majority and more
      ordinal      the same, the labels in order: --levels low,middle,high
      ratings      a number: chosen, stacked, linear, precision, bias, z-score, crh, mean, median
      pairs        the better of two; columns left, right, label: crowd-bradley-terry, bradley-terry
      rankings     best first, ["b", ["a", "c"]] or b > a = c: as for pairs
      best-of-n    the best of the column shown: as for pairs
      multilabel   a JSON list of labels: multilabel
      texts        a text; column text: rasa, weighted-medoid, medoid, rover
      spans        a JSON list of [start, end): soft, weighted, staple
      boxes        a JSON list of [x0, y0, x1, y1]: fused

    \b
    Examples:
      assay quality votes.csv
      assay quality labels.parquet --gold gold.parquet --out worth/ --report worth.html
      assay quality translations.jsonl --type texts
    """
    from assay.cli import files, screen
    from assay.quality.contested import who_said_what
    from assay.quality.study import study

    if report:
        files.ending(report, ".html")
    answers = files.table(votes)
    right = files.table(gold) if gold else None
    taught = files.table(known) if known else None
    with screen.stages("weighing the answers") as progress:
        found = study(
            answers,
            type=kind,
            method=method,
            gold=right,
            known=taught,
            levels=[level.strip() for level in levels.split(",")] if levels else None,
            reviews=files.table(reviews) if reviews else None,
            outcomes=files.table(outcomes) if outcomes else None,
            history=files.table(history) if history else None,
            half_life=half_life,
            progress=progress,
        )

    screen.plain(
        f"{screen.count(found.answers, 'vote')} by {screen.count(len(found.raters), 'rater')} "
        f"on {screen.count(len(found.verdicts), 'item')}; read as {found.type}, weighed by {found.method}"
    )
    if found.repeated:
        repeated = screen.count(found.repeated, "vote")
        screen.plain(f"{repeated} gave way to a later one of the same rater on the same item")
    if found.agreed:
        screen.plain(found.agreed)
    for note in found.notes:
        screen.plain(f"Note: {note}", "yellow")
    if found.scores:
        screen.heading("Against the gold items")
        _show_scores(found)
    _show_raters(found, top)
    _show_best(found, top)
    screen.heading("Most open items: read these first")
    _show_verdicts(found, top)
    partings = who_said_what(found, min(top, MOST_TOLD))
    if partings:
        screen.heading("Who said what on the most open items")
    for parting in partings:
        screen.plain(f"- {parting.sentence}")
    if found.next_steps:
        screen.heading("What to do next")
        for step in found.next_steps:
            screen.plain(f"- {step}")
    screen.plain("\nAssumed: " + "; ".join(found.assumed) + ".", "dim")

    if out:
        files.write_table(out / "verdicts.parquet", found.verdicts)
        files.write_table(out / "raters.parquet", found.raters)
        written = [out / "verdicts.parquet", out / "raters.parquet"]
        if found.profiles is not None:
            written.append(out / "profiles.parquet")
            files.write_table(written[-1], found.profiles)
        screen.plain(f"Wrote {', '.join(map(str, written[:-1]))} and {written[-1]}")
    if report:
        from assay.quality.report import page

        files.write_text(report, page(found, votes.name))
        screen.plain(f"Wrote {report}")


def _show_scores(found: Study) -> None:
    from assay.cli import screen

    names = list(next(iter(found.scores.values())))
    table = screen.grid("method", *names, right=names)
    for method, scores in found.scores.items():
        # Only the accuracy is a share; the rest are numbers of their own kind.
        cells = (f"{value:.1%}" if name == "accuracy" else f"{value:.3f}" for name, value in scores.items())
        table.add_row(method, *cells)
    screen.console.print(table)


def _show_raters(found: Study, top: int) -> None:
    from assay.cli import screen

    # Who is surely good, and surely poor: chance puts people with a handful of answers at either end.
    skills = sorted(found.skills, key=lambda skill: (-skill.low, -skill.mean, skill.rater))
    measured = "known answers" if found.against == "gold" else "what the others said"
    screen.heading(f"Most reliable raters: {found.measure}, against {measured}")
    screen.show_skills(skills[:top])
    if len(skills) > top:
        screen.heading("Least reliable raters")
        poorest = sorted(skills, key=lambda skill: (skill.high, skill.mean, skill.rater))
        screen.show_skills(poorest[:top])


def _show_best(found: Study, top: int) -> None:
    """Say who is best at what, where the table tells skills, languages or domains apart."""
    from assay.cli import screen

    best = found.best
    if not best:
        return
    screen.heading("Who is good at what: the best in each, with 95 % intervals")
    numbers = ["skill", "interval", "people"]
    table = screen.grid("in", "best", *numbers, right=numbers)
    for one in best[:top]:
        table.add_row(
            screen.cell(one.where),
            screen.cell(one.rater),
            f"{one.mean:.0%}",
            f"{one.low:.0%} to {one.high:.0%}",
            str(one.people),
        )
    screen.console.print(table)
    if len(best) > top:
        screen.plain(f"{len(best) - top} more in the report and in profiles.parquet", "dim")


def _show_verdicts(found: Study, top: int) -> None:
    from assay.cli import screen

    shown = found.open_items.head(top)
    columns = [name for name in shown.columns if not name.startswith("p[")]
    numbers = [name for name in columns if shown.schema[name].is_numeric()]
    table = screen.grid(*columns, right=numbers)
    for row in shown.select(columns).iter_rows():
        table.add_row(*(screen.Text(_cell(value)) for value in row))
    screen.console.print(table)


def _cell(value: object) -> str:
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
