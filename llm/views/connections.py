"""Settings → LLM connections: listed, added, changed, deleted. Keys go in and are never shown."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import Invalid
from common.pages import Page
from llm.connection_form import ADDRESSES, ConnectionForm
from llm.connections import own, put, remove
from llm.models import LlmConnection


class ConnectionPage(Page):
    section = "settings"
    permission = write_permission = "llm_connections:write"

    @property
    def author(self) -> Author:
        return Author(user=self.request.user)  # type: ignore[arg-type]

    def save(self, form: ConnectionForm) -> bool:
        """Whether the form could be saved; if not, it says why."""
        if not form.is_valid():
            return False
        try:
            connection, _is_new = put(self.project_id, form.draft(), self.author)
        except Invalid as error:
            form.refuse(error)
            return False
        messages.success(self.request, _("The connection %(provider)s is saved.") % {"provider": connection.provider})
        return True

    def show_form(self, form: ConnectionForm, status: int = 200) -> HttpResponse:
        return self.render({"form": form, "connection": form.present, "addresses": ADDRESSES}, status=status)


class Connections(ConnectionPage):
    template = "llm/connections.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"connections": LlmConnection.objects.filter(project_id=self.project_id)})


class NewConnection(ConnectionPage):
    template = "llm/connection.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show_form(ConnectionForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ConnectionForm(request.POST)
        if form.is_valid() and self._is_taken(form.cleaned_data["provider"]):
            form.add_error("provider", _("There is a connection of this name. Change that one or choose another name."))
        return redirect("llm_connections") if self.save(form) else self.show_form(form, 422)

    def _is_taken(self, provider: str) -> bool:
        return LlmConnection.objects.filter(project_id=self.project_id, provider=provider).exists()


class OneConnection(ConnectionPage):
    template = "llm/connection.html"

    def get(self, request: HttpRequest, connection_id: str) -> HttpResponse:
        return self.show_form(ConnectionForm(present=own(self.project_id, connection_id)))

    def post(self, request: HttpRequest, connection_id: str) -> HttpResponseBase:
        form = ConnectionForm(request.POST, present=own(self.project_id, connection_id))
        return redirect("llm_connections") if self.save(form) else self.show_form(form, 422)


class ConnectionRemoval(ConnectionPage):
    def post(self, request: HttpRequest, connection_id: str) -> HttpResponseBase:
        remove(self.project_id, connection_id, self.author)
        messages.success(request, _("The connection is deleted."))
        return redirect("llm_connections")
