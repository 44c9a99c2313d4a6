"""Queues, evaluators and rules by hand, as far as a form suits them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from accounts.members import members_of_project
from accounts.models import Project
from accounts.roles import may
from common.errors import Invalid
from evaluation import evaluators, queues
from evaluation.models import AnnotationQueue, EvaluationRule, Evaluator
from evaluation.models.evaluators import EVALUATOR_NAME, RULE_NAME
from evaluation.texts import line, within
from tracing.models.configured import ScoreConfig


class QueueForm(forms.ModelForm):
    """A queue. After `is_valid` the `draft` is what to save, and `chosen_people` who is to work on it."""

    project_id: str
    score_configs = forms.MultipleChoiceField(label=_("Score configs"), widget=UnfoldAdminCheckboxSelectMultipleWidget)
    people = forms.MultipleChoiceField(
        label=_("Annotators"), widget=UnfoldAdminCheckboxSelectMultipleWidget, required=False
    )

    class Meta:
        model = AnnotationQueue
        fields = ("name", "description")
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        made = not self.instance._state.adding
        self.present = queues.config_ids(self.instance) if made else []
        live = ScoreConfig.objects.filter(project_id=self.project_id).order_by("name", "pk")
        shown = [config for config in live if not config.is_archived or config.pk in self.present]
        members = members_of_project(Project.objects.select_related("organization").get(pk=self.project_id))
        self.fields["score_configs"].choices = [(config.pk, config.name) for config in shown]  # type: ignore[attr-defined]
        self.fields["people"].choices = [  # type: ignore[attr-defined]
            (row.user.pk, str(row.user)) for row in members if may(row.role, "scores:write")
        ]
        if made:
            self.initial["score_configs"] = self.present
            self.initial["people"] = list(self.instance.assignments.values_list("user_id", flat=True))

    @property
    def chosen_people(self) -> set[str]:
        """Ids of the users."""
        return set(self.cleaned_data["people"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = self.cleaned_data
        if self.errors:
            return values
        chosen = values["score_configs"]
        kept = [config_id for config_id in self.present if config_id in chosen]
        draft = queues.Draft(
            name=values["name"],
            description=values["description"] or None,
            config_ids=[*kept, *(config_id for config_id in chosen if config_id not in kept)],
        )
        try:
            self.draft = queues.checked(self.project_id, draft, self.instance.pk)
        except Invalid as refusal:
            name = "score_configs" if refusal.field == "scoreConfigIds" else refusal.field
            self.add_error(name if name in self.fields else None, refusal.message)
        return values


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
