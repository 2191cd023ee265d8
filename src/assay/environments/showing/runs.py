"""The pages of a task and of what agents did in it: steps on a time line, each with what it changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assay.environments.showing.markup import Html, folded, join, listed, own, pairs, table, tag, text, when
from assay.environments.tasks import Task
from assay.environments.trajectories import Step, Trajectory
from assay.wording import say

LONGEST = 4_000
"""Characters of an answer that a page shows."""

SHORT = 90
"""Characters of arguments that stand in one line."""


def task_page(task: Task) -> tuple[str, Html]:
    """Return what is asked, and what the score looks at."""
    goals = [
        {say("goal"): goal.name, say("weight"): f"{goal.weight:g}", say("question"): goal.statement}
        for goal in task.goals
    ]
    allowed = [
        {
            say("table"): rule.table,
            say("change"): rule.did.lower(),
            say("where"): ", ".join(f"{name} = {value}" for name, value in rule.where.items()),
            say("columns"): ", ".join(rule.columns) or say("all columns"),
            say("at most"): rule.most,
        }
        for rule in task.allowed
    ]
    oracle = [
        {say("step"): place, say("tool"): step.tool, say("arguments"): _json(step.arguments)}
        for place, step in enumerate(task.oracle, 1)
    ]
    return say("Task {id}", id=task.id), join(
        (
            text(task.text),
            pairs(
                {
                    say("template"): task.template,
                    say("until"): when(task.deadline),
                    **{own(name): value for name, value in task.knobs.items()},
                }
            ),
            tag("h2", say("What has to be so in the end")),
            table(say("Goals"), goals),
            tag("h2", say("What may be changed, beside talking")),
            table(say("Allowed changes"), allowed),
            tag("h2", say("A way to do it")),
            table(say("The oracle"), oracle),
        )
    )


def list_page(found: Sequence[Trajectory]) -> tuple[str, Html]:
    """Return all runs, one a row."""
    rows: list[Mapping[str, object]] = [
        {
            say("run"): tag("a", own(f"{one.agent}, {one.task}, {one.rollout}"), href=f"run-{place}.html"),
            say("reward"): f"{one.reward:.2f}",
            say("steps"): len(one.steps),
            say("ended"): one.stopped,
            say("side effects"): len(one.side_effects),
        }
        for place, one in enumerate(found, 1)
    ]
    return say("Runs"), table(say("Runs"), rows)


def run_page(one: Trajectory) -> tuple[str, Html]:
    """Return a run as a time line."""
    goals = [join((_mark(held), ": ", own(name))) for name, held in one.goals.items()]
    effects = [tag("span", own(line), class_="bad") for line in one.side_effects]
    steps = []
    for place in range(max([len(one.turns), *(step.turn + 1 for step in one.steps)])):
        # Also where nothing was called: what a silent agent said instead is what one wants to know.
        said = one.turns[place]["text"] if place < len(one.turns) else ""
        if said:
            steps.append(tag("li", tag("p", tag("strong", say("The agent says"))), text(said)))
        steps += [_step(step) for step in one.steps if step.turn == place]
    return say("{agent} in {task}", agent=one.agent, task=one.task), join(
        (
            text(one.text),
            pairs(
                {
                    say("reward"): f"{one.reward:.2f}",
                    say("ended"): f"{one.stopped} {one.says}".strip(),
                    say("begins"): when(one.begins),
                    say("ends"): when(one.ends),
                    say("steps"): len(one.steps),
                    say("report"): one.report,
                    say("colleagues in the words of"): one.voice,
                }
            ),
            tag("h2", say("Goals")),
            listed(goals) if goals else tag("p", say("None."), class_="soft"),
            *([tag("h2", say("Side effects")), listed(effects)] if effects else []),
            tag("h2", say("Steps")),
            tag("ol", *steps, class_="line") if steps else tag("p", say("It did nothing."), class_="soft"),
        )
    )


def _mark(held: bool) -> Html:
    return tag("span", say("holds" if held else "does not hold"), class_="good" if held else "bad")


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
    cut = (
        answer
        if len(answer) <= LONGEST
        else say("{text}… ({many:,} characters)", text=answer[:LONGEST], many=len(answer))
    )
    return tag(
        "li",
        tag("p", *head),
        tag(
            "pre",
            _json(step.arguments),
            tabindex="0",
            role="region",
            aria_label=say("Arguments of {tool}", tool=step.tool),
        )
        if step.arguments
        else "",
        _changes(step),
        *(
            tag("p", say("Met a fault: {kind}, {did}", kind=each["kind"], did=each["did"]), class_="bad")
            for each in step.faults
        ),
        folded(
            say("What it was answered"),
            tag(
                "pre",
                cut,
                tabindex="0",
                role="region",
                aria_label=say("Answer of {tool}", tool=step.tool),
                dir="auto",
            ),
        ),
        *(tag("p", tag("strong", say("Meanwhile")), " ", own(notice)) for notice in step.notices),
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
                say("table"): change["table"],
                say("row"): key,
                say("change"): str(change["did"]).lower(),
                say("column"): name,
                say("before"): before.get(name),
                say("after"): after.get(name),
            }
            for name in names
            if before.get(name) != after.get(name)
        ]
    return table(say("Changes of {tool}", tool=step.tool), rows) if rows else Html("")


def _json(value: object) -> str:
    short = json.dumps(value, ensure_ascii=False, default=str)
    return short if len(short) <= SHORT else json.dumps(value, ensure_ascii=False, indent=1, default=str)
