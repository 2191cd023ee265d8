"""What happened in an episode, step by step: kept as lines of JSON, and handed on in others' formats.

A line is a whole episode: the task, each turn of the agent, each call with what it answered, when, what it
changed row by row, and which faults it met, and the score. `atif` and `messages` say the same to other
programs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from assay.environments import clock
from assay.environments.errors import WorldError
from assay.environments.playing import Episode
from assay.environments.tasks import read_changes
from assay.environments.world import Reply
from assay.inference.calling import Turn

FORMAT = 1
ATIF = "ATIF-v1.8"

DONE = frozenset({"finished", "deadline", "steps", "quit", "silent"})
"""How an episode ends by itself; "failed" is one whose model could not be asked, and is played again."""


@dataclass(frozen=True)
class Step:
    """A call and what came of it.

    Attributes
    ----------
    turn, call
        Place of the turn it belongs to, and the call's id in it.
    number
        Of the step in the world; 0 where the call never reached it.
    begins, ends
        In simulated microseconds.
    changes
        Rows that it changed: table, what was done, columns before and after.
    faults
        What broke on it: kind, and what the fault did.
    """

    turn: int
    call: str
    number: int
    tool: str
    arguments: Mapping[str, Any]
    code: str
    answer: Any
    text: str
    begins: int
    ends: int
    notices: Sequence[str] = ()
    changes: Sequence[Mapping[str, Any]] = ()
    faults: Sequence[Mapping[str, str]] = ()


Key = tuple[int, str, str, int, str]
"""World, task, agent, rollout, voice."""


@dataclass
class Trajectory:
    """An episode from its task to its score.

    Attributes
    ----------
    agent
        "oracle", "nothing", "random", or a model's name.
    rollout
        The how many-eth of this agent in this task.
    stopped
        "finished", "deadline", "steps", "quit" (it said that it stops), "silent" (it called nothing any more)
        or "failed"; `says` has the reason of the last.
    faced
        How each fault was faced: `assay.environments.facing.Faced`, as mappings.
    hash
        Of all steps, chained: the same actions in the same world give the same.
    voice
        The model in whose words colleagues spoke; empty where they spoke in the script's.
    made
        What tells the task from one that another version of the generator made: `Universe.made`.
    """

    task: str
    template: str
    seed: int
    world_seed: int
    knobs: Mapping[str, Any]
    text: str
    agent: str
    rollout: int = 1
    system: str = ""
    turns: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    stopped: str = ""
    says: str = ""
    report: str | None = None
    reward: float = 0.0
    goals: Mapping[str, bool] = field(default_factory=dict)
    side_effects: Sequence[str] = ()
    faced: Sequence[Mapping[str, Any]] = ()
    begins: int = 0
    ends: int = 0
    hash: str = ""
    voice: str = ""
    made: str = ""
    format: int = FORMAT

    @property
    def key(self) -> Key:
        """What makes it the same episode as another."""
        return self.world_seed, self.task, self.agent, self.rollout, self.voice

    @property
    def done(self) -> bool:
        """Whether it came to an end of its own."""
        return self.stopped in DONE

    def keep(self, turn: Turn) -> None:
        """Add what the agent said."""
        self.turns.append(asdict(turn))

    def step(
        self, episode: Episode, call: str, tool: str, arguments: Mapping[str, Any], reply: Reply
    ) -> None:
        """Add a call with what it changed, as the world remembers it."""
        world = episode.world
        number = reply.step if reply.step > self.steps_in_world() else 0
        changes: list[dict[str, Any]] = []
        met: list[dict[str, str]] = []
        if number:
            changes = [asdict(change) for change in read_changes(world.changes(number, number))]
            met = [
                {"kind": str(row["kind"]), "did": str(row["did"])}
                for row in world.hidden(
                    "SELECT fault.kind, contact.did FROM contact JOIN fault ON fault.id = contact.fault"
                    " WHERE contact.step = ? ORDER BY contact.id",
                    number,
                )
            ]
        self.steps.append(
            Step(
                len(self.turns) - 1,
                call,
                number,
                tool,
                dict(arguments),
                reply.code,
                reply.answer,
                reply.text(),
                reply.begins,
                reply.ends,
                reply.notices,
                changes,
                met,
            )
        )

    def steps_in_world(self) -> int:
        """Return the number of the last step that reached the world."""
        return next((step.number for step in reversed(self.steps) if step.number), 0)

    def line(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, default=str) + "\n"


def read_line(line: str) -> Trajectory:
    """Read what `Trajectory.line` wrote.

    Raises
    ------
    ValueError
        Where the line is none.
    """
    found = json.loads(line)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError("not an episode of this format")
    known = {each.name for each in fields(Trajectory)}
    if strange := sorted(set(found) - known):
        raise ValueError(f"an episode has no {strange[0]!r}")
    steps = [Step(**step) for step in found.pop("steps", [])]
    try:
        return Trajectory(**found, steps=steps)
    except TypeError as wrong:
        raise ValueError(str(wrong)) from wrong


def read(path: Path) -> Iterator[Trajectory]:
    """Read the episodes of a file, in order; a last line that was cut off is passed over.

    Raises
    ------
    WorldError
        Where another line is no episode.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith("\n"):
                return
            try:
                yield read_line(line)
            except (ValueError, TypeError) as wrong:
                raise WorldError(
                    f"{path.name}, line {number}: {wrong}; move the file away to play anew"
                ) from wrong


class Writer:
    """Adds episodes to a file, each a line written at once. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._trim(path)

    def _trim(self, path: Path) -> None:
        """Take off what a killed process left of a line."""
        held = path.read_bytes()
        whole = held.rfind(b"\n") + 1
        if whole < len(held):
            os.truncate(path, whole)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, one: Trajectory) -> None:
        """Add an episode."""
        self._file.write(one.line().encode("utf-8", "backslashreplace"))
        self._file.flush()


def messages(one: Trajectory) -> dict[str, Any]:
    """Return an episode as a conversation, as trainers read it, with the tools' calls and answers.

    `reward` stands beside, so that good episodes can be chosen.
    """
    told: list[dict[str, Any]] = []
    if one.system:
        told.append({"role": "system", "content": one.system})
    told.append({"role": "user", "content": one.text})
    for place, turn in enumerate(one.turns):
        said: dict[str, Any] = {"role": "assistant", "content": turn["text"]}
        if turn["calls"]:
            said["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {
                        "name": call["tool"],
                        "arguments": json.dumps(call["arguments"], ensure_ascii=False),
                    },
                }
                for call in turn["calls"]
            ]
        told.append(said)
        told += [
            {"role": "tool", "tool_call_id": step.call, "name": step.tool, "content": step.text}
            for step in one.steps
            if step.turn == place
        ]
    return {"messages": told, "reward": one.reward, "task": one.task, "agent": one.agent}


def atif(one: Trajectory, tools: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return an episode in the Agent Trajectory Interchange Format, version 1.8.

    The format allows no fields of one's own but in `extra`: simulated time, what was changed and what broke
    are there. Moments on the wall clock are left out, so that the same episode gives the same bytes.
    """
    name = "-".join(str(part) for part in one.key if part != "")
    steps: list[dict[str, Any]] = []
    if one.system:
        steps.append({"step_id": 1, "source": "system", "message": one.system})
    steps.append({"step_id": len(steps) + 1, "source": "user", "message": one.text})
    for place, turn in enumerate(one.turns):
        done = [step for step in one.steps if step.turn == place]
        said: dict[str, Any] = {"step_id": len(steps) + 1, "source": "agent", "message": turn["text"]}
        if one.agent not in {"oracle", "nothing", "random"}:
            said["model_name"] = one.agent
        if turn["reasoning"]:
            said["reasoning_content"] = turn["reasoning"]
        if turn["calls"]:
            said["tool_calls"] = [
                {"tool_call_id": call["id"], "function_name": call["tool"], "arguments": call["arguments"]}
                for call in turn["calls"]
            ]
        if done:
            said["observation"] = {
                "results": [{"source_call_id": step.call, "content": step.text} for step in done]
            }
            said["extra"] = {
                "steps": [
                    {
                        "call": step.call,
                        "begins": clock.shown(step.begins),
                        "ends": clock.shown(step.ends),
                        "code": step.code,
                        "changes": list(step.changes),
                        "faults": list(step.faults),
                    }
                    for step in done
                ]
            }
        used = {
            theirs: turn[ours]
            for theirs, ours in (("prompt_tokens", "tokens_in"), ("completion_tokens", "tokens_out"))
            if turn[ours] is not None
        }
        if used:
            said["metrics"] = used
        steps.append(said)
    agent: dict[str, Any] = {"name": "assay", "version": str(FORMAT), "model_name": one.agent}
    if tools:
        agent["tool_definitions"] = [{"type": "function", "function": dict(tool)} for tool in tools]
    return {
        "schema_version": ATIF,
        "session_id": name,
        "trajectory_id": name,
        "agent": agent,
        "steps": steps,
        "final_metrics": {
            "total_prompt_tokens": sum(turn["tokens_in"] or 0 for turn in one.turns),
            "total_completion_tokens": sum(turn["tokens_out"] or 0 for turn in one.turns),
            "total_steps": len(steps),
        },
        "extra": {
            "reward": one.reward,
            "goals": dict(one.goals),
            "side_effects": list(one.side_effects),
            "stopped": one.stopped,
            "hash": one.hash,
        },
    }
