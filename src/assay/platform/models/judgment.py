"""What people said; written once and never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from assay.records import Judgment


class JudgmentRow(models.Model):
    """What one person said about one work. A change of mind is a new row that supersedes the old one.

    `token` is that of the lease it came from: the same submission sent twice is one judgment. `cause` says
    why a row supersedes another: its author took it back (`undone`), a reader returned it (`returned`) or
    changed it (`edited`), or an earlier one was put back (`restored`).
    """

    UNDONE, RETURNED, EDITED, RESTORED = "undone", "returned", "edited", "restored"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="judgments")
    work = models.ForeignKey("WorkRow", models.CASCADE, related_name="judgments")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="judgments")
    brief = models.ForeignKey("BriefRow", models.PROTECT, related_name="+", db_index=False)
    answer = models.JSONField()
    seconds = models.FloatField(null=True)
    shown = models.JSONField(default=list)
    submitted_at = models.DateTimeField()
    token = models.CharField(max_length=64, unique=True)
    cause = models.CharField(max_length=8, blank=True, default="", db_default="")
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["work", "person"], condition=Q(supersedes__isnull=True), name="judged_once"
            ),
        )

    def __str__(self) -> str:
        return f"judgment {self.pk}"

    def record(self, *, work: str, kind: str, version: int) -> Judgment:
        """Return the judgment; what stands in other tables is handed in: one read for all rows."""
        return Judgment(
            id=str(self.pk),
            work=work,
            rater=self.person.name,
            kind=kind,
            answer=self.answer,
            brief_version=version,
            seconds=self.seconds,
            shown=tuple(self.shown),
        )
