"""The stage is set once; each SDK tells its story once, and many tests read it.

Tests of one SDK stay on one worker (`tests/scheduling.py`), so that no story is told twice.
"""

from collections.abc import Iterator

import pytest

from tests.endpoint.fixtures import openai_endpoint
from tests.endpoint.server import Endpoint
from tests.sdk.stage import Stage, running
from tests.sdk.telling import PATIENT, SDKS, Told, script_of, tell

__all__ = ["openai_endpoint", "stage", "told"]


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running() as stage:
        yield stage


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that wants `told` runs for every SDK, or for those that it names by `told_by`."""
    if "told" in metafunc.fixturenames:
        sdks = getattr(metafunc.function, "sdks", SDKS)
        marked = [pytest.param(sdk, marks=[pytest.mark.sdk, PATIENT]) for sdk in sdks]
        metafunc.parametrize("told", marked, indirect=True, scope="session")


@pytest.fixture(scope="session")
def told(request: pytest.FixtureRequest, stage: Stage, openai_endpoint: Endpoint) -> Iterator[Told]:
    """An SDK's story, told once in a session."""
    sdk = request.param
    tale = tell(sdk, sdk, script_of(sdk), stage, openai_endpoint.url)
    with stage.api(sdk) as api:
        yield Told(sdk, tale, stage, api)
