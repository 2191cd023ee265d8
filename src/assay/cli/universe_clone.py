"""`assay universe clone`: a repository of a company on disk, with its history, for git."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("clone")
@click.argument("world")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--repository", default="api", show_default=True, metavar="NAME", help="Which one.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the world.")
@click.option("--task", "template", metavar="TEMPLATE", help="As it is when a task of this template begins.")
@click.option("--task-seed", type=click.IntRange(0), default=1, show_default=True, help="Which of its tasks.")
def command(
    world: str, directory: Path, repository: str, seed: int, template: str | None, task_seed: int
) -> None:
    """Write a repository of a company into DIRECTORY, with its history, as `git clone` would.

    What colleagues committed, when and why stands in its log; branches and tags are there, and its tests run
    with `python -m unittest`. Nothing that the company hides goes with it.

    \b
    Examples:
      assay universe clone startup api
      assay universe clone startup ledger --repository ledger --task guilty-commit
    """
    import tempfile

    from assay import extras
    from assay.cli import screen

    extras.need("apsw", extra="worlds")
    from assay.environments import store
    from assay.environments.clones import clone
    from assay.environments.git import Repository
    from assay.environments.universe import Universe
    from assay.environments.world import World
    from assay.errors import AssayError

    with tempfile.TemporaryDirectory() as folder:
        with screen.working("building the company"):
            universe = Universe(world, seed, Path(folder))
        path = Path(folder, "cloned.fork")
        if template is None:
            store.fork(universe.base, path)
            opened = World(path, universe.kind.apps)
        else:
            opened = universe.episode(universe.task(template, task_seed)).world
        with opened:
            names = [row["id"] for row in opened.hidden("SELECT id FROM repo ORDER BY id")]
            if repository not in names:
                raise AssayError(f"there is no repository {repository!r}; there are {', '.join(names)}")
            held = Repository(repository, opened.hidden)
            try:
                clone(held, directory)
            except OSError as wrong:
                raise AssayError(f"{directory} cannot be written: {wrong.strerror}") from wrong
            commits = len({oid for tip in held.refs().values() for oid in held.log(tip)})
    screen.plain(
        f"Wrote {screen.count(commits, 'commit')} of {repository}; look with `git -C {directory} log`"
    )
