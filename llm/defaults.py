"""The model that is asked where none is named: by judges; playgrounds and experiments begin with it.

It is chosen on the page of connections. Where nobody chose, it is the first model that the first connection lists.
"""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import Invalid
from llm.connections import checked_name, of_project, own
from llm.models import LlmConnection


def default_model(project_id: str) -> tuple[str, str] | None:
    """The provider's name and the model's; None where there is no connection, or the one that counts lists no model."""
    connection = usual(of_project(project_id))
    model = usual_model(connection) if connection else ""
    return (connection.provider, model) if connection and model else None


def usual(connections: Iterable[LlmConnection]) -> LlmConnection | None:
    """Of a project's connections, oldest first, the one that is asked where none is named."""
    found = list(connections)
    return next((one for one in found if one.default_model), found[0] if found else None)


def usual_model(connection: LlmConnection) -> str:
    """The model that is asked where only the connection is named; empty when it lists none."""
    return connection.default_model or next(iter(connection.custom_models), "")


def choose(project_id: str, connection_id: str, model: str, author: Author) -> None:
    """Make it the project's default model; without a connection there is none that was chosen.

    Raises NotFound for a connection that is not the project's, Invalid for a model that it does not offer.
    """
    model = checked_name(model, "model") if connection_id else ""
    with transaction.atomic():
        rows = list(of_project(project_id).select_for_update())
        chosen = own(project_id, connection_id) if connection_id else None
        if chosen and not chosen.with_default_models and model not in chosen.custom_models:
            words = _("The connection %(provider)s does not offer %(model)s. Add it there, or choose another model.")
            raise Invalid(words % {"provider": chosen.provider, "model": model}, "model")
        before = next((_told(one.provider, one.default_model) for one in rows if one.default_model), None)
        after = _told(chosen.provider, model) if chosen else None
        if before == after:
            return
        mine = LlmConnection.objects.filter(project_id=project_id)
        mine.exclude(default_model="").update(default_model="")
        mine.filter(pk=connection_id).update(default_model=model)
        about = (after or before or {}).get("model", "")
        author.record("update", "default_model", about, project=project_id, before=before, after=after)


def _told(provider: str, model: str) -> dict[str, str]:
    return {"provider": provider, "model": model}
