"""Letting models and policies play many episodes at once, each in a fork of its own.

One loop for all: whoever plays says which tools to call, the world answers, and every step is recorded. What
a model gets wrong (a tool that is not there, arguments that are no JSON, talk instead of calls) is answered,
and it goes on; what a server gets wrong ends that episode alone, unless it would end all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

from assay.environments import clock
from assay.environments.facing import faced
from assay.environments.playing import MOST_STEPS, Episode, Nothing, Oracle, Policy, Random, tool_list
from assay.environments.streams import Stream
from assay.environments.tasks import Task
from assay.environments.trajectories import Key, Trajectory
from assay.environments.universe import OpenEpisode, Universe
from assay.environments.world import Reply
from assay.inference import InferenceError
from assay.inference.calling import Call, Caller, Turn, answered, assistant

Done = TypeVar("Done")

NUDGES = 3
"""So often in a row a model that calls nothing is told to, then its episode ends."""

NUDGE = "Nobody reads this. Call a tool, or call `finish` when the task is done or cannot be done."


class Player(Protocol):
    """Plays one episode: says what to call, and hears what came of it."""

    system: str

    async def turn(self, episode: Episode) -> Turn | None:
        """Return what it does next, `None` where it stops."""

    def hears(self, call: Call | None, text: str) -> None:
        """Take what a call answered, or what it is told without one."""


@dataclass(frozen=True)
class Agent:
    """Whoever plays: a name, and a new player for each task and rollout."""

    name: str
    sits: Callable[[Task, int], Player]


class _ByPolicy:
    """A policy as a player."""

    system = ""

    def __init__(self, policy: Policy) -> None:
        self._policy, self._called = policy, 0

    async def turn(self, episode: Episode) -> Turn | None:
        step = self._policy.act(episode)
        if step is None:
            return None
        self._called += 1
        return Turn("", (Call(f"call-{self._called}", step.tool, dict(step.arguments)),))

    def hears(self, call: Call | None, text: str) -> None:
        """A policy reads the episode."""


class _ByModel:
    """A model as a player: its whole conversation is sent at each turn."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.system = ""
        self._messages: list[dict[str, Any]] = []
        self._called = 0

    async def turn(self, episode: Episode) -> Turn | None:
        if not self._messages:
            self.system = instruction(episode)
            self._messages = [
                {"role": "system", "content": self.system},
                {"role": "user", "content": opening(episode)},
            ]
        said = await self._caller.turn(self._messages, tool_list(episode.world))
        # Ids of our own: some models write the same one twice, which servers refuse to read again.
        calls = []
        for call in said.calls:
            self._called += 1
            calls.append(Call(f"call-{self._called}", call.tool, call.arguments, call.wrong))
        turn = Turn(said.text, tuple(calls), said.reasoning, said.tokens_in, said.tokens_out, said.seconds)
        self._messages.append(assistant(turn))
        return turn

    def hears(self, call: Call | None, text: str) -> None:
        self._messages.append({"role": "user", "content": text} if call is None else answered(call, text))


def oracle() -> Agent:
    """Return who knows the answer: every task has to be possible."""
    return Agent("oracle", lambda task, _: _ByPolicy(Oracle(task)))


def nothing() -> Agent:
    """Return who does nothing: what it scores is given away."""
    return Agent("nothing", lambda _, __: _ByPolicy(Nothing()))


def random(seed: int = 1, *, steps: int = 30) -> Agent:
    """Return who calls anything."""
    return Agent(
        "random",
        lambda task, rollout: _ByPolicy(Random(Stream(seed, "random", task.id, rollout), steps=steps)),
    )


def model(caller: Caller) -> Agent:
    """Return a model that is asked through an open caller."""
    return Agent(caller.endpoint.model, lambda _, __: _ByModel(caller))


def instruction(episode: Episode) -> str:
    """Return what a model is told before its task."""
    found = episode.world.hidden("SELECT name, role FROM person WHERE id = ?", episode.world.agent)
    who = f"{found[0]['name']} ({episode.world.agent}), {found[0]['role']}" if found else episode.world.agent
    return (
        f"You are {who}. You work through tools alone: nobody reads what you write outside of them. "
        "Every call takes time, services can fail, and colleagues answer when they are at work; "
        "`wait` lets time pass. Change nothing that the task does not ask for. "
        "Call `finish` when the task is done, or cannot be done."
    )


def opening(episode: Episode) -> str:
    """Return a task as a model is told it."""
    now, end = clock.shown(episode.world.now), clock.shown(episode.task.deadline)
    return f"{episode.task.text}\n\nIt is {now} (UTC). The task has to be done by {end}."


async def play(episode: Episode, player: Player, *, agent: str, rollout: int = 1) -> Trajectory:
    """Let a player play an episode to its end, and return what happened.

    Raises
    ------
    InferenceError
        Where it shows that no other episode could be played either.
    """
    world, task = episode.world, episode.task
    kept = Trajectory(
        task.id,
        task.template,
        task.seed,
        world.seed,
        dict(task.knobs),
        opening(episode),
        agent,
        rollout,
        begins=world.now,
    )
    silent = 0
    while not episode.over and len(kept.turns) < episode.most_steps + NUDGES:
        try:
            turn = await player.turn(episode)
        except InferenceError as wrong:
            if wrong.hopeless:
                raise
            kept.stopped, kept.says = "failed", str(wrong)
            break
        if turn is None:
            kept.stopped = "quit"
            break
        kept.keep(turn)
        if not turn.calls:
            silent += 1
            if silent > NUDGES:
                kept.stopped = "silent"
                break
            player.hears(None, NUDGE)
            continue
        silent = 0
        for call in turn.calls:
            reply = await _called(episode, call)
            kept.step(episode, call.id, call.tool, call.arguments, reply)
            player.hears(call, reply.text())
    found = episode.score()
    kept.system = player.system or instruction(episode)
    kept.stopped = kept.stopped or _ended(episode)
    kept.report, kept.reward = episode.report, found.reward
    kept.goals, kept.side_effects = dict(found.goals), list(found.side_effects)
    kept.faced = [asdict(one) for one in faced(episode.world, episode.task)]
    kept.ends, kept.hash = world.now, world.hash
    return kept


def _ended(episode: Episode) -> str:
    if episode.report is not None:
        return "finished"
    return "deadline" if episode.world.now >= episode.task.deadline else "steps"


async def _called(episode: Episode, call: Call) -> Reply:
    """Do a call beside the loop: a few tools run programs, which takes seconds."""
    if call.wrong:
        return episode.refuse(call.wrong)
    if episode.over:  # the turn asked for more after the end
        now = episode.world.now
        return Reply(episode.world.steps, "over", "the episode is over", now, now, ())
    doing = asyncio.ensure_future(asyncio.to_thread(episode.call, call.tool, call.arguments))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])  # the fork is not closed under a call
        raise


async def play_all(
    universe: Universe,
    tasks: Iterable[Task],
    agent: Agent,
    *,
    rollouts: int = 1,
    concurrency: int = 8,
    most_steps: int = MOST_STEPS,
    voice: str = "",
    played: frozenset[Key] = frozenset(),
    on_done: Callable[[Trajectory], object] = lambda _: None,
) -> list[Trajectory]:
    """Play tasks, some at a time, each rollout in a fork of its own, and return the episodes in order.

    Parameters
    ----------
    voice
        The name of the model that speaks for colleagues, to be kept with the episodes.
    played
        Keys of episodes that are not played again; see `Trajectory.key`.
    on_done
        Called with each episode as it ends.

    Raises
    ------
    InferenceError
        Where no episode can be played: nobody answers, the key is wrong, the model is not there.
    """
    wanted = [(task, rollout) for task in tasks for rollout in range(1, rollouts + 1)]
    waiting = iter(list(enumerate(wanted)))
    found: dict[int, Trajectory] = {}

    async def work() -> None:
        for place, (task, rollout) in waiting:
            episode: OpenEpisode
            with universe.episode(task, most_steps=most_steps) as episode:
                if (episode.world.seed, task.id, agent.name, rollout, voice) in played:
                    continue
                one = await play(episode, agent.sits(task, rollout), agent=agent.name, rollout=rollout)
            one.voice, one.made = voice, universe.made(task)
            found[place] = one
            on_done(one)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, min(concurrency, len(wanted)))):
                group.create_task(work())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None  # the first ended the others
    return [found[place] for place in sorted(found)]


def run(
    universe: Universe,
    tasks: Iterable[Task],
    agent: Agent,
    **settings: Any,
) -> list[Trajectory]:
    """Do `play_all` from code that is not asynchronous, with an agent that needs no caller."""
    return to_the_end(play_all(universe, tasks, agent, **settings))


def to_the_end(what: Coroutine[Any, Any, Done]) -> Done:
    """Run something asynchronous to its end, also where a loop runs already, as in a notebook.

    >>> async def seven() -> int:
    ...     return 7
    >>> to_the_end(seven())
    7
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(what)
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, what).result()


def summary(episodes: Iterable[Trajectory]) -> Mapping[str, float]:
    """Return how many episodes there are, the mean reward, and the share that got everything."""
    rewards = [one.reward for one in episodes]
    many = len(rewards)
    return {
        "episodes": many,
        "reward": sum(rewards) / many if many else 0.0,
        "solved": sum(reward == 1.0 for reward in rewards) / many if many else 0.0,
    }
