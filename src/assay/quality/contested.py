"""Why people part on an item: who gave which answer, how good they are, and whom to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from assay.quality.findings import Study

NAMED = 3
"""People named on each side of an item."""

LONGEST = 80
"""Characters of an answer that are shown."""


@dataclass(frozen=True)
class Parting:
    """An open item with everybody's answers: for each side the answer, and its people with their skill.

    `why` says why people part, and `ask` names the best person who has not answered; both for labels alone.
    """

    item: str
    verdict: str
    sides: tuple[tuple[str, str], ...]
    why: str = ""
    ask: str = ""

    @property
    def sentence(self) -> str:
        """The same in one line."""
        said = " · ".join(f"{answer}: {people}" for answer, people in self.sides)
        why = f" {self.why[0].upper()}{self.why[1:]}." if self.why else ""
        return f"{self.item}: {self.verdict}. {said}.{why}" + (
            f" Not asked yet: {self.ask}." if self.ask else ""
        )


def who_said_what(found: Study, most: int) -> list[Parting]:
    """Return the most open items of a study with everybody's answers; of comparisons the most even ones.

    >>> from assay.quality.study import study
    >>> votes = {"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["a", "a", "b"]}
    >>> print(who_said_what(study(votes), 1)[0].sentence)
    i: a (72%). a: ann 53%, ben 53% · b: cleo 42%. Weaker people against better ones.
    """
    if found.given is None:
        return []
    mean = dict(found.raters.select("rater", "mean").iter_rows())
    if found.type == "pairs":
        return _split_pairs(found.given, mean, most)
    middle = float(np.median(found.raters["mean"].to_numpy()))
    ranked = found.raters.sort(["mean", "rater"], descending=[True, False])["rater"].to_list()
    labelled = found.type in ("categorical", "ordinal")
    shown = found.open_items.head(most)
    given = found.given.filter(pl.col("item").is_in(shown["item"].cast(pl.String).implode()))
    partings = []
    for verdict in shown.iter_rows(named=True):
        own = given.filter(pl.col("item") == str(verdict["item"]))
        sides = _sides(own, mean)
        done = set(own["rater"])
        partings.append(
            Parting(
                str(verdict["item"]),
                _stated(verdict),
                _told(sides, mean),
                _why(sides, str(verdict["verdict"]), mean, middle) if labelled else "",
                next((rater for rater in ranked if rater not in done), "") if labelled else "",
            )
        )
    return partings


def listed(found: Study, most: int) -> list[dict[str, str]]:
    """Return the same as rows of a table, one for each side of each item.

    >>> from assay.quality.study import study
    >>> votes = {"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["a", "a", "b"]}
    >>> [row["who, with their skill"] for row in listed(study(votes), 1)]
    ['ann 53%, ben 53%', 'cleo 42%']
    """
    rows = []
    for parting in who_said_what(found, most):
        for place, (answer, people) in enumerate(parting.sides):
            first = place == 0
            row = {
                "item": _short(parting.item) if first else "",
                "verdict": parting.verdict if first else "",
                "answer": answer,
                "who, with their skill": people,
            }
            if parting.why:
                row["why"] = parting.why if first else ""
                row["not asked yet"] = parting.ask if first else ""
            rows.append(row)
    return rows


def _split_pairs(given: pl.DataFrame, mean: Mapping[str, float], most: int) -> list[Parting]:
    """Return the comparisons over which reliable people part most evenly, at least three of them."""
    weights = pl.DataFrame({"rater": list(mean), "weight": list(mean.values())})
    sides = given.join(weights, on="rater").group_by("item", "answer").agg(pl.col("weight").sum(), pl.len())
    split = sides.group_by("item").agg(
        (pl.col("weight").max() / pl.col("weight").sum()).alias("top"), pl.col("len").sum().alias("answers")
    )
    open_pairs = split.filter((pl.col("answers") >= 3) & (pl.col("top") < 1))
    partings = []
    for item in open_pairs.sort("top", "answers", "item", descending=[False, True, False])["item"].head(most):
        own = given.filter(pl.col("item") == item)
        partings.append(Parting(item, f"{len(own)} answers", _told(_sides(own, mean), mean)))
    return partings


def _told(sides: Mapping[str, Sequence[str]], mean: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    return tuple((_short(answer), _with_skill(people, mean)) for answer, people in sides.items())


def _sides(own: pl.DataFrame, mean: Mapping[str, float]) -> dict[str, list[str]]:
    """Return answer → people, the most common answer and the best person first."""
    sides: dict[str, list[str]] = {}
    for rater, answer in own.select("rater", "answer").iter_rows():
        sides.setdefault(answer, []).append(rater)
    for people in sides.values():
        people.sort(key=lambda rater: (-mean.get(rater, 0.0), rater))
    order = sorted(sides, key=lambda answer: (-len(sides[answer]), answer))
    return {answer: sides[answer] for answer in order}


def _why(sides: Mapping[str, Sequence[str]], verdict: str, mean: Mapping[str, float], middle: float) -> str:
    """Return why people part; `sides` has the best of each answer first, `middle` is the middle skill."""
    if len(sides) < 2:
        return "few answers, all alike"
    good = {answer for answer, people in sides.items() if mean.get(people[0], 0.0) >= middle}
    if not good:
        return "nobody of the better half has judged it"
    if len(good) > 1:
        return "good people stand on both sides: the question, or a principle, is unclear"
    if verdict not in good:
        return "more people outvoted the better ones"
    if len(sides.get(verdict, ())) < max(len(people) for people in sides.values()):
        return "fewer but better people against more"
    return "weaker people against better ones"


def _with_skill(people: Sequence[str], mean: Mapping[str, float]) -> str:
    named = ", ".join(f"{rater} {mean.get(rater, 0.0):.0%}" for rater in people[:NAMED])
    return named + (f" and {len(people) - NAMED} more" if len(people) > NAMED else "")


def _stated(verdict: Mapping[str, Any]) -> str:
    value = verdict["verdict"]
    said = _short(f"{value:.2f}" if isinstance(value, float) else str(value))
    sure = verdict.get("probability")
    return said if sure is None else f"{said} ({sure:.0%})"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
