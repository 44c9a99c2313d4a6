"""The form of a connection: what people type, as the verb wants it. What a value may be is the verb's business."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.decimals import DecimalField, DecimalInput
from common.errors import Invalid
from llm.connection_terms import BOUNDS, Price, Terms
from llm.connections import LONGEST_NAME, Draft
from llm.models import ADAPTERS, LlmConnection

# Field on the wire -> field of the form.
FIELDS = {
    "provider": "provider",
    "adapter": "adapter",
    "secretKey": "secret_key",
    "baseURL": "base_url",
    "customModels": "models",
    "extraHeaders": "headers",
    "config": "region",
} | {name: name for name in (*BOUNDS, "currency", "per_dollar", "prices")}
# Adapter -> the key of its config that the field `region` fills.
REGIONS = {"bedrock": "region", "google-vertex-ai": "location"}


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider that the form can be filled in for. In capitals what is to be replaced."""

    name: Any
    provider: str
    address: str
    adapter: str = "openai"


PRESETS = (
    Preset("OpenAI", "openai", "https://api.openai.com/v1"),
    Preset("Azure OpenAI", "azure", "https://NAME.openai.azure.com", "azure"),
    Preset("OpenRouter", "openrouter", "https://openrouter.ai/api/v1"),
    Preset("Bothub", "bothub", "https://bothub.chat/api/v2/openai/v1"),
    Preset("Anthropic", "anthropic", "https://api.anthropic.com/v1", "anthropic"),
    Preset("Google Gemini", "gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "google-ai-studio"),
    Preset("DeepSeek", "deepseek", "https://api.deepseek.com/v1"),
    Preset("Mistral", "mistral", "https://api.mistral.ai/v1"),
    Preset("YandexGPT", "yandex", "https://llm.api.cloud.yandex.net/v1"),
    Preset(gettext_lazy("GigaChat (gateway gpt2giga)"), "gigachat", "http://localhost:8090/v1"),
    Preset("vLLM", "vllm", "http://localhost:8000/v1"),
    Preset("Ollama", "ollama", "http://localhost:11434/v1"),
)


def _limit(label: Any, field: str, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=BOUNDS[field], help_text=help_text)


def _lines(placeholder: str, rows: int) -> forms.Textarea:
    return forms.Textarea({"rows": rows, "spellcheck": "false", "class": "code", "placeholder": placeholder})


class ConnectionForm(forms.Form):
    """A connection; with `present` a change of that one, whose secrets are kept where nothing is typed."""

    provider = forms.CharField(
        label=gettext_lazy("Provider"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput({"placeholder": "openai", "autocomplete": "off"}),
        help_text=gettext_lazy("A name of your own. Prompts, experiments and evaluators choose the connection by it."),
    )
    adapter = forms.ChoiceField(
        label=gettext_lazy("Protocol"),
        choices=ADAPTERS,
        help_text=gettext_lazy(
            "Most providers and local servers speak OpenAI's: OpenRouter, Ollama, vLLM, GigaChat gateways …"
        ),
    )
    base_url = forms.CharField(
        label=gettext_lazy("Base URL"),
        required=False,
        widget=forms.URLInput({"placeholder": "https://api.openai.com/v1"}),
        help_text=gettext_lazy("Empty: the provider's own."),
    )
    secret_key = forms.CharField(
        label=gettext_lazy("Secret key"), widget=forms.PasswordInput({"autocomplete": "new-password"})
    )
    models = forms.CharField(
        label=gettext_lazy("Models"),
        required=False,
        widget=_lines("gpt-4o-mini", 4),
        help_text=gettext_lazy("One a line, as the provider spells them."),
    )
    with_default_models = forms.BooleanField(
        label=gettext_lazy("Offer the protocol's usual models too"), required=False, initial=True
    )
    headers = forms.CharField(
        label=gettext_lazy("Extra headers"),
        required=False,
        widget=_lines("X-Team: psychology", 2),
        help_text=gettext_lazy("One a line, as name: value. Values are sealed and not shown again."),
    )
    region = forms.CharField(
        label=gettext_lazy("Region"),
        required=False,
        help_text=gettext_lazy("Amazon Bedrock needs one, Google Vertex AI may have one."),
    )
    use_responses_api = forms.BooleanField(
        label=gettext_lazy("Use the Responses API"), required=False, help_text=gettext_lazy("OpenAI only.")
    )
    concurrency = _limit(gettext_lazy("Calls at once"), "concurrency", gettext_lazy("Empty: 50 for each worker."))
    requests_per_minute = _limit(gettext_lazy("Requests per minute"), "requests_per_minute")
    tokens_per_minute = _limit(gettext_lazy("Tokens per minute"), "tokens_per_minute")
    answer_seconds = _limit(gettext_lazy("Seconds for an answer"), "answer_seconds", gettext_lazy("Empty: 180."))
    prices = forms.CharField(
        label=gettext_lazy("Prices per million tokens"),
        required=False,
        widget=_lines("gpt-4o-mini 12.5 50", 3),
        help_text=gettext_lazy("One model a line: its name, the price of input, the price of output."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"), required=False, max_length=3, widget=forms.TextInput({"placeholder": "USD"})
    )
    per_dollar = DecimalField(
        label=gettext_lazy("One US dollar costs"),
        required=False,
        widget=DecimalInput({"placeholder": "1"}),
        help_text=gettext_lazy("In that currency: costs are shown in dollars."),
    )

    def __init__(self, data: Any = None, *, present: LlmConnection | None = None) -> None:
        super().__init__(data, initial=_initial(present) if present else None)
        self.present = present
        if present:
            self.fields["provider"].disabled = True
            self.fields["secret_key"].required = False
            self.fields["secret_key"].widget.attrs["placeholder"] = present.secret_display
            self.fields["secret_key"].help_text = _("Empty keeps the present one.")
            self.fields["headers"].help_text = _("One a line, as name: value. A name without a value keeps its value.")

    @property
    def has_limits(self) -> bool:
        """Whether something is set, or refused, among the limits."""
        return self._is_filled(*BOUNDS)

    @property
    def has_prices(self) -> bool:
        """Whether something is set, or refused, among the prices."""
        return self._is_filled("prices", "currency", "per_dollar")

    def _is_filled(self, *names: str) -> bool:
        return any(self[name].value() or self[name].errors for name in names)

    def draft(self) -> Draft:
        """What the verb takes. Raises Invalid for a line that is no header or no price."""
        values = self.cleaned_data
        return Draft(
            provider=values["provider"],
            adapter=values["adapter"],
            secret_key=values["secret_key"] or None,
            base_url=values["base_url"],
            custom_models=[line.strip() for line in values["models"].splitlines() if line.strip()],
            with_default_models=values["with_default_models"],
            extra_headers=_headers(values["headers"]),
            config=_config(values),
            terms=Terms(
                **{name: values[name] for name in BOUNDS},
                currency=values["currency"],
                per_dollar=values["per_dollar"],
                prices=_prices(values["prices"]),
            ),
        )

    def refuse(self, error: Invalid) -> None:
        """Show the verb's refusal beside its field."""
        self.add_error(FIELDS.get((error.field or "").partition("[")[0]), error.message)


def _initial(connection: LlmConnection) -> dict[str, Any]:
    config = connection.config or {}
    return {
        "provider": connection.provider,
        "adapter": connection.adapter,
        "base_url": connection.base_url,
        "models": "\n".join(connection.custom_models),
        "with_default_models": connection.with_default_models,
        "headers": "\n".join(f"{name}:" for name in connection.header_names),
        "region": config.get("region") or config.get("location") or "",
        "use_responses_api": config.get("useResponsesApi", False),
        **{name: getattr(connection, name) for name in BOUNDS},
        **_initial_prices(connection.prices or {}),
    }


def _initial_prices(prices: dict[str, Any]) -> dict[str, Any]:
    if not prices:
        return {}
    lines = [f"{name} {price['input']:.10g} {price['output']:.10g}" for name, price in prices["models"].items()]
    return {"currency": prices["currency"], "per_dollar": prices["per_dollar"], "prices": "\n".join(lines)}


def _headers(text: str) -> dict[str, str | None]:
    headers = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            raise Invalid(_("“%(line)s” is no header. Write it as name: value.") % {"line": line[:50]}, "extraHeaders")
        headers[name.strip()] = value.strip() or None
    return headers


def _prices(text: str) -> list[Price]:
    prices = []
    for line in filter(None, map(str.strip, text.splitlines())):
        parts = line.rsplit(None, 2)
        try:
            name, tokens_in, tokens_out = parts[0], *(float(amount.replace(",", ".")) for amount in parts[1:])
        except (ValueError, TypeError):
            words = _("“%(line)s” is no price. Write the model, the price of input, the price of output.")
            raise Invalid(words % {"line": line[:100]}, "prices") from None
        prices.append(Price(model=name, input=tokens_in, output=tokens_out))
    return prices


def _config(values: dict[str, Any]) -> dict[str, Any] | None:
    region, adapter = values["region"].strip(), values["adapter"]
    if adapter == "bedrock" and not region:
        raise Invalid(_("Amazon Bedrock needs a region, such as eu-central-1."), "config")
    if adapter in REGIONS and region:
        return {REGIONS[adapter]: region}
    return {"useResponsesApi": True} if adapter == "openai" and values["use_responses_api"] else None
