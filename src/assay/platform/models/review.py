"""Second readers, and those who decide where two people differ."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from assay.platform.models.judgment import JudgmentRow
from assay.platform.models.work import WorkRow


class ReviewRow(models.Model):
    """What a second reader made of a judgment; held while they read.

    An edit is a judgment of its own (`edited`) that supersedes the one that was read.
    """

    HELD, ACCEPTED, EDITED, RETURNED = "held", "accepted", "edited", "returned"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="reviews", db_index=False)
    judgment = models.OneToOneField(JudgmentRow, models.CASCADE, related_name="review")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=8, default=HELD)
    draft = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    edited = models.OneToOneField(JudgmentRow, models.CASCADE, null=True, related_name="+")
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["project", "state"], name="review_state"),)

    def __str__(self) -> str:
        return f"review of {self.judgment_id}"


class AdjudicationRow(models.Model):
    """Two answers to one work, of which a third person says which stands, without knowing whose they are.

    `cause` is an appeal against a review (`review`, `opened_by` and `reason` are set), or a disagreement
    between people who are good at this. `sides` lists the ids of judgments in the order drawn; an appeal
    against a return has one side, and the reader's reason instead of the other.
    """

    APPEAL, DISAGREEMENT = "appeal", "disagreement"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="adjudications")
    work = models.ForeignKey(WorkRow, models.CASCADE, related_name="adjudications")
    cause = models.CharField(max_length=12)
    review = models.OneToOneField(ReviewRow, models.CASCADE, null=True, related_name="appeal")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="appeals")
    reason = models.TextField(blank=True)
    sides = models.JSONField()
    opened_at = models.DateTimeField(auto_now_add=True)
    adjudicator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField(null=True)
    chosen = models.ForeignKey(JudgmentRow, models.PROTECT, null=True, related_name="+")
    upheld = models.BooleanField(null=True)
    decision = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["project"], condition=Q(decided_at__isnull=True), name="adjudication_open"),
        )

    def __str__(self) -> str:
        return f"{self.cause} about {self.work_id}"
