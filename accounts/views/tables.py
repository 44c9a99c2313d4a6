"""A page whose list has saved views."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import SavedView
from accounts.saved_views import default_of, views_of
from common.pages import Page


class TablePage(Page):
    """`?view=<id>` alone opens that view, no query at all the default one: both lead to the address that the view
    stands for, so that what is shown is always what the address says. `?view=` is the list without any view."""

    table: ClassVar[str]

    def instead(self, request: HttpRequest) -> HttpResponse | None:
        asked, params = request.GET.get("view"), set(request.GET)
        if request.method != "GET" or request.htmx or params - {"view"} or asked == "":  # type: ignore[attr-defined]
            return None
        views = seen_views(request, self.table)
        view = next((view for view in views if view.pk == asked), None) if asked else default_of(views)
        if view is not None:
            return redirect(f"{request.path}?{view.query}&view={view.pk}")
        if asked:
            messages.warning(request, _("There is no such view: it was deleted, or it is not shared."))
            return redirect(f"{request.path}?view=")
        return None


def seen_views(request: Any, table: str) -> list[SavedView]:
    """The views of a list that the person behind a request sees, asked for once per request."""
    known: dict[str, list[SavedView]] = request.__dict__.setdefault("saved_views", {})
    if table not in known:
        known[table] = views_of(request.project, request.user, table)
    return known[table]
