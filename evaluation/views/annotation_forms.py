"""What people fill in about queues: what they ask, of whom, and what is put into them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.members import members_of_project
from accounts.models import Project
from accounts.roles import may
from common.decimals import DecimalField
from common.errors import Invalid
from evaluation import queues
from evaluation.filling import MOST
from evaluation.models import AnnotationQueue, EvaluationRule
from evaluation.models.annotation import QUEUE_NAME
from tracing.models.configured import ScoreConfig

# The wire's names of fields in refusals, as the form calls them.
FIELD_NAMES = {"scoreConfigIds": "score_configs"}


class QueueForm(forms.Form):
    """A queue. After `is_valid` the `draft` is what to save, and `chosen_people` who is to work on it."""

    name = forms.CharField(label=_("Name"), max_length=QUEUE_NAME)
    description = forms.CharField(
        label=_("Instructions"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What the annotators are to look at, and how to decide; they have it before them at the desk."),
    )
    score_configs = forms.MultipleChoiceField(
        label=_("What is asked"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The desk asks in this order. A number, categories, yes or no, or a text."),
    )
    people = forms.MultipleChoiceField(label=_("Annotators"), widget=forms.CheckboxSelectMultiple, required=False)
    annotators = forms.IntegerField(
        label=_("Annotators per item"), min_value=1, max_value=queues.MAX_ANNOTATORS, initial=1,
        help_text=_("How many people judge the same item, each for themselves."),
    )  # fmt: skip
    overlap = DecimalField(
        label=_("Of so many items, %"), min_value=0, max_value=100, initial=100,
        help_text=_("The other items are judged by one person. 20 % are often enough to measure agreement."),
    )  # fmt: skip
    fed_by = forms.ChoiceField(
        label=_("Filled by a rule"), required=False,
        help_text=_("What the rule takes is put into this queue too, as long as fewer than 5,000 items wait in it."),
    )  # fmt: skip
    fed_share = DecimalField(
        label=_("Of what the rule takes, %"), required=False, min_value=0, max_value=100, initial=100,
        help_text=_("People cannot judge as much as a model can."),
    )  # fmt: skip
    blind = forms.BooleanField(
        label=_("Blind: the desk shows neither run nor model nor names"), required=False, initial=False
    )

    def __init__(self, *args: Any, project: Project, queue: AnnotationQueue | None = None, **kwargs: Any) -> None:
        self.project, self.queue = project, queue
        present = queues.config_ids(queue) if queue else []
        if queue is not None:
            kwargs["initial"] = {
                "name": queue.name,
                "description": queue.description or "",
                "score_configs": present,
                "people": list(queue.assignments.values_list("user_id", flat=True)),
                "annotators": queue.annotators,
                "overlap": f"{queue.overlap * 100:.4g}",
                "blind": queue.blind,
                "fed_by": queue.fed_by_id or "",
                "fed_share": f"{queue.fed_share * 100:.4g}",
            }
        super().__init__(*args, **kwargs)
        known = ScoreConfig.objects.filter(project=project).order_by("name", "pk")
        shown = [config for config in known if not config.is_archived or config.pk in present]
        # Those that are asked already keep their order; others are asked after them.
        shown.sort(key=lambda config: present.index(config.pk) if config.pk in present else len(present))
        _choices(self, "score_configs", [(config.pk, config.name) for config in shown])
        members = [row for row in members_of_project(project) if may(row.role, "scores:write")]
        rules = EvaluationRule.objects.filter(project=project).order_by("name", "pk").values_list("pk", "name")
        _choices(self, "fed_by", [("", str(_("no rule"))), *rules])
        _choices(self, "people", [(str(row.user.pk), str(row.user)) for row in members])
        self.draft: queues.Draft | None = None

    @property
    def chosen_people(self) -> set[str]:
        """Ids of the users."""
        return set(self.cleaned_data["people"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = self.cleaned_data
        if self.errors:
            return values
        draft = queues.Draft(
            name=values["name"],
            description=values["description"].strip() or None,
            config_ids=[pk for pk, _name in self.fields["score_configs"].choices if pk in values["score_configs"]],  # type: ignore[attr-defined]
            annotators=values["annotators"],
            overlap=values["overlap"] / 100,
            blind=values["blind"],
            fed_by=values["fed_by"] or None,
            fed_share=1.0 if values["fed_share"] is None else values["fed_share"] / 100,
        )
        try:
            self.draft = queues.checked(self.project.pk, draft, self.queue.pk if self.queue else "")
        except Invalid as refusal:
            name = FIELD_NAMES.get(refusal.field or "", refusal.field)
            self.add_error(name if name in self.fields else None, refusal.message)
        return values


class FillForm(forms.Form):
    """Which queue takes the things, and how many of them."""

    queue = forms.ModelChoiceField(AnnotationQueue.objects.none(), label=_("Queue"), empty_label=None)
    take = forms.IntegerField(
        label=_("Only a sample of"), required=False, min_value=1, max_value=MOST,
        help_text=_("Empty: all of them."),
    )  # fmt: skip
    seed = forms.IntegerField(
        label=_("Seed"), required=False, min_value=0, max_value=2**31 - 1, initial=1,
        help_text=_("The same seed gives the same sample and order."),
    )  # fmt: skip

    def __init__(self, *args: Any, project_id: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["queue"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = AnnotationQueue.objects.filter(project_id=project_id).order_by("-updated_at", "name")
        field.initial = field.queryset.first()


def _choices(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
