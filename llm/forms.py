"""Defining a model by hand: prices as price lists give them, per million."""

import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextareaWidget

from common.errors import Invalid
from llm import definitions
from llm.definitions import STANDARD, Draft, TierDraft
from llm.models import ModelDefinition

MILLION = 1_000_000
# field of the form -> usage bucket
PRICES = {
    "input_price": "input",
    "cached_price": "input_cache_read",
    "output_price": "output",
    "total_price": "total",
}
# field on the wire -> field of the form
FIELDS = {"modelName": "model_name", "matchPattern": "match_pattern", "unit": "unit", "tokenizerId": "tokenizer_id"}
TIER_KEYS = frozenset({"name", "isDefault", "priority", "conditions", "prices"})


def _price(label: Any, help_text: Any = "") -> forms.DecimalField:
    widget = UnfoldAdminDecimalFieldWidget(attrs={"step": "any", "min": "0"})
    return forms.DecimalField(label=label, help_text=help_text, required=False, min_value=0, widget=widget)


class DefinitionForm(forms.ModelForm):
    """A definition; `project_id` is set on the class by the admin. After `is_valid` the `draft` is what to save."""

    project_id: ClassVar[str] = ""
    input_price = _price(_("Input, $ per million"))
    cached_price = _price(_("Cached input, $ per million"), _("Empty: as input."))
    output_price = _price(_("Output, $ per million"))
    total_price = _price(_("Total, $ per million"), _("For models that charge input and output alike."))
    tiers_json = forms.JSONField(
        label=_("Pricing tiers"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "class": "code"}),
        help_text=_(
            "Instead of the prices above: a JSON list of tiers with name, isDefault, priority, conditions and prices "
            "(in $ per single unit), as the API takes them. Tiers raise prices for long prompts, for example."
        ),
    )

    class Meta:
        model = ModelDefinition
        fields = ("model_name", "match_pattern", "start_date", "unit", "tokenizer_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "match_pattern" in self.fields:  # who may only read is shown no fields
            self.fields["match_pattern"].required = False
            self.fields["match_pattern"].help_text = _(
                "A regular expression that finds the names of the model. Empty: this very name, in any case."
            )
        if self.instance.tiers:
            self._show(self.instance.tiers)

    def _show(self, tiers: list[dict[str, Any]]) -> None:
        """Plain prices in their fields, anything else as JSON."""
        (first, *others) = tiers
        if others or not set(first["prices"]) <= set(PRICES.values()):
            self.initial["tiers_json"] = [{key: tier[key] for key in tier if key in TIER_KEYS} for tier in tiers]
            return
        for name, bucket in PRICES.items():
            if bucket in first["prices"]:
                per_million = Decimal(str(first["prices"][bucket])) * MILLION
                self.initial[name] = per_million.quantize(Decimal("1.0000000000")).normalize()

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = self.cleaned_data
        if self.errors:
            return values
        name = values["model_name"].strip()
        values["match_pattern"] = values["match_pattern"] or f"(?i)^{re.escape(name)}$"
        try:
            self.draft = self._draft(values)
            definitions.check(self.draft)
        except Invalid as refusal:
            self.add_error(FIELDS.get(refusal.field or ""), refusal.message)
        if definitions.taken(self.project_id, name, self.instance.pk):
            self.add_error("model_name", _("The project has a model of this name already. Change that one."))
        return values

    def _draft(self, values: dict[str, Any]) -> Draft:
        return Draft(
            model_name=values["model_name"],
            match_pattern=values["match_pattern"],
            start_date=values["start_date"],
            unit=values["unit"],
            tiers=self._tiers(values),
            tokenizer_id=values["tokenizer_id"],
            tokenizer_config=self.instance.tokenizer_config,
        )

    def _tiers(self, values: dict[str, Any]) -> list[TierDraft] | None:
        prices = {bucket: float(values[name] / MILLION) for name, bucket in PRICES.items() if values[name] is not None}
        given = values["tiers_json"]
        if given is not None:
            if prices:
                self.add_error("tiers_json", _("Give either the prices above or tiers, not both."))
            return [self._tier(position, tier) for position, tier in enumerate(_as_list(given))]
        if "total" in prices and len(prices) > 1:
            self.add_error("total_price", _("Give either a total price or prices of input and output, not both."))
        if not prices:
            return None
        return [TierDraft(name=STANDARD, is_default=True, priority=0, conditions=(), prices=prices)]

    def _tier(self, position: int, tier: Any) -> TierDraft:
        place = f"pricingTiers[{position}]"
        if not isinstance(tier, dict) or not tier.keys() >= TIER_KEYS:
            raise Invalid(f"{place} must have {', '.join(sorted(TIER_KEYS))}.", place)
        prices = tier["prices"]
        if not isinstance(prices, dict) or not all(type(price) in (int, float) for price in prices.values()):
            raise Invalid(f"{place}.prices must be an object of numbers.", place)
        if not isinstance(tier["name"], str) or type(tier["priority"]) is not int:
            raise Invalid(f"{place} needs a name and a whole number as priority.", place)
        if not isinstance(tier["conditions"], list):
            raise Invalid(f"{place}.conditions must be a list.", place)
        return TierDraft(
            name=tier["name"],
            is_default=tier["isDefault"] is True,
            priority=tier["priority"],
            conditions=tier["conditions"],
            prices=prices,
        )


def _as_list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise Invalid("pricingTiers must be a list.", "pricingTiers")
    return given
