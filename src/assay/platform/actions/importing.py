"""Bringing a table in while others judge: by parts, and where it is large in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from assay import briefs
from assay.errors import AssayError
from assay.judgments import kind as kind_named
from assay.platform import one_at_a_time
from assay.platform.actions.attachments import keep_files, require_files
from assay.platform.actions.bulk import count_tables
from assay.platform.actions.projects import PAIR, Report, bring_in, open_project
from assay.platform.files import Brought as File
from assay.platform.models import ItemRow, PersonRow, ProjectRow, SampleRow, WorkRow
from assay.platform.queries import known, projects
from assay.records import Brief, Item, Judgment, Sample, Work
from assay.wording import say

if TYPE_CHECKING:
    from assay.tables import Imported

PART = 1_000
"""Items that come in at once: they keep the database for some fifty milliseconds."""

PART_AMONG_WRITERS = 5_000
"""The same where many write at a time, and nobody waits for a part: each costs a wait for the disk."""

REST = 0.5
"""Rest after each part, as a share of the time it took: those who wait to write try again every few
milliseconds, and half is enough that they do not notice."""

COUNTED_AFTER = {0, 3, 11}
"""Parts after which the database is told how large its tables have grown."""

LARGE = 1 << 20
"""Bytes from which a file is read in a process of its own, whose start takes a second."""

_coming_in = threading.Lock()


@dataclass(frozen=True)
class Brought:
    """What came in, and how many judgments of the table gave way to later ones."""

    report: Report
    repeated: int


def bring_in_file(*, project: ProjectRow, file: UploadedFile) -> Brought:
    """Bring in an uploaded table; whoever judges goes on meanwhile."""
    from assay import tables  # noqa: PLC0415 -- polars takes 0.4 s that the start of the server need not

    if (file.size or 0) < LARGE:
        found = tables.works(tables.read(file.read(), file.name or ""))
        return Brought(bring_in_parts(project=project, found=found), found.repeated)
    if not _coming_in.acquire(blocking=False):
        raise AssayError(_("Another table is coming in just now; try again when it is there."))
    try:
        with one_at_a_time.stepped_aside(), tempfile.TemporaryDirectory() as folder:
            # The name gives the ending; it is somebody's, so it names no file.
            path = Path(folder, "table").with_suffix(Path(file.name or "").suffix[:10])
            with path.open("wb") as copy:
                for part in file.chunks():
                    copy.write(part)
            return _in_a_process_of_its_own(project, path, file.name or "")
    finally:
        _coming_in.release()


def _in_a_process_of_its_own(project: ProjectRow, path: Path, name: str) -> Brought:
    ran = subprocess.run(  # noqa: S603 -- our own program
        [
            sys.executable,
            "-m",
            "assay.platform.aside",
            str(project.pk),
            str(path),
            name,
            get_language() or "",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ASSAY_HOME": str(settings.HOME)},
    )
    if ran.returncode:
        raise RuntimeError(f"a table could not be brought in: {ran.stderr[-2_000:]}")
    told = json.loads(ran.stdout)
    if "problem" in told:
        raise AssayError(told["problem"])
    return Brought(Report(**told["report"]), told["repeated"])


def open_with(
    *, owner: PersonRow, brief: Brief, found: Imported, waived: str = "", files: Iterable[File] = ()
) -> tuple[ProjectRow, Report]:
    """Open a project and bring a table into it, or do neither."""
    with transaction.atomic():
        project = open_project(owner=owner, brief=brief, waived=waived)
        keep_files(project=project, files=files)
        if not _is_large(found):
            return project, _bring_in(project, found)
        _checked(project, found)
    return project, bring_in_parts(project=project, found=found)


def bring_in_parts(*, project: ProjectRow, found: Imported, considerate: bool = False) -> Report:
    """Bring in a table part by part, so that nobody waits long for the database.

    All of it is checked before the first part, so a mistake in it means that nothing comes in. Where the
    machine stops in between, the same table brought in again completes what is there. Who is `considerate`
    rests after each part on a database that has one writer, so that others who wait to write come in between.
    """
    if not _is_large(found):
        return _bring_in(project, found)
    planned = _checked(project, found)
    total = Report(0, 0, 0, 0)
    parts = list(_parts(found, planned))
    for number, part in enumerate(parts):
        begun = time.perf_counter()
        with transaction.atomic():
            if number + 1 < len(parts):
                _reach_the_disk_later()
            new = asdict(_bring_in(project, part))
        total = Report(**{name: count + new[name] for name, count in asdict(total).items()})
        project.refresh_from_db()
        if number in COUNTED_AFTER:
            count_tables(ItemRow, SampleRow, WorkRow)
        if considerate and connection.vendor == "sqlite":
            time.sleep(REST * (time.perf_counter() - begun))
    return total


def _reach_the_disk_later() -> None:
    """Let PostgreSQL not wait for the disk with this transaction; the next that does waits for it as well."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")


def _is_large(found: Imported) -> bool:
    return max(len(found.items), len(found.samples) / 8, len(found.judgments) / 8) > PART


def _bring_in(project: ProjectRow, found: Imported) -> Report:
    return bring_in(
        project=project,
        items=found.items,
        samples=found.samples,
        judgments=found.judgments,
        pairs=found.pairs,
    )


def _checked(project: ProjectRow, found: Imported) -> dict[str, Work]:
    """Return the works that a table comes to, by their ids, or say what is wrong with it."""
    brief = projects.latest_brief(project).record()
    kind = kind_named(brief.kind)
    own = {item.id for item in found.items}
    there = {
        row.key: row.prompt
        for row in known.items_named(project, own | {sample.item for sample in found.samples})
    }
    for item in found.items:
        if there.get(item.id, item.prompt) != item.prompt:
            raise AssayError(
                say(
                    "item {item!r} is there with another prompt; give the new one an id of its own",
                    item=item.id,
                )
            )
    require_files(project, found.items)
    known_items = own | there.keys()
    if lost := next((each for each in found.samples if each.item not in known_items), None):
        raise AssayError(
            say("samples belong to an unknown item {item!r}; import its prompt too", item=lost.item)
        )
    planned: dict[str, Work] = {}
    for work in briefs.plan(
        found.items,
        [sample for sample in found.samples if sample.item in own],
        shows=kind.shows,
        bare=bool(getattr(kind, "bare", False)),
        only=found.pairs if kind.shows == PAIR else None,
    ):
        if work.id in planned:
            raise AssayError(
                say(
                    "two works would be called {work!r}; give each sample of an item its own author",
                    work=work.id,
                )
            )
        planned[work.id] = work
    for judgment in found.judgments:
        if judgment.work in planned:
            kind.check(brief, planned[judgment.work], judgment.answer)
    return planned


@dataclass
class _Part:
    items: list[Item] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    judgments: list[Judgment] = field(default_factory=list)


def _parts(found: Imported, planned: dict[str, Work]) -> Iterator[Imported]:
    """Cut a table into parts that hold whole items; what belongs to none of its items comes last."""
    size = PART if connection.vendor == "sqlite" else PART_AMONG_WRITERS
    place = {item.id: number // size for number, item in enumerate(found.items)}
    last = len(found.items) // size + 1
    parts: dict[int, _Part] = {}
    for item in found.items:
        parts.setdefault(place[item.id], _Part()).items.append(item)
    for sample in found.samples:
        parts.setdefault(place.get(sample.item, last), _Part()).samples.append(sample)
    for judgment in found.judgments:
        work = planned.get(judgment.work)
        parts.setdefault(place[work.item.id] if work else last, _Part()).judgments.append(judgment)
    for _number, part in sorted(parts.items()):
        yield replace(
            found,
            items=tuple(part.items),
            samples=tuple(part.samples),
            judgments=tuple(part.judgments),
        )
