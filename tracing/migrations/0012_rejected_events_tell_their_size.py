"""Whether all of a body is kept is told by its size."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracing", "0011_scores_by_value")]
    operations = [migrations.RemoveField("rejectedevent", "whole")]
