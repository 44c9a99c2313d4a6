"""Several annotators per item: who is at which item, and in which order items are handed out."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.ids

# What stands in queues already is handed out in the order in which it came.
PLACES = """
UPDATE evaluation_queueitem AS item SET place = ordered.place
FROM (
    SELECT id, row_number() OVER (PARTITION BY queue_id ORDER BY created_at, id) - 1 AS place FROM evaluation_queueitem
) AS ordered
WHERE ordered.id = item.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0001_annotation_and_evaluators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="annotationqueue",
            name="annotators",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="How many people judge the same item, each for themselves.",
                verbose_name="annotators per item",
            ),
        ),
        migrations.AddField(
            model_name="annotationqueue",
            name="overlap",
            field=models.FloatField(
                default=1.0,
                help_text="The other items are judged by one person. 1: every item by as many as said above.",
                verbose_name="share judged by all of them",
            ),
        ),
        migrations.AddField(
            model_name="annotationqueue",
            name="blind",
            field=models.BooleanField(
                default=False,
                help_text="The desk shows neither the run nor the model nor any name of them.",
                verbose_name="blind",
            ),
        ),
        migrations.AddField(
            model_name="queueitem",
            name="place",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="queueitem",
            name="wanted",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="queueitem",
            name="gold",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.RunSQL(PLACES, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="queueitem",
            index=models.Index(fields=["queue", "status", "place", "id"], name="queue_item_next"),
        ),
        migrations.CreateModel(
            name="AnnotationTurn",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=common.ids.new_id, editable=False, max_length=100, primary_key=True, serialize=False
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("CLAIMED", "open"), ("DRAFT", "begun"), ("DONE", "done"), ("SKIPPED", "skipped")],
                        default="CLAIMED",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("draft", models.JSONField(blank=True, default=dict)),
                ("seconds", models.FloatField(default=0, verbose_name="time spent")),
                ("claimed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("leased_until", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="turns", to="evaluation.queueitem"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "annotator's turn",
                "verbose_name_plural": "annotators' turns",
                "indexes": [models.Index(fields=["user", "state", "finished_at"], name="annotation_turn_of_person")],
                "constraints": [
                    models.UniqueConstraint(fields=("item", "user"), name="annotation_turn_once"),
                    models.UniqueConstraint(fields=("item", "slot"), name="annotation_slot_once"),
                ],
            },
        ),
    ]
