"""The contract suite of `tracing.store.base.Store`: whatever `stored` writes to must behave so.

A second store runs it by another `a_store`.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.tracing.store.making import batch
from tracing.store import store as configured_store
from tracing.store.base import Store

HERE = "project-here"
ELSEWHERE = "project-elsewhere"


@pytest.fixture
def a_store(db: None) -> Store:
    return configured_store()


@pytest.fixture
def write(a_store: Store) -> Callable[..., None]:
    """Writes changes to the project `HERE`."""

    def write(*changes: Any, project_id: str = HERE) -> None:
        a_store.write(project_id, batch(*changes))

    return write
