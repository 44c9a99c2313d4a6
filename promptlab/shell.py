"""What the shell around every page shows: sidebar, project switcher, theme."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Project
from tracing.seen import READ


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sidebar; `path` is relative to the project, `key` is what a page names as its `section`."""

    key: str
    label: Any
    icon: str
    path: str
    shortcut: str = ""
    action: str = "project:read"


SIDEBAR: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("home", _("Home"), "home", "/", "h"),
            Entry("dashboards", _("Dashboards"), "dashboard", "/dashboards", "b", READ),
        ),
    ),
    (
        _("Observe"),
        (
            Entry("traces", _("Traces"), "account_tree", "/traces", "t"),
            Entry("sessions", _("Sessions"), "forum", "/sessions", "s"),
            Entry("users", _("Users"), "person", "/users", "u"),
        ),
    ),
    (
        _("Prompts"),
        (
            Entry("prompts", _("Prompts"), "edit_note", "/prompts", "p"),
            Entry("playground", _("Playground"), "experiment", "/playground", "y"),
        ),
    ),
    (
        _("Evaluate"),
        (
            Entry("datasets", _("Datasets"), "database", "/datasets", "d"),
            Entry("experiments", _("Experiments"), "science", "/experiments", "e", READ),
            Entry("scores", _("Scores"), "star", "/scores", "c"),
            Entry("evaluators", _("Evaluators"), "gavel", "/evaluators", "v"),
            Entry("annotation", _("Annotation"), "rate_review", "/annotation", "a"),
        ),
    ),
    ("", (Entry("settings", _("Settings"), "settings", "/settings", ","),)),
)


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context of the shell: `project`, `member`, `sidebar` (only what the member may see), `theme`."""
    theme = request.COOKIES.get("promptlab_theme", "auto")
    shell: dict[str, Any] = {
        "theme": theme if theme in ("light", "dark") else "auto",
        "public_url": settings.PUBLIC_URL,
    }
    project, member = getattr(request, "project", None), getattr(request, "member", None)
    if project is None or member is None or not request.user.is_authenticated or member.role is None:
        return {**shell, "project": None, "member": None, "sidebar": ()}
    sidebar = [(title, [entry for entry in entries if member.may(entry.action)]) for title, entries in SIDEBAR]
    return {
        **shell,
        "project": project,
        "member": member,
        "sidebar": sidebar,
        "project_root": f"/project/{project.pk}",
        "public_key": SimpleLazyObject(lambda: _public_key(project)),
    }


def _public_key(project: Project) -> str:
    """For snippets ready to paste: a public key of this project; asked for only where a page shows one."""
    return (
        ApiKey.objects.filter(project=project).order_by("created_at").values_list("public_key", flat=True).first() or ""
    )
