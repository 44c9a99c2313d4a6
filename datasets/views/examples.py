"""Examples for a prompt: choose a dataset, see what the tag would stand for, take the tag. A fragment that the editor
of prompts loads by address."""

from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from datasets.models import Dataset
from datasets.showing import SHOWN
from datasets.views.base import DatasetsPage
from prompts.examples import MOST, Block, as_text, choose


class ExamplesForm(forms.Form):
    """Names begin with `examples-`, because the fields stand inside the editor's own form."""

    prefix = "examples"

    dataset = forms.ModelChoiceField(Dataset.objects.none(), label=_("Dataset"), empty_label=None, to_field_name="name")
    split = forms.CharField(
        label=_("Split"), required=False, help_text=_("Items whose metadata say {“split”: …}. Empty: all of them.")
    )
    k = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST, initial=3)
    pick = forms.ChoiceField(
        label=_("Which"),
        choices=[("first", _("the first ones")), ("random", _("drawn by the seed")), ("similar", _("most similar"))],
        help_text=_("Most similar to the item that is asked: in experiments. Programs get the first ones."),
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=2**31 - 1, initial=0, required=False)
    pinned = forms.BooleanField(
        label=_("The dataset as it is now"), required=False, help_text=_("Later changes do not change the prompt.")
    )

    def __init__(self, data: Any, *, project_id: str) -> None:
        super().__init__(data)
        field = self.fields["dataset"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Dataset.objects.filter(project_id=project_id).order_by("-updated_at", "name")
        for one in self.fields.values():
            one.widget.attrs["autocomplete"] = "off"

    def block(self) -> Block:
        """What the fields ask for."""
        told = self.cleaned_data
        block = Block(
            dataset=told["dataset"].name, split=told["split"], k=told["k"], pick=told["pick"], seed=told["seed"] or 0
        )
        return replace(block, at=timezone.now().replace(microsecond=0)) if told["pinned"] else block


class Examples(DatasetsPage):
    """The fields, the tag and what it stands for now."""

    template = "datasets/examples.html"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        if "examples-k" not in request.GET:
            form = ExamplesForm(None, project_id=self.project_id)
            return self.render({"form": form, "any": Dataset.objects.filter(project_id=self.project_id).exists()})
        # Only what is shown comes again: whoever types meanwhile goes on in the same fields.
        form = ExamplesForm(request.GET, project_id=self.project_id)
        told: dict[str, Any] = {"form": form, "any": True}
        if form.is_valid():
            block = form.block()
            try:
                chosen = choose(self.project_id, block)
            except Invalid as error:
                told["errors"] = [error.message]
            else:
                shown = [(as_text(one.input)[:SHOWN], as_text(one.output)[:SHOWN]) for one in chosen]
                told |= {"tag": str(block), "examples": shown}
        else:
            told["errors"] = [f"{form[name].label}: {words}" for name, [words, *_more] in form.errors.items()]
        return self.render(told, part="shown")
