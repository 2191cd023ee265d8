"""How the two answers of a battle look, in numbers: a column, filled for the battles that are there."""

from __future__ import annotations

from django.db import migrations, models

PART = 500


def fill(apps, schema_editor):
    from assay.platform.arena_looks import looks

    battles, samples = apps.get_model("platform", "BattleRow"), apps.get_model("platform", "SampleRow")
    rows = battles.objects.filter(answered_at__isnull=False, work__isnull=False).select_related("work")
    last = 0
    while part := list(rows.filter(pk__gt=last).order_by("pk")[:PART]):
        last = part[-1].pk
        numbers = [number for row in part for number in row.work.samples]
        texts = dict(samples.objects.filter(pk__in=numbers).values_list("pk", "text"))
        for row in part:
            row.looks = looks(*(texts[number] for number in row.work.samples))
        battles.objects.bulk_update(part, ["looks"])


class Migration(migrations.Migration):
    dependencies = [("platform", "0010_own_numbers")]
    operations = [
        migrations.AddField("battlerow", "looks", models.JSONField(default=list)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
