"""The platform as a shell sees it: prepare a folder, serve it, bring things in, take things out.

Nothing of Django is imported before `setup`, since settings are read from the folder. Whoever holds the
folder holds every right, so nothing here asks who is asking.
"""

# ruff: noqa: PLC0415 -- tables can be imported only after `setup`

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import AssayError
from assay.records import Brief, Example, Item, Judgment, Sample

if TYPE_CHECKING:
    import polars as pl

    from assay.platform.actions.projects import Report
    from assay.platform.files import Brought
    from assay.tables import Imported

DATABASE, KEY = "assay.sqlite3", "secret.key"
THREADS = 4
"""Requests that a process has at hand at once: one runs, others wait for a database or for something long."""
KILL_S = 5
"""Seconds after which a worker that was told to stop and has not is killed."""


@dataclass(frozen=True)
class Prepared:
    """What `prepare` found and did."""

    home: Path
    created: bool
    migrated: int


@dataclass(frozen=True)
class Summary:
    """One project, as a list shows it."""

    slug: str
    title: str
    works: int
    judgments: int


def setup(home: Path) -> None:
    """Point Django at a folder; a second call for the same folder does nothing."""
    import django
    from django.apps import apps
    from django.conf import settings

    home = home.absolute()
    if apps.ready:
        if not os.environ.get("ASSAY_DATABASE") and home != settings.HOME:
            raise AssayError(f"this process already works on {settings.HOME}; start another for {home}")
        return
    os.environ["ASSAY_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.platform.settings")
    django.setup()


def prepare(home: Path, *, must_exist: bool = False) -> Prepared:
    """Make a folder ready to be served: key, database, tables.

    Raises
    ------
    AssayError
        Where the folder cannot be written, where there is no database although there must be, and where a
        newer version of Assay has changed the database.
    """
    home = home.absolute()
    elsewhere = bool(os.environ.get("ASSAY_DATABASE"))
    created = not elsewhere and not (home / DATABASE).is_file()
    if must_exist and created:
        raise AssayError(f"there is no database in {home}; name the folder with --home")
    _make_folder(home)
    setup(home)
    ahead, behind = _migrations()
    if ahead:
        raise AssayError(
            f"{home} was written by a newer version of Assay ({ahead[0]}); install that one or a later one"
        )
    if behind:
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
    return Prepared(home, created, behind)


def describe(home: Path) -> str:
    """Say in one sentence how the database in a folder is, without changing anything."""
    home = home.absolute()
    if not os.environ.get("ASSAY_DATABASE") and not (home / DATABASE).is_file():
        return "will be created on the first start"
    setup(home)
    ahead, behind = _migrations()
    if ahead:
        raise AssayError(f"written by a newer version of Assay ({ahead[0]}); install that one or a later one")
    if behind:
        return f"{behind} migrations behind; the next start brings it up to date"
    known = projects()
    return f"{len(known)} projects, {sum(each.judgments for each in known):,} judgments"


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise AssayError(
            f"{home} cannot be created ({wrong.strerror}); choose another with --home"
        ) from wrong
    files = [file for file in (home / DATABASE, home / KEY) if file.exists()]
    if not os.access(home, os.W_OK | os.X_OK) or not all(
        os.access(file, os.R_OK | os.W_OK) for file in files
    ):
        raise AssayError(f"{home} cannot be written; change its permissions or choose another with --home")
    try:
        key = os.open(home / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as wrong:
        raise AssayError(
            f"{home} cannot be written ({wrong.strerror}); choose another with --home"
        ) from wrong
    with os.fdopen(key, "w") as file:
        file.write(secrets.token_urlsafe(50))
    # The database holds what people wrote: for its owner's eyes, as the key is.
    if not os.environ.get("ASSAY_DATABASE"):
        (home / DATABASE).touch(mode=0o600)


def _migrations() -> tuple[list[str], int]:
    """Return which applied migrations this version does not know, and how many known ones are missing."""
    from django.db import DatabaseError, connection
    from django.db.migrations.loader import MigrationLoader

    try:
        loader = MigrationLoader(connection)
    except DatabaseError as wrong:
        raise AssayError(f"the database cannot be opened: {wrong}") from wrong
    known, applied = set(loader.disk_migrations), set(loader.applied_migrations)
    ours = {app for app, _ in known}
    ahead = sorted(f"{app} {name}" for app, name in applied - known if app in ours)
    return ahead, len(known - applied)


def administrator_link(port: int) -> str | None:
    """Return a fresh link with which the administrator chooses a name and a password; `None` once claimed."""
    from assay.platform.actions import people

    token = people.renew_administrator_link()
    return f"http://127.0.0.1:{port}/welcome/{token}/" if token else None


def require_free(port: int) -> None:
    """Raise where something else listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as wrong:
            reason = str(getattr(wrong, "strerror", None) or wrong).lower()
            raise AssayError(f"port {port} cannot be used ({reason}); choose another with --port") from wrong


def serve(home: Path, port: int) -> None:
    """Serve the platform on this machine until it is stopped."""
    require_free(port)
    setup(home)
    workers = _workers()
    from django.db import connections
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import MPServer

    os.environ["_ASSAY_SERVER"] = str(os.getpid())
    connections.close_all()  # a connection must not live on in the server's own process
    # A forked worker starts at once, with all that is loaded here, which all of them share; but one forked
    # beside polars' threads waits for them forever, and macOS ends one whose libraries have threads.
    if "polars" in sys.modules or sys.platform == "darwin":
        multiprocessing.set_start_method("spawn", force=True)
    else:
        multiprocessing.set_start_method("fork", force=True)
        from assay.platform import wsgi

        os.register_at_fork(after_in_child=_stand_apart)
        os.register_at_fork(after_in_child=wsgi.settle_in)
    server = MPServer(
        "assay.platform.wsgi:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=600,  # a thread keeps its connection to the database
        backlog=1024,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_S,
    )
    server.serve()


def _stand_apart() -> None:
    """Let a worker hear its server alone, from its first moment (one that is spawned does so in `wsgi`).

    Ctrl+C reaches the whole group of processes, and the server tells its workers to stop; a worker that heard
    both at once would wait for itself. And one that is still starting must not have its server's handlers,
    which would take note of the order and go on.
    """
    os.setpgrp()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _workers() -> int:
    """Return how many processes serve. SQLite has one writer: two would only wait for each other."""
    elsewhere = bool(os.environ.get("ASSAY_DATABASE"))
    asked = os.environ.get("ASSAY_WORKERS", "2" if elsewhere else "1")
    if not asked.isdecimal() or not int(asked):
        raise AssayError(f"ASSAY_WORKERS is {asked!r}; set it to a whole number from 1 up")
    if int(asked) > 1 and not elsewhere:
        raise AssayError("several workers need PostgreSQL; set ASSAY_DATABASE, or leave ASSAY_WORKERS out")
    return int(asked)


def projects() -> list[Summary]:
    """Return every project, by name."""
    from assay.platform.queries import projects as queries

    return [
        Summary(project.slug, project.title, progress.works, progress.done)
        for project, progress in queries.everything()
    ]


def slug_of(project: str) -> str | None:
    """Return the name in addresses of a project, `None` where there is none of that name."""
    from assay.platform.queries import projects as queries

    found = queries.named(project)
    return found.slug if found else None


def add_person(name: str, password: str | None = None, languages: Sequence[str] = ()) -> None:
    """Add a person; without a password they cannot sign in."""
    from assay.platform.actions import people

    people.add_person(name=name, password=password, languages=languages)


def add_member(slug: str, name: str, role: str = "contributor") -> None:
    """Give a person a role in a project."""
    from assay.platform.actions import people
    from assay.platform.queries import projects as queries

    people.add_member(project=queries.by_slug(slug), name=name, role=role)


def create_project(
    brief: Brief, items: Sequence[Item] = (), samples: Sequence[Sample] = (), *, owner: str | None = None
) -> str:
    """Open a project with its items and samples, and return its name in addresses.

    The owner is named, or the administrator.
    """
    from assay.tables import Imported

    return _open(brief, Imported(tuple(items), tuple(samples)), owner)[0]


def bring_in(
    project: str, imported: Imported, *, brief: Brief | None = None, attachments: Path | None = None
) -> Report:
    """Bring a table into a project; with a brief, open the project first. All of it comes in, or nothing.

    `attachments` is a folder or a ZIP archive with the files that its items show.
    """
    from assay.platform import files
    from assay.platform.actions import importing
    from assay.platform.actions.attachments import brought_along
    from assay.platform.queries import projects as queries

    along = files.from_folder(attachments) if attachments else []
    if brief is not None:
        return _open(brief, imported, None, along)[1]
    row = queries.by_slug(project)
    with brought_along(project=row, files=along):
        return importing.bring_in_parts(project=row, found=imported)


def _open(
    brief: Brief, imported: Imported, owner: str | None, along: Sequence[Brought] = ()
) -> tuple[str, Report]:
    from assay.platform.actions import importing, people
    from assay.platform.queries import people as known

    person = known.named(owner) if owner else people.ensure_administrator()
    if person is None:
        raise AssayError(f"there is nobody called {owner!r}; add them first")
    project, report = importing.open_with(
        owner=person, brief=brief, found=imported, waived="It was opened from a shell.", files=along
    )
    return project.slug, report


def rehearse(
    brief: Brief, items: Sequence[Item], samples: Sequence[Sample], judgments: Sequence[Judgment]
) -> str:
    """Open the demo's project with all that its story tells, and return its name in addresses."""
    from assay.platform.actions import rehearsal

    return rehearsal.rehearse(brief, items, samples, judgments).slug


def import_frame(slug: str, frame: pl.DataFrame) -> Report:
    """Bring a table into a project that is there."""
    from assay import tables

    return bring_in(slug, tables.works(frame))


def import_judgments(slug: str, judgments: Sequence[Judgment]) -> int:
    """Keep judgments that were made elsewhere, and return how many were new."""
    from assay.platform.actions.judgments import keep_judgments
    from assay.platform.queries import projects as queries

    return keep_judgments(project=queries.by_slug(slug), judgments=judgments)


def examples(project: str) -> tuple[Brief, tuple[Example, ...]]:
    """Return the brief of a project and the rows of its data set, with verdicts as of now."""
    from assay.platform.queries import outcomes
    from assay.platform.queries import projects as queries

    row = queries.by_slug(project)
    outcome = outcomes.outcome(row)
    return queries.latest_brief(row).record(), outcome.examples if outcome else ()


def export(slug: str, format: str) -> Iterator[str]:  # noqa: A002 -- the word for it
    """Give the data set of a project as lines of a registered format."""
    from assay import datasets

    form = datasets.format_named(format)
    return datasets.lines(examples(slug)[1], form)
