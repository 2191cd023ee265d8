"""Live battles: the models that are entered, and each battle as it was drawn, shown and followed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from assay.platform.models.item import ItemRow
from assay.platform.models.work import WorkRow


class EntrantRow(models.Model):
    """A model that is entered in a project's arena: where it answers, and how it is asked.

    Registered before its first battle and never changed or removed, so that the record knows every variant
    that ever stood for votes; one that is withdrawn is retired. `name` is what boards call it. `digest` is of
    what answers (address, model, system prompt, temperature), so that the same one is not entered twice under
    two names. A blank `url` is the small model in the box. `key` never leaves the server.
    """

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="entrants")
    name = models.CharField(max_length=200)
    provider = models.CharField(max_length=200)
    url = models.CharField(max_length=500, blank=True)
    model = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=500, blank=True)
    system = models.TextField(blank=True)
    temperature = models.FloatField(default=0.7)
    digest = models.CharField(max_length=64)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    retired_because = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "name"], name="entrant_name_once"),
            models.UniqueConstraint(
                fields=["project", "digest"], condition=Q(retired_at__isnull=True), name="entrant_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class BattleRow(models.Model):
    """One battle: a prompt, and the two models that were drawn to answer it, stored before anything is shown.

    While a person writes, `draft` holds what they typed. Once it has begun, `first` and `second` are the two
    models in the order of their registration, `order` says which of them stands first on the page (`ab`, or
    `ba` for the second), and `propensity` is the chance that the draw had of choosing these two. `source` is
    what statistics call the prompt: the key of the item that was given, or a digest of what was written.
    What each model says lies in turns under the battle's `token`, sides `a` and `b` as on the page. `events`
    is the log: answers with their times, what the page saw. `looks` says in numbers how the two answers look
    (`assay.platform.arena_looks`). `left` battles were given up for a reason.
    """

    WRITING, BEGUN, LEFT = "writing", "begun", "left"
    AB, BA = "ab", "ba"

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="battles", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="battles")
    token = models.CharField(max_length=43, unique=True)
    state = models.CharField(max_length=7, default=WRITING)
    draft = models.JSONField(default=dict)
    given = models.ForeignKey(ItemRow, models.SET_NULL, null=True, related_name="given_in")
    work = models.OneToOneField(WorkRow, models.CASCADE, null=True, related_name="battle")
    source = models.CharField(max_length=200, blank=True)
    first = models.ForeignKey(EntrantRow, models.PROTECT, null=True, related_name="+")
    second = models.ForeignKey(EntrantRow, models.PROTECT, null=True, related_name="+")
    order = models.CharField(max_length=2, default=AB)
    policy = models.CharField(max_length=8, blank=True)
    propensity = models.FloatField(null=True)
    events = models.JSONField(default=list)
    looks = models.JSONField(default=list)
    drawn_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    left_because = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(state="writing"), name="one_prompt_at_a_time"
            ),
        )
        indexes = (models.Index(fields=["project", "state"], name="battle_state"),)

    def __str__(self) -> str:
        return f"battle {self.pk}"

    @property
    def pair(self) -> tuple[EntrantRow, EntrantRow]:
        """The two models of a battle that has begun, in the order of registration."""
        assert self.first is not None and self.second is not None  # noqa: S101, PT018 -- the draw sets both
        return self.first, self.second

    @property
    def on_page(self) -> tuple[EntrantRow, EntrantRow]:
        """The two models as they stand on the page."""
        first, second = self.pair
        return (first, second) if self.order == self.AB else (second, first)
