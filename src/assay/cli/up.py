"""`assay up`: serve the platform."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli import options


@click.command("up")
@options.home
@options.port
def command(home: Path, port: int) -> None:
    """Serve the platform on this machine, and nowhere else.

    The first start creates the database and prints a link with which its administrator chooses a name and a
    password; the link works once. Stop with Ctrl+C: nothing that anybody submitted is lost.

    \b
    Examples:
      assay up
      assay up --home our-project --port 8500
    """
    from assay.platform import service

    service.require_free(port)
    service.prepare(home)
    serve(home, port)


def serve(home: Path, port: int) -> None:
    """Print where the platform is, and serve it until it is stopped."""
    from assay.cli import screen
    from assay.platform import service

    service.require_free(port)
    if link := service.administrator_link(port):
        screen.plain("Open this link once to become the administrator:")
        screen.plain(f"  {link}", "bold")
    screen.plain(f"Serving {home} at http://127.0.0.1:{port}/ (stop with Ctrl+C)")
    service.serve(home, port)
