"""What a study found, the same for every type of answer: verdicts, raters, scores, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl

from assay.quality.agreement import Agreement
from assay.records import Skill

FEW_ANSWERS = 3
"""Below this nobody can be outvoted, and an item is open for want of answers."""

OPEN = 0.9
"""From this doubt on an item is worth a look: skilled people are split nearly evenly."""


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
        steps = []
        few = pl.col("answers") < FEW_ANSWERS
        thin = self.verdicts.filter(few)
        if len(thin):
            steps.append(
                f"Of {len(self.verdicts):,} items {len(thin):,} got fewer than {FEW_ANSWERS} answers: "
                "collect more there first, nothing else adds as much."
            )
        open_items = self.verdicts.filter(~few & (pl.col("doubt") >= OPEN))
        if len(open_items):
            named = _named(open_items.sort("doubt", descending=True)["item"])
            steps.append(
                f"Still open although people answered: {len(open_items):,} ({named}). "
                "Read them; a principle is missing, or the question is."
            )
        usual = float(np.median(self.raters["mean"].to_numpy()))
        weak = self.raters.filter(pl.col("high") < usual)
        if len(weak):
            named = _named(weak.sort("high")["rater"])
            steps.append(
                f"Surely below the middle of the crowd: {len(weak):,} ({named}). "
                "Show them their own cases before you decide anything."
            )
        new = self.raters.filter(pl.col("votes") < 5)
        if len(new):
            steps.append(
                f"With fewer than five answers: {len(new):,} ({_named(new['rater'])}). "
                "Their intervals say almost nothing yet."
            )
        return tuple(steps)


def _named(names: pl.Series) -> str:
    return ", ".join(names.head(3).to_list()) + (", …" if len(names) > 3 else "")
