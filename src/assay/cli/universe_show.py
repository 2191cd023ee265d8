"""`assay universe show`: a walk through a company in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli import worlds

if TYPE_CHECKING:
    from assay.environments.playing import Episode
    from assay.environments.showing import Walk
    from assay.environments.showing.markup import Language
    from assay.environments.situations import Knobs
    from assay.environments.tasks import Task
    from assay.environments.trajectories import Trajectory
    from assay.environments.universe import Universe


@click.command("show")
@click.argument("world", default="startup")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the world.")
@click.option("--entities", type=click.IntRange(500), default=2_500, show_default=True, help="How many rows.")
@click.option("--task", "template", metavar="TEMPLATE", help="Plant a task of this template.")
@click.option("--task-seed", type=click.IntRange(0), default=1, show_default=True, help="Which of its tasks.")
@worlds.knob
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="What agents did, as `assay universe run` writes it; the company is shown as the first left it.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the pages into this folder and stop.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="On this machine; 0 is any."
)
@click.option(
    "--language",
    metavar="TAG",
    default="en",
    show_default=True,
    envvar="ASSAY_LANGUAGE",
    help="Of the pages; what the company itself says stays in its own.",
)
@click.option("--open", "opens", is_flag=True, help="Open the address in a browser.")
def command(
    world: str,
    seed: int,
    entities: int,
    template: str | None,
    task_seed: int,
    knobs: tuple[str, ...],
    run: Path | None,
    out: Path | None,
    port: int,
    language: str,
    opens: bool,
) -> None:
    """Walk through a company in the browser: mail, chat, boards, code, operations, calendar, people.

    Nothing can be changed there. With a task the pages say what is asked, what the score looks at and what is
    really so; with a run, what the agent did step by step, and what each step changed. Only this machine can
    open the address.

    \b
    Examples:
      assay universe show startup --seed 7
      assay universe show --task bad-deploy --knob noise=20 --out pages
      assay universe show --run episodes.jsonl
    """
    import tempfile

    from assay import extras
    from assay.cli import screen

    extras.need("apsw", extra="worlds")
    from assay.environments.showing import Walk
    from assay.environments.universe import Universe
    from assay.errors import AssayError

    turned = worlds.one(knobs)
    if turned and not template:
        raise AssayError("--knob makes a task harder; say which with --task")
    found, said = _read(run, template, task_seed), _said(language)
    with tempfile.TemporaryDirectory() as folder:
        with screen.working("building the company"):
            universe = Universe(world, seed, Path(folder), entities=entities)
            task = _task(universe, found, template, task_seed, turned)
            episode = _episode(universe, task, found)
        try:
            walk = Walk(episode.world, name=f"{world} {seed}", task=task, found=found, language=said)
            if out:
                _write(walk, out)
            else:
                _serve(walk, port, opens=opens)
        finally:
            episode.world.close()


def _said(tag: str) -> Language:
    """Return the language of the pages: English, or one that the platform has a catalogue of."""
    from gettext import GNUTranslations
    from importlib import resources

    from assay.environments.showing.markup import ENGLISH, Language
    from assay.errors import AssayError

    if tag == ENGLISH.tag:
        return ENGLISH
    folders = (resources.files("assay") / "platform" / "locale").iterdir()
    known = {
        each.name.replace("_", "-"): each for each in folders if each.is_dir() and each.name[0].isalpha()
    }
    if tag not in known:
        raise AssayError(
            f"there are no pages in {tag!r}; there are {', '.join(sorted((*known, ENGLISH.tag)))}"
        )
    with (known[tag] / "LC_MESSAGES" / "django.mo").open("rb") as file:
        catalogue = GNUTranslations(file)
    return Language(tag, one=catalogue.gettext, several=catalogue.ngettext)


def _read(run: Path | None, template: str | None, task_seed: int) -> list[Trajectory]:
    from assay.environments import trajectories
    from assay.errors import AssayError

    if run is None:
        return []
    if not run.exists():
        raise AssayError(f"{run} does not exist; check the path")
    try:
        every = list(trajectories.read(run))
    except (AssayError, UnicodeDecodeError, OSError):
        raise AssayError(f"{run} is no record of runs; name a file that `assay universe run` wrote") from None
    found = [one for one in every if template in (None, one.template)]
    if template is not None:
        found.sort(key=lambda one: one.seed != task_seed)
    if not found:
        wanted = f" of {template}" if template else ""
        raise AssayError(f"{run} holds no run{wanted}; name a file that `assay universe run` wrote")
    return found


def _task(
    universe: Universe,
    found: list[Trajectory],
    template: str | None,
    task_seed: int,
    knobs: Knobs | None,
) -> Task | None:
    from assay.environments.situations import Knobs

    if found:
        knobs = Knobs.read(found[0].task.rpartition("-")[2])  # how hard it was made ends its id
        return universe.task(found[0].template, found[0].seed, knobs)
    return universe.task(template, task_seed, knobs) if template else None


def _episode(universe: Universe, task: Task | None, found: list[Trajectory]) -> Episode:
    """Return the world to be shown: as it is when play begins, or as the first run left it."""
    from assay.cli import screen
    from assay.environments import store
    from assay.environments.playing import Episode
    from assay.environments.tasks import Task as NoTask
    from assay.environments.world import World
    from assay.errors import AssayError

    if task is None:
        path = universe.folder / "shown.fork"
        store.fork(universe.base, path)
        shown = World(path, universe.kind.apps)
        return Episode(shown, NoTask("", "", 0, "", shown.now, (), (), ()))
    episode = universe.episode(task, most_steps=100_000)
    if found and episode.world.seed != found[0].world_seed:
        episode.close()
        raise AssayError("this run was played in a world of another seed; name that seed with --seed")
    for step in found[0].steps if found else ():
        if step.tool != "finish":
            episode.call(step.tool, step.arguments)
    if found and found[0].hash and episode.world.hash != found[0].hash:
        screen.plain("Note: played again, the run goes another way; Assay has changed since then.", "yellow")
    return episode


def _write(walk: Walk, out: Path) -> None:
    from assay.cli import files, screen

    names = list(walk.names())
    with screen.progress(len(names), "writing pages") as bar:
        for name in names:
            files.write_text(out / name, walk.page(name) or "")
            bar.advance(bar.task_ids[0])
    screen.plain(f"Wrote {screen.count(len(names), 'page')}; begin with {out / 'index.html'}")


def _serve(walk: Walk, port: int, *, opens: bool) -> None:
    import webbrowser

    from assay.cli import screen
    from assay.environments.showing.serving import Server
    from assay.errors import AssayError

    try:
        server = Server(walk, port)
    except OSError as wrong:
        raise AssayError(f"port {port} is taken ({wrong.strerror}); name another with --port") from None
    with server:
        screen.plain(f"Serving the company at {server.url} (stop with Ctrl+C)")
        if opens:
            webbrowser.open(server.url)
        server.serve_forever()
