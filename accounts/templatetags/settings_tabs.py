"""The tabs of the settings, for every page that belongs there, of whatever app: `{% load settings_tabs %}`."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

register = template.Library()


@dataclass(frozen=True, slots=True)
class Tab:
    """`view` is a URL name; a tab whose page does not exist is not shown."""

    label: Any
    view: str
    action: str


TABS = (
    Tab(_("General"), "settings", "project:read"),
    Tab(_("API keys"), "settings_keys", "keys:manage"),
    Tab(_("Members"), "settings_members", "members:read"),
    Tab(_("Organization"), "settings_organization", "members:manage"),
    Tab(_("LLM connections"), "llm_connections", "llm_connections:write"),
    Tab(_("Models and prices"), "admin:llm_modeldefinition_changelist", "models:write"),
    Tab(_("Score configs"), "admin:tracing_scoreconfig_changelist", "score_configs:write"),
    Tab(_("Ingestion"), "ingestion", "traces:write"),
    Tab(_("Protected labels"), "protected_labels", "prompts:protect"),
    Tab(_("API reference"), "api_reference", "project:read"),
    Tab(_("Audit log"), "settings_audit_log", "audit:read"),
)


@register.inclusion_tag("accounts/settings_tabs.html", takes_context=True)
def settings_tabs(context: Context) -> dict[str, Any]:
    """Tabs of the settings that this member may open."""
    request = context["request"]
    shown = [tab for tab in TABS if request.member.may(tab.action) and _exists(tab.view)]
    return {
        "tabs": [
            {"label": tab.label, "url": (url := reverse(tab.view)), "now": _is_now(tab, url, request.path)}
            for tab in shown
        ]
    }


def _is_now(tab: Tab, url: str, path: str) -> bool:
    """Whether the page is the tab's or stands below it; all of them stand below the general one."""
    below = tab.view != "settings" and path.startswith(f"{url.rstrip('/')}/")
    return path == url or below


@cache
def _exists(view: str) -> bool:
    try:
        reverse(view)
    except NoReverseMatch:
        return False
    return True
