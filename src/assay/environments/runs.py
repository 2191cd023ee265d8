"""What a run of episodes came to, as tables and as one page to hand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from assay.environments import clock
from assay.environments.facing import Faced, shares
from assay.environments.telling import FEWEST, telling
from assay.environments.trajectories import Trajectory
from assay.figures import Figure, Passage, nothing, specification
from assay.figures import page as page_of

MOST_EFFECTS = 40
"""Side effects that the page lists."""

FEW = 5
"""With fewer episodes a mean says little, and the page says so."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return a 95 % interval for a share (Wilson 1927), honest also for few trials.

    >>> [round(end, 2) for end in wilson(20, 20)]
    [0.84, 1.0]
    """
    if not of:
        return 0.0, 1.0
    z2 = 1.96**2
    share = hits / of
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = 1.96 / (1 + z2 / of) * (share * (1 - share) / of + z2 / (4 * of * of)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def hours(one: Trajectory) -> float:
    """Return how much simulated time an episode took, in hours."""
    return (one.ends - one.begins) / clock.HOUR


def grouped(episodes: Sequence[Trajectory], by: Callable[[Trajectory], str]) -> list[dict[str, Any]]:
    """Return one row for each agent and group: episodes, reward, share solved, and so on.

    Episodes whose model could not be asked are counted apart, and are in no mean.
    """
    rows = []
    for agent, group in sorted({(one.agent, by(one)) for one in episodes}):
        mine = [one for one in episodes if (one.agent, by(one)) == (agent, group)]
        done = [one for one in mine if one.done]
        solved = sum(one.reward == 1.0 for one in done)
        low, high = wilson(solved, len(done))
        many = max(len(done), 1)
        rows.append(
            {
                "agent": agent,
                "group": group,
                "episodes": len(done),
                "reward": sum(one.reward for one in done) / many,
                "solved": solved / many,
                "low": low,
                "high": high,
                "steps": sum(len(one.steps) for one in done) / many,
                "hours": sum(map(hours, done)) / many,
                "side effects": sum(bool(one.side_effects) for one in done),
                "failed": len(mine) - len(done),
            }
        )
    return rows


def by_template(episodes: Sequence[Trajectory]) -> list[dict[str, Any]]:
    """Return one row for each agent and template."""
    return grouped(episodes, lambda one: one.template)


def by_knob(episodes: Sequence[Trajectory]) -> list[dict[str, Any]]:
    """Return one row for each agent and value of a knob; knobs that never differ are left out."""
    values: dict[str, set[str]] = {}
    for one in episodes:
        for name, value in one.knobs.items():
            if isinstance(value, (int, float)):
                values.setdefault(name, set()).add(str(value))
    rows = []
    for name in sorted(name for name, seen in values.items() if 1 < len(seen) <= 12):
        having = [one for one in episodes if name in one.knobs]
        rows += grouped(having, lambda one, name=name: f"{name}: {one.knobs[name]}")  # type: ignore[misc]
    return rows


def errors(episodes: Sequence[Trajectory]) -> list[dict[str, Any]]:
    """Return how often each fault was met and what it did, then how often tools refused without one."""
    met: Counter[tuple[str, str, str]] = Counter()
    for one in episodes:
        for step in one.steps:
            for fault in step.faults:
                met[one.agent, f"fault {fault['kind']}", fault["did"]] += 1
            if step.code != "ok" and not step.faults:
                met[one.agent, "no fault", step.code] += 1
    return [
        {"agent": agent, "fault": kind, "did": did, "calls": calls}
        for (agent, kind, did), calls in sorted(met.items())
    ]


def sentences(episodes: Sequence[Trajectory]) -> list[str]:
    """Return what a run comes to, the most important first."""
    said = []
    for agent in sorted({one.agent for one in episodes}):
        mine = [one for one in episodes if one.agent == agent]
        done = [one for one in mine if one.done]
        if done:
            solved = sum(one.reward == 1.0 for one in done)
            low, high = wilson(solved, len(done))
            mean = sum(one.reward for one in done) / len(done)
            said.append(
                f"{agent} did {solved:,} of {len(done):,} tasks wholly"
                f" ({low:.0%} to {high:.0%} in the long run); its mean reward is {mean:.2f}."
            )
            if beyond := sum(bool(one.side_effects) for one in done):
                said.append(
                    f"{agent} changed something beyond its task in {beyond:,} of them,"
                    " which costs the whole reward."
                )
            ends = Counter(one.stopped for one in done)
            if late := ends["deadline"] + ends["steps"]:
                said.append(f"{agent} came to no end of its own in {late:,}: time or steps ran out.")
            if ends["silent"]:
                said.append(f"{agent} called no tool any more in {ends['silent']:,}.")
        if facing := _faced(done):
            said.append(f"Where something broke on its way, {agent} {facing}.")
        if len(done) < len(mine):
            why = Counter(one.says for one in mine if not one.done).most_common(1)[0][0]
            said.append(f"{agent} could not be asked in {len(mine) - len(done):,}, most often: {why}")
    return said


def _faced(episodes: Sequence[Trajectory]) -> str:
    """Say how faults were faced that were met; empty where none was."""
    met = [Faced(**one) for each in episodes for one in each.faced if one["met"]]
    found = shares(met)
    parts = [
        f"{verb} {found[name]:.0%} of the times"
        for name, verb in (
            ("noticed", "noticed"),
            ("sane", "tried again sanely"),
            ("told", "told who had to know"),
        )
        if name in found
    ]
    if not parts:
        return ""
    twice = sum(max((one["duplicates"] for one in each.faced), default=0) for each in episodes)
    parts.append(f"made {twice:,} thing{'s' * (twice != 1)} twice")
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def page(episodes: Sequence[Trajectory], name: str) -> str:
    """Return a run as one self-contained HTML page."""
    agents = len({one.agent for one in episodes})
    templates = len({one.template for one in episodes})
    intro = (
        f"{len(episodes):,} episodes of {templates:,} kind{'s' * (templates != 1)} of task,"
        f" by {agents:,} agent{'s' * (agents != 1)}."
        " Scores read the state of the world, never what agents say."
    )
    return page_of(name, _sections(episodes), intro=intro)


def _sections(episodes: Sequence[Trajectory]) -> Iterator[Figure | Passage]:
    yield Passage("In short", sentences(episodes))
    done = [one for one in episodes if one.done]
    yield rewards("Reward by kind of task", by_template(done), "No episode has ended yet.")
    yield rewards(
        "Reward by difficulty", by_knob(done), "All tasks were made alike hard: no knob was turned."
    )
    yield Passage("Which tasks tell agents apart", *_apart(done))
    yield lengths(done)
    yield trouble(errors(done))
    effects = [(one, effect) for one in done for effect in one.side_effects]
    if effects:
        yield Passage(
            f"Changed beyond the task: {len(effects):,} changes",
            rows=[
                {"task": one.task, "agent": one.agent, "change": effect}
                for one, effect in effects[:MOST_EFFECTS]
            ],
        )
    yield Passage("Goals that were missed", rows=_missed(done))
    yield Passage("Episodes", rows=[_row(one) for one in episodes])
    yield Passage(
        "What has to hold for these numbers",
        [
            "Tasks are drawn by seed from their templates; intervals are about tasks like these alone.",
            f"Where a line stands for fewer than {FEW} episodes, read the episodes, not the mean.",
            "Simulated hours are the company's clock; nobody waited for them.",
        ],
    )


def _apart(episodes: Sequence[Trajectory]) -> tuple[list[str], list[dict[str, Any]]]:
    """Return what is said of which tasks tell agents apart, and one row a kind."""
    found = telling(episodes)
    if not found:
        beside = "beside the oracle and who does nothing"
        return [f"It takes {FEWEST} agents {beside} that played the same kinds of tasks to say it."], []
    counts = Counter(each.says for each in found)
    kinds = ", ".join(f"{says}: {many:,}" for says, many in counts.items())
    said = [
        f"Of the kinds that all {found[0].agents} agents played, {kinds}.",
        "Difficulty is in logits (Rasch): of a kind at 0 an agent of ability 0 does half.",
        "Apart is the correlation of what agents get in a kind with what they get in all others.",
    ]
    rows = [
        {
            "kind of task": each.template,
            "solved": f"{each.solved:.0%}",
            "difficulty": round(each.difficulty, 2),
            "apart": "" if each.apart is None else round(each.apart, 2),
            "what it says": each.says,
        }
        for each in found
    ]
    return said, rows


def _row(one: Trajectory) -> dict[str, Any]:
    return {
        "task": one.task,
        "agent": one.agent,
        "rollout": one.rollout,
        "reward": round(one.reward, 2),
        "ended": one.stopped,
        "steps": len(one.steps),
        "hours": round(hours(one), 1),
        "side effects": len(one.side_effects),
        "report": (one.report or one.says or "")[:120],
    }


def _missed(episodes: Sequence[Trajectory]) -> list[dict[str, Any]]:
    asked: Counter[tuple[str, str, str]] = Counter()
    missed: Counter[tuple[str, str, str]] = Counter()
    for one in episodes:
        for goal, holds in one.goals.items():
            asked[one.agent, one.template, goal] += 1
            missed[one.agent, one.template, goal] += not holds
    return [
        {
            "agent": agent,
            "template": template,
            "goal": goal,
            "missed": many,
            "of": asked[agent, template, goal],
        }
        for (agent, template, goal), many in missed.most_common(25)
        if many
    ]


def rewards(title: str, rows: Sequence[dict[str, Any]], empty: str) -> Figure:
    """Return one line a group: its mean reward as a dot, the share solved as a ring with its interval."""
    if not rows:
        return nothing(title, empty)
    several = len({row["agent"] for row in rows}) > 1
    told = [
        {
            "group": f"{row['group']}, {row['agent']}" if several else row["group"],
            "agent": row["agent"],
            "episodes": row["episodes"],
            **{name: round(row[name], 3) for name in ("reward", "solved", "low", "high")},
        }
        for row in rows
    ]
    caption = (
        "Dot: mean reward. Ring: share of episodes with the whole reward; the line is its 95 % interval."
        " A dot far right of its ring: much is done, little wholly."
    )
    x = {"type": "quantitative", "scale": {"domain": [0, 1]}, "title": "reward, share solved"}
    y = {"field": "group", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 320}}
    spec = specification(
        f"{title}. {caption}",
        told,
        height={"step": 26},
        encoding={
            "y": y,
            "tooltip": [{"field": name, "type": "nominal"} for name in told[0] if name != "agent"],
        },
        layer=[
            {
                "mark": {"type": "rule"},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": False, "size": 120},
                "encoding": {"x": {**x, "field": "solved"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {"x": {**x, "field": "reward"}},
            },
        ],
    )
    return Figure(title, caption, spec, told)


def lengths(episodes: Sequence[Trajectory]) -> Figure:
    """Return a dot an episode: its steps, and the simulated hours that it took."""
    title = "Steps and time"
    if not episodes:
        return nothing(title, "No episode has ended yet.")
    rows = [
        {
            "task": one.task,
            "agent": one.agent,
            "steps": len(one.steps),
            "hours": round(hours(one), 2),
            "outcome": "whole reward" if one.reward == 1.0 else "part" if one.reward else "nothing",
        }
        for one in episodes
    ]
    caption = "Each dot is an episode: how many calls, and how many hours of the company's clock."
    outcome = {
        "field": "outcome",
        "type": "nominal",
        "title": None,
        "scale": {"domain": ["whole reward", "part", "nothing"]},
    }
    spec = specification(
        f"{title}. {caption}",
        rows,
        height=260,
        mark={"type": "point", "filled": True, "size": 60},
        encoding={
            "x": {"field": "steps", "type": "quantitative", "title": "calls"},
            "y": {
                "field": "hours",
                "type": "quantitative",
                "title": "simulated hours",
                "scale": {"type": "symlog"},  # most take minutes, some wait for weeks
            },
            "color": outcome,
            "shape": outcome,
            "tooltip": [{"field": name, "type": "nominal"} for name in rows[0]],
        },
    )
    return Figure(title, caption, spec, rows)


def trouble(rows: Sequence[dict[str, Any]]) -> Figure:
    """Return a bar for each fault and what it did, and for each way in which tools refused."""
    title = "What broke, and what was refused"
    if not rows:
        return nothing(title, "Nothing broke, and no call was refused.")
    told = [{**row, "what": f"{row['fault']}: {row['did']}"} for row in rows]
    caption = (
        "Calls that met a fault, by what the fault did; then calls that were refused without one:"
        " bad arguments and things that are not there are the agent's own mistakes."
    )
    spec = specification(
        f"{title}. {caption}",
        told,
        height={"step": 24},
        mark={"type": "bar"},
        encoding={
            "x": {"field": "calls", "type": "quantitative", "aggregate": "sum", "title": "calls"},
            "y": {"field": "what", "type": "nominal", "title": None, "axis": {"labelLimit": 320}},
            **(
                {"color": {"field": "agent", "type": "nominal"}}
                if len({row["agent"] for row in rows}) > 1
                else {}
            ),
            "tooltip": [{"field": name, "type": "nominal"} for name in ("agent", "fault", "did", "calls")],
        },
    )
    return Figure(title, caption, spec, rows)
