"""The files that items show: who may see them, and where they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from django.http import Http404
from django.urls import reverse

from assay.platform.models import AttachmentRow, MembershipRow, PersonRow, ProjectRow
from assay.platform.queries.projects import RIGHTS
from assay.records import Brief, Item, Work

_BLINDED = re.compile(r"~([0-9a-f]{32})\.\w+")

MOST = 200
"""Files that are looked up for one work."""

BLIND = 32
"""Signs of a digest that stand for a file whose name says too much."""

_NAMED = re.compile(r"attachment:([^\s)>\"]+)")


@dataclass(frozen=True)
class Files:
    """What texts show: file → its address here, and, as Markdown, those of an item that no text places."""

    urls: Mapping[str, str] = field(default_factory=dict)
    below: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What a part of a page that is kept has to go by."""
        return tuple(sorted(self.urls.values()))


def of_work(project: ProjectRow, work: Work) -> Files:
    """Return the files of an item and of the samples shown with it."""
    return of_texts(project, [sample.text for sample in work.samples], item=work.item)


def of_said(project: ProjectRow, work: Work, *said: object) -> Files:
    """Return the files of a work and those that answers to it place, in whatever part: a turn, a text."""
    return of_texts(project, [*(sample.text for sample in work.samples), *_texts(said)], item=work.item)


def of_turns(project: ProjectRow, item: Item, texts: Iterable[str]) -> Files:
    """Return the files that the turns of a conversation about an item place; mostly there are none."""
    placing = [text for text in texts if "attachment:" in text]
    return of_texts(project, placing, item=item) if placing else Files()


def _texts(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for part in said.values():
            yield from _texts(part)
    elif isinstance(said, list | tuple):
        for part in said:
            yield from _texts(part)


def of_texts(project: ProjectRow, texts: Iterable[str], *, item: Item | None = None) -> Files:
    """Return the files that texts place and an item brings; no table is asked where none is named.

    What a text alone places is the work of whoever wrote it, and its name may say who that was: its address
    goes by what the file holds.
    """
    placed = named(*((item.prompt, item.context) if item else ()))
    brought = item.attachments if item else ()
    public = placed | set(brought)
    # Those of the item come first: no text of somebody else, however many it names, pushes them out.
    names = [*sorted(public), *sorted(named(*texts) - public)]
    if not names:
        return Files()
    found = AttachmentRow.objects.filter(project=project, name__in=names[:MOST])
    there = dict(found.values_list("name", "digest"))
    below = [name for name in brought if name in there and name not in placed]
    return Files(
        {
            name: reverse("attachment", args=[project.slug, name if name in public else blind(name, digest)])
            for name, digest in there.items()
        },
        "\n\n".join(f"![{re.sub(r'([][*_`<>!])', '', name)}](attachment:{quote(name)})" for name in below),
    )


def of_briefs(project: ProjectRow, briefs: Iterable[Brief]) -> Files:
    """Return the files that worked examples place: some are answers to items that had files."""
    examples = [each for brief in briefs for each in brief.examples]
    return of_texts(project, [text for each in examples for text in (each.prompt, each.answer)])


def blind(name: str, digest: str) -> str:
    """Return a name for a file that says nothing but what it is.

    >>> blind("gpt-moon.png", "ab" * 32)
    '~abababababababababababababababab.png'
    """
    return f"~{digest[:BLIND]}.{name.rpartition('.')[2].lower()}"


def named(*texts: str) -> set[str]:
    """Return the names of the files that texts place.

    >>> named("![the moon](attachment:full%20moon.png)", "No file.")
    {'full moon.png'}
    """
    return {unquote(name) for text in texts if "attachment:" in text for name in _NAMED.findall(text)}


def attachment(person: PersonRow, slug: str, name: str) -> AttachmentRow:
    """Return a file of a project to somebody who may see the project."""
    seeing = {role for right in ("judge", "read") for role in RIGHTS[right]}
    member = MembershipRow.objects.filter(person=person, project__slug=slug, role__in=seeing).first()
    rows = AttachmentRow.objects.filter(project=member.project_id) if member else AttachmentRow.objects.none()
    found = rows.filter(name=name).first()
    if found is None and (told := _BLINDED.fullmatch(name)):
        found = rows.filter(digest__startswith=told[1]).order_by("pk").first()
    if found is None:
        raise Http404
    return found


def listed(project: ProjectRow) -> list[tuple[AttachmentRow, str]]:
    """Return the files of a project with their addresses, by name."""
    rows = AttachmentRow.objects.filter(project=project).order_by("name")
    return [(row, reverse("attachment", args=[project.slug, row.name])) for row in rows]


def digests(project: ProjectRow) -> dict[str, str]:
    """Return the digest of each file of a project by its name."""
    return dict(AttachmentRow.objects.filter(project=project).values_list("name", "digest"))
