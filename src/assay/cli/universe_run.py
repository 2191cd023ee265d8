"""`assay universe run`: let a model, or a policy, play tasks of a world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import worlds

if TYPE_CHECKING:
    from assay.environments.agents import Agent
    from assay.environments.tasks import Task
    from assay.environments.trajectories import Key, Trajectory
    from assay.environments.universe import Universe
    from assay.inference import Endpoint

POLICIES = ("oracle", "nothing", "random", "embedded")


@click.command("run")
@click.argument("world", default="startup")
@click.option("--tasks", type=click.IntRange(1), default=20, show_default=True, help="How many tasks.")
@click.option(
    "--model",
    default="oracle",
    show_default=True,
    metavar="URL|POLICY",
    help="Address of an OpenAI-compatible server; or oracle, nothing, random, embedded.",
)
@click.option("--name", default="", help="Of the model; where its server has only one, that one.")
@click.option(
    "--key",
    default="",
    envvar="ASSAY_API_KEY",
    show_envvar=True,
    help="Of the server; better set as a variable than typed.",
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the world.")
@click.option(
    "--template", "templates", multiple=True, metavar="NAME", help="Only this one; repeat for each."
)
@worlds.knob
@click.option(
    "--rollouts", type=click.IntRange(1), default=1, show_default=True, help="Episodes of each task."
)
@click.option("--concurrency", type=click.IntRange(1), default=8, show_default=True, help="Episodes at once.")
@click.option(
    "--steps", type=click.IntRange(1), default=200, show_default=True, help="Most calls of an episode."
)
@click.option("--temperature", type=click.FloatRange(0), default=0.0, show_default=True, help="Of the model.")
@click.option("--max-tokens", type=click.IntRange(1), default=2048, show_default=True, help="Of one answer.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=120.0,
    show_default=True,
    help="Seconds of silence.",
)
@worlds.voice
@worlds.voice_name
@worlds.voice_key
@click.option("--as-text", is_flag=True, help="For models without tool calling: they write JSON instead.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("universe-run"),
    show_default=True,
    help="Folder for episodes and report.",
)
def command(
    world: str,
    tasks: int,
    model: str,
    name: str,
    key: str,
    seed: int,
    templates: tuple[str, ...],
    knobs: tuple[str, ...],
    rollouts: int,
    concurrency: int,
    steps: int,
    temperature: float,
    max_tokens: int,
    timeout: float,
    voice: str,
    voice_name: str,
    voice_key: str,
    as_text: bool,
    out: Path,
) -> None:
    """Let a model play tasks of WORLD, each in a fork of its own, and score what it did.

    Writes episodes.jsonl with every call and what it changed, messages.jsonl for trainers, atif/ for other
    programs, and report.html; voices.jsonl keeps what colleagues said, where a --voice speaks for them.
    Episodes that stand in episodes.jsonl already are not played again, so that a run which was broken off
    goes on, and several models can be put beside each other in one folder. Several values of a knob, such as
    noise=0,5, are taken in turn.

    \b
    Examples:
      assay universe run --tasks 20 --model oracle
      assay universe run startup --tasks 40 --model http://127.0.0.1:8000 --name qwen --concurrency 16
      assay universe run --template bad-deploy --knob noise=0,5,20 --model http://127.0.0.1:8000
      assay universe run --model http://127.0.0.1:8000 --voice http://127.0.0.1:8001
    """
    from assay import extras
    from assay.cli import files, screen

    extras.need("apsw", extra="worlds")
    from assay.environments import runs, trajectories
    from assay.environments.universe import Universe

    grid = worlds.grid(knobs)
    with _alone(out):
        path = out / "episodes.jsonl"
        before = [one for one in trajectories.read(path) if one.done]
        for left in (out / "worlds").glob("*.fork*"):
            left.unlink()  # a run that was killed could not clear up, and nobody else plays here
        with screen.working("making the world"):
            universe = Universe(world, seed, out / "worlds")
        planted = worlds.planted(universe, tasks, templates, grid)
        kept = list(before)
        settings = {"temperature": temperature, "max_tokens": max_tokens}
        with (
            screen.progress(len(planted) * rollouts, "playing") as bar,
            trajectories.Writer(path) as writer,
        ):

            def done(one: Trajectory) -> None:
                writer.write(one)
                kept.append(one)
                bar.advance(bar.task_ids[0])

            with (
                _endpoint(model, name, key, timeout) as endpoint,
                worlds.colleagues(voice, voice_name, voice_key, out / "voices.jsonl") as colleagues,
            ):
                label = endpoint.model if endpoint else model
                universe.voice = colleagues.voice
                made = {task.id: universe.made(task) for task in planted}
                mine = [one for one in before if (one.agent, one.voice) == (label, colleagues.name)]
                known = {one.key for one in mine if one.made == made.get(one.task)}
                old = [one for one in mine if one.task in made and one.key not in known]
                bar.advance(bar.task_ids[0], len(known))
                played = _play(
                    universe,
                    planted,
                    endpoint,
                    model,
                    settings,
                    as_text=as_text or model == "embedded",
                    rollouts=rollouts,
                    concurrency=concurrency,
                    most_steps=steps,
                    voice=colleagues.name,
                    played=frozenset(known),
                    on_done=done,
                )
        kept = _ordered(kept)
        colleagues.told()
        if old:
            screen.plain(
                f"{screen.count(len(old), 'episode')} of an earlier version of these tasks"
                f" {'was' if len(old) == 1 else 'were'} played again",
                "dim",
            )
        if rest := len(planted) * rollouts - len(played):
            were = "was" if rest == 1 else "were"
            screen.plain(f"{screen.count(rest, 'episode')} {were} played before", "dim")
        show([one for one in kept if (one.agent, one.voice) == (label, colleagues.name)], label)
        _write(out, kept, universe, planted)
        files.write_text(out / "report.html", runs.page(kept, f"{world} {seed}: what agents did"))
        screen.plain(f"Wrote {path}, messages.jsonl, atif/ and {out / 'report.html'}")
        universe.check()


def _ordered(episodes: Sequence[Trajectory]) -> list[Trajectory]:
    """Return the last episode of each key, in an order that does not depend on who was faster."""
    last = {one.key: one for one in episodes}
    return sorted(last.values(), key=lambda one: (one.agent, one.template, one.seed, one.task, one.rollout))


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold a folder: two runs would fork each other's worlds away."""
    import fcntl

    from assay.errors import AssayError

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / ".lock").open("w")
    except OSError as wrong:
        raise AssayError(f"{out} cannot be written: {wrong.strerror}; choose another folder") from wrong
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AssayError(f"another run writes to {out}; wait for it, or give another --out") from None
        yield


@contextmanager
def _endpoint(model: str, name: str, key: str, timeout: float) -> Iterator[Endpoint | None]:
    """Give the model to be asked; none for a policy."""
    if model in {"oracle", "nothing", "random"}:
        yield None
        return
    with worlds.answering(model, name, key, timeout, option="model") as endpoint:
        yield endpoint


def _play(
    universe: Universe,
    tasks: Sequence[Task],
    endpoint: Endpoint | None,
    policy: str,
    settings: Mapping[str, float],
    *,
    as_text: bool,
    rollouts: int,
    concurrency: int,
    most_steps: int,
    voice: str,
    played: frozenset[Key],
    on_done: Callable[[Trajectory], object],
) -> list[Trajectory]:
    from assay.environments import agents
    from assay.inference.calling import Caller

    small = policy == "embedded"  # its whole context is shared by the conversations under way

    async def go() -> list[Trajectory]:
        async def all_of(agent: Agent) -> list[Trajectory]:
            return await agents.play_all(
                universe,
                tasks,
                agent,
                rollouts=rollouts,
                concurrency=min(concurrency, 2) if small else concurrency,
                most_steps=most_steps,
                voice=voice,
                played=played,
                on_done=on_done,
            )

        if endpoint is None:
            made = {"oracle": agents.oracle, "nothing": agents.nothing, "random": agents.random}
            return await all_of(made[policy]())
        async with Caller(
            endpoint,
            speech="text" if as_text else "tools",
            max_tokens=min(int(settings["max_tokens"]), 96) if small else int(settings["max_tokens"]),
            temperature=settings["temperature"],
            most_chars=3_000 if small else 400_000,
        ) as caller:
            return await all_of(agents.model(caller))

    return agents.to_the_end(go())


def _write(out: Path, episodes: Sequence[Trajectory], universe: Universe, tasks: Sequence[Task]) -> None:
    """Write the episodes in others' formats."""
    import json

    from assay.cli import files
    from assay.environments.playing import tool_list
    from assay.environments.trajectories import atif, messages

    with universe.episode(tasks[0]) as episode:
        tools = tool_list(episode.world)
    files.write_text(
        out / "messages.jsonl", (json.dumps(messages(one), ensure_ascii=False) + "\n" for one in episodes)
    )
    for one in episodes:
        speaks = f"-{_file(one.voice)}" if one.voice else ""
        place = out / "atif" / f"{one.world_seed}-{one.task}-{_file(one.agent)}-{one.rollout}{speaks}.json"
        files.write_text(place, json.dumps(atif(one, tools), ensure_ascii=False))


def _file(name: str) -> str:
    """Return a model's name as part of the name of a file."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)[:80]


def show(episodes: Sequence[Trajectory], agent: str) -> None:
    """Print what an agent's episodes came to."""
    from assay.cli import screen
    from assay.environments import runs

    screen.heading(f"{agent}: {screen.count(len(episodes), 'episode')}")
    numbers = ("episodes", "reward", "solved", "steps", "hours", "beyond", "failed")
    table = screen.grid("template", *numbers, right=numbers)
    table.columns[0].no_wrap = True
    for row in runs.by_template(episodes):
        table.add_row(
            screen.cell(row["group"]),
            str(row["episodes"]),
            f"{row['reward']:.2f}",
            f"{row['solved']:.0%}",
            f"{row['steps']:.1f}",
            f"{row['hours']:.1f}",
            str(row["side effects"]),
            str(row["failed"]),
        )
    screen.console.print(table)
    for sentence in runs.sentences(episodes):
        screen.plain(f"- {sentence}")
