import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_session_epoch"),
        ("evaluation", "0004_experiments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlaygroundDraft",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=common.ids.new_id, editable=False, max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("state", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.project"
                    ),
                ),
            ],
            options={
                "verbose_name": "playground",
                "verbose_name_plural": "playgrounds",
                "indexes": [
                    models.Index(fields=["project", "author", "-updated_at"], name="playground_of_person")
                ],
            },
        ),
    ]
