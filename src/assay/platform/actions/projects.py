"""Opening projects, publishing briefs, bringing in items and samples."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from assay import briefs
from assay.errors import AssayError
from assay.judgments import Kind
from assay.judgments import kind as kind_named
from assay.platform.actions.attachments import require_files
from assay.platform.actions.bulk import insert
from assay.platform.actions.judgments import keep_judgments
from assay.platform.models import (
    BriefRow,
    ItemRow,
    MembershipRow,
    PersonRow,
    ProjectRow,
    Role,
    SampleRow,
    State,
    WorkRow,
)
from assay.platform.queries import endpoints, known, projects
from assay.records import Brief, Item, Judgment, Sample, Work
from assay.wording import say

LANGUAGE_LIMIT, DOMAIN_LIMIT, SERIES_LIMIT = 35, 200, 200
PAIR = 2
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Report:
    """How much was new in an import."""

    items: int
    samples: int
    works: int
    judgments: int


@transaction.atomic
def open_project(*, owner: PersonRow, brief: Brief, title: str = "", waived: str = "") -> ProjectRow:
    """Begin a project with the first version of its brief; the owner becomes its first member.

    It is a draft until a pilot has shown that its brief decides; where one is `waived`, that says why,
    and the project is open at once.
    """
    brief = briefs.check(brief)
    kind_named(brief.kind).questions(brief)  # an unknown kind, or one that cannot ask this, is refused here
    slug = slugify(brief.project)[: projects.SLUG_LIMIT]
    if other := projects.named(brief.project):
        raise AssayError(say("there is already a project {name!r}; choose another name", name=other.slug))
    if not slug:  # a name in another script: its address is a number
        slug = f"project-{(ProjectRow.objects.aggregate(last=Max('pk'))['last'] or 0) + 1}"
    project = ProjectRow.objects.create(
        slug=slug,
        title=(title or brief.project)[: projects.TITLE_LIMIT],
        owner=owner,
        state=State.OPEN if waived else State.DRAFT,
        waived=waived,
        cap=brief.judgments_per_work,
        most=brief.judgments_per_work,
    )
    BriefRow.objects.create(project=project, version=brief.version, content=briefs.to_mapping(brief))
    MembershipRow.objects.create(project=project, person=owner, role=Role.OWNER)
    return project


@transaction.atomic
def open_with(
    *,
    owner: PersonRow,
    brief: Brief,
    items: Sequence[Item],
    samples: Sequence[Sample] = (),
    judgments: Sequence[Judgment] = (),
    pairs: Collection[frozenset[str]] | None = None,
    waived: str = "",
) -> tuple[ProjectRow, Report]:
    """Open a project and bring everything into it, or do neither."""
    project = open_project(owner=owner, brief=brief, waived=waived)
    return project, bring_in(project=project, items=items, samples=samples, judgments=judgments, pairs=pairs)


@transaction.atomic
def bring_in(
    *,
    project: ProjectRow,
    items: Sequence[Item],
    samples: Sequence[Sample] = (),
    judgments: Sequence[Judgment] = (),
    pairs: Collection[frozenset[str]] | None = None,
) -> Report:
    """Bring items, samples and judgments into a project, all of them or nothing.

    What is there already, by its id, stays as it is; an item with another prompt under a known id is refused.
    The works that follow from the new samples are laid out, and judgments count towards them. Where `pairs`
    says what is to be compared, as the ids of the samples, nothing else is.
    """
    project = ProjectRow.objects.select_for_update(no_key=True).get(pk=project.pk)  # judges go on
    kind = kind_named(projects.latest_brief(project).content["kind"])
    samples = [*samples, *endpoints.voices(project, kind, items)]
    require_files(project, items)
    touched = {sample.item for sample in samples} | {item.id for item in items}
    number_of, new_items = _keep_items(project, items, touched)
    held = _samples_of(number_of, touched) if new_items < len(number_of) else {}
    there = {sample.id for sample in held.values()}
    fresh = [sample for sample in samples if sample.id not in there]
    all_samples = {**held, **_keep_samples(number_of, fresh)}
    only = pairs if kind.shows == PAIR else None
    new_works = _lay_out(project, items, all_samples, number_of, kind=kind, only=only)
    _learn_languages(project, items)
    kept = keep_judgments(project=project, judgments=judgments)
    return Report(new_items, len(fresh), new_works, kept)


def _keep_items(
    project: ProjectRow, items: Sequence[Item], touched: Iterable[str]
) -> tuple[dict[str, int], int]:
    """Keep the new ones among items, and return the rows' numbers of all that are touched, by key."""
    there = {row.key: row for row in known.items_named(project, touched)}
    fresh: dict[str, Item] = {}
    for item in items:
        prompt = there[item.id].prompt if item.id in there else fresh.setdefault(item.id, item).prompt
        if prompt != item.prompt:
            raise AssayError(
                say(
                    "item {item!r} is there with another prompt; give the new one an id of its own",
                    item=item.id,
                )
            )
    last = ItemRow.objects.aggregate(last=Max("pk"))["last"] or 0
    insert(
        ItemRow,
        ["project", "key", "prompt", "context", "language", "domain", "attachments", "series", "place"],
        (
            (
                project.pk,
                item.id,
                item.prompt,
                item.context,
                item.language[:LANGUAGE_LIMIT],
                item.domain,
                json.dumps(item.attachments),
                item.series[:SERIES_LIMIT],
                item.place,
            )
            for item in fresh.values()
        ),
    )
    # Without the texts, which would all be read back.
    new = ItemRow.objects.filter(project=project, pk__gt=last).values_list("key", "pk")
    return {key: row.pk for key, row in there.items()} | dict(new), len(fresh)


def _keep_samples(number_of: dict[str, int], fresh: Sequence[Sample]) -> dict[int, Sample]:
    """Keep samples and return them by the numbers of their rows."""
    if lost := next((sample for sample in fresh if sample.item not in number_of), None):
        raise AssayError(
            say("samples belong to an unknown item {item!r}; import its prompt too", item=lost.item)
        )
    last = SampleRow.objects.aggregate(last=Max("pk"))["last"] or 0
    places = {(number_of[sample.item], sample.id): sample for sample in fresh}
    insert(
        SampleRow,
        ["item", "key", "author", "text"],
        ((item, key, sample.author, sample.text) for (item, key), sample in places.items()),
    )
    new = SampleRow.objects.filter(pk__gt=last).values_list("pk", "item", "key")
    return {number: places[item, key] for number, item, key in new if (item, key) in places}


def _samples_of(number_of: dict[str, int], keys: Iterable[str]) -> dict[int, Sample]:
    """Return what is known of the samples of some items, by the row's id."""
    key_of = {number_of[key]: key for key in keys if key in number_of}
    found: dict[int, Sample] = {}
    for some in _in_parts(key_of, 500):
        for row in SampleRow.objects.filter(item__in=some):
            found[row.pk] = row.record(key_of[row.item_id])
    return found


def _lay_out(
    project: ProjectRow,
    items: Sequence[Item],
    samples: dict[int, Sample],
    number_of: dict[str, int],
    *,
    kind: Kind,
    only: Collection[frozenset[str]] | None,
) -> int:
    orphans = {number_of[sample.item] for sample in samples.values()} - {number_of[item.id] for item in items}
    everything = list(items)
    for part in _in_parts(sorted(orphans), 500):
        everything += [row.record() for row in ItemRow.objects.filter(pk__in=part)]
    sample_number = {sample.id: number for number, sample in samples.items()}
    bare = bool(getattr(kind, "bare", False))
    planned = briefs.plan(everything, samples.values(), shows=kind.shows, bare=bare, only=only)
    taken = known.keys_there(project, [work.id for work in planned])
    fresh: dict[str, Work] = {}
    for work in planned:
        if work.id in fresh:
            raise AssayError(
                say(
                    "two works would be called {work!r}; give each sample of an item its own author",
                    work=work.id,
                )
            )
        if work.id not in taken:
            fresh[work.id] = work
    insert(
        WorkRow,
        [
            "project",
            "key",
            "item",
            "samples",
            "language",
            "domain",
            "series",
            "place",
            "cap",
            "taken",
            "judged",
        ],
        (
            (
                project.pk,
                key,
                number_of[work.item.id],
                json.dumps([sample_number[sample.id] for sample in work.samples]),
                work.item.language[:LANGUAGE_LIMIT],
                work.item.domain[:DOMAIN_LIMIT],
                work.item.series[:SERIES_LIMIT],
                work.item.place,
                project.cap,
                0,
                0,
            )
            for key, work in fresh.items()
        ),
    )
    return len(fresh)


def _learn_languages(project: ProjectRow, items: Iterable[Item]) -> None:
    found = sorted({*project.languages, *(item.language[:LANGUAGE_LIMIT] for item in items)})
    if found != project.languages:
        ProjectRow.objects.filter(pk=project.pk).update(languages=found)


def _in_parts(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    rest = iter(things)
    while part := list(islice(rest, size)):
        yield part
