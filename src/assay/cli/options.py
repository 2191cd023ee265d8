"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("assay-data"),
    show_default=True,
    envvar="ASSAY_HOME",
    show_envvar=True,
    help="Folder that holds the database.",
)


def out(default: str, says: str) -> Callable[[Command], Command]:
    """Return the option that says where a table or a page is written."""
    return click.option(
        "--out", type=click.Path(path_type=Path), default=Path(default), show_default=True, help=says
    )


TABLE = "Write a table: .parquet, .csv or .jsonl."
PAGE = "The page to write: .html."
WITH_PAGE = "The table to write: .parquet, .csv or .jsonl; the page is the .html beside it."

where = click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Count only the rows with this value; repeat to narrow further.",
)

port = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8400,
    show_default=True,
    envvar="ASSAY_PORT",
    show_envvar=True,
    help="Port on this machine.",
)
