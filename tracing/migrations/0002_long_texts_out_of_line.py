"""Keep rows narrow: long texts go out of line (TOAST) as soon as a row exceeds some 1,300 bytes.

EXTERNAL: out of line and not compressed (the embedded PostgreSQL has only pglz, which would cost more time than all
else together). MAIN: stays in the row. Measured with 1 kB of input and of output, against a second table for the texts:
as fast to write, one statement, one index and one join less. A trace is updated by every batch that adds to it: the
fill factor leaves room for that on its page (HOT), so that no index is touched.
"""

from django.db import migrations

LONG = ("input", "output", "metadata")
NARROW = {
    "tracing_trace": ("name", "user_id", "session_id", "input_preview", "output_preview", "tags"),
    "tracing_observation": (
        "name", "status_message", "model_parameters", "usage_details", "cost_details", "provided_usage_details",
        "provided_cost_details", "input_preview", "output_preview", "experiment",
    ),
}


def alter(table: str) -> str:
    storage = [f'ALTER "{column}" SET STORAGE EXTERNAL' for column in LONG]
    storage += [f'ALTER "{column}" SET STORAGE MAIN' for column in NARROW[table]]
    return f"ALTER TABLE {table} {', '.join(storage)}"


class Migration(migrations.Migration):
    dependencies = [("tracing", "0001_measured")]

    operations = [
        migrations.RunSQL([alter("tracing_trace"), alter("tracing_observation")], migrations.RunSQL.noop),
        migrations.RunSQL("ALTER TABLE tracing_trace SET (toast_tuple_target = 1280, fillfactor = 80)", migrations.RunSQL.noop),
        migrations.RunSQL("ALTER TABLE tracing_observation SET (toast_tuple_target = 1280)", migrations.RunSQL.noop),
    ]
