"""How often works are judged, how sure is sure enough, and what it may cost."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from assay.errors import AnswerError
from assay.platform.models import ProjectRow, WorkRow

LARGEST = 1_000
LARGEST_BUDGET = 1_000_000_000
NAMES = ("cap", "most", "confidence", "budget", "gold_share", "review_share")


def values(project: ProjectRow) -> dict[str, str]:
    """Return the settings of a project as its form shows them; shares in per cent.

    >>> values(ProjectRow(cap=3, most=5, confidence=0.9, gold_share=0.1))["confidence"]
    '90'
    """
    return {
        "cap": str(project.cap),
        "most": str(project.most),
        "confidence": _percent(project.confidence),
        "budget": "" if project.budget is None else str(project.budget),
        "gold_share": _percent(project.gold_share),
        "review_share": _percent(project.review_share),
    }


def _percent(share: float) -> str:
    return f"{100 * share:.6g}"


@transaction.atomic
def change(*, project: ProjectRow, given: Mapping[str, str]) -> ProjectRow:
    """Change the settings of a project, all of them or none.

    New works begin with the new `cap`; of those that are there, the ones that have the old one get the new
    one, as far as people are not at them already. A budget counts what was judged before, too.

    Raises
    ------
    AnswerError
        Where a value is none; names the field.
    """
    cap = _whole(given, "cap", 1, LARGEST)
    most = _whole(given, "most", 1, LARGEST)
    if most < cap:
        raise AnswerError(
            "most", _("At most as many as this can be no fewer than the judgments for each work.")
        )
    confidence = _share(given, "confidence", least=1)
    gold_share, review_share = _share(given, "gold_share"), _share(given, "review_share")
    budget = _whole(given, "budget", 0, LARGEST_BUDGET) if given.get("budget", "").strip() else None

    # Those who claim lock the project before works where there is a budget, and works alone where there is
    # none; whoever was faster has committed when their work is locked here, and is counted.
    row = ProjectRow.objects.select_for_update(no_key=True).get(pk=project.pk)
    works = WorkRow.objects.filter(project=row)
    if budget is not None and row.budget is None:
        list(works.select_for_update().order_by("pk").values_list("pk").iterator())
    recap(row, cap=cap, most=most)
    row.taken = works.aggregate(taken=Sum("taken", default=0))["taken"]
    row.cap, row.most, row.confidence, row.budget = cap, most, confidence, budget
    row.gold_share, row.review_share = gold_share, review_share
    row.save(update_fields=[*NAMES, "taken"])
    for name in (*NAMES, "taken"):
        setattr(project, name, getattr(row, name))
    return row


def recap(project: ProjectRow, *, cap: int, most: int) -> None:
    """Let the works of a project, whose row is locked, take as many judgments as it wants from now on.

    Works that have the old cap get the new one, and none stays open above `most`. A place that somebody is at
    just now is theirs; where they leave it, it is gone (`actions.work`).
    """
    wanted = WorkRow.objects.filter(project=project, use__in=[WorkRow.WORK, WorkRow.WITHHELD])
    if cap != project.cap:
        wanted.filter(cap=project.cap).update(cap=Greatest(cap, F("taken")))
    wanted.filter(cap__gt=most).filter(cap__gt=F("taken")).update(cap=Greatest(most, F("taken")))


def _whole(given: Mapping[str, str], name: str, low: int, high: int) -> int:
    text = given.get(name, "").strip()
    if not (text.isascii() and text.isdecimal()) or not low <= int(text) <= high:
        raise AnswerError(
            name, _("Write a whole number from %(low)s to %(high)s.") % {"low": low, "high": high}
        )
    return int(text)


def _share(given: Mapping[str, str], name: str, *, least: float = 0) -> float:
    try:
        number = float(given.get(name, "").strip())
    except ValueError:
        number = -1.0
    if not least <= number <= 100:  # what is not a number fails too
        raise AnswerError(name, _("Write a number from %(low)s to 100 (per cent).") % {"low": f"{least:g}"})
    return number / 100
