"""Rankings and best-of-n choices as columns: what each person put in which order, item by item."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from assay.errors import TableError
from assay.quality import reading
from assay.quality.labels.columns import VotesError
from assay.quality.pairs.columns import Pairs
from assay.quality.reading import Codes, Floats

TIED = frozenset({"tie", "draw"})
NONE = frozenset({"none", "none good", "none_good", "all bad", "all_bad", "both_bad"})
"""What people say for "all the same" and "none is good", where no candidate has that name."""

Order = tuple[tuple[str, ...], ...]
"""Candidates from the best down, those that tie together."""


@dataclass(frozen=True, eq=False)
class Rankings:
    """N answers, each an order of some of the candidates of one of I items.

    Attributes
    ----------
    item_N, rater_N, weight_N
        Codes into `items` and `raters`, and what each answer counts.
    order_N
        What was said: candidates from the best down, those that tie together; empty for "none is good".
    rest_N
        What was shown besides and not ranked: below all that was, and nothing said among them.
    items, raters
        Names, sorted as text.
    repeated
        How many answers were set aside because the same rater answered the same item again later.
    known, history
        The right order of some items, and what is known of raters from before; set them with `knowing` and
        `remembering`.

    Build one with `from_frame`, `from_choices` or `from_lists`.
    """

    item_N: Codes
    rater_N: Codes
    weight_N: Floats
    order_N: tuple[Order, ...]
    rest_N: tuple[tuple[str, ...], ...]
    items: tuple[str, ...]
    raters: tuple[str, ...]
    repeated: int = 0
    known: Mapping[str, Order] = field(default_factory=dict)
    history: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item_N)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Rankings:
        """Read a table with `item`, `rater`, `label` and perhaps `shown` and `weight`, one row a ranking.

        `label` is a JSON list from the best down, with ties as lists in it: ``["b", ["a", "c"]]``; or
        ``b > a = c``. `shown` lists the candidates that this rater saw, as a JSON list or with ``|`` between
        them; those not ranked are below all that are. Without it a rater saw what they ranked.

        Raises
        ------
        TableError
            Where a column is missing, a cell is empty or no such list, a candidate stands in it twice or was
            not shown, or there are fewer than two candidates; names the row and the column.
        VotesError
            Where there is no answer.

        >>> table = pl.DataFrame({"item": ["i"], "rater": ["ann"], "label": ["b > a = c"]})
        >>> Rankings.from_frame(table).order_N
        ((('b',), ('a', 'c')),)
        """
        return cls._read(frame, _ranking)

    @classmethod
    def from_choices(cls, frame: pl.DataFrame) -> Rankings:
        """Read a table with `item`, `rater`, `label`, `shown` and perhaps `weight`, one row a choice.

        `label` is the best of what was `shown`; a JSON list of several that are equally good; ``tie`` where
        all are; ``none`` where none is good, which says nothing of which is better. A candidate may be called
        "tie" or "none"; where it was shown, the word is its name. Errors as `from_frame`.

        >>> table = pl.DataFrame({"item": ["i"], "rater": ["ann"], "label": ["b"], "shown": ["a|b|c"]})
        >>> read = Rankings.from_choices(table)
        >>> read.order_N, read.rest_N
        (((('b',),),), (('a', 'c'),))
        """
        if "shown" not in frame.columns:
            raise TableError(
                "there is no such column; list what each rater saw, as a JSON list or with | between",
                column="shown",
            )
        return cls._read(frame, _choice)

    @classmethod
    def from_lists(
        cls, item: Sequence[object], rater: Sequence[object], order: Sequence[Sequence[object]]
    ) -> Rankings:
        """Read three sequences of equal length, the last of candidates from the best down, ties as lists.

        >>> Rankings.from_lists(["i"], ["ann"], [["b", ["a", "c"]]]).order_N
        ((('b',), ('a', 'c')),)
        """
        label = [json.dumps([list(c) if isinstance(c, list | tuple) else c for c in one]) for one in order]
        return cls.from_frame(reading.listed(item=item, rater=rater, label=label))

    @classmethod
    def _read(cls, frame: pl.DataFrame, read: Callable[[str, tuple[str, ...], int], Order]) -> Rankings:
        frame = reading.filled(frame, ["item", "rater", "label", *({"shown"} & set(frame.columns))])
        shown = [None] * len(frame) if "shown" not in frame.columns else frame["shown"].to_list()
        orders, rests = [], []
        for row, (label, seen) in enumerate(zip(frame["label"].to_list(), shown, strict=True), start=1):
            candidates = () if seen is None else _shown(seen, row)
            order = read(label, candidates, row)
            ranked = [name for tied in order for name in tied]
            _refuse(ranked, candidates, row)
            orders.append(order)
            rests.append(tuple(sorted(set(candidates) - set(ranked))))
        frame = frame.with_columns(
            pl.Series("weight", reading.weights(frame)), pl.Series("place", np.arange(len(frame)))
        )
        kept = reading.last_answers(frame, ["item", "rater"])
        (item_N,), items = reading.coded(kept["item"])
        (rater_N,), raters = reading.coded(kept["rater"])
        sorted_N = np.lexsort((rater_N, item_N))
        place_N = kept["place"].to_numpy()[sorted_N].tolist()
        return cls(
            item_N[sorted_N],
            rater_N[sorted_N],
            kept["weight"].to_numpy()[sorted_N],
            tuple(orders[place] for place in place_N),
            tuple(rests[place] for place in place_N),
            items,
            raters,
            repeated=len(frame) - len(kept),
        )

    def knowing(self, gold: Mapping[str, Order]) -> Rankings:
        """Return the same answers with the right order of some items known, or their first candidates alone.

        The verdict on a known item is that order; what people said of it shows who is reliable.

        >>> said = Rankings.from_lists(["i"], ["ann"], [["b", "a"]])
        >>> said.knowing({"i": (("a",), ("b",))}).pairs.known_N.tolist()
        [0.0]
        """
        return replace(self, known={item: gold[item] for item in self.items if item in gold})

    def remembering(self, history: Mapping[str, tuple[float, float]]) -> Rankings:
        """Return the same answers with what is known of some raters from before, as `Pairs.remembering`."""
        return replace(self, history=dict(history))

    @cached_property
    def cells(self) -> tuple[tuple[int, str], ...]:
        """Every item's candidates, (code of the item, name), sorted."""
        found = {
            (item, name)
            for item, order, rest in zip(self.item_N.tolist(), self.order_N, self.rest_N, strict=True)
            for tied in (*order, rest)
            for name in tied
        }
        return tuple(sorted(found))

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """The candidates, where several items have them all and no others; else nothing."""
        by_item: dict[int, list[str]] = {}
        for item, name in self.cells:
            by_item.setdefault(item, []).append(name)
        sets = {tuple(names) for names in by_item.values()}
        return next(iter(sets)) if len(sets) == 1 and len(by_item) > 1 else ()

    @cached_property
    def pairs(self) -> Pairs:
        """The comparisons that the answers imply, candidates of different items apart.

        A candidate goes by the JSON list of its item and its name.
        """
        code = {cell: place for place, cell in enumerate(self.cells)}
        names = tuple(json.dumps([self.items[item], name], ensure_ascii=False) for item, name in self.cells)
        return self._compared(names, lambda item, name: code[item, name])

    @cached_property
    def overall(self) -> Pairs:
        """The same comparisons where a candidate is the same in all items, for `shared` candidates."""
        code = {name: place for place, name in enumerate(self.shared)}
        return self._compared(self.shared, lambda _, name: code[name])

    def _compared(self, names: tuple[str, ...], code: Callable[[int, str], int]) -> Pairs:
        places = {
            code: {name: at for at, tied in enumerate(self.known[item]) for name in tied}
            for code, item in enumerate(self.items)
            if item in self.known
        }
        known: list[float] = []
        left: list[int] = []
        right: list[int] = []
        rater: list[int] = []
        score: list[float] = []
        weight: list[float] = []
        answers = zip(
            self.item_N.tolist(), self.rater_N.tolist(), self.weight_N.tolist(), self.order_N, self.rest_N,
            strict=True,
        )  # fmt: skip
        for item, who, counts, order, rest in answers:
            each = counts * weight_of(sum(map(len, order)), len(rest))
            for place, tied in enumerate(order):
                lower = [*(other for level in order[place + 1 :] for other in level), *rest]
                for n, one in enumerate(tied):
                    others = [*tied[n + 1 :], *lower]
                    left += [code(item, one)] * len(others)
                    right += [code(item, other) for other in others]
                    score += [0.5] * (len(tied) - n - 1) + [1.0] * len(lower)
                    known += [_outcome(places.get(item), one, other) for other in others]
            rater += [who] * (len(left) - len(rater))
            weight += [each] * (len(left) - len(weight))
        if not left:
            raise VotesError("nobody preferred anything to anything; there is nothing to weigh")
        left_N, right_N, rater_N = (np.array(codes, dtype=np.int64) for codes in (left, right, rater))
        order_N = np.lexsort((rater_N, right_N, left_N))
        held = Pairs(
            left_N[order_N],
            right_N[order_N],
            rater_N[order_N],
            np.array(score)[order_N],
            np.array(weight)[order_N],
            names,
            self.raters,
            known_N=np.array(known)[order_N] if self.known else None,
        )
        return held.remembering(self.history) if self.history else held


def _outcome(place: Mapping[str, int] | None, one: str, other: str) -> float:
    """Return 1 where the one is known to be better, 0 where the other is, ½ for equals, NaN if unknown."""
    if not place or not (one in place or other in place):
        return math.nan
    # What is not named in a known order is below all that is.
    at_one, at_other = place.get(one, math.inf), place.get(other, math.inf)
    return 0.5 if at_one == at_other else float(at_one < at_other)


def weight_of(ranked: int, rest: int) -> float:
    """Return what each comparison weighs that is implied by ranking some candidates above the rest.

    A ranking is a choice of the best, then of the best of what is left, and so on. With all n candidates
    equal, the choice among m carries the Fisher information 1 − 1/m (Plackett–Luce); a comparison that
    weighs w carries w/2. The weight makes both sums equal: 1 for two candidates, 2/n for the best of n,
    4 Σ (1 − 1/m) / (n(n − 1)) for a whole ranking.

    >>> weight_of(2, 0), weight_of(1, 3), round(weight_of(3, 0), 2)
    (1.0, 0.5, 0.78)
    """
    size = ranked + rest
    comparisons = ranked * (ranked - 1) / 2 + ranked * rest
    told = sum(1 - 1 / m for m in range(max(rest, 1) + (rest > 0), size + 1) if m > 1)
    return 2 * told / comparisons if comparisons else 0.0


def read_order(label: str, row: int = 1) -> Order:
    """Return a ranking from a cell: a JSON list with ties nested, or ``b > a = c``.

    >>> read_order('["b", ["a", "c"]]'), read_order("b > a = c")
    ((('b',), ('a', 'c')), (('b',), ('a', 'c')))
    """
    text = label.strip()
    if text.startswith("["):
        listed = _listed(text, label, row)
    else:
        listed = [level.split("=") for level in text.split(">")]
    levels = [part if isinstance(part, list) else [part] for part in listed]
    found = tuple(tuple(_name(name, label, row) for name in tied) for tied in levels)
    if not all(found):
        raise _no_ranking(label, row)
    return found


def as_text(order: Iterable[Sequence[str]]) -> str:
    """Return an order as JSON, a tie as a list within the list.

    >>> as_text((("b",), ("a", "c")))
    '["b", ["a", "c"]]'
    """
    return json.dumps([tied[0] if len(tied) == 1 else list(tied) for tied in order], ensure_ascii=False)


def _ranking(label: str, shown: tuple[str, ...], row: int) -> Order:
    order = read_order(label, row)
    if not shown and sum(map(len, order)) < 2:
        raise TableError(
            f"{label[:40]!r} ranks one candidate, which says nothing; rank two, or say what was shown",
            row=row,
            column="label",
        )
    return order


def _choice(label: str, shown: tuple[str, ...], row: int) -> Order:
    said = label.strip()
    if said in shown:
        return ((said,),)
    if said.lower() in TIED:
        return (shown,)
    if said.lower() in NONE:
        return ()
    names = (
        tuple(_name(name, label, row) for name in _listed(said, label, row)) if said[:1] == "[" else (said,)
    )
    if not names:
        raise TableError("no candidate is named; name the best, or say none", row=row, column="label")
    return (names,)


def _shown(cell: str, row: int) -> tuple[str, ...]:
    text = cell.strip()
    try:
        said = json.loads(text) if text.startswith("[") else text.split("|")
        names = tuple(str(name).strip() for name in said if isinstance(name, str | int))
    except ValueError:
        said, names = None, ()
    if said is None or len(names) < len(said) or not all(names):
        raise TableError(
            f"{cell[:40]!r} is no list of candidates; write a JSON list, or names with | between",
            row=row,
            column="shown",
        )
    if len(set(names)) < len(names) or len(names) < 2:
        raise TableError(
            f"{cell[:40]!r} names fewer than two candidates, or one of them twice", row=row, column="shown"
        )
    return names


def _refuse(ranked: Sequence[str], shown: tuple[str, ...], row: int) -> None:
    twice = next((name for place, name in enumerate(ranked) if name in ranked[:place]), None)
    if twice is not None:
        raise TableError(f"{twice!r} is ranked twice; rank each candidate once", row=row, column="label")
    strange = sorted(set(ranked) - set(shown)) if shown else []
    if strange:
        raise TableError(
            f"{strange[0]!r} is not among what was shown: {', '.join(shown[:12])}", row=row, column="label"
        )


def _listed(text: str, label: str, row: int) -> list[object]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _no_ranking(label, row) from None
    if not isinstance(said, list) or not said:
        raise _no_ranking(label, row)
    return said


def _name(said: object, label: str, row: int) -> str:
    if isinstance(said, bool) or not isinstance(said, str | int) or not str(said).strip():
        raise _no_ranking(label, row)
    return str(said).strip()


def _no_ranking(label: str, row: int) -> TableError:
    return TableError(
        f'{label[:40]!r} is no ranking; write the best first, ["b", ["a", "c"]] or b > a = c',
        row=row,
        column="label",
    )
