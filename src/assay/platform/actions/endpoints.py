"""Naming the models that answer in a project's conversations, and laying out the works that follow."""

from __future__ import annotations

from itertools import combinations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from assay.errors import AnswerError, AssayError
from assay.inference import Endpoint, InferenceError, addresses
from assay.judgments import kind as kind_named
from assay.platform.actions.projects import bring_in
from assay.platform.models import EndpointRow, ItemRow, ProjectRow, SampleRow, WorkRow
from assay.platform.queries import endpoints, projects

LONGEST = 200
MOST = 8
"""Each two of them are compared on every item: eight are twenty-eight works an item."""


@transaction.atomic
def add_endpoint(
    *, project: ProjectRow, name: str, url: str = "", model: str = "", key: str = ""
) -> EndpointRow:
    """Add a model to a project, and lay out what is to be said to it; without `url` the one in the box."""
    name, url, model, key = (text.strip() for text in (name, url, model, key))
    if not name or len(name) > LONGEST:
        raise AnswerError("name", _("Give the model a name of up to 200 characters."))
    if url:
        _check(url, model, key)
    elif model or key:
        raise AnswerError("url", _("A model and a key need an address; without one it is the small model."))
    if EndpointRow.objects.filter(project=project).count() >= MOST:
        raise AnswerError("name", _("A project talks to eight models at most; take one out first."))
    try:
        with transaction.atomic():
            row = EndpointRow.objects.create(project=project, name=name, url=url, model=model, key=key)
    except IntegrityError as twice:
        raise AnswerError("name", _("There is a model of that name already.")) from twice
    _lay_out(project)
    return row


def _check(url: str, model: str, key: str) -> None:
    if not model:
        raise AnswerError("model", _("Say under which name the server knows the model."))
    if len(url) > 500 or len(model) > LONGEST or len(key) > 500:
        raise AnswerError("url", _("That is too long to be an address, a model or a key."))
    try:
        addresses.check(Endpoint(url, model, key=key or None))
    except InferenceError as wrong:
        raise AnswerError("url", wrong.args[0]) from wrong


@transaction.atomic
def remove_endpoint(*, project: ProjectRow, number: int) -> None:
    """Take a model out: nobody is sent to it any more, and what was said with it stays."""
    row = endpoints.numbered(project, number)
    others = EndpointRow.objects.filter(project=project).exclude(pk=row.pk).count()
    if others == 1 and WorkRow.objects.filter(project=project).exists():
        raise AssayError(_("Two models are compared here: add another one before you take this one out."))
    row.delete()
    _lay_out(project)


def _lay_out(project: ProjectRow) -> None:
    """Open the works of the models that there are, and close those of others where nobody has begun."""
    if not getattr(kind_named(projects.latest_brief(project).content["kind"]), "live", False):
        return
    items = [row.record() for row in ItemRow.objects.filter(project=project)]
    if not items:
        return
    bring_in(project=project, items=items)
    known = set(endpoints.names(project))
    author = dict(SampleRow.objects.filter(item__project=project).values_list("pk", "author"))
    pairs = {frozenset(pair) for pair in combinations(known, 2)}
    opened, closed = [], []
    for number, samples, cap, taken in WorkRow.objects.filter(project=project).values_list(
        "pk", "samples", "cap", "taken"
    ):
        wanted = frozenset(author[each] for each in samples) in pairs if samples else not pairs
        if wanted and cap < project.cap:
            opened.append(number)
        elif not wanted and cap > taken:
            closed.append(number)
    for start in range(0, len(opened), 500):
        WorkRow.objects.filter(pk__in=opened[start : start + 500]).update(cap=project.cap)
    for start in range(0, len(closed), 500):
        WorkRow.objects.filter(pk__in=closed[start : start + 500]).update(cap=F("taken"))
