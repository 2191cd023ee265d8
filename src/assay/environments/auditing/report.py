"""What an audit found, as tables and as one page to hand on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assay.environments.auditing.findings import FLOOR, MOST_ALIKE, Audited
from assay.figures import Figure, Passage, specification
from assay.figures import page as page_of


@dataclass(frozen=True)
class Words:
    """What an audit asked, and what it does not say."""

    asked: tuple[str, ...]
    open: tuple[str, ...]


WORLD = Words(
    (
        "The oracle is a list of steps that does the task; it has to get 1.",
        f"The floor is the most that got who deserves nothing; it has to be {FLOOR} or less.",
        "Half of the oracle may get part of the score, and never all of it.",
        "Each step of the oracle that changes something was left out once: the score has to fall.",
        "Every score of the oracle was taken four times in two other processes, on a copy of the world.",
        "Deleting rows and making them anew was tried with tools that no agent has.",
        "Several seeds of each template were planted. Answers: how many different ones they have.",
        f"Alike: for which share of them the steps of one get everything; it has to be {MOST_ALIKE} or less.",
    ),
    (
        "A score that passes is earned by none of these ways; there may be one that nobody tried.",
        "That the oracle passes says that the task can be done, not that its text says enough to do it.",
        "Words that goals look for are found wherever they stand: nothing is said of how well it is said.",
    ),
)

VERIFIER = Words(
    (
        "The oracle is the right answer of the table; it has to get all of the score.",
        f"The floor is the most that got who deserves nothing; it has to be {FLOOR} of it or less.",
        "The right answer and the empty one were scored twice, and once more in another process.",
    ),
    (
        "A verifier that passes was fooled by none of these answers; there may be one that nobody tried.",
        "A right answer that is refused may be a mistake of the table as well as of the verifier.",
        "Where an answer changes a state, an empty one may be right because nothing was to be done: look.",
    ),
)


def table(found: Sequence[Audited], what: str = "template") -> pl.DataFrame:
    """Return one row a task.

    >>> table([Audited("t-1", "t", 1.0, {"spam": 0.0})]).columns[:6]
    ['task', 'template', 'oracle', 'floor', 'gap', 'spam']
    """
    names = list(dict.fromkeys(name for each in found for name in each.rewards))
    frame = pl.DataFrame(
        [
            {
                "task": each.task,
                what: each.template,
                "oracle": each.oracle,
                "floor": each.floor,
                "gap": each.gap,
                "early stop": each.early,
                "seeds": each.seeds,
                "answers": each.answers,
                "alike": each.alike,
                "steps": each.steps,
                **{name: each.rewards.get(name) for name in names},
                "broke": "; ".join(each.broke),
                "notes": "; ".join(each.notes),
            }
            for each in found
        ],
        infer_schema_length=None,
    )
    return frame.select(column for column in frame if column.dtype != pl.Null)


def by_template(found: Sequence[Audited]) -> list[dict[str, Any]]:
    """Return one row a template: its worst oracle, its highest floor, what broke."""
    rows = []
    for name in dict.fromkeys(each.template for each in found):
        mine = [each for each in found if each.template == name]
        times: dict[str, int] = {}
        for sentence in (sentence for each in mine for sentence in each.broke):
            times[sentence] = times.get(sentence, 0) + 1
        early = [each.early for each in mine if each.early is not None]
        rows.append(
            {
                "template": name,
                "tasks": len(mine),
                "oracle": min(each.oracle for each in mine),
                "floor": max(each.floor for each in mine),
                "gap": min(each.gap for each in mine),
                **({"early stop": max(early)} if early else {}),
                **_answers(mine),
                "broken": sum(not each.sound for each in mine),
                "what broke": "; ".join(
                    f"{sentence} ({many}×)" if many > 1 else sentence for sentence, many in times.items()
                ),
            }
        )
    return rows


def _answers(mine: Sequence[Audited]) -> dict[str, Any]:
    """Return how many answers the seeds of a template have, and how often one of them passes."""
    known = [each for each in mine if each.answers is not None and each.alike is not None]
    if not known:
        return {}
    return {
        "answers": f"{min(each.answers or 0 for each in known)} of {known[0].seeds}",
        "alike": max(each.alike or 0.0 for each in known),
    }


def sentences(found: Sequence[Audited]) -> list[str]:
    """Return what the audit comes to, the most important first."""
    wrong = [each for each in found if not each.sound]
    many = len(found)
    highest = max((each.floor for each in found), default=0.0)
    of_all = "The only task" if many == 1 else f"All {many:,} tasks"
    said = [
        f"{len(wrong):,} of {many:,} tasks have a score that is not earned, or not given."
        if wrong
        else f"{of_all}: the oracle gets 1, nobody who deserves nothing gets more than {highest:.2f}."
    ]
    said += [f"{each.task}: {'; '.join(each.broke)}." for each in wrong]
    return said


def show(found: Sequence[Audited], what: str = "template") -> list[tuple[str, ...]]:
    """Return the rows of the table for a terminal, its head first.

    >>> show([Audited("t-1", "t", 1.0, {"spam": 0.0})])[0]
    ('template', 'tasks', 'oracle', 'floor', 'gap', 'broken', 'what broke')
    """
    rows = by_template(found)
    if not rows:
        return []
    head = tuple(what if name == "template" else name for name in rows[0])
    shown = [
        tuple(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values())
        for row in rows
    ]
    return [head, *shown]


def page(found: Sequence[Audited], name: str, words: Words = WORLD, *, what: str = "template") -> str:
    """Return the audit as one self-contained HTML page.

    >>> "The only task" in page([Audited("t-1", "t", 1.0, {"spam": 0.0})], "startup")
    True
    """
    groups = len({each.template for each in found})
    intro = (
        f"{len(found):,} tasks in {groups:,} groups by {what}."
        " Each was scored for what is right, and for everything that deserves nothing."
    )
    return page_of(f"Audit of {name}", _sections(found, words, what), intro=intro)


def _sections(found: Sequence[Audited], words: Words, what: str) -> Iterator[Figure | Passage]:
    yield Passage("In short", sentences(found))
    yield gaps(found, what)
    yield Passage(f"By {what}", rows=[_rounded(row, what) for row in by_template(found)])
    wrong = [each for each in found if not each.sound]
    if wrong:
        yield Passage("Tasks whose score is not earned, or not given", rows=list(map(_shown, wrong)))
    notes = [f"{each.task}: {note}" for each in found for note in each.notes]
    if notes:
        yield Passage("Worth knowing", notes)
    yield Passage("What was asked", words.asked)
    yield Passage("What it does not say", words.open)


def _rounded(row: dict[str, Any], what: str) -> dict[str, Any]:
    named = {what if name == "template" else name: value for name, value in row.items()}
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in named.items()}


def _shown(one: Audited) -> dict[str, Any]:
    return {
        "task": one.task,
        "oracle": round(one.oracle, 2),
        "floor": round(one.floor, 2),
        "who got more": ", ".join(name for name, reward in one.rewards.items() if reward > FLOOR) or "nobody",
        "what is wrong": "; ".join(one.broke),
    }


def gaps(found: Sequence[Audited], what: str = "template") -> Figure:
    """Return one line a template, from what cheating gets to what the work gets.

    >>> gaps([Audited("t-1", "t", 1.0, {"spam": 0.2})]).rows[0]["best cheat"]
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
        rows.append(
            {
                what: row["template"],
                "tasks": row["tasks"],
                "oracle": round(row["oracle"], 3),
                "floor": round(row["floor"], 3),
                "broken": row["broken"],
                "best cheat": cheat,
            }
        )
    return _drawn(rows, what)


def _drawn(rows: Sequence[dict[str, Any]], what: str) -> Figure:
    low = sum(row["floor"] > FLOOR for row in rows)
    caption = (
        "Dot: the least that the oracle gets. Upright mark: the most that got who deserves nothing. A line"
        " from left to right is right; where the mark has moved, a score is had for nothing, and where the"
        f" dot has, it cannot be had. {low} of {len(rows)} have a floor above {FLOOR}."
    )
    y = {"field": what, "type": "nominal", "title": None, "sort": None}
    x = {"type": "quantitative", "scale": {"domain": [0, 1]}, "title": "reward"}
    spec = specification(
        caption,
        rows,
        height={"step": 24},
        encoding={"y": y, "tooltip": [{"field": name, "type": "nominal"} for name in rows[0]]},
        layer=[
            {
                "mark": {"type": "rule"},
                "encoding": {"x": {**x, "field": "floor"}, "x2": {"field": "oracle"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80},
                "encoding": {"x": {**x, "field": "oracle"}},
            },
            {
                "mark": {"type": "tick", "orient": "vertical", "thickness": 3, "size": 16},
                "encoding": {"x": {**x, "field": "floor"}},
            },
        ],
    )
    return Figure("What work gets, and what cheating gets", caption, spec, rows)
