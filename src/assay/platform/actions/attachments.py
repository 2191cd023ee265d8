"""Keeping the files that items show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _

from assay.errors import AssayError
from assay.platform import one_at_a_time
from assay.platform.files import TOTAL_LIMIT, Brought, Stored, store
from assay.platform.models import AttachmentRow, ProjectRow
from assay.platform.queries import attachments
from assay.records import Item


def keep_files(*, project: ProjectRow, files: Iterable[Brought]) -> list[str]:
    """Keep files under their names, all of them or none, and return the names that were new.

    A name that is there with the same bytes is the same file; with others it is refused, since people have
    judged what it showed.
    """
    with one_at_a_time.stepped_aside():  # others go on while the bytes are read
        stored = _stored(files)
    return _keep(project, stored)


def _stored(files: Iterable[Brought]) -> list[Stored]:
    total, found = 0, []
    for each in files:
        found.append(store(each))
        total += found[-1].size
        if total > TOTAL_LIMIT:
            raise AssayError(_("The files are larger than 4 GB together; bring them in parts."))
    return found


@transaction.atomic
def _keep(project: ProjectRow, files: Iterable[Stored]) -> list[str]:
    known = attachments.digests(project)
    there = set(known)
    fresh: list[AttachmentRow] = []
    for stored in files:
        if known.setdefault(stored.name, stored.digest) != stored.digest:
            raise AssayError(_("There is another file called “%s”; rename one of them.") % stored.name)
        fresh.append(
            AttachmentRow(
                project=project,
                name=stored.name,
                digest=stored.digest,
                media_type=stored.media_type,
                size=stored.size,
            )
        )
    AttachmentRow.objects.bulk_create(fresh, ignore_conflicts=True)
    return sorted({row.name for row in fresh} - there)


@contextmanager
def brought_along(*, project: ProjectRow, files: Iterable[Brought]) -> Iterator[int]:
    """Keep files while a table comes in; where it is refused, forget those that came with it."""
    with one_at_a_time.stepped_aside():  # others go on while the bytes are read
        stored = _stored(files)
    fresh = _keep(project, stored)
    try:
        yield len(fresh)
    except AssayError:
        AttachmentRow.objects.filter(project=project, name__in=fresh).delete()
        raise


def require_files(project: ProjectRow, items: Sequence[Item]) -> None:
    """Refuse items that name files which are not there."""
    if not any(item.attachments for item in items):
        return
    known = attachments.digests(project)
    for item in items:
        for name in item.attachments:
            if name not in known:
                raise AssayError(
                    _("Item “%(item)s” shows the file “%(name)s”, which is not there; bring it along.")
                    % {"item": item.id, "name": name}
                )
