"""What models cost: a project's own definitions, which win over the built-in prices."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.ids import new_id
from llm.patterns import MAX_PATTERN

UNITS = [
    ("TOKENS", _("tokens")),
    ("CHARACTERS", _("characters")),
    ("MILLISECONDS", _("milliseconds")),
    ("SECONDS", _("seconds")),
    ("IMAGES", _("images")),
    ("REQUESTS", _("requests")),
]
TOKENIZERS = [("openai", _("OpenAI")), ("claude", _("Claude"))]


class ModelDefinition(models.Model):
    """A model of one project: which names it answers to, and its prices in US dollars per unit.

    `tiers` is a list of `{id, name, isDefault, priority, conditions, prices}` as on the wire (api.md, section 3.1),
    checked by `llm.definitions`; exactly one is the default.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    model_name = models.CharField(_("name"), max_length=200)
    match_pattern = models.CharField(
        _("match pattern"),
        max_length=MAX_PATTERN,
        help_text=_("A regular expression that finds the names of the model, e.g. (?i)^(yandex/)?yandexgpt$"),
    )
    start_date = models.DateTimeField(
        _("valid from"), null=True, blank=True, help_text=_("Applies to calls from this moment on; empty: to all.")
    )
    unit = models.CharField(_("unit"), max_length=16, choices=UNITS, default="TOKENS")
    tiers = models.JSONField(_("prices"), default=list)
    tokenizer_id = models.CharField(
        _("tokenizer"),
        max_length=16,
        choices=TOKENIZERS,
        null=True,
        blank=True,
        help_text=_("Counts tokens where a call brings no usage. Empty: they are not counted."),
    )
    tokenizer_config = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("model definition")
        verbose_name_plural = _("models and prices")
        ordering = ["-created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "model_name"], name="model_definition_once")]

    def __str__(self) -> str:
        return self.model_name
