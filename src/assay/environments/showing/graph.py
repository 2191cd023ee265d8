"""History as a graph: which strand each commit lies on, and the strands of a row as a drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assay.environments.showing.markup import Html, tag

WIDE, HIGH = 14, 32
"""Points from strand to strand, and of a row."""

MOST_STRANDS = 12
"""Further ones are drawn upon the last."""


@dataclass(frozen=True)
class Strands:
    """A row of the graph.

    Attributes
    ----------
    at
        The strand of the commit.
    above, below
        Lines as (from, to): from the edge above to the commit or past it, and from there to the edge below.
    wide
        How many strands there are.
    """

    at: int
    above: tuple[tuple[int, int], ...]
    below: tuple[tuple[int, int], ...]
    wide: int


def lanes(parents: Mapping[str, Sequence[str]]) -> Iterator[Strands]:
    """Return the strands of commits that come children first.

    >>> [(row.at, row.below) for row in lanes({"c": ["a", "b"], "b": ["a"], "a": []})]
    [(0, ((0, 0), (0, 1))), (1, ((0, 0), (1, 0))), (0, ())]
    """
    waiting: list[str] = []  # on each strand the commit that it leads to, "" where it is free
    for oid, behind in parents.items():
        before = list(waiting)
        mine = [place for place, wanted in enumerate(before) if wanted == oid]
        at = mine[0] if mine else _free(waiting)
        for place in mine:
            waiting[place] = ""
        above = [(place, at if wanted == oid else place) for place, wanted in enumerate(before) if wanted]
        below = [(place, place) for place, wanted in enumerate(waiting) if wanted]
        for place, parent in enumerate(behind):
            if parent in waiting:
                to = waiting.index(parent)
            else:
                to = at if place == 0 else _free(waiting, but=at)
                waiting[to] = parent
            below.append((at, to))
        yield Strands(at, tuple(above), tuple(below), len(waiting))
        while waiting and not waiting[-1]:
            waiting.pop()


def _free(waiting: list[str], but: int = -1) -> int:
    for place, wanted in enumerate(waiting):
        if not wanted and place != but:
            return place
    waiting.append("")
    return len(waiting) - 1


def strand(row: Strands, wide: int) -> Html:
    """Return a row as a drawing; what it shows stands in words on the page of the commit."""
    half = HIGH // 2
    lines = [(begin, 0, end, half) for begin, end in row.above]
    lines += [(begin, half, end, HIGH) for begin, end in row.below]
    width = WIDE * min(wide, MOST_STRANDS)
    return tag(
        "svg",
        *(tag("line", x1=_x(a), y1=b, x2=_x(c), y2=d) for a, b, c, d in lines),
        tag("circle", cx=_x(row.at), cy=half, r=4),
        width=width,
        height=HIGH,
        viewBox=f"0 0 {width} {HIGH}",
        aria_hidden="true",
    )


def _x(place: int) -> int:
    return WIDE // 2 + WIDE * min(place, MOST_STRANDS - 1)
