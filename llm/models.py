"""What models cost: a project's own definitions, which win over the built-in prices; and how models are reached."""

from django.contrib.postgres.fields import ArrayField
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


ADAPTERS = [
    ("openai", _("OpenAI and compatible")),
    ("anthropic", "Anthropic"),
    ("azure", "Azure OpenAI"),
    ("bedrock", "Amazon Bedrock"),
    ("google-vertex-ai", "Google Vertex AI"),
    ("google-ai-studio", "Google AI Studio"),
]


class LlmConnection(models.Model):
    """How a project reaches a provider of models. The verbs are in `llm.connections`.

    The secret key and the values of extra headers are sealed (`common.crypto`) and never shown again.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(_("provider"), max_length=200)
    adapter = models.CharField(_("adapter"), max_length=32, choices=ADAPTERS, default="openai")
    base_url = models.TextField(_("base URL"), blank=True)  # empty: the adapter's own
    sealed_secret = models.TextField(editable=False)
    secret_display = models.CharField(max_length=16, editable=False)
    sealed_headers = models.TextField(editable=False, blank=True)  # a JSON object of texts, or empty
    header_names = ArrayField(models.TextField(), default=list, editable=False)
    custom_models = ArrayField(models.TextField(), verbose_name=_("models"), default=list)
    with_default_models = models.BooleanField(default=True)
    config = models.JSONField(null=True, blank=True)  # what the adapter needs beyond: a region, a location
    # Limits of all processes together; empty: none but the concurrency of `llm.limits`.
    concurrency = models.PositiveIntegerField(null=True, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    answer_seconds = models.PositiveIntegerField(null=True, blank=True)  # how long one answer may take
    prices = models.JSONField(null=True, blank=True)  # what `llm.costs` reads: the provider's own, in any currency
    # What is asked where no model is named (`llm.defaults`); one connection of a project has it at most.
    default_model = models.CharField(max_length=200, blank=True, default="", editable=False)
    last_test = models.JSONField(null=True, blank=True, editable=False)  # what `llm.probing` found, and when
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("LLM connection")
        verbose_name_plural = _("LLM connections")
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "provider"], name="llm_connection_once"),
            models.UniqueConstraint(
                fields=["project"], condition=~models.Q(default_model=""), name="default_model_once"
            ),
        ]

    def __str__(self) -> str:
        return self.provider
