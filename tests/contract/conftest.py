"""One server for all calls; each call has a world of its own in it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.contract.world import World
from tests.sdk.stage import Stage, running


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running() as stage:
        yield stage


@pytest.fixture(scope="session")
def client(stage: Stage) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stage.url, timeout=20) as client:
        yield client


@pytest.fixture
def world(stage: Stage, client: httpx.Client) -> World:
    return World(stage, client)
