"""What was done with prompts: fragments that the pages of prompts load by address, so that prompts import no traces."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common.pages import Page
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Measure, MetricsQuery

RECENT = timedelta(days=7)
# A version's whole life, for an aggregation that needs a beginning.
LONG = timedelta(days=365)
MOST = 100


class PromptUses(Page):
    """`?name=a&name=b`: how many calls each prompt had in the last 7 days, swapped into `#uses-1`, `#uses-2`…"""

    template = "tracing/prompt_uses.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        names = [name.replace("\0", "") for name in request.GET.getlist("name")[:MOST]]
        now = timezone.now()
        rows = self.ask(names, now - RECENT, ("promptName",)) if names else []
        counts = {row["promptName"]: row["count_count"] for row in rows}
        return self.render({"uses": [(name, counts.get(name, 0)) for name in names]})

    def ask(self, names: list[str], since: Any, dimensions: tuple[str, ...], *more: Filter) -> Any:
        return store().metrics(
            MetricsQuery(
                project_id=self.project_id,
                view="observations",
                measures=(
                    Measure(measure="count", aggregation="count"),
                    Measure(measure="totalCost", aggregation="avg"),
                    Measure(measure="latency", aggregation="p50"),
                    Measure(measure="totalTokens", aggregation="avg"),
                ),
                since=since,
                until=timezone.now(),
                dimensions=dimensions,
                filters=(Filter("stringOptions", "promptName", "any of", tuple(names)), *more),
            )
        )


class PromptVersionUses(PromptUses):
    """`?name=&version=`: the calls of one version over a year: how many, how long, how dear."""

    template = "tracing/prompt_version_uses.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        name, version = request.GET.get("name", "").replace("\0", ""), request.GET.get("version", "")
        asked = name and version.isdecimal() and len(version) < 10
        rows = asked and self.ask(
            [name], timezone.now() - LONG, (), Filter("number", "promptVersion", "=", int(version))
        )
        return self.render({"figures": rows[0] if rows else {}, "name": name, "version": version})
