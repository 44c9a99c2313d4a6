"""What leads to a first experiment in the browser: `{% load first_steps %}{% first_steps %}`."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.translation import gettext as _

from datasets.models import Dataset
from llm.connections import of_project
from prompts.models import Prompt

register = template.Library()


@dataclass(frozen=True, slots=True)
class Step:
    """One of them; `url` is empty for who may not take it."""

    label: str
    help: str
    url: str
    done: bool


@register.inclusion_tag("datasets/_first_steps.html", takes_context=True)
def first_steps(context: Context) -> dict[str, Any]:
    """Connection, dataset, prompt, experiment: each with whether it is there, and where it is made."""
    project, may = context["project"], context["member"].may
    new_experiment = f"{context['project_root']}/experiments/new"

    def step(label: str, told: str, action: str, url: str, done: bool = False) -> Step:
        return Step(label, told, url if may(action) else "", done)

    return {
        "steps": [
            step(
                _("Connection"),
                _("the key and address of a provider or of a local server"),
                "llm_connections:write",
                reverse("new_llm_connection"),
                of_project(project.pk).exists(),
            ),
            step(
                _("Dataset"),
                _("questions with the answers you expect, imported from a file"),
                "datasets:write",
                reverse("dataset_new"),
                Dataset.objects.filter(project_id=project.pk).exists(),
            ),
            step(
                _("Prompts"),
                _("one or several, with versions"),
                "prompts:write",
                reverse("prompt_new"),
                Prompt.objects.filter(project_id=project.pk).exists(),
            ),
            step(
                _("Experiment"),
                _("every prompt with every model on every item"),
                "evaluation:write",
                new_experiment,
            ),
        ],
        "new_experiment": new_experiment if may("evaluation:write") else "",
    }
