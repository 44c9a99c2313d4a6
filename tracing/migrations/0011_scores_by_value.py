"""A filter by a value that few scores have finds them by an index, instead of looking at every trace."""

from django.db import migrations, models
from django.db.models.functions import Left


class Migration(migrations.Migration):
    dependencies = [("tracing", "0010_full_pages")]

    operations = [
        migrations.AddIndex(
            "scorerow",
            models.Index(
                models.F("project_id"),
                Left("name", 100),
                models.F("value"),
                condition=models.Q(trace_id__isnull=False),
                name="score_value",
            ),
        ),
    ]
