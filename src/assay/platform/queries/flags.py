"""What people flagged, and what came of it."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.http import Http404

from assay.platform.models import FlagRow, PersonRow, ProjectRow


def flag(project: ProjectRow, number: int) -> FlagRow:
    """Return a flag of a project."""
    found = FlagRow.objects.filter(project=project, pk=number).first()
    if found is None:
        raise Http404
    return found


def flags(project: ProjectRow) -> QuerySet[FlagRow]:
    """Return the flags of a project, those that nobody settled first."""
    rows = FlagRow.objects.filter(project=project).select_related("work__item", "person")
    return rows.order_by(F("settled_at").asc(nulls_first=True), "-created_at")


def open_flags(project: ProjectRow) -> int:
    """Count the flags that nobody settled."""
    return FlagRow.objects.filter(project=project, settled_at__isnull=True).count()


def own(person: PersonRow) -> QuerySet[FlagRow]:
    """Return what a person flagged in projects they belong to, and what came of it."""
    rows = FlagRow.objects.filter(person=person, project__memberships__person=person)
    return rows.select_related("work__item", "project").order_by("-created_at")[:20]
