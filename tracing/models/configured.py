"""What people configure about what is measured: how scores are to be given."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id

CONFIG_TYPES = [
    ("NUMERIC", _("Number")),
    ("CATEGORICAL", _("Categories")),
    ("BOOLEAN", _("Yes or no")),
    ("TEXT", _("Text")),
]


class ScoreConfig(models.Model):
    """How scores of one kind look: their type, and the range or the categories their values come from.

    `categories` is a list of `{label, value}` (CATEGORICAL and BOOLEAN), labels and values unique. Configs are
    archived, not deleted: scores refer to them. The rules stand in `tracing.score_configs`.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=35)
    data_type = models.CharField(_("type"), max_length=16, choices=CONFIG_TYPES)
    is_archived = models.BooleanField(_("archived"), default=False)
    min_value = models.FloatField(_("lowest value"), null=True, blank=True)
    max_value = models.FloatField(_("highest value"), null=True, blank=True)
    categories = models.JSONField(_("categories"), null=True, blank=True)
    description = models.TextField(_("description"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("score config")
        verbose_name_plural = _("score configs")
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["project", "-created_at"])]

    def __str__(self) -> str:
        return self.name
