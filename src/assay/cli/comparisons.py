"""Comparisons from a file, as the commands of the arena take them: every row checked, some of them kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import options

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from assay.evaluation import Battles
    from assay.evaluation.arena import Arena

SEED = 0
"""Draws only decide where intervals end; the same file gives the same page."""

SHOWN = 20
"""Rows of a long list that a terminal shows."""

MACHINE = "^(llm|model|judge)\\b"
"""Kinds of rater that are no people, by the beginning of `rater_kind`."""

raters = click.option(
    "--raters",
    type=click.Choice(["people", "models", "all"]),
    default="people",
    show_default=True,
    help="Whose votes count, where a column rater_kind says who is a model.",
)
argument = click.argument("battles", type=click.Path(path_type=Path))
only = click.option("--only", multiple=True, metavar="MODEL", help="Rank these models only; repeat for each.")
top = click.option("--top", type=click.IntRange(1), help="Show so many models; all where not given.")
out = click.option("--out", type=click.Path(path_type=Path), help=options.TABLE)
by_slice = click.option(
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
margin = click.option(
    "--margin",
    type=click.FloatRange(0, 0.5, max_open=True),
    default=0.0,
    show_default=True,
    help="How much worse is still fine, as a share of wins: 0.02 lets 48 of 100 pass.",
)


def read(
    path: Path,
    whose: str,
    where: tuple[str, ...],
    only: tuple[str, ...] = (),
    *,
    keep: tuple[str, ...] = (),
) -> Battles:
    """Read a table of comparisons, check every row, and keep those that were asked for.

    `keep` names columns that come along though comparisons do not usually have them.

    Raises
    ------
    TableError
        Where a row is wrong (row and column as in the file), or a condition fits no row.
    """
    import polars as pl

    from assay import tables
    from assay.cli import files, screen
    from assay.errors import AssayError
    from assay.evaluation import Battles, importing

    frame = files.table(path)
    read_ = importing.read(frame, path.name, keep=keep)
    rows = read_.to_frame().with_row_index("_row")
    if where:
        kept = tables.where(frame.with_row_index("_row"), where)
        rows = rows.filter(pl.col("_row").is_in(kept["_row"].implode()))
    rows = by_whom(rows, whose)
    if rows.is_empty():
        raise AssayError(f"{path.name} has no comparison by {whose}; --raters all counts everybody")
    rows = among(rows, only)
    asked = rows["dimension"].drop_nulls().unique().sort().to_list() if "dimension" in rows.columns else []
    if len(asked) > 1:
        screen.plain(
            f"Note: {len(asked)} questions are counted together ({', '.join(asked)}); "
            f"--where dimension={asked[0]} looks at one.",
            "yellow",
        )
    return Battles.from_frame(rows.drop("_row"), derived=read_.derived)


def by_whom(frame: pl.DataFrame, whose: str) -> pl.DataFrame:
    """Keep the comparisons by people, by models or by all, and say how many are left out.

    Only a column `rater_kind` tells them apart; without it all are kept.
    """
    import polars as pl

    from assay.cli import screen

    if "rater_kind" not in frame.columns or whose == "all":
        return frame
    machine = pl.col("rater_kind").fill_null("").str.contains(MACHINE)
    kept = frame.filter(machine if whose == "models" else ~machine)
    if left_out := len(frame) - len(kept):
        others = "people" if whose == "models" else "model judges"
        screen.plain(f"{left_out:,} comparisons by {others} are left out; --raters all counts them", "dim")
    return kept


def among(frame: pl.DataFrame, only: tuple[str, ...]) -> pl.DataFrame:
    """Keep the comparisons in which both models are of these; all where none is named.

    Raises
    ------
    AssayError
        Where a model is in no comparison.
    """
    import polars as pl

    from assay.errors import AssayError

    if not only:
        return frame
    known = set(frame["model_a"]) | set(frame["model_b"])
    if strange := [model for model in only if model not in known]:
        listed = ", ".join(sorted(known)[:12]) + (" …" if len(known) > 12 else "")
        raise AssayError(f"there is no model {strange[0]!r} in the table; there are: {listed}")
    return frame.filter(pl.col("model_a").is_in(only) & pl.col("model_b").is_in(only))


def slices(battles: Battles, columns: tuple[str, ...]) -> dict[str, NDArray[np.bool_]]:
    """Return the rows of each value of these columns, named `column=value`, those most voted on first.

    Raises
    ------
    BoardError
        Where the comparisons have no such column.
    """
    import numpy as np

    found = {}
    for column in columns:
        code_N, names = battles.coded(column)
        votes = np.bincount(code_N, minlength=len(names))
        for place in np.argsort(-votes, kind="stable"):
            if names[place]:
                found[f"{column}={names[place]}"] = code_N == place
    return found


def shares(as_if: tuple[str, ...]) -> tuple[str, dict[str, float]] | None:
    """Read conditions such as `job=writer:0.3`, all of one column; `None` where there are none.

    >>> shares(("job=writer:0.3", "job=reader:0.7"))
    ('job', {'writer': 0.3, 'reader': 0.7})
    """
    from assay.errors import AssayError

    found: dict[str, float] = {}
    columns = set()
    for condition in as_if:
        column, _, rest = condition.partition("=")
        value, _, share = rest.rpartition(":")
        try:
            found[value] = float(share)
        except ValueError:
            value = ""
        if not column or not value:
            raise AssayError(f"{condition!r} is no share; write COLUMN=VALUE:SHARE, such as job=writer:0.3")
        columns.add(column)
    if len(columns) > 1:
        raise AssayError(
            f"the shares are of {len(columns)} columns; weigh by one of {', '.join(sorted(columns))}"
        )
    return (columns.pop(), found) if found else None


def fitted(battles: Battles, by: str = "auto", weight_N: NDArray[np.float64] | None = None) -> Arena:
    """Fit the board, and say meanwhile that this is what takes so long."""
    import numpy as np

    from assay.cli import screen
    from assay.evaluation.arena import WAYS, arena

    with screen.working("fitting the board"):
        return arena(battles, np.random.default_rng(SEED), by=WAYS[by], weight_N=weight_N)


def headline(battles: Battles) -> None:
    """Say how many comparisons there are, of what and by whom."""
    from assay.cli import screen

    people = f" by {screen.count(len(battles.raters), 'rater')}" if battles.raters else ""
    prompts = f" on {screen.count(len(battles.items), 'prompt')}" if battles.items else ""
    models = screen.count(len(battles.models), "model")
    screen.plain(f"{screen.count(len(battles), 'comparison')} of {models}{people}{prompts}")


def two(battles: Battles, first: str, second: str) -> tuple[int, int]:
    """Return the codes of two models that are to be compared.

    Raises
    ------
    AssayError
        Where they are one, or nobody compared them.
    """
    from assay.errors import AssayError
    from assay.evaluation.arena import code

    if first == second:
        raise AssayError(f"{first!r} is named twice; name two models")
    return code(battles.models, first), code(battles.models, second)


def e_value(value: float) -> str:
    """Return an e-value as people read it.

    >>> e_value(0.5), e_value(84.3), e_value(5e9)
    ('0.5', '84', 'over a million')
    """
    if value >= 1e6:
        return "over a million"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def write(out: Path | None, frame: pl.DataFrame) -> None:
    """Write a table where somebody asked for one, and say so."""
    from assay.cli import files, screen

    if out:
        files.write_table(out, frame)
        screen.plain(f"Wrote {out}")
