"""Evaluators that are deterministic metrics."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0002_annotation_turns")]

    operations = [
        migrations.AddField(
            model_name="evaluatorversion",
            name="metric",
            field=models.JSONField(null=True),
        ),
        migrations.AlterField(
            model_name="evaluator",
            name="type",
            field=models.CharField(
                choices=[("llm_as_judge", "LLM as a judge"), ("code", "Code"), ("metric", "Metric")],
                editable=False,
                max_length=16,
                verbose_name="type",
            ),
        ),
    ]
