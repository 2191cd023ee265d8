"""The findings of a study as one page to hand on: what to do, who is good at what, what is open, how sure."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from assay.figures import Figure, Passage
from assay.figures import page as page_of
from assay.quality import plots
from assay.quality.contested import LONGEST, listed
from assay.quality.findings import Study
from assay.quality.labels.weigh import Finding

MOST_OPEN = 25
"""Open items that the page lists; the tables on disk hold all of them."""

MOST_SAID = 12
"""Open items of which the page says who gave which answer."""

HURRY = (
    "Half of these people's answers or more took less than a quarter of what is usual on the same items. "
    "Read some of their work before you think anything of it: some people are fast."
)


def page(found: Study, name: str) -> str:
    """Return one self-contained HTML page about a study of the table called `name`.

    >>> import polars as pl
    >>> from assay.quality.study import study
    >>> table = pl.DataFrame({"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["a", "a", "b"]})
    >>> "What to do next" in page(study(table), "votes.csv")
    True
    """
    intro = (
        f"{found.answers:,} answers by {len(found.raters):,} raters on {len(found.verdicts):,} items, "
        f"read as {found.type}, weighed by {found.method}."
    )
    return page_of(name, _sections(found), intro=intro)


def _sections(found: Study) -> Iterator[Figure | Passage]:
    yield Passage("What to do next", found.next_steps or ("Nothing stands out: use the verdicts.",))
    if found.agreed:
        yield Passage("Do they agree?", [found.agreed])
    if found.scores:
        rows = [
            {"method": method, **{name: f"{value:.3f}" for name, value in scores.items()}}
            for method, scores in found.scores.items()
        ]
        yield Passage("Against the gold items", rows=rows)
    if found.calibrated is not None:
        yield plots.calibration(*found.calibrated)
    if found.cells:
        yield plots.good_at(found.cells)
        yield Passage("The best in each", rows=_best(found))
        if len(found.cells) <= plots.ROWS:
            yield plots.skills(found.cells, title="Everybody, skill by skill")
    yield plots.skills(found.skills, measure=found.measure)
    if found.hasty is not None and len(found.hasty):
        yield Passage("In a hurry", [HURRY], rows=_hasty(found.hasty))
    if isinstance(found.detail, Finding):
        yield plots.contest(found.detail.verdicts)
    said = listed(found, MOST_SAID)
    if said:
        yield Passage("Who said what on the most open items", rows=said)
    yield Passage("Open items, the most open first", rows=_open_items(found))
    yield Passage("What has to hold for these numbers", (*found.assumed, *found.notes))


def _open_items(found: Study) -> list[dict[str, object]]:
    shown = found.open_items.head(MOST_OPEN)
    rows = []
    for row in shown.iter_rows(named=True):
        spread = ", ".join(
            f"{name[2:-1]} {value:.0%}"
            for name, value in row.items()
            if name.startswith("p[") and value is not None and value >= 0.01
        )
        plain = {name: value for name, value in row.items() if not name.startswith("p[")}
        rounded = {
            name: round(value, 3) if isinstance(value, float) else _short(value)
            for name, value in plain.items()
        }
        rows.append({**rounded, "probabilities": spread} if spread else rounded)
    return rows


def _short(value: object) -> object:
    """Cut a text where a table would grow too tall; the tables on disk have all of it."""
    return f"{value[: LONGEST - 1]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _best(found: Study) -> list[dict[str, object]]:
    return [
        {
            "in": one.where,
            "best": one.rater,
            "skill": f"{one.mean:.0%}",
            "95 % interval": f"{one.low:.0%} to {one.high:.0%}",
            "people": one.people,
        }
        for one in found.best
    ]


def _hasty(people: pl.DataFrame) -> list[dict[str, object]]:
    return [
        {
            "rater": row["rater"],
            "hasty": f"{row['hasty']:.0%}",
            "timed answers": row["answers"],
            "median seconds": round(row["seconds"], 1),
            "usual": round(row["usual"], 1),
        }
        for row in people.iter_rows(named=True)
    ]
