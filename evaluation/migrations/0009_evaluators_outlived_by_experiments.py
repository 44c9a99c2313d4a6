"""Experiments keep what judged them, and count the calls whose price nobody knows."""

from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_definitions(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Name and definition of each evaluator as they are now, in the shape of `evaluation.definitions`."""
    chosen = apps.get_model("evaluation", "ChosenEvaluator").objects.select_related("version__evaluator")
    for one in chosen.iterator(chunk_size=500):
        version = one.version
        one.name, one.type, one.number = version.evaluator.name, version.evaluator.type, version.version
        one.definition = _definition(version)
        one.save(update_fields=["name", "type", "number", "definition"])


def _definition(version: Any) -> dict[str, Any]:
    if version.metric is not None:
        return dict(version.metric)
    if version.output is None:
        return {"source_code": version.source_code or "", "language": version.source_code_language or ""}
    return {
        "messages": [[message["role"], message["content"]] for message in version.messages],
        "output": version.output,
        "mapping": version.mapping,
        "provider": version.provider,
        "model": version.model,
    }


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0008_executions_outlive_applications")]

    operations = [
        migrations.AddField(
            "chosenevaluator", "name", models.CharField(max_length=200, default=""), preserve_default=False
        ),
        migrations.AddField(
            "chosenevaluator",
            "type",
            models.CharField(
                choices=[("llm_as_judge", "LLM as a judge"), ("code", "Code"), ("metric", "Metric")],
                max_length=16,
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "chosenevaluator", "number", models.PositiveIntegerField(default=1), preserve_default=False
        ),
        migrations.AddField("chosenevaluator", "definition", models.JSONField(default=dict), preserve_default=False),
        migrations.AddField("chosenevaluator", "halted", models.TextField(blank=True, default="")),
        migrations.AddField("job", "unpriced", models.PositiveIntegerField(default=0)),
        migrations.AddField("cell", "unpriced", models.PositiveIntegerField(default=0)),
        migrations.AddField("rescoring", "unpriced", models.PositiveIntegerField(default=0)),
        migrations.AlterField(
            "chosenevaluator",
            "evaluator",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="evaluation.evaluator",
            ),
        ),
        migrations.AlterField(
            "chosenevaluator",
            "version",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="evaluation.evaluatorversion",
            ),
        ),
        migrations.RunPython(keep_definitions, migrations.RunPython.noop),
        migrations.RunSQL(
            """
            UPDATE evaluation_job SET unpriced = 1 WHERE cost IS NULL AND state IN ('SCORING', 'DONE');
            UPDATE evaluation_cell AS cell SET unpriced = counted.unpriced FROM (
                SELECT cell_id, sum(unpriced) AS unpriced FROM evaluation_job WHERE unpriced > 0 GROUP BY cell_id
            ) AS counted WHERE cell.id = counted.cell_id;
            """,
            migrations.RunSQL.noop,
        ),
    ]
