"""Trying a brief before it costs anything: pilots, the cases they turn up, and two versions side by side."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from assay.platform.models.project import BriefRow, ProjectRow
from assay.platform.models.work import WorkRow


class PilotRow(models.Model):
    """A handful of people judge a sample under one version of the brief.

    One that was `withdrawn` says why, and counts for nothing.
    """

    project = models.ForeignKey(ProjectRow, models.CASCADE, related_name="pilots")
    brief = models.ForeignKey(BriefRow, models.PROTECT, related_name="+")
    people = models.PositiveIntegerField()
    works = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    withdrawn = models.CharField(max_length=1000, blank=True, default="", db_default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["project"], condition=Q(closed_at__isnull=True), name="one_pilot_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"pilot of {self.project_id}"


class EdgeCaseRow(models.Model):
    """A work on which a brief did not decide: skilled people part (`split`), or somebody said so (`silent`).

    Its author settles it by naming the principle that decides it. That principle goes into the next version
    (`settled_in`), and the work with its `labels` becomes gold or training, as `becomes` says. `examples`
    lists the samples that the next version shows, as `sample` (a row's id) and `great`. A case that decides
    nothing is dismissed for a `reason`.
    """

    SPLIT, SILENT = "split", "silent"
    OPEN, SETTLED, DISMISSED = "open", "settled", "dismissed"

    project = models.ForeignKey(ProjectRow, models.CASCADE, related_name="edge_cases")
    work = models.ForeignKey(WorkRow, models.CASCADE, related_name="edge_cases")
    brief = models.ForeignKey(BriefRow, models.PROTECT, related_name="+")
    pilot = models.ForeignKey(PilotRow, models.CASCADE, null=True, related_name="cases")
    cause = models.CharField(max_length=6)
    notes = models.JSONField(default=list)
    doubt = models.FloatField(default=0.0)
    state = models.CharField(max_length=9, default=OPEN)
    principle = models.TextField(blank=True)
    labels = models.JSONField(default=dict)
    becomes = models.CharField(max_length=8, blank=True)
    examples = models.JSONField(default=list)
    reason = models.TextField(blank=True, default="", db_default="")
    settled_in = models.ForeignKey(BriefRow, models.PROTECT, null=True, related_name="settles")
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["work", "brief"], name="edge_case_once"),)

    def __str__(self) -> str:
        return f"{self.cause}: {self.work_id}"


class ExperimentRow(models.Model):
    """Two versions of a brief side by side: people are dealt to one of them, the works are the same.

    `works` lists the ids of works that are judged `each` times by either version.
    """

    project = models.ForeignKey(ProjectRow, models.CASCADE, related_name="experiments")
    first = models.ForeignKey(BriefRow, models.PROTECT, related_name="+")
    second = models.ForeignKey(BriefRow, models.PROTECT, related_name="+")
    question = models.TextField(blank=True)
    works = models.JSONField(default=list)
    each = models.PositiveIntegerField(default=2)
    winner = models.ForeignKey(BriefRow, models.PROTECT, null=True, related_name="+")
    lesson = models.TextField(blank=True, default="", db_default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["project"], condition=Q(closed_at__isnull=True), name="one_experiment_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_id} against {self.second_id}"


class ArmRow(models.Model):
    """The version that one person works by in an experiment."""

    experiment = models.ForeignKey(ExperimentRow, models.CASCADE, related_name="arms")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    brief = models.ForeignKey(BriefRow, models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["experiment", "person"], name="one_arm_each"),)

    def __str__(self) -> str:
        return f"{self.person_id} in {self.experiment_id}"
