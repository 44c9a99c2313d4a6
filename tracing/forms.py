"""Configuring scores by hand: categories as lines of text."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from common.errors import Invalid
from tracing import score_configs
from tracing.models.configured import ScoreConfig
from tracing.score_configs import Draft

# field on the wire -> field of the form
FIELDS = {"minValue": "min_value", "maxValue": "max_value", "dataType": "data_type"}


class ScoreConfigForm(forms.ModelForm):
    """A score config. After `is_valid` the `draft` is what to save."""

    category_lines = forms.CharField(
        label=_("Categories"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "placeholder": "good = 1\nbad = 0"}),
        help_text=_("One a line: the label, and behind “=” its number. Without a number lines count from 0."),
    )

    class Meta:
        model = ScoreConfig
        fields = ("name", "data_type", "min_value", "max_value", "description", "is_archived")
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "data_type" in self.fields:
            self.fields["data_type"].disabled = True  # for ever: scores were given by it
        if self.instance.data_type == "CATEGORICAL":
            lines = [f"{category['label']} = {category['value']:g}" for category in self.instance.categories or ()]
            self.initial["category_lines"] = "\n".join(lines)

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = self.cleaned_data
        if self.errors:
            return values
        try:
            self.draft = Draft(
                name=values["name"],
                data_type=values["data_type"],
                min_value=values["min_value"],
                max_value=values["max_value"],
                categories=_categories(values["category_lines"]) or None,
                description=values["description"] or None,
                is_archived=values["is_archived"],
            )
            score_configs.check(self.draft)
        except Invalid as refusal:
            field = (refusal.field or "").partition("[")[0]
            name = "category_lines" if field == "categories" else FIELDS.get(field, field)
            self.add_error(name if name in self.fields else None, refusal.message)
        return values


def _categories(text: str) -> list[dict[str, Any]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [_category(line, position) for position, line in enumerate(lines)]


def _category(line: str, position: int) -> dict[str, Any]:
    label, equals, number = line.rpartition("=")
    if not equals:
        return {"label": line, "value": position}
    try:
        value = float(number)
    except ValueError:
        raise Invalid(f"categories: '{number.strip()}' behind '{label.strip()}' is no number.", "categories") from None
    return {"label": label.strip(), "value": int(value) if value.is_integer() else value}
