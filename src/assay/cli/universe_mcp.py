"""`assay universe mcp`: serve episodes over the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import worlds

if TYPE_CHECKING:
    from assay.environments.playing import Episode
    from assay.environments.tasks import Task
    from assay.environments.universe import Universe


@click.command("mcp")
@click.argument("world", default="startup")
@click.option("--template", default="", help="Kind of the task to open.  [default: the first there is]")
@click.option("--task-seed", type=click.IntRange(0), default=1, show_default=True, help="Of the task.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the world.")
@worlds.knob
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, one episode, then end.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8402,
    show_default=True,
    help="Port on this machine; 0 for any.",
)
@click.option(
    "--key",
    default="",
    envvar="ASSAY_WORLD_KEY",
    show_envvar=True,
    help="What opens, resets and scores episodes has to say it.  [default: drawn anew]",
)
@worlds.voice
@worlds.voice_name
@worlds.voice_key
@click.option(
    "--voices",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("voices.jsonl"),
    show_default=True,
    help="File that keeps what colleagues said, with --voice, and from which it is played back.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where to write the task and its score, with --stdio."
)
def command(
    world: str,
    template: str,
    task_seed: int,
    seed: int,
    knobs: tuple[str, ...],
    stdio: bool,
    port: int,
    key: str,
    voice: str,
    voice_name: str,
    voice_key: str,
    voices: Path,
    out: Path | None,
) -> None:
    """Serve episodes of WORLD to any agent that speaks the Model Context Protocol.

    Over HTTP each episode has an address of its own, /mcp/EPISODE, to be given to an agent. Whoever holds the
    key opens more with POST /episodes, begins one anew with POST /episodes/EPISODE/reset, and reads its score
    with GET /episodes/EPISODE. Only programs on this machine are served.

    \b
    Examples:
      assay universe mcp --template bad-deploy
      assay universe mcp --stdio --template bad-deploy --task-seed 3 --out score.json
    """
    import tempfile

    from assay import extras
    from assay.errors import AssayError

    extras.need("apsw", extra="worlds")
    from assay.environments.universe import Universe

    turned = worlds.one(knobs)
    with (
        tempfile.TemporaryDirectory() as folder,
        worlds.colleagues(voice, voice_name, voice_key, voices) as colleagues,
    ):
        universe = Universe(world, seed, Path(folder), voice=colleagues.voice)
        template = template or universe.templates[0]
        if template not in universe.templates:
            known = ", ".join(universe.templates)
            raise AssayError(f"there is no template {template!r}; there are: {known}")
        task = universe.task(template, task_seed, turned)
        if stdio:
            _over_pipes(universe, task, out)
        else:
            _over_http(universe, task, port, key)


def _over_pipes(universe: Universe, task: Task, out: Path | None) -> None:
    import json

    from assay.cli import files, screen
    from assay.environments.protocol import Table, descriptions, over_pipes, pipes

    read, write = pipes()
    with universe.episode(task) as episode:
        over_pipes(Table("one", task, episode, descriptions(episode)), read, write)
        found = episode.score()
        screen.errors.print(f"{task.id}: reward {found.reward:.2f}", highlight=False)
        if out is not None:
            kept = {"task": task.id, **_score(episode)}
            files.write_text(out, json.dumps(kept, ensure_ascii=False) + "\n")


def _score(episode: Episode) -> dict[str, object]:
    found = episode.score()
    return {
        "reward": found.reward,
        "goals": dict(found.goals),
        "side_effects": list(found.side_effects),
        "steps": len(episode.replies),
        "hash": episode.world.hash,
    }


def _over_http(universe: Universe, task: Task, port: int, key: str) -> None:
    import asyncio
    import signal

    from assay.cli import screen
    from assay.environments.serving import Server
    from assay.errors import AssayError

    async def serve() -> None:
        server = Server(universe, key=key)
        table = server.open(task)
        try:
            host, at = await server.start("127.0.0.1", port)
        except OSError as wrong:
            raise AssayError(
                f"port {port} cannot be taken ({wrong.strerror}); give another with --port"
            ) from wrong
        screen.plain(f"Episode  http://{host}:{at}/mcp/{table.key}")
        screen.plain(f"Task     {task.id}")
        screen.plain(
            f"Scores   http://{host}:{at}/episodes/{table.key}  (Authorization: Bearer {server.key})"
        )
        screen.plain("Ctrl-C ends it.", "dim")
        screen.console.file.flush()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, ended.set)
        await ended.wait()
        for name, one in server.tables.items():
            screen.plain(f"{name}  {one.task.id}: reward {one.episode.score().reward:.2f}")
        await server.stop()

    asyncio.run(serve())
