"""`assay quality`: what a table of votes is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from assay.quality import Finding


@click.command("quality")
@click.argument("votes", type=click.Path(path_type=Path))
@click.option("--gold", type=click.Path(path_type=Path), help="Table of right answers: item, label.")
@click.option(
    "--method", default="dawid-skene", show_default=True, help="How votes become verdicts; see below."
)
@click.option("--top", default=5, show_default=True, type=click.IntRange(1), help="Rows in each list.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for verdicts.parquet and raters.parquet."
)
@click.option(
    "--report", type=click.Path(path_type=Path), help="One HTML page with the same findings, drawn."
)
def command(
    votes: Path, gold: Path | None, method: str, top: int, out: Path | None, report: Path | None
) -> None:
    """Say what VOTES are worth: verdicts, who is reliable, which items are contested.

    VOTES is a Parquet, CSV, TSV or JSONL table with one row a vote and the columns item, rater, label
    (task, worker and other common names are understood). Of several votes by one rater on one item the last
    counts.

    \b
    Methods:
      dawid-skene  learns who confuses what with what; holds where raters gave few votes
      majority     every vote weighs the same; the baseline to beat

    \b
    Examples:
      assay quality votes.csv
      assay quality labels.parquet --gold gold.parquet --out worth/ --report worth.html
    """
    from assay import quality, tables
    from assay.cli import files, screen

    if report:
        files.ending(report, ".html")
    columns = quality.Columns.from_frame(tables.votes(files.table(votes)))
    right = tables.gold(files.table(gold)) if gold else {}
    with screen.working("weighing the votes"):
        finding = quality.weigh(columns, method=method, gold=right)

    _introduce(finding)
    if right:
        _score(finding, right)
    skills = sorted(finding.skills, key=lambda skill: (-skill.low, skill.rater))
    measure = "known answers" if skills[0].against == "gold" else "verdicts reached without their own votes"
    screen.heading(f"Most reliable raters, measured against {measure}")
    screen.show_skills(skills[:top])
    if len(skills) > top:
        screen.heading("Least reliable raters")
        screen.show_skills(sorted(skills, key=lambda skill: (skill.high, skill.rater))[:top])
    screen.heading("Most contested items, where skilled raters are split")
    _show_contested(finding, top)
    screen.plain("Assumed: " + "; ".join(finding.result.assumed) + ".", "dim")

    if out:
        _write(out, finding)
        screen.plain(f"Wrote {out / 'verdicts.parquet'} and {out / 'raters.parquet'}")
    if report:
        _draw(report, votes.name, finding)
        screen.plain(f"Wrote {report}")


def _introduce(finding: Finding) -> None:
    from assay.cli import screen

    result, columns = finding.result, finding.result.columns
    screen.plain(
        f"{screen.count(len(columns), 'vote')} by {screen.count(len(columns.raters), 'rater')} "
        f"on {screen.count(len(columns.items), 'item')}; "
        f"labels: {', '.join(columns.labels[:12])}{' …' if len(columns.labels) > 12 else ''}"
    )
    if columns.repeated:
        repeated = screen.count(columns.repeated, "vote")
        screen.plain(f"{repeated} gave way to a later one of the same rater on the same item")
    if not result.converged:
        screen.plain(f"{result.method} was still moving after {result.iterations} rounds", "yellow")
    if len(columns.labels) == 1:
        screen.plain("every vote has the same label: there is nothing to weigh", "yellow")


def _score(finding: Finding, right: dict[str, str]) -> None:
    from assay import quality
    from assay.cli import screen

    result = finding.result
    scored = [(result.method, quality.score(result, right))]
    if result.method != "majority":
        scored.append(("majority", quality.score(quality.majority(result.columns), right)))
    screen.heading(f"Against {scored[0][1].items:,} gold items")
    screen.show_scores(scored)
    if left_out := scored[0][1].left_out:
        screen.plain(f"{left_out:,} gold items got no vote and are left out", "dim")


def _show_contested(finding: Finding, top: int) -> None:
    from assay.cli import screen

    columns = finding.result.columns
    place = {item: row for row, item in enumerate(columns.items)}
    table = screen.grid("item", "votes", "verdict", "contest", right=("contest",))
    for verdict in finding.contested[:top]:
        counts = zip(columns.labels, columns.counts_I_K[place[verdict.item]], strict=True)
        spread = ", ".join(f"{label}: {count:.0f}" for label, count in counts if count)
        table.add_row(*map(screen.Text, (verdict.item, spread, verdict.label, f"{verdict.contest:.2f}")))
    screen.console.print(table)


def _write(out: Path, finding: Finding) -> None:
    import polars as pl

    from assay.cli import files

    verdicts = pl.DataFrame(
        {
            "item": [verdict.item for verdict in finding.verdicts],
            "verdict": [verdict.label for verdict in finding.verdicts],
            "probability": [verdict.probability for verdict in finding.verdicts],
            "contest": [verdict.contest for verdict in finding.verdicts],
            "votes": [verdict.votes for verdict in finding.verdicts],
            "method": [verdict.method for verdict in finding.verdicts],
            **{
                f"p[{label}]": finding.result.posterior_I_K[:, code]
                for code, label in enumerate(finding.result.columns.labels)
            },
        }
    )
    raters = pl.DataFrame(
        {
            name: [getattr(skill, name) for skill in finding.skills]
            for name in ("rater", "mean", "low", "high", "votes", "against")
        }
    )
    files.write_table(out / "verdicts.parquet", verdicts)
    files.write_table(out / "raters.parquet", raters)


def _draw(report: Path, name: str, finding: Finding) -> None:
    from assay import figures
    from assay.cli import files
    from assay.quality import plots

    columns = finding.result.columns
    intro = (
        f"{len(columns):,} votes by {len(columns.raters):,} raters on {len(columns.items):,} items, "
        f"weighed by {finding.result.method}."
    )
    drawn = [plots.skills(finding.skills), plots.contest(finding.verdicts)]
    files.write_text(report, figures.page(name, drawn, intro=intro))
