"""What a study found, the same for every type of answer: verdicts, raters, scores, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import polars as pl

from assay.quality.agreement import Agreement
from assay.quality.profiles.evidence import AXES
from assay.quality.profiles.fit import named
from assay.records import Skill

FEW_ANSWERS = 3
"""Below this nobody can be outvoted, and an item is open for want of answers."""

OPEN = 0.9
"""From this doubt on an item is worth a look: skilled people are split nearly evenly."""

UNEVEN = ("spans", "boxes", "texts")
"""Types whose answers hardly ever split evenly: two people mark or write the same by chance only."""

LOOSE = 0.5
"""From this doubt on such an item is more open than settled."""

RELATIVE = ("ratings", "pairs")
"""Types whose doubt says how wide a verdict is beside the widest: somebody is always at 1."""

MANY_OPEN = 0.1
"""Share of open items from which it is no longer the items that need reading but the question."""


@dataclass(frozen=True)
class Best:
    """Who is best at one skill in one language and domain, among so many `people`.

    Best by the lower end of the interval: whoever is surely good, rather than perhaps very good.
    """

    where: str
    rater: str
    mean: float
    low: float
    high: float
    people: int


@dataclass(frozen=True, eq=False)
class Study:
    """What the answers to one question come to.

    Attributes
    ----------
    type, method
        How the answers were read, and the registered method.
    answers, repeated
        How many answers count, and how many gave way to a later one of the same rater.
    verdicts
        One row an item: `item`, `verdict`, what is known about it, `answers`, and `doubt` from 0 (nothing
        open) to 1, by which the rows worth a look come first. For labels also `difficulty`, the share of
        people who err on the item.
    raters
        One row a rater: `rater`, `mean`, `low`, `high` (95 %), `votes`; `measure` says of what.
    against
        `gold`, or `verdicts` reached without the rater's own answers.
    scores
        Against gold, where there is some: method → name of the score → value.
    assumed, notes
        What has to hold; what was noticed on the way.
    agreement
        How far raters agree, for labels and numbers; `None` where no such coefficient is taken.
    calibrated
        For labels with gold: what was stated for each gold item, and how right it was.
    profiles
        Who is good at what: one row a person × skill × language × domain, `mean`, `low`, `high`, what it
        rests on (`right` of `total`, in known answers), and where that comes from. `None` where no answer is
        right or wrong and nothing else is known.
    given
        Who gave which answer: `item`, `rater`, `answer`, and `seconds` where they were measured.
    hasty
        Who answered again and again much faster than others; `None` where nothing was timed.
    detail
        The method's own result.
    """

    type: str
    method: str
    answers: int
    repeated: int
    verdicts: pl.DataFrame
    raters: pl.DataFrame
    measure: str
    against: Literal["gold", "verdicts"]
    assumed: tuple[str, ...]
    notes: tuple[str, ...] = ()
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    agreement: Agreement | None = None
    calibrated: tuple[list[float], list[float]] | None = field(default=None, repr=False)
    profiles: pl.DataFrame | None = field(default=None, repr=False)
    given: pl.DataFrame | None = field(default=None, repr=False)
    hasty: pl.DataFrame | None = field(default=None, repr=False)
    detail: Any = field(default=None, repr=False)

    @property
    def skills(self) -> tuple[Skill, ...]:
        """The raters as records, for figures."""
        return tuple(
            Skill(rater, self.measure, mean, low, high, votes, self.against)
            for rater, mean, low, high, votes, *_ in self.raters.iter_rows()
        )

    @property
    def cells(self) -> tuple[Skill, ...]:
        """Everybody's skill at each thing they did, as records; empty where nothing is told apart."""
        frame = self.profiles
        if frame is None or frame.select(AXES).n_unique() < 2:
            return ()
        return tuple(
            Skill(
                row["rater"],
                named(row["skill"], row["language"], row["domain"]) or "not said",
                row["mean"],
                row["low"],
                row["high"],
                round(row["total"]),
                "gold" if row["gold"] >= row["total"] / 2 else "verdicts",
            )
            for row in frame.iter_rows(named=True)
        )

    @property
    def best(self) -> tuple[Best, ...]:
        """The best person in each skill, language and domain, where the least is known or done last."""
        by_where: dict[str, list[Skill]] = {}
        for cell in self.cells:
            by_where.setdefault(cell.question, []).append(cell)
        found = []
        for where, people in by_where.items():
            top = max(people, key=lambda skill: (skill.low, skill.mean, skill.rater))
            found.append(Best(where, top.rater, top.mean, top.low, top.high, len(people)))
        return tuple(sorted(found, key=lambda one: (-one.people, one.where)))

    @property
    def open_items(self) -> pl.DataFrame:
        """The verdicts, the most open first; items with too few answers to be split come last."""
        few = pl.col("answers") < FEW_ANSWERS
        return self.verdicts.sort(few, "doubt", descending=[False, True], maintain_order=True)

    @property
    def agreed(self) -> str:
        """How far raters agree, in a sentence; empty where no coefficient was taken."""
        found = self.agreement
        if found is None:
            return ""
        if found.coefficient is None:
            return f"{found.name} is undefined {found.undefined}."
        ends = "" if found.low is None else f" (95 % interval {found.low:.2f} to {found.high:.2f})"
        return (
            f"{found.name} is {found.coefficient:.2f}{ends}: "
            "how far another crowd would repeat this one, which is not how right either is."
        )

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What a data lead would do now, in sentences; none where nothing stands out."""
        return (*self._about_items(), *self._about_people())

    def _about_items(self) -> Iterator[str]:
        few = pl.col("answers") < FEW_ANSWERS
        thin = self.verdicts.filter(few)
        if len(thin):
            missing = int((FEW_ANSWERS - thin["answers"]).sum())
            yield (
                f"Of {len(self.verdicts):,} items {len(thin):,} got fewer than {FEW_ANSWERS} answers: "
                f"collect {missing:,} more there first, nothing else adds as much."
            )
        if "group" in self.verdicts.columns:
            yield from self._about_groups()
        if self.type in RELATIVE:
            widest = self.open_items.filter(~few)["item"]
            if len(widest) > 3:
                yield f"Least settled: {_named(widest)}. One more answer narrows most there."
            return
        open_items = self.verdicts.filter(~few & (pl.col("doubt") >= OPEN))
        if len(open_items):
            first = _named(open_items.sort("doubt", descending=True)["item"])
            many = len(open_items) > max(MANY_OPEN * len(self.verdicts), 20)
            share = f"{len(open_items) / len(self.verdicts):.0%}"
            yield f"Still open although people answered: {len(open_items):,} ({first}). " + (
                f"That is {share} of all: read the first twenty, write down the principle that decides them, "
                "and ask again."
                if many
                else "Read them; a principle is missing, or the question is."
            )
        elif self.type in UNEVEN:
            loose = self.open_items.filter(~few & (pl.col("doubt") >= LOOSE))
            if len(loose):
                yield (
                    f"More open than settled: {len(loose):,} ({_named(loose['item'])}). Read what people did "
                    "there, the first ones first, and write down what decides it."
                )

    def _about_groups(self) -> Iterator[str]:
        """Say that groups never met, and which two comparisons would join the largest of them."""
        groups = self.verdicts.group_by("group").agg(pl.len(), pl.col("item").sort_by("verdict").first())
        first = groups.sort("len", "item", descending=[True, False])["item"].to_list()
        pairs = " and ".join(f"{one} with {other}" for one, other in pairwise(first[:3]))
        yield (
            f"The items fall into {len(groups):,} groups that were never compared: a place is one within its "
            f"group. If all answer one question, compare across groups first ({pairs}); if each group is a "
            "question of its own, read it by itself."
        )

    def _about_people(self) -> Iterator[str]:
        usual = float(np.median(self.raters["mean"].to_numpy()))
        weak = self.raters.filter(pl.col("high") < usual).sort("high")
        if len(weak):
            yield (
                f"Surely below the middle of the crowd: {len(weak):,} ({_named(weak['rater'])}). "
                "Show them their own cases before you decide anything."
            )
        if self.hasty is not None and len(self.hasty):
            one = self.hasty.row(0, named=True)
            yield (
                f"Again and again in under a quarter of the usual time: {len(self.hasty):,} "
                f"({_named(self.hasty['rater'])}). {one['rater']} took {one['seconds']:.3g} seconds where "
                f"{one['usual']:.3g} are usual, {one['answers']:,} answers. Read some; some people are fast."
            )
        below = [one for one in self.best if one.high < usual]
        if below:
            each = "; ".join(
                f"in {one.where} {one.rater}, {one.low:.0%} to {one.high:.0%}" for one in below[:3]
            )
            yield (
                f"Nobody is known to be good at {_few([one.where for one in below])}: the best are surely "
                f"below the middle of the crowd ({each}). Find or train somebody there."
            )
        alone = [one.where for one in self.best if one.people < FEW_ANSWERS]
        if alone:
            yield f"Fewer than {FEW_ANSWERS} people answer in {_few(alone)}: nobody can be outvoted there."
        new = self.raters.filter(pl.col("votes") < 5)
        if len(new):
            yield (
                f"With fewer than five answers: {len(new):,} ({_named(new['rater'])}). "
                "Their intervals say almost nothing yet."
            )


def _named(names: pl.Series) -> str:
    return _few(names.head(4).to_list())


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
