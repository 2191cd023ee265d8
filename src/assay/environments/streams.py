"""Random numbers by name: the same for the same name, whatever else was drawn before.

A generator that is shared hands out its numbers in the order of the asking, so that one more fault reshuffles
every mailbox. Here a number is a hash of the world's seed and of what it is for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import TypeVar

Thing = TypeVar("Thing")

Name = str | int


def number(seed: int, *name: Name) -> int:
    """Return 64 random bits that belong to a name.

    >>> number(7, "mail", "ann", 3) == number(7, "mail", "ann", 3) != number(7, "mail", "ann", 4)
    True
    """
    parts = "".join(map(_part, (seed, *name)))
    return int.from_bytes(blake2b(parts.encode(), digest_size=8).digest(), "big")


def numbered(seed: int, *name: Name) -> Callable[[int], int]:
    """Return a function from a number to `number` of the name with this number behind it.

    >>> numbered(7, "latency", "mail_read")(12) == number(7, "latency", "mail_read", 12)
    True
    """
    begun = blake2b("".join(map(_part, (seed, *name))).encode(), digest_size=8)

    def found(last: int) -> int:
        whole = begun.copy()
        whole.update(_part(last).encode())
        return int.from_bytes(whole.digest(), "big")

    return found


def _part(part: Name) -> str:
    # Lengths keep ("ab", "c") and ("a", "bc") apart; the kind keeps 1 and "1" apart.
    return f"{type(part).__name__[0]}{len(str(part))}:{part}"


class Stream:
    """Random numbers for one concern, one after the other.

    >>> mail = Stream(7, "mail")
    >>> [mail.below(6) for _ in range(3)] == [Stream(7, "mail").below(6)] + [mail.below(6) for _ in range(2)]
    False
    >>> Stream(7, "mail").below(6) == Stream(7, "mail").below(6)
    True
    """

    def __init__(self, seed: int, *name: Name) -> None:
        self._seed, self._name, self._drawn = seed, name, 0

    def of(self, *name: Name) -> Stream:
        """Return the stream of a part of this concern."""
        return Stream(self._seed, *self._name, *name)

    def bits(self) -> int:
        """Return the next 64 bits."""
        self._drawn += 1
        return number(self._seed, *self._name, self._drawn)

    def share(self) -> float:
        """Return a number from 0 up to, and without, 1."""
        return (self.bits() >> 11) / 2**53

    def below(self, bound: int) -> int:
        """Return a whole number from 0 up to, and without, `bound`; the bias is below `bound` / 2⁶⁴."""
        return (self.bits() * bound) >> 64

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, probability: float) -> bool:
        """Return true with a probability."""
        return self.share() < probability

    def one(self, things: Sequence[Thing]) -> Thing:
        """Return one of some things."""
        return things[self.below(len(things))]

    def some(self, things: Sequence[Thing], count: int) -> list[Thing]:
        """Return different ones of some things, in random order; all of them where there are fewer."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]

    def wait(self, mean: float) -> float:
        """Return a waiting time, exponential with a mean."""
        return -mean * math.log(1 - self.share())

    def __iter__(self) -> Iterator[float]:
        while True:
            yield self.share()
