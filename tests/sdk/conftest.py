"""The stage is set once; each SDK tells its story once, and many tests read it.

Tests of one SDK belong to one xdist group, so that no worker tells a story that another has told.
"""

from collections.abc import Iterator

import pytest

from tests.endpoint.fixtures import openai_endpoint
from tests.endpoint.server import Endpoint
from tests.sdk.stage import Stage, running
from tests.sdk.telling import Told, script_of, tell

__all__ = ["openai_endpoint", "stage", "told"]

SDKS = ("py2", "py3", "py4", "py5", "js3", "js5")


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running() as stage:
        yield stage


@pytest.fixture(
    scope="session", params=[pytest.param(sdk, marks=[pytest.mark.sdk, pytest.mark.xdist_group(sdk)]) for sdk in SDKS]
)
def told(request: pytest.FixtureRequest, stage: Stage, openai_endpoint: Endpoint) -> Iterator[Told]:
    """Every SDK in turn, after it has told its story."""
    sdk = request.param
    tale = tell(sdk, sdk, script_of(sdk), stage, openai_endpoint.url)
    with stage.api(sdk) as api:
        yield Told(sdk, tale, stage, api)
