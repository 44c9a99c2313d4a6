"""Keeping, changing and deleting saved views; the lists themselves show them (`components/views_menu.html`)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.models import Project, SavedView, User
from accounts.saved_views import change_view, delete_view, find_view, save_view
from common.errors import Conflict, Invalid
from common.pages import Page


class _Views(Page):
    """One's own views are everybody's who reads the project; the verbs refuse the shared ones."""

    http_method_names = ["post"]
    write_permission = "project:read"

    @property
    def project(self) -> Project:
        return self.request.project  # type: ignore[attr-defined,no-any-return]

    @property
    def actor(self) -> Actor:
        return Actor(self.request.member.role, self.request.user)  # type: ignore[attr-defined,arg-type]

    def view(self, view_id: str) -> SavedView:
        user = self.request.user
        assert isinstance(user, User)
        return find_view(self.project, user, view_id)

    def back(self, query: str) -> HttpResponse:
        """To the list that the form names, if it is one of this project."""
        address = self.request.POST.get("next", "")
        root = f"{self.request.META['SCRIPT_NAME']}/"
        return redirect(f"{address if address.startswith(root) else root}?{query}")

    def refused(self, error: Invalid | Conflict) -> HttpResponse:
        """Back to the list as it was, with the reason above it."""
        messages.error(self.request, error.message)
        return self.back(self.request.POST.get("query") or "view=")


class SavedViews(_Views):
    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the list as it is now."""
        given = request.POST
        try:
            view = save_view(
                self.project,
                self.actor,
                table=given.get("table", ""),
                name=given.get("name", ""),
                query=given.get("query", ""),
                shared=bool(given.get("shared")),
                is_default=bool(given.get("is_default")),
            )
        except (Invalid, Conflict) as error:
            return self.refused(error)
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
        return self.back(f"view={view.pk}")


class SavedViewPage(_Views):
    def post(self, request: HttpRequest, view_id: str) -> HttpResponse:
        """With a name: what it is called and whose it is. With a query alone: how the list looks."""
        given = request.POST
        view = self.view(view_id)
        try:
            if "name" in given:
                shared, is_default = bool(given.get("shared")), bool(given.get("is_default"))
                change_view(view, self.actor, name=given["name"], shared=shared, is_default=is_default)
            else:
                change_view(view, self.actor, query=given.get("query", ""))
        except (Invalid, Conflict) as error:
            return self.refused(error)
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
        return self.back(f"view={view.pk}")


class SavedViewRemoval(_Views):
    def post(self, request: HttpRequest, view_id: str) -> HttpResponse:
        view = self.view(view_id)
        delete_view(view, self.actor)
        messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
        return self.back("view=")
