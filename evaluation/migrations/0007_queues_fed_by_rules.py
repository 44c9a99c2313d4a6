"""A rule may put what it takes into an annotation queue."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0006_executions")]

    operations = [
        migrations.AddField(
            model_name="annotationqueue",
            name="fed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="feeds",
                to="evaluation.evaluationrule",
                verbose_name="rule",
            ),
        ),
        migrations.AddField(
            model_name="annotationqueue",
            name="fed_share",
            field=models.FloatField(default=1.0),
        ),
    ]
