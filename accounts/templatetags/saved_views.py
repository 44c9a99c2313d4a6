"""The saved views above a list: `{% load saved_views %}{% saved_views "traces" as views %}`, then the two includes
`components/views_menu.html` (in the toolbar) and `components/views_dialogs.html` (outside of every form)."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.template.context import Context

from accounts.models import SavedView
from accounts.saved_views import HIDDEN, canonical
from accounts.views.tables import seen_views

register = template.Library()


@dataclass(frozen=True, slots=True)
class Views:
    """What the menu shows. `open` is the view in the address; `changed` says that the list no longer is as it was."""

    table: str
    own: list[SavedView]
    shared: list[SavedView]
    open: SavedView | None
    may_share: bool
    may_change: bool
    changed: bool
    query: str
    # The hidden columns that the address names, if it says anything about columns.
    hidden: list[str]

    @property
    def has_default(self) -> bool:
        return any(view.is_default for view in (*self.own, *self.shared))


@register.simple_tag(takes_context=True)
def saved_views(context: Context, table: str) -> Views:
    """The views of a list that this person sees."""
    request: Any = context["request"]
    views = seen_views(request, table)
    opened = next((view for view in views if view.pk == request.GET.get("view")), None)
    may_share = request.member.may("views:share")
    query = canonical(request.GET)
    return Views(
        table=table,
        own=[view for view in views if not view.shared],
        shared=[view for view in views if view.shared],
        open=opened,
        may_share=may_share,
        may_change=bool(opened and (may_share or not opened.shared)),
        changed=bool(opened and opened.query != query),
        query=query,
        hidden=request.GET.getlist(HIDDEN),
    )
