"""One SQLite file a world, and copies of it that cost next to nothing.

A base is filled once, sealed, and never written again. A fork is a second name of the same file (a hard link)
with a write-ahead log of its own that never flows back: reads come from the base, what is written stays in
the log. So a fork costs the same whatever the size of the world, and a fork of a fork copies its log alone.

`sqlite3` of the standard library, before Python 3.12, writes the log back into the file when the last
connection closes, which here would be into the base of everybody; `apsw` can be told not to.
"""

from __future__ import annotations

import os
import shutil
from hashlib import blake2b
from pathlib import Path

import apsw

from assay.environments.errors import WorldError

PAGE = 1024
"""Bytes a page: a step writes two or three pages into the log, so that small ones keep it small."""

CACHE_KB = 256
"""What each connection may hold: two thousand forks live in half a gigabyte."""


def connect(path: Path) -> apsw.Connection:
    """Open a world for one process alone, so that what is written stays in its log."""
    # Without locks of the system: nobody else opens the file, and they would cost more than the reading.
    held = apsw.Connection(str(path), vfs="unix-none")
    held.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    for setting in (
        "locking_mode = EXCLUSIVE",
        "wal_autocheckpoint = 0",
        "journal_mode = WAL",
        "synchronous = OFF",  # a process that dies loses nothing, since the system has what was written
        f"cache_size = -{CACHE_KB}",
        "foreign_keys = OFF",
    ):
        held.execute(f"PRAGMA {setting}").fetchall()
    return held


def create(path: Path) -> apsw.Connection:
    """Open a new file to be filled, then sealed."""
    if path.exists():
        raise WorldError(f"{path.name} is there already; take another name or remove it")
    held = apsw.Connection(str(path))
    for setting in (f"page_size = {PAGE}", "journal_mode = WAL", "synchronous = OFF"):
        held.execute(f"PRAGMA {setting}").fetchall()
    return held


def seal(held: apsw.Connection, path: Path) -> str:
    """Write everything into the file, close it, and return its fingerprint."""
    held.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    held.close()
    for rest in ("-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    return fingerprint(path)


def fingerprint(path: Path) -> str:
    """Return a hash of a file's bytes."""
    with path.open("rb") as file:
        found = blake2b(digest_size=16)
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def fork(source: Path, target: Path) -> None:
    """Make a fork of a base, or of a fork as of what it last committed.

    Raises
    ------
    WorldError
        Where the target is there already, or lies on another file system than the base.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise WorldError(f"{target.name} is there already; give each fork a name of its own") from None
    except OSError as wrong:
        raise WorldError(
            f"{target.name} cannot be forked: it has to lie on the same file system as its base ({wrong})"
        ) from None
    log = Path(f"{source}-wal")
    if log.exists():
        shutil.copyfile(log, f"{target}-wal")


def remove(path: Path) -> None:
    """Remove a fork; its base stays."""
    for rest in ("", "-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
