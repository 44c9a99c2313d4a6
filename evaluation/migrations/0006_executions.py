import common.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_session_epoch"),
        ("evaluation", "0005_playgrounds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="evaluationrule",
            name="delay_seconds",
            field=models.PositiveIntegerField(
                default=5,
                help_text="Seconds for the rest of the trace to arrive before it is looked at.",
                verbose_name="delay",
            ),
        ),
        migrations.AddField(
            model_name="evaluator",
            name="failures",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name="Application",
            fields=[
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                (
                    "id",
                    models.CharField(
                        default=common.ids.new_id, editable=False, max_length=100, primary_key=True, serialize=False
                    ),
                ),
                ("mapping", models.JSONField(null=True)),
                ("asked", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("FINDING", "looking for what to score"),
                            ("RUNNING", "running"),
                            ("DONE", "done"),
                            ("FAILED", "failed"),
                            ("CANCELLED", "cancelled"),
                        ],
                        default="FINDING",
                        max_length=10,
                    ),
                ),
                ("found", models.PositiveIntegerField(default=0)),
                ("after", models.TextField(default="")),
                ("fault", models.TextField(default="")),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "evaluator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="evaluation.evaluator",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.project"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="evaluation.evaluationrule",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "observation_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("rule_ids", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("due_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Execution",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.UUIDField(unique=True)),
                ("version", models.PositiveIntegerField(null=True)),
                ("trace_id", models.TextField()),
                ("observation_id", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PENDING", "waiting"),
                            ("RUNNING", "running"),
                            ("DONE", "done"),
                            ("FAILED", "failed"),
                            ("SKIPPED", "skipped"),
                        ],
                        default="PENDING",
                        max_length=8,
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("runner", models.CharField(default="", max_length=36)),
                ("lease_until", models.DateTimeField(null=True)),
                ("error", models.TextField(default="")),
                ("cost", models.FloatField(null=True)),
                ("scores", models.JSONField(default=list)),
                ("judge_trace_id", models.CharField(default="", max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="executions",
                        to="evaluation.application",
                    ),
                ),
                (
                    "evaluator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="executions",
                        to="evaluation.evaluator",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="evaluation.evaluationrule",
                    ),
                ),
            ],
            options={
                "verbose_name": "execution",
                "verbose_name_plural": "executions",
                "ordering": ["-id"],
            },
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["project", "-created_at"], name="application_newest"),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(
                condition=models.Q(("state__in", ("FINDING", "RUNNING"))),
                fields=["created_at"],
                name="application_open",
            ),
        ),
        migrations.AddIndex(
            model_name="arrival",
            index=models.Index(fields=["due_at"], name="arrival_due"),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("project"), models.OrderBy(models.F("id"), descending=True), name="execution_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("project"),
                models.F("state"),
                models.OrderBy(models.F("id"), descending=True),
                name="execution_by_state",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("evaluator"), models.OrderBy(models.F("id"), descending=True), name="execution_by_evaluator"
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                models.F("rule"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("rule__isnull", False)),
                name="execution_by_rule",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(models.F("application"), models.F("state"), name="execution_by_application"),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("state__in", ("PENDING", "RUNNING"))), fields=["due_at"], name="execution_due"
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(fields=["created_at"], name="execution_age"),
        ),
    ]
