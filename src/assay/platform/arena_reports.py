"""What is found out about an arena, as it comes back from whoever counts; it takes no statistics to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.figures import Figure, Passage


@dataclass(frozen=True)
class Report:
    """What the votes of an arena say; where nothing can be ranked `refusal` says why.

    `standings`, `raters` and `wanted` are tables to take away; `policy` is the chance of drawing two models
    next, by their names in the order of `models`; `votes` is how many were counted.
    """

    intro: str
    refusal: str
    sections: tuple[Figure | Passage, ...]
    standings: tuple[Mapping[str, object], ...]
    raters: tuple[Mapping[str, object], ...]
    wanted: tuple[Mapping[str, object], ...]
    votes: int


@dataclass(frozen=True)
class Compared:
    """Two models side by side: one line a slice, sentences, and whether a gate would stay shut."""

    rows: tuple[Mapping[str, object], ...]
    sentences: tuple[str, ...]
    shut: bool
