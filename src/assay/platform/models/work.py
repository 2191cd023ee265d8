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
    never deleted and a claim should not pay for another join. `language`, `domain`, `series` and `place`
    repeat the item's for the same end. `doubt` is the last known doubt about its verdict, from 0 (none).

    `use` says what the work is for: judged in the pilot; judged by two versions of the brief (trial);
    known to us and mixed in unannounced (gold); known, and explained afterwards (training); or wanted for its
    own sake. A wanted one that somebody flagged as harmful is withheld until an author has looked. The work
    of a live battle (battle) is for whoever wrote its prompt, and is given to nobody else.
    """

    WITHHELD = "withheld"
    WORK, PILOT, TRIAL, GOLD, TRAINING = "work", "pilot", "trial", "gold", "training"
    BATTLE = "battle"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="works", db_index=False)
    key = models.CharField(max_length=600)
    item = models.ForeignKey(ItemRow, models.CASCADE, related_name="works", db_index=False)
    samples = models.JSONField(default=list)
    use = models.CharField(max_length=8, default=WORK, db_default=WORK)
    language = models.CharField(max_length=35, default="und")
    domain = models.CharField(max_length=200, blank=True, default="", db_default="")
    series = models.CharField(max_length=200, blank=True, default="", db_default="")
    place = models.PositiveIntegerField(default=0, db_default=0)
    doubt = models.FloatField(default=0.0, db_default=0.0)
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
                F("project"),
                F("use"),
                F("taken").desc(),
                F("id"),
                condition=Q(taken__lt=F("cap")),
                name="work_open",
            ),
        )

    def __str__(self) -> str:
        return self.key

    def record(self, samples: Mapping[int, SampleRow]) -> Work:
        """Return the work, given the sample rows by id; reads its item."""
        item = self.item.record()
        return Work(self.key, item, tuple(samples[number].record(item.id) for number in self.samples))


class GoldRow(models.Model):
    """What is right about a work, and because of which principle; `labels` maps question → label."""

    PILOT, AUTHOR, ADJUDICATION = "pilot", "author", "adjudication"

    work = models.OneToOneField(WorkRow, models.CASCADE, related_name="gold")
    labels = models.JSONField()
    because = models.TextField(blank=True)
    source = models.CharField(max_length=12)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"gold of {self.work_id}"


class LeaseRow(models.Model):
    """One person at one work. While it is held it takes up one of the work's places.

    A lapsed lease has lost its place to somebody else, but keeps the draft: nothing typed is thrown away.
    A skipped one says that this person does not want this work, and why (`reason`). A submitted one is
    deleted. `shown` lists the ids of sample rows from left to right, in the order drawn for this person.

    One that `replaces` a judgment takes up no further place: the judgment has it, and stays in force until
    the next one supersedes it. Its `reason` is the cause of that (`JudgmentRow.UNDONE`, `RETURNED`).
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
    reason = models.CharField(max_length=1000, blank=True, default="", db_default="")
    replaces = models.OneToOneField("JudgmentRow", models.CASCADE, null=True, related_name="reopened")
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


class FlagRow(models.Model):
    """Something that a person wants the authors to know about a work.

    `silent`: the brief does not decide this case. `broken`: it cannot be judged. `harmful`: nobody
    should have to read this.
    """

    SILENT, BROKEN, HARMFUL, OTHER = "silent", "broken", "harmful", "other"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="flags")
    work = models.ForeignKey(WorkRow, models.CASCADE, related_name="flags")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    cause = models.CharField(max_length=7)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    settled_with = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["work", "person", "cause"], name="flag_once"),)

    def __str__(self) -> str:
        return f"{self.cause}: {self.work_id}"


class TurnRow(models.Model):
    """What was said at one turn of a live conversation by the person or by one model, as far as it has come.

    `token` is the lease's, and stays when the lease is gone: it leads from the judgment to what was said.
    `side` is that of a model, in the order drawn (`a`, `b`), or the person's (`p`), whose row also says how
    they went on (`choice`). A model's answer is written by one `worker` at a time, which says every so often
    that it still lives (`beat_at`). `fault` is why there is no answer, in a word; `problem` the whole story,
    for those who run the project, since it can name the model.
    """

    WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
    PERSON = "p"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="turns", db_index=False)
    token = models.CharField(max_length=43)
    number = models.PositiveIntegerField()
    side = models.CharField(max_length=1)
    author = models.CharField(max_length=200)
    state = models.CharField(max_length=7, default=WAITING)
    text = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    fault = models.CharField(max_length=12, blank=True, default="", db_default="")
    choice = models.JSONField(default=dict)
    worker = models.CharField(max_length=32, blank=True, default="", db_default="")
    beat_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["token", "number", "side"], name="turn_once"),)

    def __str__(self) -> str:
        return f"turn {self.number}{self.side}"
