"""One SQLite file a world, and copies of it that cost next to nothing.

A base is filled once, sealed, and never written again. A fork is a second name of the same file (a hard link)
with a write-ahead log of its own that never flows back: reads come from the base, what is written stays in
the log. So a fork costs the same whatever the size of the world, and a fork of a fork copies its log alone.

`sqlite3` of the standard library, before Python 3.12, writes the log back into the file when the last
connection closes, which here would be into the base of everybody; `apsw` can be told not to.

A fork is open once: two who write into one log would each lose what the other wrote. Locks of SQLite cannot
say so, since they lie on the file that all forks share; ours are bytes of one file a folder, which the system
frees when a process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import apsw

from assay.environments.errors import WorldError

PAGE = 1024
"""Bytes a page: a step writes two or three pages into the log, so that small ones keep it small."""

CACHE_KB = 256
"""What each connection may hold: two thousand forks live in half a gigabyte."""


_Where = tuple[int, int]
"""A folder, whatever it is called: its device and number."""


@dataclass
class _Folder:
    """The locks of a folder: one open file, whose bytes stand for the worlds in it."""

    file: int
    names: set[str] = field(default_factory=set)


_folders: dict[_Where, _Folder] = {}
_one_at_a_time = threading.RLock()  # a world that was forgotten is let go in the midst of anything

LOCKS, MAKING = ".open-worlds", ".making-worlds"


class _Held(apsw.Connection):
    """A connection that holds its world until it is closed."""

    _lock: tuple[_Where, str] | None = None

    @classmethod
    def alone(cls, path: Path) -> _Held:
        """Open a world that nobody else has open, here or in another process."""
        lock = _locked(path)
        try:
            # Without locks of the system, which lie on the file that all forks share.
            held = cls(str(path), vfs="unix-none")
        except BaseException:
            _free(*lock)
            raise
        held._lock = lock
        return held

    def close(self, force: bool = False) -> None:
        super().close(force)
        self._let_go()

    def __del__(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            _free(*lock)


def _locked(path: Path) -> tuple[_Where, str]:
    """Take the lock of a world, and return its folder and name.

    Raises
    ------
    WorldError
        Where it is taken.
    """
    folder_path, name = os.path.dirname(path) or ".", path.name
    found = os.stat(folder_path)
    where = found.st_dev, found.st_ino
    with _one_at_a_time:
        folder = _folders.get(where)
        # The system's locks are between processes; within this one, we say who has what.
        if folder is not None and name in folder.names:
            raise _taken(name)
        if folder is None:
            file = os.open(f"{folder_path}/{LOCKS}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            folder = _folders[where] = _Folder(file)
        folder.names.add(name)
        try:
            fcntl.lockf(folder.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(name))
        except OSError:
            _free(where, name)
            raise _taken(name) from None
    return where, name


def _taken(name: str) -> WorldError:
    return WorldError(
        f"{name} is open already, here or in another process; close it there, or make a fork of it"
    )


def _free(where: _Where, name: str) -> None:
    with _one_at_a_time:
        folder = _folders[where]
        folder.names.discard(name)
        if folder.names:
            fcntl.lockf(folder.file, fcntl.LOCK_UN, 1, _place(name))
        else:
            os.close(_folders.pop(where).file)


def _place(name: str) -> int:
    """Return the byte that stands for a world."""
    return int.from_bytes(blake2b(os.fsencode(name), digest_size=8).digest(), "big") >> 2


def connect(path: Path) -> apsw.Connection:
    """Open a world for one process alone, so that what is written stays in its log.

    Raises
    ------
    WorldError
        Where it is open already.
    """
    held = _Held.alone(path)
    try:
        held.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        # One plan for a statement whatever it is asked with: else each new value has it prepared again.
        held.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        for setting in (
            "locking_mode = EXCLUSIVE",
            "wal_autocheckpoint = 0",
            "journal_mode = WAL",
            "synchronous = OFF",  # a process that dies loses nothing, since the system has what was written
            f"cache_size = -{CACHE_KB}",
            "foreign_keys = OFF",
        ):
            held.execute(f"PRAGMA {setting}").fetchall()
    except apsw.Error:
        held.close()
        raise
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


@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Let nobody else, here or in another process, make worlds in a folder meanwhile; wait for who does."""
    file = os.open(folder / MAKING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def move(path: Path, target: Path) -> None:
    """Give a world another name, in the place of what had it; who forks that meanwhile gets one of the two.

    Both have to be forks of one base: their log is what tells them apart.
    """
    os.replace(f"{path}-wal", f"{target}-wal")
    os.replace(path, target)
    path.unlink(missing_ok=True)  # two names of one file are not moved onto each other


def remove(path: Path) -> None:
    """Remove a fork; its base stays."""
    for rest in ("", "-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
