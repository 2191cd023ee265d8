from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("platform", "0007_cases_of_pilots")]

    operations = [
        migrations.RenameField("goldrow", "created_at", "set_at"),
        migrations.AlterField("goldrow", "set_at", models.DateTimeField(auto_now=True)),
    ]
