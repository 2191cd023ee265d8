"""Two versions of a brief side by side: begin, watch, name the better one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assay.errors import AnswerError, AssayError
from assay.platform.actions import experiments as actions
from assay.platform.pages.figures import in_words
from assay.platform.pages.parts import part
from assay.platform.pages.projects import table
from assay.platform.pages.request import person_of, problem_of
from assay.platform.queries import briefs, projects
from assay.platform.queries import experiments as queries
from assay.platform.templatetags.assay import asked

if TYPE_CHECKING:
    from assay.pipeline.trying import Comparison

PATIENCE = 1.0


@login_required
@require_http_methods(["GET", "POST"])
def experiments(request: HttpRequest, slug: str) -> HttpResponse:
    """List the experiments of a project, and begin one."""
    member = projects.membership(person_of(request), slug, "manage")
    found: dict[str, object] = {
        "project": member.project,
        "experiments": queries.experiments(member.project),
        "versions": briefs.versions(member.project),
        "defaults": {"works": actions.WORKS, "each": actions.EACH},
        "given": request.POST,
    }
    if request.method == "GET":
        return render(request, "platform/experiments.html", found)
    try:
        begun = _begin(request.POST, member.project)
    except AssayError as wrong:
        found |= {"problem": problem_of(wrong), "field": getattr(wrong, "field", "")}
        return render(request, "platform/experiments.html", found, status=422)
    return redirect("experiment", slug, begun.pk)


def _begin(form: QueryDict, project: projects.Project) -> queries.Experiment:
    first, second, works, each = (_number(form, name) for name in ("first", "second", "works", "each"))
    return actions.start(
        project=project,
        first=briefs.version(project, first),
        second=briefs.version(project, second),
        works=works,
        each=each,
        question=form.get("question", ""),
    )


def _number(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    if not text.isdecimal():
        raise AnswerError(name, _("Write whole numbers, and choose two versions."))
    return int(text)


@login_required
@require_safe
def experiment(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one experiment; what takes counting comes after, through `results`."""
    member = projects.membership(person_of(request), slug, "read")
    row = queries.experiment(member.project, number)
    changes = briefs.changes(row.first.record(), row.second.record())
    found = {
        "project": member.project,
        "experiment": row,
        "progress": queries.progress(row),
        "changes": changes,
        "latest": projects.latest_brief(member.project),
        **projects.rights_of(member),
    }
    return render(request, "platform/experiment.html", found)


@login_required
@require_safe
def results(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Give the part of an experiment that rests on statistics, or a promise to ask again; or CSV."""
    member = projects.membership(person_of(request), slug, "read")
    row = queries.experiment(member.project, number)
    if request.GET.get("as") == "csv":
        compared = queries.comparisons(row) or []
        return table([_line(one) for one in compared], f"{slug}-experiment-{number}.csv")
    found = queries.comparisons(row, patience=PATIENCE)
    context: dict[str, object] = {"experiment": row, "waits": found is None}
    if found:
        from assay.quality import plots  # noqa: PLC0415 -- only who looks at figures pays for them

        rows = [(title(one, found), one) for one in found]
        named = [(words, one.effect) for words, one in rows if one.effect and one.measure != "seconds"]
        context |= {
            "rows": rows,
            "figure": in_words(plots.effects(named)) if named else None,
        }
    up = reverse("experiment", args=[slug, number]), _("Two versions side by side")
    show = partial(part, request, title=_("What the second version changes"), up=up, waits=found is None)
    return show("platform/experiment_results.html", context, project=member.project)


def _line(one: Comparison) -> dict[str, object]:
    """Return one row of the table to keep; times are compared by a factor, the rest by a difference."""
    by = {"measure": one.measure, "question": one.question, "first": one.means[0], "second": one.means[1]}
    effect, factor = one.effect, one.factor
    change = factor or ((effect.difference, effect.low, effect.high) if effect else (None, None, None))
    return {
        **by,
        "unit": "factor" if one.measure == "seconds" else "share",
        **dict(zip(("change", "low", "high"), change, strict=True)),
        "by chance": effect.chance if effect else None,
        "people first": effect.people[0] if effect else None,
        "people second": effect.people[1] if effect else None,
        "works": effect.items if effect else None,
    }


def title(one: Comparison, among: Sequence[Comparison]) -> str:
    """Return what was compared, in words; which question it was only where there are several."""
    if len({each.question for each in among if each.question}) == 1:
        return _alone(one)
    words = {
        "right": _("Right, where the answer is known: %s"),
        "agree": _("Two people say the same: %s"),
        "sure": _("How sure verdicts are: %s"),
    }
    return words[one.measure] % asked(one.question) if one.measure in words else _("Time for a judgment")


def _alone(one: Comparison) -> str:
    return {
        "right": _("Right, where the answer is known"),
        "agree": _("Two people say the same"),
        "sure": _("How sure verdicts are"),
    }.get(one.measure, _("Time for a judgment"))


@login_required
@require_POST
def close(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """End an experiment, and name the version that is in force from now on."""
    member = projects.membership(person_of(request), slug, "manage")
    row = queries.experiment(member.project, number)
    winner = {"first": row.first, "second": row.second}.get(request.POST.get("winner", ""))
    try:
        if winner is None and request.POST.get("winner") != "none":
            raise AssayError(_("Choose one of the two versions, or neither."))
        actions.close(project=member.project, winner=winner, lesson=request.POST.get("lesson", ""))
    except AssayError as wrong:
        messages.error(request, problem_of(wrong))
    return redirect("experiment", slug, number)
