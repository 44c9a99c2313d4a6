"""Charts that people keep: widgets, and dashboards that place them on a grid."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id


class Widget(models.Model):
    """One chart: a question to the metrics and how to draw its answer; the shapes are those of the wire.

    `dimensions` [{field}], `metrics` [{measure, agg}], `filters` (see `tracing.filters`), `chart_config` {type, …}.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="")
    view = models.CharField(max_length=32)
    dimensions = models.JSONField(default=list)
    metrics = models.JSONField(default=list)
    filters = models.JSONField(default=list)
    chart_type = models.CharField(max_length=32)
    chart_config = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "tracing_widget"
        ordering = ["-updated_at", "id"]
        indexes = [models.Index(fields=["project", "-updated_at"], name="widget_time")]

    def __str__(self) -> str:
        return self.name


class Dashboard(models.Model):
    """`placements` are the tiles as the wire shows them: {type, id, widgetId | presetId, x, y, width, height}."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="")
    placements = models.JSONField(default=list)
    filters = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "tracing_dashboard"
        ordering = ["-updated_at", "id"]
        indexes = [models.Index(fields=["project", "-updated_at"], name="dashboard_time")]

    def __str__(self) -> str:
        return self.name
