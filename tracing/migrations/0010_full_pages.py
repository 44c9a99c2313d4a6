"""Most traces come whole and are written once (see `tracing.store.postgres.totals`): pages need no room for updates."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracing", "0009_updated_when_created")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE tracing_trace SET (fillfactor = 100)", "ALTER TABLE tracing_trace SET (fillfactor = 90)"
        ),
    ]
