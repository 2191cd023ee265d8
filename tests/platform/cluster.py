"""A PostgreSQL server of one's own in a temporary folder, for as long as it is needed."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # a bench imports this file too, which is in no package
from ports import free_port

DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """Return the folder with `initdb` and `pg_ctl`, `None` where PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    return max(DEBIAN.glob("*/bin"), default=None, key=lambda folder: float(folder.parent.name))


def lacking() -> str:
    """Say what is missing for a server here; empty where nothing is."""
    if programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed (pip install 'assay[postgres]')"
    return ""


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Serve PostgreSQL on a free port of this machine, and give the address of its empty database.

    PostgreSQL refuses to run as root; there it runs as the user `postgres`, whom its package brings. Not
    `durable`, it never waits for the disk.
    """
    folder, bin_folder = Path(tempfile.mkdtemp(prefix="assay-pg-")), programs()
    assert bin_folder is not None, lacking()
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()
    password = secrets.token_urlsafe(20)
    key = folder / "password"
    key.write_text(password)
    if who:
        shutil.chown(key, "postgres", "postgres")

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [bin_folder / program, *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            timeout=120,
            **who,
        )

    data = str(folder / "data")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c max_connections=200"
    if not durable:
        options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    try:
        call(
            "initdb", "-D", data, "-U", "assay", "-A", "scram-sha-256", f"--pwfile={key}", "-E", "UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip
        call("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://assay:{password}@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh(address: str) -> str:
    """Make an empty database on a server, and return its address."""
    import psycopg

    name = f"assay_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
    return f"{address.rpartition('/')[0]}/{name}"
