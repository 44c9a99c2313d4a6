import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0010_playground_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Unplanned",
            fields=[
                (
                    "experiment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="evaluation.experiment",
                    ),
                ),
                (
                    "items",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("total", models.PositiveIntegerField()),
                ("written", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AlterField(
            model_name="experiment",
            name="status",
            field=models.CharField(
                choices=[
                    ("PLANNED", "planned"),
                    ("RUNNING", "running"),
                    ("PAUSED", "paused"),
                    ("CAPPED", "stopped by its cost cap"),
                    ("CANCELLED", "cancelled"),
                    ("DONE", "finished"),
                ],
                default="PLANNED",
                max_length=9,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="rescoring",
            name="status",
            field=models.CharField(
                choices=[("RUNNING", "running"), ("CANCELLED", "cancelled"), ("DONE", "finished")],
                default="RUNNING",
                max_length=9,
            ),
        ),
    ]
