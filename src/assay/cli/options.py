"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("assay-data"),
    show_default=True,
    envvar="ASSAY_HOME",
    show_envvar=True,
    help="Folder that holds the database.",
)

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
