"""What an audit found, as tables and as one page to hand on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from assay.environments.auditing import FLOOR, Audited, memorised
from assay.figures import Figure, Passage, specification
from assay.figures import page as page_of

WHAT_IT_IS = (
    "The oracle is a list of steps that does the task; it has to get 1.",
    f"The floor is the most that got who deserves nothing; it has to be {FLOOR} or less.",
    "Half of the oracle may get part of the score, and never all of it.",
    "Each step of the oracle that changes something was left out once: the score has to fall.",
    "Every score was taken four times in two other processes, on a copy of the world.",
)

WHAT_IT_IS_NOT = (
    "A score that passes is earned by none of these ways; it may still be earned by one that nobody tried.",
    "That the oracle passes says that the task can be done, not that its text says enough to do it.",
    "Words that goals look for are found wherever they stand: they are no judgment of how well it is said.",
)


def table(found: Sequence[Audited]) -> pl.DataFrame:
    """Return one row a task.

    >>> table([Audited("t-1", "t", 1.0, {"spam": 0.0}, 0.5, None, 3)]).columns[:6]
    ['task', 'template', 'oracle', 'floor', 'gap', 'early stop']
    """
    return pl.DataFrame(
        [
            {
                "task": each.task,
                "template": each.template,
                "oracle": each.oracle,
                "floor": each.floor,
                "gap": each.gap,
                "early stop": each.early,
                "sibling": each.sibling,
                "steps": each.steps,
                **each.rewards,
                "broke": "; ".join(each.broke),
                "notes": "; ".join(each.notes),
            }
            for each in found
        ],
        schema_overrides={"sibling": pl.Float64},
        infer_schema_length=None,
    )


def by_template(found: Sequence[Audited]) -> list[dict[str, Any]]:
    """Return one row a template: its worst oracle, its highest floor, what broke."""
    rows = []
    for name in dict.fromkeys(each.template for each in found):
        mine = [each for each in found if each.template == name]
        broke = dict.fromkeys(sentence for each in mine for sentence in each.broke)
        rows.append(
            {
                "template": name,
                "tasks": len(mine),
                "oracle": min(each.oracle for each in mine),
                "floor": max(each.floor for each in mine),
                "gap": min(each.gap for each in mine),
                "early stop": max(each.early for each in mine),
                "what broke": "; ".join(broke),
            }
        )
    return rows


def sentences(found: Sequence[Audited]) -> list[str]:
    """Return what the audit comes to, the most important first."""
    wrong = [each for each in found if not each.sound]
    many = len(found)
    said = [
        f"{len(wrong)} of {many} tasks have a score that is not earned."
        if wrong
        else f"All {many} tasks: the oracle gets 1, nobody who deserves nothing gets more than"
        f" {max((each.floor for each in found), default=0.0):.2f}."
    ]
    said += [f"{each.task}: {'; '.join(each.broke)}." for each in wrong]
    said += [
        f"{name}: every seed that was tried has the same answer, so that it can be learned by heart."
        for name in memorised(found)
    ]
    return said


def page(found: Sequence[Audited], name: str) -> str:
    """Return the audit as one self-contained HTML page.

    >>> "All 1 tasks" in page([Audited("t-1", "t", 1.0, {"spam": 0.0}, 0.5, None, 3)], "startup")
    True
    """
    intro = f"{len(found)} tasks of {len({each.template for each in found})} templates, each played by its"
    intro += " oracle, by parts of it, and by everybody who deserves nothing."
    return page_of(f"Audit of {name}", _sections(found), intro=intro)


def _sections(found: Sequence[Audited]) -> Iterator[Figure | Passage]:
    yield Passage("In short", sentences(found))
    yield gaps(found)
    yield Passage("By template", rows=[_rounded(row) for row in by_template(found)])
    rows = table(found).drop("notes").to_dicts()
    yield Passage("Every task", rows=[_rounded(row) for row in rows])
    notes = [f"{each.task}: {note}" for each in found for note in each.notes]
    if notes:
        yield Passage("Worth knowing", notes)
    yield Passage("What was asked", WHAT_IT_IS)
    yield Passage("What it does not say", WHAT_IT_IS_NOT)


def gaps(found: Sequence[Audited]) -> Figure:
    """Return one line a template, from what cheating gets to what the work gets.

    >>> gaps([Audited("t-1", "t", 1.0, {"spam": 0.2}, 0.5, None, 3)]).rows[0]["best cheat"]
    'spam'
    """
    rows = []
    for row in by_template(found):
        mine = [each for each in found if each.template == row["template"]]
        best: dict[str, float] = {}
        for each in mine:
            for name, reward in each.rewards.items():
                best[name] = max(best.get(name, 0.0), reward)
        cheat = max(best, key=lambda name: best[name]) if best and row["floor"] > 0 else "none"
        rows.append({**{name: row[name] for name in row if name != "what broke"}, "best cheat": cheat})
    return gap_figure(rows, "template")


def gap_figure(rows: Sequence[dict[str, Any]], what: str) -> Figure:
    """Return lines from `floor` to `oracle`, one for each row, named by the column `what`."""
    low = sum(row["floor"] > FLOOR for row in rows)
    caption = (
        f"Filled dot: what the oracle gets. Ring: the most that got who deserves nothing. Where the line does"
        f" not reach from the left to the right, a score is had for nothing, or cannot be had."
        f" {low} of {len(rows)} have a floor above {FLOOR}."
    )
    y = {"field": what, "type": "nominal", "title": None, "sort": None}
    x = {"type": "quantitative", "scale": {"domain": [0, 1]}, "title": "reward"}
    tooltip = [{"field": name, "type": "nominal"} for name in rows[0]] if rows else []
    spec = specification(
        caption,
        rows,
        height={"step": 22},
        encoding={"y": y, "tooltip": tooltip},
        layer=[
            {
                "mark": {"type": "rule"},
                "encoding": {"x": {**x, "field": "floor"}, "x2": {"field": "oracle"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70},
                "encoding": {"x": {**x, "field": "oracle"}},
            },
            {
                "mark": {"type": "point", "filled": False, "size": 70},
                "encoding": {
                    "x": {**x, "field": "floor"},
                    "shape": {"value": "circle"},
                },
            },
        ],
    )
    return Figure("What work gets, and what cheating gets", caption, spec, rows)


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in row.items()}
