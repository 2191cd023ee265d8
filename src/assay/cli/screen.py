"""What people see in a terminal: tables, intervals drawn with characters, progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from assay.records import Skill, Standing

if TYPE_CHECKING:
    from assay.evaluation import Board
    from assay.quality import GoldScores

__all__ = [
    "Text",
    "cell",
    "console",
    "count",
    "errors",
    "grid",
    "heading",
    "interval",
    "plain",
    "progress",
    "ranks",
]
__all__ += ["show_board", "show_scores", "show_skills", "stages", "working"]

WIDE = 72
"""Terminals with fewer columns get no drawn intervals: the numbers stay readable."""
LONGEST = 400

PATIENCE = 1.0
"""Seconds that pass before a bar is shown: what takes less needs none."""


class Screen(Console):
    """A console that lets `main` decide what it means that the reader (head, less) left."""

    def on_broken_pipe(self) -> None:
        """Pass the error on."""
        raise BrokenPipeError


console = Screen(highlight=False)
errors = Screen(stderr=True, highlight=False)


def cell(text: str) -> Text:
    """Return text of any length as a cell: without markup, and cut where nobody would read on.

    >>> len(cell("x" * 1000))
    400
    """
    return Text(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def heading(text: str) -> None:
    """Print a section's title."""
    console.print()
    console.print(Text(text, style="bold"))


def plain(text: str, style: str = "") -> None:
    """Print text that may hold anything, such as names from a file, without reading markup in it."""
    console.print(Text(text, style=style))


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it has to be.

    >>> count(1, "vote"), count(1200, "vote")
    ('1 vote', '1,200 votes')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def interval(low: float, middle: float, high: float, *, least: float, most: float, width: int = 25) -> str:
    """Draw an interval with its middle on a line `width` characters long.

    >>> interval(0.2, 0.5, 0.8, least=0, most=1, width=11)
    '  ├──●──┤  '
    """
    span = (most - least) or 1.0

    def place(value: float) -> int:
        return round((min(max(value, least), most) - least) / span * (width - 1))

    left, centre, right = place(low), place(middle), place(high)
    line = [" "] * width
    line[left : right + 1] = "─" * (right - left + 1)
    line[left], line[right], line[centre] = "├", "┤", "●"
    return "".join(line)


def grid(*columns: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table; the columns named in `right` are aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def show_board(board: Board, *, top: int | None = None) -> None:
    """Print the standings with their intervals and rank ranges."""
    shown = board.standings[:top]
    least, most = min(s.low for s in shown), max(s.high for s in shown)
    table = grid("rank", "model", "Elo", "95 % interval", "", "votes", right=("rank", "Elo", "votes"))
    for standing in shown:
        table.add_row(
            ranks(standing),
            cell(standing.model),
            f"{standing.rating:.0f}",
            f"{standing.low:.0f}–{standing.high:.0f}",
            interval(standing.low, standing.rating, standing.high, least=least, most=most, width=17),
            f"{standing.votes:,}",
        )
    _print_drawn(table, 4)
    if left := len(board.standings) - len(shown):
        plain(f"and {left} more; --top {len(board.standings)} shows them all", "dim")


def _print_drawn(table: Table, column: int) -> None:
    """Print a table one of whose columns is drawn; narrow terminals do without that one."""
    table.columns[column].no_wrap = True
    if console.width < WIDE:
        del table.columns[column]
    console.print(table)


def ranks(standing: Standing) -> str:
    """Return the range of ranks a model may hold.

    >>> ranks(Standing("x", 1000, 990, 1010, 5, rank_low=1, rank_high=3))
    '1–3'
    """
    low, high = standing.rank_low, standing.rank_high
    return f"{low}" if low == high else f"{low}–{high}"


def show_skills(skills: Sequence[Skill]) -> None:
    """Print people's skills with their intervals, as given."""
    table = grid(
        "rater", "right", "95 % interval", "0 %" + " " * 17 + "100 %", "votes", right=("right", "votes")
    )
    for skill in skills:
        table.add_row(
            cell(skill.rater),
            f"{skill.mean:.0%}",
            f"{skill.low:.0%} to {skill.high:.0%}",
            interval(skill.low, skill.mean, skill.high, least=0, most=1),
            f"{skill.votes:,}",
        )
    _print_drawn(table, 3)


def show_scores(scores: Sequence[tuple[str, GoldScores]]) -> None:
    """Print how methods fare against gold, one line each."""
    table = grid(
        "method",
        "accuracy",
        "log-loss",
        "calibration error",
        right=("accuracy", "log-loss", "calibration error"),
    )
    for name, score in scores:
        table.add_row(
            name, f"{score.accuracy:.1%}", f"{score.log_loss:.3f}", f"{score.calibration_error:.3f}"
        )
    console.print(table)


@contextmanager
def working(label: str) -> Iterator[None]:
    """Show that something is being done, on standard error; silent where nobody watches."""
    if not errors.is_terminal:
        yield
        return
    with errors.status(label):
        yield


@contextmanager
def stages(label: str, *, after: float = PATIENCE) -> Iterator[Callable[[str, int, int], None]]:
    """Yield what is told of stages, and show them on standard error once the block has taken a second.

    Who waits for less sees nothing come and go; where nobody watches nothing is shown at all.
    """
    if not errors.is_terminal:
        yield _nobody
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=errors, transient=True)
    task = bar.add_task(label, total=None)

    def told(stage: str, done: int, of: int) -> None:
        bar.update(task, description=f"{label}: {stage}", completed=done, total=of or None)

    # By a clock of its own: a stage may be long and silent.
    late = threading.Timer(after, bar.start)
    late.daemon = True
    late.start()
    try:
        yield told
    finally:
        late.cancel()
        late.join()
        if bar.live.is_started:
            bar.stop()


def _nobody(stage: str, done: int, of: int) -> None:
    """Tell nobody."""


@contextmanager
def progress(total: int | None, label: str) -> Iterator[Progress]:
    """Show a bar on standard error while the block runs; silent where nobody watches.

    Advance it with `bar.advance(bar.task_ids[0])`.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        bar.add_task(label, total=total)
        yield bar
