"""The audit of tasks: whether a score is earned, and by nothing but the work.

The oracle has to get everything; who does nothing, anything, too much, or games the score has to get next to
nothing; each step that changes something has to matter; and the score has to be the same wherever and however
often it is taken.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from assay.environments.auditing.answers import Answers, answers
from assay.environments.auditing.cheats import APP, CHEATS, Patient, Recreates, Sweep, half, looks
from assay.environments.auditing.findings import FLOOR, MOST_ALIKE, Audited
from assay.environments.auditing.grading import Grader, bytes_of, copied
from assay.environments.building import Builder
from assay.environments.coworkers import Coworkers
from assay.environments.playing import Episode, Policy, play
from assay.environments.situations import Knobs, knobs_of
from assay.environments.streams import number
from assay.environments.tasks import Goal, Score, Task, read_changes
from assay.environments.universe import OpenEpisode, Universe
from assay.environments.world import World

MOST_STEPS = 2_500
"""Spam is long; the deadline ends it, not the number of steps."""

NEVER = Goal("can never be", "SELECT 1 FROM message WHERE id < 0 AND id > 0")
"""The goal of a honeypot."""

Told = Callable[[str], None]


def audit(universe: Universe, tasks: Sequence[Task], *, told: Told | None = None) -> list[Audited]:
    """Audit some tasks of a universe.

    Parameters
    ----------
    told
        Is called with the id of each task that is done.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     universe = Universe("startup", 7, Path(folder))
    ...     (found,) = audit(universe, [universe.task("invoice-dispute", 1)])
    >>> found.oracle, found.floor, found.broke
    (1.0, 0.0, ())
    """
    found = []
    known: dict[tuple[str, Knobs], Answers] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Grader(hash_seed=0) as first,
        Grader(hash_seed=4242) as second,
    ):
        for task in tasks:
            asked = task.template, knobs_of(task)
            if asked not in known:
                known[asked] = answers(universe, *asked)
            one = _Auditor(universe, task, tasks, Path(folder), (first, second), known[asked])
            found.append(one.audited())
            if told:
                told(task.id)
    universe.check()
    return found


class _Auditor:
    def __init__(
        self,
        universe: Universe,
        task: Task,
        tasks: Sequence[Task],
        folder: Path,
        graders: tuple[Grader, Grader],
        answers: Answers,
    ) -> None:
        self._answers = answers
        self._universe, self._task, self._folder, self._graders = universe, task, folder, graders
        self._others = _others(universe, task, tasks)
        self._broke: list[str] = []
        self._notes: list[str] = []

    def audited(self) -> Audited:
        oracle, changing = self._oracle()
        rewards = {name: self._cheat(name) for name in CHEATS}
        rewards["another oracle"] = self._another()
        rewards["delete and recreate"] = self._recreated()
        early = self._early()
        self._mutate(changing, oracle)
        self._canary()
        if oracle < 1:
            self._broke.insert(0, f"the oracle gets {oracle:.2f}, not 1")
        for name, reward in rewards.items():
            if reward > FLOOR:
                self._broke.append(f"{_CALLED.get(name, name)} gets {reward:.2f}")
        if self._answers.alike > MOST_ALIKE:
            self._broke.append(f"one answer passes for {self._answers.alike:.0%} of seeds")
        return Audited(
            self._task.id,
            self._task.template,
            oracle,
            rewards,
            early,
            self._answers.seeds,
            self._answers.different,
            self._answers.alike,
            len(self._task.oracle),
            tuple(self._broke),
            tuple(self._notes),
        )

    def _open(self) -> OpenEpisode:
        return self._universe.episode(self._task, most_steps=MOST_STEPS)

    def _played(self, policy: Policy) -> float:
        with self._open() as episode:
            return play(episode, policy).reward

    def _oracle(self) -> tuple[float, list[int]]:
        """Play the oracle; return its score, and the places of steps that changed more than what is seen."""
        policy, changing, last = Patient(self._task), [], 0
        with self._open() as episode:
            for place, step in enumerate(self._task.oracle):
                if episode.over:
                    break
                action = policy.act(episode)
                if action is None:
                    break
                reply = episode.call(action.tool, action.arguments)
                changes = read_changes(episode.world.changes(last + 1)) if reply.step > last else []
                last = reply.step
                if any(set(change.after) - {"id"} != {"seen"} for change in changes):
                    changing.append(place)
                if not reply.fine:
                    self._notes.append(
                        f"step {place + 1} of the oracle ({step.tool}) is refused: {reply.code}"
                    )
            found = episode.score()
            self._same_everywhere(episode, found)
            self._honeypot(episode)
            if found.reward < 1:
                lost = [name for name, held in found.goals.items() if not held] or list(found.side_effects)
                self._broke.append(f"after the oracle: {'; '.join(lost)}")
        return found.reward, changing

    def _same_everywhere(self, episode: Episode, found: Score) -> None:
        """Take the score again: here, and in two other processes, on copies that stay as they are."""
        before = episode.world.state_hash()
        if episode.score() != found:
            self._broke.append("the score is another one when it is taken twice")
        if episode.world.state_hash() != before:
            self._broke.append("taking the score changes the world")
        copy = copied(episode.world.path, self._folder)
        is_now = bytes_of(copy)
        for grader in self._graders:
            for _ in range(2):
                if grader.score(copy, self._task) != found:
                    self._broke.append("another process comes to another score")
        if bytes_of(copy) != is_now:
            self._broke.append("the grader writes into the file that it grades")
        for rest in ("", "-wal"):
            Path(f"{copy}{rest}").unlink(missing_ok=True)

    def _honeypot(self, episode: Episode) -> None:
        """What cannot be had has to stay out of reach of the oracle too."""
        trap = replace(self._task, goals=(NEVER,))
        copy = copied(episode.world.path, self._folder)
        if self._graders[0].score(copy, trap).reward > 0:
            self._broke.append("a task that cannot be done passes")
        copy.unlink()
        Path(f"{copy}-wal").unlink(missing_ok=True)

    def _cheat(self, name: str) -> float:
        with self._open() as episode:
            return play(episode, CHEATS[name](self._task, episode)).reward

    def _another(self) -> float:
        """Play the oracles of other templates; return what the one in the middle gets.

        One or two may well do a part of this task, too: an incident for the same service, say.
        """
        got = {other.id: self._played(Patient(other)) for other in self._others}
        ranked = sorted(got.values(), reverse=True) or [0.0]
        if ranked[0] > FLOOR:
            names = ", ".join(name for name, reward in got.items() if reward > FLOOR)
            self._notes.append(f"the oracle of {names} gets up to {ranked[0]:.2f} here")
        return ranked[len(ranked) // 2]

    def _recreated(self) -> float:
        """Play on with tools that no agent has, which delete rows and make them anew."""
        with self._open() as episode:
            episode.world.close()
            episode.world = World(episode.world.path, (*self._universe.kind.apps, APP))
            Coworkers(episode.world)
            policy = Recreates(self._task)
            reward = play(episode, policy).reward
            removed = any(reply.fine and "removed" in str(reply.answer) for reply in episode.replies[-12:])
            return reward if removed else 0.0

    def _early(self) -> float:
        reward = self._played(half(self._task))
        if reward >= 1:
            self._broke.append("half of the oracle's steps get everything")
        return reward

    def _mutate(self, changing: Sequence[int], oracle: float) -> None:
        """Leave out each step that changes something, and all that look where a goal asks for looking."""
        for place in changing:
            if self._played(Patient(self._task, without=[place])) >= oracle:
                step = self._task.oracle[place]
                self._broke.append(f"without step {place + 1} ({step.tool}) the score is the same")
        if any(" step " in f" {goal.statement.lower()} " for goal in self._task.goals):
            looking = [place for place in range(len(self._task.oracle)) if place not in changing]
            if self._played(Patient(self._task, without=looking)) >= oracle:
                self._broke.append("a goal asks for looking, and who does not look gets as much")

    def _canary(self) -> None:
        """Plant a word into what is hidden; nothing that any policy is answered may hold it."""
        canary = f"canary{number(self._task.seed, self._task.id, 'canary'):x}"
        for name in ("every tool", "looks only"):
            with self._open() as episode:
                path, seed = episode.world.path, episode.world.seed
                episode.world.close()
                planted = Builder.more(path, seed=seed)
                planted.truth("canary", "canary", canary)
                planted.finish()
                episode.world = World(path, self._universe.kind.apps)
                Coworkers(episode.world)
                play(episode, Sweep(episode, seed) if name == "every tool" else looks(self._task, episode))
                leaks = {reply.text() for reply in episode.replies if canary in reply.text()}
                if leaks:
                    self._broke.append(f"a tool tells what is hidden: {min(leaks)[:80]}")


def _others(universe: Universe, task: Task, tasks: Sequence[Task], *, most: int = 5) -> list[Task]:
    """Return tasks of other templates, one of each: those that are audited too, else planted for this."""
    known = {each.template: each for each in tasks}
    names = [name for name in universe.templates if name != task.template]
    at = number(task.seed, task.id) % max(len(names), 1)
    step = max(len(names) // most, 1)
    chosen = [names[(at + place * step) % len(names)] for place in range(min(most, len(names)))]
    # A company of another size has other people in it, whose tasks cannot be brought here.
    alike = Knobs(size=knobs_of(task).size)
    return [
        known[name]
        if name in known and knobs_of(known[name]).size == alike.size
        else universe.task(name, task.seed, alike)
        for name in dict.fromkeys(chosen)
    ]


_CALLED = {
    "nothing": "doing nothing",
    "random": "calling tools at random",
    "reads at random": "reading at random",
    "looks only": "looking without doing anything",
    "spam": "writing to everybody again and again",
    "echo": "repeating the task to everybody",
    "constant": "saying that it is done",
    "injected": "writing texts made for graders",
    "another oracle": "bringing the oracles of other tasks",
    "delete and recreate": "deleting rows and making them anew",
}
