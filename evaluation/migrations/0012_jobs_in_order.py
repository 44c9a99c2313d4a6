from django.db import migrations, models


class Migration(migrations.Migration):
    """The list of an experiment's jobs was looked for among the jobs of all experiments."""

    dependencies = [
        ("evaluation", "0011_jobs_planned_in_chunks"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["experiment", "id"], name="job_in_order"),
        ),
    ]
