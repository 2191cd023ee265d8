"""Why people part on an item: who gave which answer, how good they are, and whom to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from assay.quality.findings import Study

NAMED = 3
"""People named on each side of an item."""

LONGEST = 80
"""Characters of an answer that are shown."""


def who_said_what(found: Study, most: int) -> list[dict[str, str]]:
    """Return the most open items of a study with everybody's answers.

    One row an item: `item`, `verdict`, `answers`; for labels also `why` it is open, and `ask`, the best
    person who has not answered it. For comparisons one row for each two that people are split over.

    >>> from assay.quality.study import study
    >>> votes = {"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["a", "a", "b"]}
    >>> who_said_what(study(votes), 1)[0]["answers"].startswith("a: ann ")
    True
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
    rows = []
    for verdict in shown.iter_rows(named=True):
        own = given.filter(pl.col("item") == str(verdict["item"]))
        sides = _sides(own, mean)
        row = {"item": str(verdict["item"]), "verdict": _stated(verdict)}
        if labelled:
            row["answers"] = " · ".join(
                f"{_short(answer)}: {_with_skill(people, mean)}" for answer, people in sides.items()
            )
            row["why"] = _why(sides, str(verdict["verdict"]), mean, middle)
            done = set(own["rater"])
            row["ask"] = next((rater for rater in ranked if rater not in done), "")
        else:
            row["answers"] = " · ".join(
                f"{rater} ({mean.get(rater, 0.0):.0%}): {_short(answer)}"
                for answer, people in sides.items()
                for rater in people
            )
        rows.append(row)
    return rows


def told(found: Study, most: int) -> list[str]:
    """Return the same in sentences, one an item.

    >>> from assay.quality.study import study
    >>> votes = {"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["a", "a", "b"]}
    >>> print(told(study(votes), 1)[0])
    i: a (72%). a: ann 54%, ben 54% · b: cleo 42%. Weaker people against better ones.
    """
    return [
        f"{row['item']}: {row['verdict']}. {row['answers']}."
        + (f" {row['why'][0].upper()}{row['why'][1:]}." if row.get("why") else "")
        + (f" Not asked yet: {row['ask']}." if row.get("ask") else "")
        for row in who_said_what(found, most)
    ]


def _split_pairs(given: pl.DataFrame, mean: Mapping[str, float], most: int) -> list[dict[str, str]]:
    """Return the comparisons over which reliable people part most evenly, at least three of them."""
    weights = pl.DataFrame({"rater": list(mean), "weight": list(mean.values())})
    sides = given.join(weights, on="rater").group_by("item", "answer").agg(pl.col("weight").sum(), pl.len())
    split = sides.group_by("item").agg(
        (pl.col("weight").max() / pl.col("weight").sum()).alias("top"), pl.col("len").sum().alias("answers")
    )
    open_pairs = split.filter((pl.col("answers") >= 3) & (pl.col("top") < 1))
    rows = []
    for item in open_pairs.sort("top", "answers", "item", descending=[False, True, False])["item"].head(most):
        own = given.filter(pl.col("item") == item)
        said = [
            f"{_short(answer)}: {_with_skill(people, mean)}" for answer, people in _sides(own, mean).items()
        ]
        rows.append({"item": item, "verdict": f"{len(own)} answers", "answers": " · ".join(said)})
    return rows


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
