"""The endpoint as a fixture: a conftest that imports `openai_endpoint` offers it to its tests."""

from collections.abc import Iterator

import pytest

from tests.endpoint.server import Endpoint


@pytest.fixture(scope="session")
def openai_endpoint() -> Iterator[Endpoint]:
    """A running endpoint; `.url` is the base_url of clients, `.requests` is what it was asked."""
    with Endpoint() as endpoint:
        yield endpoint
