"""Examples that the tests of datasets share."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Api

CAPITALS = [
    ({"country": "Италия"}, "Рим"),
    ({"country": "Испания"}, "Мадрид"),
    ({"country": "Бразилия"}, "Бразилиа"),
]


@pytest.fixture
def dataset(api: Api) -> dict[str, Any]:
    """The dataset `Capitals`, without items."""
    body = {"name": "Capitals", "description": "Optional description", "metadata": {"clearml_id": "CLEARML_ID"}}
    return api.post("v2/datasets", body).json()


@pytest.fixture
def add_item(api: Api, dataset: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Posts one item to `Capitals` and returns the answer."""

    def add(**body: object) -> dict[str, Any]:
        answer = api.post("dataset-items", {"datasetName": "Capitals", **body})
        assert answer.status_code == 200, answer.content
        return answer.json()

    return add


@pytest.fixture
def capitals(add_item: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Three items, in the order in which they were added."""
    return [add_item(input=given, expectedOutput=wanted) for given, wanted in CAPITALS]
