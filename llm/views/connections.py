"""Settings → LLM connections: listed, added, changed, deleted. Keys go in and are never shown."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.authors import Author
from common.errors import DomainError, Invalid
from common.pages import Page
from llm import probing
from llm.connection_form import PRESETS, ConnectionForm
from llm.connections import add_models, of_project, own, put, remove
from llm.defaults import choose, usual, usual_model
from llm.models import LlmConnection


class ConnectionPage(Page):
    section = "settings"
    permission = write_permission = "llm_connections:write"

    @property
    def author(self) -> Author:
        return Author(user=self.request.user)  # type: ignore[arg-type]

    def save(self, form: ConnectionForm) -> HttpResponseBase:
        """On to the connection's own page, where it can be tested; or the form again, which says why not."""
        if not form.is_valid():
            return self.show_form(form, 422)
        try:
            connection, _is_new = put(self.project_id, form.draft(), self.author)
        except Invalid as error:
            form.refuse(error)
            return self.show_form(form, 422)
        messages.success(self.request, _("The connection %(provider)s is saved.") % {"provider": connection.provider})
        return redirect("llm_connection", connection.pk)

    def show_form(self, form: ConnectionForm, status: int = 200) -> HttpResponse:
        tested = form.present.last_test if form.present else None
        context = {"form": form, "connection": form.present, "presets": PRESETS, **_tested(tested, form.present)}
        return self.render(context, status=status)


class Connections(ConnectionPage):
    template = "llm/connections.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def show(self, typed: tuple[str, str] | None = None, error: DomainError | None = None) -> HttpResponse:
        """`typed`: what was to be the default, a connection's id and a model."""
        connections = list(of_project(self.project_id))
        counts = usual(connections)
        chosen = counts if counts and counts.default_model else None
        told = {
            "connections": connections,
            "default": (counts, usual_model(counts)) if counts else None,
            "chosen": chosen,
            "typed": typed or ((chosen.pk, chosen.default_model) if chosen else ("", "")),
            "models": sorted({name for one in connections for name in one.custom_models}),
            "error": error,
        }
        return self.render(told, status=422 if error else 200)


class DefaultModel(Connections):
    """Says what is asked where no model is named."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        connection_id, model = request.POST.get("connection", ""), request.POST.get("model", "")
        try:
            choose(self.project_id, connection_id, model, self.author)
        except DomainError as error:
            return self.show((connection_id, model), error)
        messages.success(request, _("The default model is saved."))
        return redirect("llm_connections")


class NewConnection(ConnectionPage):
    template = "llm/connection.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show_form(ConnectionForm())

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ConnectionForm(request.POST)
        if form.is_valid() and self._is_taken(form.cleaned_data["provider"]):
            form.add_error("provider", _("There is a connection of this name. Change that one or choose another name."))
        return self.save(form)

    def _is_taken(self, provider: str) -> bool:
        return LlmConnection.objects.filter(project_id=self.project_id, provider=provider).exists()


class OneConnection(ConnectionPage):
    template = "llm/connection.html"

    def get(self, request: HttpRequest, connection_id: str) -> HttpResponse:
        return self.show_form(ConnectionForm(present=own(self.project_id, connection_id)))

    def post(self, request: HttpRequest, connection_id: str) -> HttpResponseBase:
        form = ConnectionForm(request.POST, present=own(self.project_id, connection_id))
        return self.save(form)


class ConnectionTest(ConnectionPage):
    """Asks the provider what it can do; answers with the findings."""

    template = "llm/connection.html"
    part = "test"

    def post(self, request: HttpRequest, connection_id: str) -> HttpResponseBase:
        connection = own(self.project_id, connection_id)
        error = ""
        try:
            connection.last_test = probing.test(connection, request.POST.get("model", "")).as_json()
        except Invalid as refused:
            error = refused.message
        if not self.in_part:
            if error:
                messages.error(request, error)
            return redirect("llm_connection", connection_id)
        return self.render({"connection": connection, "error": error, **_tested(connection.last_test, connection)})


class ConnectionModels(ConnectionPage):
    """Takes over models that the provider listed."""

    def post(self, request: HttpRequest, connection_id: str) -> HttpResponseBase:
        try:
            added = add_models(self.project_id, connection_id, request.POST.getlist("model"), self.author)
        except Invalid as error:
            messages.error(request, error.message)
        else:
            told = ngettext("%(count)s model was added.", "%(count)s models were added.", added)
            messages.success(request, told % {"count": added})
        return redirect("llm_connection", connection_id)


class ConnectionRemoval(ConnectionPage):
    def post(self, request: HttpRequest, connection_id: str) -> HttpResponseBase:
        remove(self.project_id, connection_id, self.author)
        messages.success(request, _("The connection is deleted."))
        return redirect("llm_connections")


def _tested(tested: dict[str, Any] | None, connection: LlmConnection | None) -> dict[str, Any]:
    """The last test as the page shows it. A reason that all abilities share is told once."""
    known = list(connection.custom_models) if connection else []
    if tested is None:
        return {"known_models": known, "to_test": usual_model(connection) if connection else ""}
    findings = [finding | {"label": probing.ABILITIES[finding["ability"]]} for finding in tested["findings"]]
    reasons = {finding["words"] for finding in findings if not finding["works"]}
    shared = reasons.pop() if len(reasons) == 1 and not any(finding["works"] for finding in findings) else ""
    return {
        "findings": findings,
        "shared_reason": shared,
        "to_test": tested["model"],
        "tested_model": tested["model"],
        "tested_at": parse_datetime(tested["at"]),
        "new_models": [name for name in tested["models"] if name not in set(known)],
        "known_models": list(dict.fromkeys([*known, *tested["models"]])),
    }
