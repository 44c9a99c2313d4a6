"""The arms of an experiment: the prompts and the models that a draft names, checked and pinned."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.storable import storable
from common.errors import Invalid, NotFound
from datasets import few_shot
from datasets.jsontext import to_text
from evaluation import mapping
from evaluation.asking import SOURCES, Template
from evaluation.experiment_draft import Draft
from evaluation.json_paths import fault_of
from evaluation.mapping import Mapped
from evaluation.models.experiments import ARM_LABEL, ModelArm, PromptArm
from evaluation.texts import line
from llm.models import LlmConnection
from prompts import examples, lookup
from prompts.templates import plain

MAX_ARMS = 50
MAX_MODEL = 200
MAX_PARAMETERS = 100_000
# These are the runner's business.
NO_PARAMETERS = frozenset({"model", "messages", "stream", "stream_options", "n"})


def prompt_arms(
    project_id: str, draft: Draft, version_at: datetime
) -> tuple[list[PromptArm], list[Template], set[str]]:
    """The arms, their templates, and the ids of the items that they show as examples. Raises Invalid and NotFound."""
    if not 1 <= len(draft.prompts) <= MAX_ARMS:
        raise Invalid(_("Choose 1 to %(most)s prompts.") % {"most": MAX_ARMS}, "prompts")
    _check_mapping(draft.mapping)
    arms: list[PromptArm] = []
    templates: list[Template] = []
    shown: set[str] = set()
    for position, choice in enumerate(draft.prompts):
        place = f"prompts[{position}]"
        try:
            fetched = lookup.fetch(project_id, choice.name, choice.version, choice.label)
            content = lookup.template(project_id, choice.name, fetched.version)
            shown |= few_shot.used_items(project_id, content)
            content = _pinned(project_id, content, version_at)
        except (Invalid, NotFound) as error:
            raise type(error)(error.message, place) from None
        shown_as = to_text(plain(content))
        arm = PromptArm(
            position=position,
            name=fetched.name,
            version=fetched.version,
            strategy=line(choice.strategy, f"{place}.strategy", ARM_LABEL) if choice.strategy.strip() else "",
            content=to_text(content),
            digest=hashlib.sha256(shown_as.encode("utf-8", "surrogatepass")).hexdigest(),
        )
        if any((arm.name, arm.version) == (other.name, other.version) for other in arms):
            raise Invalid(
                _("Version %(version)s of %(name)s is chosen twice.") % {"version": arm.version, "name": arm.name},
                place,
            )
        arms.append(arm)
        templates.append(Template(project_id, content, draft.mapping))
    _check_mapped(draft.mapping, templates)
    return arms, templates, shown


def model_arms(project_id: str, draft: Draft) -> list[ModelArm]:
    """The arms. Raises Invalid and NotFound."""
    if not 1 <= len(draft.models) <= MAX_ARMS:
        raise Invalid(_("Choose 1 to %(most)s models.") % {"most": MAX_ARMS}, "models")
    connections = LlmConnection.objects.filter(project_id=project_id).in_bulk()
    arms: list[ModelArm] = []
    for position, choice in enumerate(draft.models):
        place = f"models[{position}]"
        connection = connections.get(choice.connection_id)
        if connection is None:
            raise NotFound(_("There is no such LLM connection. Add it under Settings."), f"{place}.connection_id")
        model = line(choice.model, f"{place}.model", MAX_MODEL)
        if not connection.with_default_models and model not in connection.custom_models:
            raise Invalid(
                _("The LLM connection %(connection)s does not offer the model %(model)s.")
                % {"connection": connection.provider, "model": model},
                f"{place}.model",
            )
        arm = ModelArm(
            position=position,
            connection=connection,
            provider=connection.provider,
            model=model,
            parameters=_parameters(choice.parameters, f"{place}.parameters"),
            name=line(choice.name, f"{place}.name", ARM_LABEL) if choice.name.strip() else "",
        )
        if any(
            (arm.connection_id, arm.model, arm.parameters) == (one.connection_id, one.model, one.parameters)
            for one in arms
        ):
            raise Invalid(_("The model %(model)s is chosen twice with the same parameters.") % {"model": model}, place)
        arms.append(arm)
    return arms


# --- Inside ------------------------------------------------------------------------------------------------


def _pinned(project_id: str, content: Any, version_at: datetime) -> Any:
    """The content with its examples written out; those that depend on the item stay tags, bound to the moment."""
    if any(block.pick == "similar" for block in examples.blocks(content)):
        return examples.bound(content, version_at)
    return examples.fill(project_id, content, literal=True)


def _check_mapping(mapped: Sequence[Mapped]) -> None:
    for position, one in enumerate(mapped):
        place = f"mapping[{position}]"
        if one.source not in SOURCES:
            raise Invalid(
                _("A variable can come from %(sources)s.") % {"sources": ", ".join(SOURCES)}, f"{place}.source"
            )
        if one.json_path and (fault := fault_of(one.json_path)):
            raise Invalid(_("This is not a JSONPath: %(fault)s.") % {"fault": fault}, f"{place}.json_path")
    mapping.stored(mapped, "mapping")


def _check_mapped(mapped: Sequence[Mapped], templates: Sequence[Template]) -> None:
    known = {name for template in templates for name in template.names}
    for position, one in enumerate(mapped):
        if one.variable not in known:
            raise Invalid(
                _("None of the prompts has a variable “%(name)s”.") % {"name": one.variable[:100]},
                f"mapping[{position}].variable",
            )


def _parameters(given: Mapping[str, Any], place: str) -> dict[str, Any]:
    parameters = {name: value for name, value in given.items() if value is not None}
    if forbidden := NO_PARAMETERS.intersection(parameters):
        raise Invalid(_("%(name)s cannot be a parameter here.") % {"name": min(forbidden)}, place)
    try:
        text = to_text(parameters)
    except (TypeError, ValueError, RecursionError):
        raise Invalid(_("The parameters must be JSON."), place) from None
    if len(text) > MAX_PARAMETERS or storable(parameters) != parameters or _has_nonsense(parameters):
        raise Invalid(_("The parameters are too long, or hold what cannot be stored (NUL, NaN)."), place)
    return parameters


def _has_nonsense(value: Any) -> bool:
    """Whether there is a number that JSON does not know."""
    if isinstance(value, Mapping):
        return any(map(_has_nonsense, value.values()))
    if isinstance(value, list):
        return any(map(_has_nonsense, value))
    return isinstance(value, float) and not math.isfinite(value)
