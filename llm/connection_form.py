"""The form of a connection: what people type, as the verb wants it. What a value may be is the verb's business."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid
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
}
# Adapter -> the key of its config that the field `region` fills.
REGIONS = {"bedrock": "region", "google-vertex-ai": "location"}
# Suggested where the base URL is typed.
ADDRESSES = (
    ("OpenAI", "https://api.openai.com/v1"),
    ("OpenRouter", "https://openrouter.ai/api/v1"),
    ("Bothub", "https://bothub.chat/api/v2/openai/v1"),
    ("Anthropic", "https://api.anthropic.com/v1"),
    ("Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ("DeepSeek", "https://api.deepseek.com/v1"),
    ("Mistral", "https://api.mistral.ai/v1"),
    ("Ollama", "http://localhost:11434/v1"),
    ("vLLM", "http://localhost:8000/v1"),
)


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
        widget=forms.URLInput({"placeholder": "https://api.openai.com/v1", "list": "known-addresses"}),
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

    def __init__(self, data: Any = None, *, present: LlmConnection | None = None) -> None:
        super().__init__(data, initial=_initial(present) if present else None)
        self.present = present
        if present:
            self.fields["provider"].disabled = True
            self.fields["secret_key"].required = False
            self.fields["secret_key"].widget.attrs["placeholder"] = present.secret_display
            self.fields["secret_key"].help_text = _("Empty keeps the present one.")
            self.fields["headers"].help_text = _("One a line, as name: value. A name without a value keeps its value.")

    def draft(self) -> Draft:
        """What the verb takes. Raises Invalid for a line that is no header."""
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
    }


def _headers(text: str) -> dict[str, str | None]:
    headers = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            raise Invalid(_("“%(line)s” is no header. Write it as name: value.") % {"line": line[:50]}, "extraHeaders")
        headers[name.strip()] = value.strip() or None
    return headers


def _config(values: dict[str, Any]) -> dict[str, Any] | None:
    region, adapter = values["region"].strip(), values["adapter"]
    if adapter == "bedrock" and not region:
        raise Invalid(_("Amazon Bedrock needs a region, such as eu-central-1."), "config")
    if adapter in REGIONS and region:
        return {REGIONS[adapter]: region}
    return {"useResponsesApi": True} if adapter == "openai" and values["use_responses_api"] else None
