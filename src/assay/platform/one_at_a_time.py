"""One request at a time, except for those who wait.

SQLite has one writer and Python runs one thread at a time: requests that are served one after the other
finish sooner than requests that get in each other's way. Several threads take requests all the same, so that
one that waits for something long (a table that comes in, statistics) can let the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

CHUNK = 64 * 1024

_running = threading.Lock()
_mine = threading.local()


@contextmanager
def held() -> Iterator[None]:
    """Wait until nobody else runs, and run."""
    with _running:
        _mine.held = True
        try:
            yield
        finally:
            _mine.held = False


@contextmanager
def stepped_aside() -> Iterator[None]:
    """Let others go on meanwhile; nothing where this thread is no request. Never inside a transaction."""
    if not getattr(_mine, "held", False):
        yield
        return
    _mine.held = False
    _running.release()
    try:
        yield
    finally:
        _running.acquire()
        _mine.held = True


def in_chunks(
    parts: Iterable[bytes], meanwhile: Callable[[], AbstractContextManager[None]] = held
) -> Iterator[bytes]:
    """Give the parts of a long answer joined to chunks, each put together while `meanwhile` holds.

    One at a time, others run in between.

    >>> list(in_chunks([b"one", b"two"]))
    [b'onetwo']
    """
    rest = iter(parts)
    while True:
        chunk, size = [], 0
        with meanwhile():
            for part in rest:
                chunk.append(part)
                size += len(part)
                if size >= CHUNK:
                    break
        if not chunk:
            return
        yield b"".join(chunk)
