"""The files that items show: who may see them, and where they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from django.http import Http404
from django.urls import reverse

from assay.platform.models import AttachmentRow, MembershipRow, PersonRow, ProjectRow
from assay.platform.queries.projects import RIGHTS
from assay.records import Item

_NAMED = re.compile(r"attachment:([^\s)>\"]+)")


@dataclass(frozen=True)
class Files:
    """What an item shows: file → its address here, and, as Markdown, those that its text does not place."""

    urls: Mapping[str, str] = field(default_factory=dict)
    below: str = ""


def of_item(project: ProjectRow, item: Item) -> Files:
    """Return the files of an item; no table is asked where it names none."""
    placed = {unquote(name) for name in _NAMED.findall(f"{item.prompt}\n{item.context}")}
    names = placed | set(item.attachments)
    if not names:
        return Files()
    found = AttachmentRow.objects.filter(project=project, name__in=sorted(names)[:200])
    there = set(found.values_list("name", flat=True))
    below = [name for name in item.attachments if name in there and name not in placed]
    return Files(
        {name: reverse("attachment", args=[project.slug, name]) for name in there},
        "\n\n".join(f"![{re.sub(r'([][*_`<>!])', '', name)}](attachment:{quote(name)})" for name in below),
    )


def attachment(person: PersonRow, slug: str, name: str) -> AttachmentRow:
    """Return a file of a project to somebody who may see the project."""
    seeing = {role for right in ("judge", "read") for role in RIGHTS[right]}
    member = MembershipRow.objects.filter(person=person, project__slug=slug, role__in=seeing).first()
    found = member and AttachmentRow.objects.filter(project=member.project_id, name=name).first()
    if not found:
        raise Http404
    return found


def digests(project: ProjectRow) -> dict[str, str]:
    """Return the digest of each file of a project by its name."""
    return dict(AttachmentRow.objects.filter(project=project).values_list("name", "digest"))
