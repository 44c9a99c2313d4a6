"""Evaluators and rules by hand, as far as a form suits them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from common.errors import Invalid
from evaluation import evaluators
from evaluation.models import EvaluationRule, Evaluator
from evaluation.models.evaluators import EVALUATOR_NAME, RULE_NAME
from evaluation.texts import line, within


class EvaluatorForm(forms.ModelForm):
    """What an evaluator is called; its definition changes by new versions."""

    class Meta:
        model = Evaluator
        fields = ("name", "description")
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def clean_name(self) -> str:
        return _checked(line, self.cleaned_data["name"], "name", EVALUATOR_NAME)

    def clean_description(self) -> str | None:
        text = self.cleaned_data["description"]
        return _checked(within, text.strip(), "description", evaluators.MAX_DESCRIPTION) if text else None


class RuleForm(forms.ModelForm):
    """A rule's name and share; its filter and its evaluators come by the API."""

    class Meta:
        model = EvaluationRule
        fields = ("name", "sampling")

    def clean_name(self) -> str:
        return _checked(line, self.cleaned_data["name"], "name", RULE_NAME)

    def clean_sampling(self) -> float:
        share: float = self.cleaned_data["sampling"]
        if not 0 <= share <= 1:  # neither is NaN
            raise forms.ValidationError(_("The share must be between 0 and 1."))
        return share


def _checked(check: Any, text: str, field: str, limit: int) -> str:
    try:
        found: str = check(text, field, limit)
    except Invalid as refusal:
        raise forms.ValidationError(refusal.message) from refusal
    return found
