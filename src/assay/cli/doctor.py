"""`assay doctor`: check this installation, and say what to do."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from assay.cli import options

LEAST_SQLITE = (3, 35, 0)
LEAST_FREE = 500 * 2**20


@dataclass(frozen=True)
class Check:
    """One thing looked at: `good`, `bad` (something will not work) or `absent` (optional, not installed)."""

    name: str
    state: Literal["good", "bad", "absent"]
    detail: str


@click.command("doctor")
@options.home
@options.port
def command(home: Path, port: int) -> None:
    """Check Python, SQLite, the data folder, the port and the optional parts.

    Changes nothing. Exit code 0: all that is needed is there; 1: something is not, and the line says what
    to do.

    \b
    Examples:
      assay doctor
      assay doctor --home our-project --port 8500
    """
    from assay.cli import screen

    signs = {"good": ("ok", "green"), "bad": ("!!", "bold red"), "absent": ("--", "dim")}
    found = list(checks(home, port))
    table = screen.grid("", "what", "found")
    for check in found:
        sign, style = signs[check.state]
        table.add_row(screen.Text(sign, style=style), check.name, screen.Text(check.detail))
    screen.console.print(table)
    if any(check.state == "bad" for check in found):
        screen.plain("Something above is marked !!; its line says what to do.")
        raise click.exceptions.Exit(1)
    screen.plain("Everything that is needed is there; lines marked -- are optional.")


def checks(home: Path, port: int) -> Iterator[Check]:
    """Look at one thing after the other; no check depends on another."""
    from assay import __version__

    yield Check("assay", "good", f"{__version__}, in {Path(__file__).parent.parent}")
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check(
        "Python", "good" if sys.version_info >= (3, 11) else "bad", f"{version} (3.11 or newer is needed)"
    )
    fresh = sqlite3.sqlite_version_info >= LEAST_SQLITE
    needed = ".".join(map(str, LEAST_SQLITE))
    yield Check(
        "SQLite", "good" if fresh else "bad", f"{sqlite3.sqlite_version} ({needed} or newer is needed)"
    )
    yield _home(home)
    yield _database(home)
    yield _port(port)
    yield from _extras()


def _home(home: Path) -> Check:
    import os

    standing = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    if not os.access(standing, os.W_OK):
        return Check("data folder", "bad", f"{standing} cannot be written; choose another with --home")
    free = shutil.disk_usage(standing).free
    if free < LEAST_FREE:
        return Check("data folder", "bad", f"{free // 2**20} MB free at {standing}; make room")
    state = "exists" if home.exists() else "will be created on the first start"
    return Check("data folder", "good", f"{home} {state}; {free // 2**30} GB free")


def _database(home: Path) -> Check:
    from assay.errors import AssayError
    from assay.platform import service

    try:
        return Check("database", "good", service.describe(home))
    except AssayError as wrong:
        return Check("database", "bad", str(wrong))


def _port(port: int) -> Check:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return Check("port", "bad", f"{port} is in use; choose another with --port")
    return Check("port", "good", f"{port} is free")


def _extras() -> Iterator[Check]:
    from assay import extras
    from assay.inference import embedded

    for extra in extras.EXTRAS:
        if missing := extras.missing(extra):
            yield Check(f"extra {extra}", "absent", f"{', '.join(missing)}: pip install 'assay[{extra}]'")
        else:
            yield Check(f"extra {extra}", "good", "installed")
    reason = embedded.available()
    yield Check("local model", "absent" if reason else "good", reason or "SmolLM2-135M-Instruct is ready")
