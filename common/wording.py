"""How a refusal names the field it is about: as the wire does, and in a page's language as its label does."""

from typing import Any

from django.utils.translation import pgettext_lazy

# In English they are the wire's own names, so that the API's sentences name what its clients sent.
NAMES: dict[str, Any] = {
    "name": pgettext_lazy("a field, in a refusal", "name"),
    "description": pgettext_lazy("a field, in a refusal", "description"),
    "prompt": pgettext_lazy("a field, in a refusal", "prompt"),
    "run_names": pgettext_lazy("a field, in a refusal", "run_names"),
    "sourceCode": pgettext_lazy("a field, in a refusal", "sourceCode"),
    "modelConfig.provider": pgettext_lazy("a field, in a refusal", "modelConfig.provider"),
    "modelConfig.model": pgettext_lazy("a field, in a refusal", "modelConfig.model"),
    "outputDefinition.maxValue": pgettext_lazy("a field, in a refusal", "outputDefinition.maxValue"),
    "outputDefinition.categories": pgettext_lazy("a field, in a refusal", "outputDefinition.categories"),
}


def called(field: str) -> str:
    """The field's name in the language in use; the wire's where there is no other."""
    return str(NAMES.get(field, field))
