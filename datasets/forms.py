"""What people type about datasets and items."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError, Invalid
from datasets.jsontext import pretty, read_typed, to_value
from datasets.models import MAX_ITEM_ID, MAX_NAME, Dataset, DatasetItem
from datasets.schemas import check_schema

# The wire's names of fields in refusals, as forms call them.
FIELD_NAMES = {
    "inputSchema": "input_schema",
    "expectedOutputSchema": "expected_output_schema",
    "expectedOutput": "expected_output",
    "sourceTraceId": "source_trace_id",
    "sourceObservationId": "source_observation_id",
}


class JsonField(forms.CharField):
    """JSON, or a plain text where that is allowed; cleans to JSON text, None for nothing."""

    def __init__(self, *, rows: int = 4, check: Callable[[Any, str], None] | None = None, **kwargs: Any) -> None:
        attrs = {"rows": rows, "class": "code", "spellcheck": "false"}
        super().__init__(required=False, strip=False, widget=forms.Textarea(attrs=attrs), **kwargs)
        self._check = check

    def clean(self, value: Any) -> str | None:
        try:
            text = read_typed(super().clean(value), "")
            if text is not None and self._check:
                self._check(to_value(text), str(self.label))
        except Invalid as error:
            raise ValidationError(error.message) from error
        return text


class DatasetForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=MAX_NAME)
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=20_000
    )
    metadata = JsonField(
        label=_("Metadata"),
        help_text=_('JSON, e.g. {"clearml_id": "…", "source": "https://…"}. Addresses can be clicked in lists.'),
    )
    input_schema = JsonField(
        label=_("Input schema"), check=check_schema, help_text=_("A JSON Schema that every input must fit. Optional.")
    )
    expected_output_schema = JsonField(
        label=_("Expected output schema"),
        check=check_schema,
        help_text=_("A JSON Schema that every expected output must fit. Optional."),
    )

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetForm":
        """The form filled with a dataset."""
        texts = {
            name: pretty(getattr(dataset, name)) for name in ("metadata", "input_schema", "expected_output_schema")
        }
        return cls(initial={"name": dataset.name, "description": dataset.description, **texts})

    def clean_description(self) -> str | None:
        return self.cleaned_data["description"] or None


class ItemForm(forms.Form):
    input = JsonField(label=_("Input"), rows=8, help_text=_('JSON such as {"country": "Italy"}, or plain text.'))
    expected_output = JsonField(label=_("Expected output"), rows=5, help_text=_("JSON or plain text."))
    metadata = JsonField(label=_("Metadata"), rows=3)
    status = forms.ChoiceField(label=_("Status"), choices=DatasetItem.Status.choices, initial=DatasetItem.Status.ACTIVE)

    @classmethod
    def of(cls, row: DatasetItem) -> "ItemForm":
        """The form filled with an item."""
        texts = {name: pretty(getattr(row, name)) for name in ("input", "expected_output", "metadata")}
        return cls(initial={**texts, "status": row.status})


class NewItemForm(ItemForm):
    id = forms.CharField(
        label=_("Id"),
        required=False,
        max_length=MAX_ITEM_ID,
        help_text=_("Unique within the project; made up when left empty."),
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"), required=False, help_text=_("CSV, JSON Lines, a JSON array of objects, or Parquet.")
    )
    text = forms.CharField(
        label=_("or paste it here"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "code", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("file") and not (cleaned.get("text") or "").strip():
            raise ValidationError(_("Choose a file or paste some rows."))
        return cleaned


def refuse(form: forms.Form, error: DomainError) -> None:
    """Put a verb's refusal beside the field it names."""
    named = (error.field or "").partition(".")[0]
    name = FIELD_NAMES.get(named, named)
    form.add_error(name if name in form.fields else None, error.message)
