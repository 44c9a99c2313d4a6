"""Every address that the URL configuration knows, filled with Alice's ids."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils.regex_helper import normalize

from tests.accounts.stage import Stage

OTHER_METHODS = ("head", "options", "trace")
UNSAFE_METHODS = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One leaf of the URL configuration. `route` is its pattern, e.g. `traces/<path:trace_id>`."""

    route: str
    view: Any

    @property
    def view_class(self) -> Any:
        return getattr(self.view, "view_class", None) or getattr(self.view, "cls", None)

    @property
    def methods(self) -> list[str]:
        """The methods that the view has; all of them where that cannot be known."""
        names = getattr(self.view_class, "http_method_names", None)
        if names is None or not hasattr(self.view_class, "http_method_not_allowed"):
            return ["GET", *UNSAFE_METHODS]
        return [name.upper() for name in names if hasattr(self.view_class, name) and name not in OTHER_METHODS]

    @property
    def model(self) -> str | None:
        """The model ("app.model") whose pages in the admin this is one of."""
        found = _ADMIN.match(self.route)
        name = f"{found['app']}.{found['model']}" if found else None
        return name if name in {model._meta.label_lower for model in admin.site._registry} else None

    def path(self, stage: Stage) -> str:
        """The address, without a slash before it, of Alice's thing. Raises LookupError for a parameter unknown here."""
        return _PARAMETER.sub(lambda found: parameter(self, found["name"], stage), self.route)


_PARAMETER = re.compile(r"<(?:[a-z]+:)?(?P<name>\w+)>")
_ADMIN = re.compile(r"admin/(?P<app>\w+)/(?P<model>\w+)/")


def parameter(route: Route, name: str, stage: Stage) -> str:
    """What of Alice's a parameter of a route means. A new parameter has to be told here what it means."""
    if name == "object_id" and route.model:
        row = stage.row(route.model)
        if row is None:
            raise LookupError(f"{route.route}: let tests/accounts/stage.py make a {route.model}.")
        return row
    if name == "name":
        return stage.ids["dataset" if "datasets" in route.route else "prompt"]
    if name == "path" and route.route.startswith("api/public/datasets/"):
        return f"{stage.ids['dataset']}/runs/{stage.ids['run']}"
    constants = {"verb": "resend", "direction": "next", "object_id": "1", "content_type_id": "1", "app_label": "llm"}
    constants |= {"url": "nowhere", "ticket": "forged"}
    value = stage.ids.get(name, constants.get(name))
    if value is None:
        raise LookupError(f"{route.route}: tests/accounts/routes.py does not know what {name!r} means. Tell it.")
    return value


def every_route() -> list[Route]:
    """All leaves of the URL configuration."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: Any, before: str) -> Iterator[Route]:
    for entry in patterns:
        text = before + _text(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, text)
        elif isinstance(entry, URLPattern):
            yield Route(text, entry.callback)


def _text(pattern: Any) -> str:
    """A pattern with its parameters as `<name>`."""
    if isinstance(pattern, RoutePattern):
        return str(pattern)
    assert isinstance(pattern, RegexPattern), pattern
    shape, _names = normalize(pattern.regex.pattern)[0]
    return re.sub(r"%\((\w+)\)s", r"<\1>", shape)
