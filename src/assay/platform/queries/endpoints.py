"""The models that answer in a project's conversations. Their keys are read by the worker alone."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404

from assay.inference.embedded import MODEL
from assay.judgments import Kind
from assay.platform.models import EndpointRow, ProjectRow, TurnRow
from assay.records import Item, Sample
from assay.wording import again

Project = ProjectRow


def endpoints(project: ProjectRow) -> list[EndpointRow]:
    """Return the models of a project, by name."""
    return list(EndpointRow.objects.filter(project=project).defer("key").order_by("name"))


def numbered(project: ProjectRow, number: int) -> EndpointRow:
    """Return one model of a project, with its key."""
    found = EndpointRow.objects.filter(project=project, pk=number).first()
    if found is None:
        raise Http404
    return found


def names(project: ProjectRow) -> list[str]:
    """Return the names of the models of a project: the small one in the box where nobody named any."""
    found = EndpointRow.objects.filter(project=project).order_by("name").values_list("name", flat=True)
    return list(found) or [MODEL]


def voices(project: ProjectRow, kind: Kind, items: Sequence[Item]) -> list[Sample]:
    """Return what stands for the models in each item of a live kind; nothing where one model has no rival."""
    if not getattr(kind, "live", False):
        return []
    found = names(project)
    return [
        Sample(f"{item.id}/{name}", item.id, name, "") for item in items for name in found if len(found) > 1
    ]


def known(project_id: int, name: str) -> EndpointRow | None:
    """Return a model of a project with its key; the one in the box needs no row. `None` where it is gone."""
    found = EndpointRow.objects.filter(project_id=project_id, name=name).first()
    if found is None and name == MODEL:
        return EndpointRow(project_id=project_id, name=MODEL)
    return found


def troubles(project: ProjectRow) -> dict[str, TurnRow]:
    """Return the last answer of each model, by its name, where that was none."""
    last: dict[str, TurnRow] = {}
    ended = (TurnRow.DONE, TurnRow.FAILED)
    rows = TurnRow.objects.filter(project=project, state__in=ended).exclude(side=TurnRow.PERSON)
    for row in rows.order_by("-pk")[:200]:
        if row.author not in last:
            row.problem = again(row.problem)
            last[row.author] = row
    return {name: row for name, row in last.items() if row.state == TurnRow.FAILED}
