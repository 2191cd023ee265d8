"""Whose turn it is: one request at a time, except for those who wait.

SQLite has one writer and Python runs one thread at a time: requests that are served one after the other
finish sooner than requests that get in each other's way. Several threads take requests all the same, so that
one that waits for something long (a table that comes in, statistics) can let the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

CHUNK = 64 * 1024

_turn = threading.Lock()
_mine = threading.local()


@contextmanager
def taken() -> Iterator[None]:
    """Wait for a turn and hold it."""
    with _turn:
        _mine.held = True
        try:
            yield
        finally:
            _mine.held = False


@contextmanager
def passed_on() -> Iterator[None]:
    """Let others go on meanwhile; nothing where this thread holds no turn. Never inside a transaction."""
    if not getattr(_mine, "held", False):
        yield
        return
    _mine.held = False
    _turn.release()
    try:
        yield
    finally:
        _turn.acquire()
        _mine.held = True


def in_chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give the parts of a long answer joined to chunks, each made in a turn of its own.

    >>> list(in_chunks([b"one", b"two"]))
    [b'onetwo']
    """
    rest = iter(parts)
    while True:
        chunk, size = [], 0
        with taken():
            for part in rest:
                chunk.append(part)
                size += len(part)
                if size >= CHUNK:
                    break
        if not chunk:
            return
        yield b"".join(chunk)
