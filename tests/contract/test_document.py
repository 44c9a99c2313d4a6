"""Our OpenAPI document: valid, served, and complete."""

from collections.abc import Iterator

import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.urls import resolve
from openapi_spec_validator import validate

from promptlab.api_fallback import unknown_route
from promptlab.api_listing import markdown
from promptlab.api_operations import GROUPS, openapi
from tests.accounts.routes import Route, every_route
from tests.contract import operations as promised
from tests.contract import ours

PREFIX = "api/public/"


def test_it_is_valid() -> None:
    validate(openapi())


def test_it_is_served_to_anybody_as_yaml() -> None:
    answer = Client().get("/api/public/openapi.yml")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # seconds faster on a document of this size
    assert yaml.load(answer.content, Loader=loader) == openapi()


def test_who_has_it_already_is_told_so() -> None:
    etag = Client().get("/api/public/openapi.yml").headers["ETag"]
    again = Client().get("/api/public/openapi.yml", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in ours.operations().values()]
    assert len(names) == len(set(names)) == sum(len(group.operations) for group in GROUPS)


def _methods(route: Route) -> list[str]:
    return route.methods if route.view_class else ["GET"]


def _served() -> Iterator[tuple[str, str]]:
    """Every method of every route that the URL configuration has."""
    for route in every_route():
        if route.route.startswith(PREFIX) and route.view is not unknown_route:
            yield from ((route.route, method) for method in _methods(route))


def _leads_to(operation: str) -> tuple[str, str]:
    """The route and method that answer an operation."""
    method, path = operation.split(" ")
    parts = [
        "7" if part.lower().endswith("version}") else "x" if part.startswith("{") else part for part in path.split("/")
    ]
    match = resolve("/api/public" + "/".join(parts))
    assert match.func is not unknown_route, f"{operation} is described and not served"
    (route,) = [route for route in every_route() if route.view is match.func and method in _methods(route)][:1]
    return route.route, method


def test_it_names_every_route_and_method_that_is_served() -> None:
    assert {_leads_to(operation) for operation in ours.operations()} == set(_served())


@pytest.mark.parametrize("operation", sorted(ours.operations()))
def test_the_state_is_true(operation: str) -> None:
    """Of the contract are those operations that it promises; those that it calls deprecated may be called legacy."""
    state = ours.states()[operation]
    if operation in promised():
        assert state in ("contract", "legacy")
    else:
        assert state in ("extra", "legacy")


def test_the_listing_is_fresh() -> None:
    written = (settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")
    assert written == markdown(), "docs/api.md is stale: run `manage.py describe_api`."
