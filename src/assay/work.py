"""What to do next: which of the open works one person is given.

Takes a shortlist and a person's languages, gives an order; the platform claims the first that is still free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from numpy.random import Generator


@dataclass(frozen=True, slots=True)
class Candidate:
    """A work that still takes judgments. `taken` counts its judgments and the people at work on it."""

    work: str
    language: str
    taken: int


def speaks(languages: Collection[str], tag: str) -> bool:
    """Say whether somebody who declared `languages` reads `tag`; both are BCP-47.

    A person who declares `es` reads `es-AR`; one who declares `es-AR` is trusted with plain `es`. Nothing
    declared, or an undetermined tag, closes no door.

    >>> speaks({"es"}, "es-AR"), speaks({"es-AR"}, "es"), speaks({"es-AR"}, "es-MX"), speaks((), "fr")
    (True, True, False, True)
    """
    if not languages or tag == "und":
        return True
    tag = tag.lower()
    return any(
        own == tag or tag.startswith(f"{own}-") or own.startswith(f"{tag}-")
        for own in (language.lower() for language in languages)
    )


def order(candidates: Iterable[Candidate], *, languages: Collection[str], rng: Generator) -> list[str]:
    """Return the ids of the works this person may be given, the most wanted first.

    Works that somebody has begun come before untouched ones, so that verdicts become complete early instead
    of every work ending one judgment short; among equals the order is drawn, so that neighbours in an import
    are not all judged by the same people.

    >>> import numpy as np
    >>> open_works = [Candidate("new", "en", 0), Candidate("begun", "en-GB", 2), Candidate("other", "fr", 2)]
    >>> order(open_works, languages={"en"}, rng=np.random.default_rng(7))
    ['begun', 'new']
    """
    fitting = [candidate for candidate in candidates if speaks(languages, candidate.language)]
    draws = rng.random(len(fitting))
    ranked = sorted(zip(fitting, draws, strict=True), key=lambda pair: (-pair[0].taken, pair[1]))
    return [candidate.work for candidate, _ in ranked]
