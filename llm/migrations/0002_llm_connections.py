import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_invitations_and_deletion"),
        ("llm", "0001_models"),
    ]

    operations = [
        migrations.CreateModel(
            name="LlmConnection",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=common.ids.new_id, editable=False, max_length=100, primary_key=True, serialize=False
                    ),
                ),
                ("provider", models.CharField(max_length=200, verbose_name="provider")),
                (
                    "adapter",
                    models.CharField(
                        choices=[
                            ("openai", "OpenAI and compatible"),
                            ("anthropic", "Anthropic"),
                            ("azure", "Azure OpenAI"),
                            ("bedrock", "Amazon Bedrock"),
                            ("google-vertex-ai", "Google Vertex AI"),
                            ("google-ai-studio", "Google AI Studio"),
                        ],
                        default="openai",
                        max_length=32,
                        verbose_name="adapter",
                    ),
                ),
                ("base_url", models.TextField(blank=True, verbose_name="base URL")),
                ("sealed_secret", models.TextField(editable=False)),
                ("secret_display", models.CharField(editable=False, max_length=16)),
                ("sealed_headers", models.TextField(blank=True, editable=False)),
                (
                    "header_names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, editable=False, size=None
                    ),
                ),
                (
                    "custom_models",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None, verbose_name="models"
                    ),
                ),
                ("with_default_models", models.BooleanField(default=True)),
                ("config", models.JSONField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.project"
                    ),
                ),
            ],
            options={
                "verbose_name": "LLM connection",
                "verbose_name_plural": "LLM connections",
                "ordering": ["-created_at", "id"],
                "constraints": [models.UniqueConstraint(fields=("project", "provider"), name="llm_connection_once")],
            },
        ),
    ]
