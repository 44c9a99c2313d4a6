"""The endpoint as fixtures: a conftest that imports them offers them to its tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from llm import client
from tests.endpoint.faults import Faults
from tests.endpoint.server import Endpoint


@pytest.fixture(scope="session")
def openai_endpoint() -> Iterator[Endpoint]:
    """A running endpoint; `.url` is the base_url of clients, `.requests` is what it was asked."""
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(openai_endpoint: Endpoint, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """The endpoint for our own client, which may call it, and soon again; it has answered and failed nobody yet."""
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    openai_endpoint.requests.clear()
    openai_endpoint.faults = Faults()
    return openai_endpoint
