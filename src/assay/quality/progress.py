"""How far long work is: whoever waits says where to tell it, and loops tell it without knowing who listens.

A name handed through every method would be in the signature of each registered one, and of each that another
package adds. So the listener is a context variable, as a decimal's precision is: it holds for one call of
`study`, in one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Progress = Callable[[str, int, int], object]
"""Called with a stage's name, how much of it is done, and of how much; 0 where nobody can say."""

T = TypeVar("T")

_LISTENER: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def telling(listener: Progress | None) -> Iterator[None]:
    """Tell a listener of all that is done inside the block; `None` for nobody.

    >>> with telling(lambda stage, done, of: print(stage, done, of)):
    ...     tell("rounds", 3, 100)
    rounds 3 100
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def tell(stage: str, done: int, of: int = 0) -> None:
    """Say that so much of a stage is done; nothing happens where nobody listens.

    Of rounds that end when they come to rest, `of` is the most there can be.
    """
    listener = _LISTENER.get()
    if listener is not None:
        listener(stage, done, of)


def each(stage: str, of: Iterable[T], many: int) -> Iterator[T]:
    """Yield from an iterable of so many, telling how many are done.

    >>> with telling(lambda stage, done, of: print(done, of)):
    ...     found = [letter for letter in each("letters", "ab", 2)]
    0 2
    1 2
    2 2
    """
    done = 0
    for done, one in enumerate(of):
        tell(stage, done, many)
        yield one
    tell(stage, many, many)
