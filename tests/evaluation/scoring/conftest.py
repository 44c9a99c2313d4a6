"""The project's clients of models, hasty ones."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from llm.client import Patience
from llm.clients import Clients
from tests.conftest import Keys

HASTY = Patience(connect=1, answer=2, total=3, attempts=2, longest_wait=0.1)


@pytest.fixture
def with_clients(project: Keys) -> Callable[[Callable[[Clients], Coroutine[Any, Any, Any]]], Any]:
    """Runs what is given with the project's clients."""

    def run(use: Callable[[Clients], Coroutine[Any, Any, Any]]) -> Any:
        clients = Clients(project.project.pk, HASTY)

        async def inside() -> Any:
            async with clients:
                return await use(clients)

        return asyncio.run(inside())

    return run
