"""Numbers as people type them: with a point or with a comma, whatever the page's language."""

from typing import Any

from django import forms


class DecimalInput(forms.TextInput):
    """Not type=number: a browser in another language than the page's sends nothing for the other sign."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})


class DecimalField(forms.FloatField):
    """A number that may be typed with a comma."""

    widget = DecimalInput

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)
