"""Saved views: a list's filters, search, order and hidden columns under a name, one's own or the project's.

A view is the query of an address, so that opening one is following a link, and what an address cannot say a view does
not remember. Anybody who reads a project keeps views of their own; shared ones need `views:share`.
"""

import re
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.models import Project, SavedView, User
from common.errors import Conflict, Invalid
from common.finding import find

MAX_NAME = 100
MAX_QUERY = 4000
# Of one list, as one person sees them: a menu cannot hold more.
MOST = 100
# Where in the list somebody stands, and how it is drawn, belong to no view.
PASSING = frozenset({"cursor", "back", "page", "round", "view", "live"})
HIDDEN = "hide"
_TABLE = re.compile(r"[a-z_]{1,40}")


def views_of(project: Project, user: User, table: str) -> list[SavedView]:
    """The views of a list that a person sees: their own and the shared ones, by name."""
    rows = SavedView.objects.filter(Q(shared=True) | Q(owner=user), project=project, table=table)
    return sorted(rows, key=lambda view: (view.name.lower(), view.shared))


def default_of(views: Sequence[SavedView]) -> SavedView | None:
    """The view that opens with the list: one's own before the project's."""
    return min((view for view in views if view.is_default), key=lambda view: view.shared, default=None)


def find_view(project: Project, user: User, view_id: str) -> SavedView:
    """A view that the person sees; raises NotFound."""
    seen = SavedView.objects.filter(Q(shared=True) | Q(owner=user), project=project)
    return find(seen, view_id, _("There is no such view: it was deleted, or it is not shared."))


def save_view(
    project: Project, by: Actor, *, table: str, name: str, query: str, shared: bool, is_default: bool
) -> SavedView:
    """Keep a list under a name. Raises Invalid, Conflict (the name is taken), Denied."""
    if shared:
        by.needs("views:share")
    if not _TABLE.fullmatch(table):
        raise Invalid(_("No list was named."), "table")
    assert by.user is not None
    if len(views_of(project, by.user, table)) >= MOST:
        raise Invalid(_("A list has at most %(most)s views. Delete one first.") % {"most": MOST}, "name")
    view = SavedView(
        project=project,
        table=table,
        owner=by.user,
        name=_checked_name(name),
        query=_checked_query(query),
        shared=shared,
        is_default=is_default,
    )
    return _store(view, by, "create", None)


def change_view(
    view: SavedView,
    by: Actor,
    *,
    name: str | None = None,
    query: str | None = None,
    shared: bool | None = None,
    is_default: bool | None = None,
) -> SavedView:
    """Change what is given. Raises Invalid, Conflict (the name is taken), Denied."""
    before = _told(view)
    if view.shared or shared:
        by.needs("views:share")
    if name is not None:
        view.name = _checked_name(name)
    if query is not None:
        view.query = _checked_query(query)
    if shared is not None:
        if view.shared and not shared:
            # Taken back by whoever does it: a private view of somebody else would be lost to both.
            view.owner = by.user
        view.shared = shared
    if is_default is not None:
        view.is_default = is_default
    return _store(view, by, "update", before)


def delete_view(view: SavedView, by: Actor) -> None:
    """Delete a view. Raises Denied for a shared one without `views:share`."""
    if view.shared:
        by.needs("views:share")
    with transaction.atomic():
        _record(view, by, "delete", _told(view), None)
        view.delete()


def canonical(query: QueryDict) -> str:
    """What of an address a view remembers. That no column is hidden is said too: it is a choice like others."""
    kept = QueryDict(mutable=True)
    for param, values in sorted(query.lists()):
        if param not in PASSING and (said := [value for value in values if value]):
            kept.setlist(param, said)
    kept.setlistdefault(HIDDEN, [""])
    return kept.urlencode()


def _store(view: SavedView, by: Actor, action: str, before: dict[str, object] | None) -> SavedView:
    try:
        with transaction.atomic():
            if view.is_default:
                others = SavedView.objects.filter(project=view.project_id, table=view.table, shared=view.shared)
                others = others if view.shared else others.filter(owner=view.owner)
                others.exclude(pk=view.pk).update(is_default=False)
            view.save()
            _record(view, by, action, before, _told(view))
    except IntegrityError as error:
        raise Conflict(_("There is a view “%(name)s” already. Choose another name.") % {"name": view.name}) from error
    return view


def _record(view: SavedView, by: Actor, action: str, before: dict[str, object] | None, after: object) -> None:
    """Private views are nobody else's business."""
    if view.shared or (before or {}).get("shared"):
        by.record(action, "saved_view", view.pk, project=view.project, before=before, after=after)


def _told(view: SavedView) -> dict[str, object]:
    return {
        "name": view.name,
        "table": view.table,
        "query": view.query,
        "shared": view.shared,
        "default": view.is_default,
    }


def _checked_name(name: str) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not 0 < len(name) <= MAX_NAME:
        raise Invalid(_("Give the view a name of at most %(most)s characters.") % {"most": MAX_NAME}, "name")
    return name


def _checked_query(query: str) -> str:
    text = canonical(QueryDict(query.replace("\0", "").removeprefix("?")))
    if len(text) > MAX_QUERY:
        raise Invalid(_("These filters are too long to be kept."), "query")
    return text
