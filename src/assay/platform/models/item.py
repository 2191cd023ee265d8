"""Items and the samples made for them."""

from __future__ import annotations

from django.db import models

from assay.records import Item, Sample


class ItemRow(models.Model):
    """What is put in front of somebody; `key` is its id in the records.

    Items of one `series` (the pages of a document, the turns of a talk) are given to the same person one
    after the other, by `place`. `attachments` lists the names of files that are shown with it.
    """

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="items", db_index=False)
    key = models.CharField(max_length=200)
    prompt = models.TextField()
    context = models.TextField(blank=True)
    language = models.CharField(max_length=35, default="und")
    domain = models.CharField(max_length=200, blank=True)
    series = models.CharField(max_length=200, blank=True, default="", db_default="")
    place = models.PositiveIntegerField(default=0, db_default=0)
    attachments = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "key"], name="item_key_once"),)

    def __str__(self) -> str:
        return self.key

    def record(self) -> Item:
        """Return the item."""
        return Item(
            self.key,
            self.prompt,
            self.context,
            self.language,
            self.domain,
            tuple(self.attachments),
            self.series,
            self.place,
        )


class SampleRow(models.Model):
    """An answer to an item; `author` is a model or a person."""

    item = models.ForeignKey(ItemRow, models.CASCADE, related_name="samples", db_index=False)
    key = models.CharField(max_length=400)
    author = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["item", "key"], name="sample_key_once"),)

    def __str__(self) -> str:
        return self.key

    def record(self, item: str) -> Sample:
        """Return the sample of an item, which is named so that no further read is needed."""
        return Sample(self.key, item, self.author, self.text)


class AttachmentRow(models.Model):
    """A file that items show; its bytes lie under their `digest`, so that a name is never a path."""

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="attachments", db_index=False)
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "name"], name="attachment_name_once"),)

    def __str__(self) -> str:
        return self.name
