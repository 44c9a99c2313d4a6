"""The clients of a project, by the names of its connections."""

from collections.abc import Sequence
from typing import Self

from django.utils.translation import gettext as _

from llm.client import Client, NoConnection, Patience, none_named
from llm.connections import of_project
from llm.defaults import usual
from llm.models import LlmConnection

# What is only noted beside a connection: calls would be the same.
_NOTES = frozenset({"last_test", "updated_at"})


class Clients:
    """A project's connections, each with its client while the context is open.

    Made where the database may be asked; used inside one event loop: `async with Clients(project_id) as clients`.
    """

    def __init__(self, project_id: str, patience: Patience | None = None) -> None:
        self.connections: tuple[LlmConnection, ...] = tuple(of_project(project_id))
        self._patience = patience
        self._clients: dict[str, Client] = {}

    def renew(self, connections: Sequence[LlmConnection]) -> None:
        """Go on with the project's connections as they were read anew: a key that was replaced, or a connection that
        was deleted, is used no more (`Client.renew`). Called in the event loop."""
        self.connections = tuple(connections)
        there = {one.pk: one for one in connections}
        for key, client in self._clients.items():
            if not _is_same(client.connection, there.get(key)):
                client.renew(there.get(key))

    def named(self, provider: str | None) -> Client:
        """The client of the connection of that name; None takes the one of the project's default model.

        Raises NoConnection.
        """
        if provider is None:
            found = usual(self.connections)
        else:
            found = next((one for one in self.connections if one.provider == provider), None)
        if found is not None:
            if found.pk not in self._clients:
                self._clients[found.pk] = Client(found, self._patience)
            return self._clients[found.pk]
        if provider is None:
            raise NoConnection(_("The project has no LLM connection. Add one under Settings → LLM connections."))
        raise none_named(provider)

    async def close(self) -> None:
        """Close all clients."""
        for client in self._clients.values():
            await client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _is_same(one: LlmConnection, other: LlmConnection | None) -> bool:
    """Whether calls would be the same."""
    fields = (field.attname for field in LlmConnection._meta.concrete_fields if field.attname not in _NOTES)
    return other is not None and all(getattr(one, name) == getattr(other, name) for name in fields)
