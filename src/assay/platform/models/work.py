"""Works, and who is at them just now."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from assay.platform.models.item import ItemRow, SampleRow
from assay.records import Work


class WorkRow(models.Model):
    """One item waiting to be judged, with the samples that are judged together.

    `taken` counts its judgments and the held leases on it and never passes `cap`; `judged` counts the
    judgments alone. `samples` lists the ids of sample rows in a fixed order: a list, because samples are
    never deleted and a claim should not pay for another join. `language` repeats the item's for the same end.
    """

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="works", db_index=False)
    key = models.CharField(max_length=600)
    item = models.ForeignKey(ItemRow, models.CASCADE, related_name="works", db_index=False)
    samples = models.JSONField(default=list)
    language = models.CharField(max_length=35, default="und")
    cap = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "key"], name="work_key_once"),
            # The last guard behind the conditional updates in `actions.work`.
            models.CheckConstraint(
                condition=Q(taken__lte=F("cap"), judged__lte=F("taken")), name="work_within_cap"
            ),
        )
        indexes = (
            # Begun works first, and only the open ones: as short as what is left to do.
            models.Index(
                F("project"), F("taken").desc(), F("id"), condition=Q(taken__lt=F("cap")), name="work_open"
            ),
        )

    def __str__(self) -> str:
        return self.key

    def record(self, samples: Mapping[int, SampleRow]) -> Work:
        """Return the work, given the sample rows by id; reads its item."""
        item = self.item.record()
        return Work(self.key, item, tuple(samples[number].record(item.id) for number in self.samples))


class LeaseRow(models.Model):
    """One person at one work. While it is held it takes up one of the work's places.

    A lapsed lease has lost its place to somebody else, but keeps the draft: nothing typed is thrown away.
    A skipped one says that this person does not want this work. A submitted one is deleted. `shown` lists the
    ids of sample rows from left to right, in the order drawn for this person.
    """

    HELD, LAPSED, SKIPPED = "held", "lapsed", "skipped"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="leases", db_index=False)
    work = models.ForeignKey(WorkRow, models.CASCADE, related_name="leases", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="leases")
    brief = models.ForeignKey("BriefRow", models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=43, unique=True)
    state = models.CharField(max_length=7, default=HELD)
    shown = models.JSONField(default=list)
    draft = models.JSONField(default=dict)
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["work", "person"], name="lease_once"),
            # Two tabs that ask at the same moment get one work, not two.
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(state="held"), name="one_work_at_a_time"
            ),
        )
        indexes = (models.Index(fields=["project", "state", "expires_at"], name="lease_expiry"),)

    def __str__(self) -> str:
        return f"{self.person_id} at {self.work_id}"
