"""The pages of a task and of what agents did in it: steps on a time line, each with what it changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assay.environments.showing.markup import Html, folded, join, listed, pairs, table, tag, text, when
from assay.environments.tasks import Task
from assay.environments.trajectories import Step, Trajectory

LONGEST = 4_000
"""Characters of an answer that a page shows."""

SHORT = 90
"""Characters of arguments that stand in one line."""


def task_page(task: Task) -> tuple[str, Html]:
    """Return what is asked, and what the score looks at."""
    goals = [
        {"goal": goal.name, "weight": f"{goal.weight:g}", "question": goal.statement} for goal in task.goals
    ]
    allowed = [
        {
            "table": rule.table,
            "change": rule.did.lower(),
            "where": ", ".join(f"{name} = {value}" for name, value in rule.where.items()),
            "columns": ", ".join(rule.columns) or "all",
            "at most": rule.most,
        }
        for rule in task.allowed
    ]
    oracle = [
        {"step": place, "tool": step.tool, "with": _json(step.arguments)}
        for place, step in enumerate(task.oracle, 1)
    ]
    return f"Task {task.id}", join(
        (
            text(task.text),
            pairs({"template": task.template, "until": when(task.deadline), **task.knobs}),
            tag("h2", "What has to be so in the end"),
            table("Goals", goals),
            tag("h2", "What may be changed, beside talking"),
            table("Allowed changes", allowed),
            tag("h2", "A way to do it"),
            table("The oracle", oracle),
        )
    )


def list_page(found: Sequence[Trajectory]) -> tuple[str, Html]:
    """Return all runs, one a row."""
    rows: list[Mapping[str, object]] = [
        {
            "run": tag("a", f"{one.agent}, {one.task}, {one.rollout}", href=f"run-{place}.html"),
            "reward": f"{one.reward:.2f}",
            "steps": len(one.steps),
            "ended": one.stopped,
            "side effects": len(one.side_effects),
        }
        for place, one in enumerate(found, 1)
    ]
    return "Runs", table("Runs", rows)


def run_page(one: Trajectory) -> tuple[str, Html]:
    """Return a run as a time line."""
    goals = [
        join(
            (tag("span", "holds" if held else "does not hold", class_="good" if held else "bad"), f": {name}")
        )
        for name, held in one.goals.items()
    ]
    effects = [tag("span", line, class_="bad") for line in one.side_effects]
    steps = []
    for place in range(max([len(one.turns), *(step.turn + 1 for step in one.steps)])):
        # Also where nothing was called: what a silent agent said instead is what one wants to know.
        said = one.turns[place]["text"] if place < len(one.turns) else ""
        if said:
            steps.append(tag("li", tag("p", tag("strong", "The agent says")), text(said)))
        steps += [_step(step) for step in one.steps if step.turn == place]
    return f"{one.agent} in {one.task}", join(
        (
            text(one.text),
            pairs(
                {
                    "reward": f"{one.reward:.2f}",
                    "ended": f"{one.stopped} {one.says}".strip(),
                    "from": when(one.begins),
                    "to": when(one.ends),
                    "steps": len(one.steps),
                    "report": one.report,
                    "colleagues in the words of": one.voice,
                }
            ),
            tag("h2", "Goals"),
            listed(goals) if goals else tag("p", "None.", class_="soft"),
            *([tag("h2", "Side effects"), listed(effects)] if effects else []),
            tag("h2", "Steps"),
            tag("ol", *steps, class_="line") if steps else tag("p", "It did nothing.", class_="soft"),
        )
    )


def _mark(held: bool) -> Html:
    return tag("span", "holds", class_="good") if held else tag("span", "does not hold", class_="bad")


def _step(step: Step) -> Html:
    refused = step.code != "ok"
    kind = "refused" if refused else "wrote" if step.changes else None
    head = (
        tag("span", when(step.begins), class_="soft"),
        " ",
        tag("strong", step.tool),
        " ",
        tag("span", step.code, class_="bad") if refused else "",
    )
    answer = step.answer if isinstance(step.answer, str) else _json(step.answer)
    cut = answer if len(answer) <= LONGEST else f"{answer[:LONGEST]}… ({len(answer):,} characters)"
    return tag(
        "li",
        tag("p", *head),
        tag("pre", _json(step.arguments), tabindex="0", role="region", aria_label=f"Arguments of {step.tool}")
        if step.arguments
        else "",
        _changes(step),
        *(tag("p", f"Met a fault: {each['kind']}, {each['did']}", class_="bad") for each in step.faults),
        folded(
            "What it was answered",
            tag("pre", cut, tabindex="0", role="region", aria_label=f"Answer of {step.tool}", dir="auto"),
        ),
        *(tag("p", tag("strong", "Meanwhile "), notice) for notice in step.notices),
        class_=kind,
    )


def _changes(step: Step) -> Html:
    rows = []
    for change in step.changes:
        before, after = change.get("before") or {}, change.get("after") or {}
        key = before.get("id", after.get("id"))
        names = [
            name
            for name in dict.fromkeys([*after, *before])
            if name not in ("id", "source_event", "valid_from", "valid_to", "created_at", "author")
        ]
        rows += [
            {
                "table": change["table"],
                "row": key,
                "did": str(change["did"]).lower(),
                "column": name,
                "before": before.get(name),
                "after": after.get(name),
            }
            for name in names
            if before.get(name) != after.get(name)
        ]
    return table(f"Changes of {step.tool}", rows) if rows else Html("")


def _json(value: object) -> str:
    short = json.dumps(value, ensure_ascii=False, default=str)
    return short if len(short) <= SHORT else json.dumps(value, ensure_ascii=False, indent=1, default=str)
