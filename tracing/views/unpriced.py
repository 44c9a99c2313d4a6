"""Which models of the project lack a price: a fragment that Settings → Models shows above the definitions."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common.pages import Page
from tracing.unpriced import Unpriced, unpriced_models

SHOWN_DAYS = 30


class UnpricedModels(Page):
    """Calls of the last month that have usage but no cost, by model; each leads to a definition begun for it."""

    template = "tracing/unpriced.html"
    section = "settings"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        models = unpriced_models(self.project_id, now - timedelta(days=SHOWN_DAYS), now + timedelta(days=1))
        rows = [{"unpriced": model, "begun": _begun(model)} for model in models]
        context: dict[str, Any] = {"rows": rows, "days": SHOWN_DAYS, "may_price": self.may("models:write")}
        return self.render(context)


def _begun(unpriced: Unpriced) -> str:
    """The fields of a definition that would price it."""
    name = unpriced.model[:200]
    return urlencode({"model_name": name, "match_pattern": f"(?i)^{re.escape(name)}$"})
