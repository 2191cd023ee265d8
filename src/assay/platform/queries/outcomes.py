"""What a project has come to: the pure path, run on what the tables hold, remembered until that changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection, transaction
from django.db.models import Count, Max, TextField
from django.db.models.functions import Cast

from assay.platform import counting
from assay.platform.models import GoldRow, JudgmentRow, ProjectRow, SampleRow, WorkRow
from assay.platform.one_at_a_time import stepped_aside
from assay.platform.queries.projects import latest_brief
from assay.records import Brief, Item, Judgment, Sample, Work

if TYPE_CHECKING:
    from assay.pipeline import Outcome

Found = TypeVar("Found")
Key = TypeVar("Key", int, str)
Stamp = tuple[int | datetime | None, ...]
"""What something that is counted depends on, cheaply read: when this changes, so does what comes of it."""

PART = 2_000
"""Judgments that are read at once."""

_kept: dict[int, Counted[Outcome]] = {}


@dataclass(frozen=True)
class Material:
    """What the path takes: the brief, the works that were judged, and the judgments in force.

    `gold` maps (work, question) → the label that is right, where that is known.
    """

    brief: Brief
    works: list[Work]
    judgments: list[Judgment]
    gold: dict[tuple[str, str], str]


def material(project: ProjectRow) -> Material:
    """Read everything that statistics need about a project."""
    brief = latest_brief(project).record()
    judged = WorkRow.objects.filter(project=project, judged__gt=0)
    said = JudgmentRow.objects.filter(project=project, superseded_by__isnull=True).order_by("pk")
    # Values and no rows: making an object of each row would take three times as long.
    with one_picture():
        asked = list(
            judged.order_by("pk").values_list(
                "pk", "key", "item", "item__key", "item__prompt", "item__context", "item__language",
                "item__domain", "item__series", "item__place",
                as_text("item__attachments"), as_text("samples"),
            )
        )  # fmt: skip
        made = list(
            SampleRow.objects.filter(item__in=judged.values("item")).values_list(
                "pk", "item", "key", "author", "text"
            )
        )
        answered = list(
            said.values_list(
                "pk", "work", "person__name", "brief__version", "seconds", as_text("answer"), as_text("shown")
            )
        )
        known = list(GoldRow.objects.filter(work__project=project).values_list("work", "labels"))
    key_of = {row[2]: row[3] for row in asked}
    samples = {
        number: Sample(key, key_of[item], author, text)
        for number, item, key, author, text in made
        if item in key_of
    }
    items: dict[int, Item] = {}
    works: dict[int, Work] = {}
    files, shown = (read([row[place] for row in asked]) for place in (-2, -1))
    for row, names, numbers in zip(asked, files, shown, strict=True):
        work, name, item, key, prompt, context, language, domain, series, place, *_ = row
        if item not in items:
            items[item] = Item(key, prompt, context, language, domain, tuple(names), series, place)
        works[work] = Work(name, items[item], tuple(samples[number] for number in numbers))
    answers, orders = (read([row[place] for row in answered]) for place in (-2, -1))
    return Material(
        brief,
        list(works.values()),
        [
            Judgment(str(number), works[work].id, rater, brief.kind, answer, version, seconds, tuple(order))
            for (number, work, rater, version, seconds, *_), answer, order in zip(
                answered, answers, orders, strict=True
            )
            if work in works
        ],
        {
            (works[work].id, question): label
            for work, labels in known
            for question, label in labels.items()
            if work in works
        },
    )


def as_text(column: str) -> Cast:
    """Ask for a column of JSON as it is written, to be read by `read`."""
    return Cast(column, TextField())


def read(texts: Sequence[str]) -> list[Any]:
    """Read many short texts of JSON in one go, which takes a fifth of the time of one by one.

    >>> read(['{"choice": "x"}', "[1, 2]"])
    [{'choice': 'x'}, [1, 2]]
    """
    found: list[Any] = json.loads(f"[{','.join(texts)}]")
    return found


@contextmanager
def one_picture() -> Iterator[None]:
    """Read tables as they all stood at one moment, and rows by their keys; for PostgreSQL.

    As it comes it takes a page out of order for four times as dear as one in order, which no disk of today
    is, and reads a hundred thousand items to find two thousand. (With SQLite nobody judges meanwhile, and
    rows are always found by their keys.)
    """
    if connection.vendor != "postgresql":
        yield
        return
    whole = "" if connection.in_atomic_block else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{whole}SET LOCAL random_page_cost = 1.1")
        yield


def stamp(project: ProjectRow) -> Stamp:
    """Return what the outcome of a project depends on, cheaply.

    Version of the brief; number of judgments, the last one; works whose answer is known, last told when.
    """
    found = JudgmentRow.objects.filter(project=project).aggregate(count=Count("pk"), last=Max("pk"))
    known = GoldRow.objects.filter(work__project=project).aggregate(count=Count("pk"), last=Max("set_at"))
    return latest_brief(project).version, *found.values(), *known.values()


@dataclass
class Counted(Generic[Found]):
    """Something long that is counted beside the requests, as of a stamp; `told` once somebody had it."""

    stamp: Stamp
    future: Future[Found]
    told: bool = False


def counted(
    kept: dict[Key, Counted[Found]],
    number: Key,
    now: Stamp,
    begin: Callable[[], Future[Found]],
    patience: float | None,
) -> Found | None:
    """Return what is counted as of `now`, kept by `number`; `None` where that takes more than `patience` s.

    Who waits as long as it takes gets it as of now. Who does not gets what was begun before, even where a
    judgment came in since: where people judge all the time, a count that begins anew with each judgment
    never ends.
    """
    known = kept.get(number)
    # Who has no patience at all asks again and again: for them a count that nobody had yet is not too old.
    old = known is not None and known.future.done() and (known.told or patience)
    if known is None or (known.stamp != now and (patience is None or old)):
        known = kept[number] = Counted(now, begin())
    try:
        with stepped_aside():
            found = known.future.result(timeout=patience)
    except TimeoutError:
        return None
    known.told = True
    return found


def outcome(project: ProjectRow, *, patience: float | None = None) -> Outcome | None:
    """Return what a project has come to, `None` where it takes longer than `patience` seconds."""

    def begin() -> Future[Outcome]:
        found = material(project)
        work = found.brief, found.works, found.judgments
        return counting.begin("assay.pipeline:run", *work, gold=found.gold)

    return counted(_kept, project.pk, stamp(project), begin, patience)


def raw_lines(project: ProjectRow) -> Iterator[str]:
    """Give every judgment ever made in a project as a line of JSON, superseded ones included."""
    rows = (
        JudgmentRow.objects.filter(project=project).select_related("person", "brief", "work").order_by("pk")
    )
    kind = latest_brief(project).content["kind"]
    last = 0
    # Part by part, and no cursor is open between two lines: closed late, when somebody has gone away amid the
    # download, it would wait for the very connection that is at work.
    while part := list(rows.filter(pk__gt=last)[:PART]):
        last = part[-1].pk
        for row in part:
            record = row.record(work=row.work.key, kind=kind, version=row.brief.version)
            more = {
                "submitted_at": row.submitted_at.isoformat(),
                "supersedes": str(row.supersedes_id) if row.supersedes_id else None,
            }
            yield json.dumps({**asdict(record), **more}, ensure_ascii=False) + "\n"
