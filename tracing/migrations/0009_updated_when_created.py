"""A row that was never updated need not say when: eight bytes less of each. And an index needs no id behind a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracing", "0008_signatures_of_packs")]

    operations = [
        migrations.AlterField("tracerow", "updated_at", models.DateTimeField(null=True)),
        migrations.AlterField("observationrow", "updated_at", models.DateTimeField(null=True)),
        migrations.RemoveIndex("sessionrow", "session_time"),
        migrations.AddIndex("sessionrow", models.Index(fields=["project_id", "created_at"], name="session_time")),
    ]
