"""A new prompt, and a new version from one that is there."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from prompts.browsing import labels_in_use
from prompts.forms import PromptForm, Row, initial_of
from prompts.history import find_prompt, find_version
from prompts.models import LATEST, PRODUCTION, Kind, PromptVersion
from prompts.protecting import protected_labels
from prompts.views.base import PromptsPage


class Editor(PromptsPage):
    """What both editors share: the form, and the way back to the version that was made."""

    template = "prompts/edit.html"
    # The form itself is for writers only.
    permission = "prompts:write"

    def show(self, form: PromptForm, context: dict[str, Any]) -> HttpResponse:
        protected = set() if self.may("prompts:protect") else protected_labels(self.project_id)
        suggested = sorted({PRODUCTION, *labels_in_use(self.project_id)} - protected)
        shown = {
            "form": form,
            "suggested": suggested,
            # Braces cannot stand in the templates' own texts.
            "example": _("Name the capital of {{country}}."),
            "no_variables": _("none; write {{name}} to make one"),
            "empty_message": Row(),
            "empty_placeholder": Row(kind="placeholder"),
        }
        return self.render({**shown, **context}, status=422 if form.is_bound else 200)

    def publish(self, form: PromptForm, context: dict[str, Any]) -> HttpResponse:
        made = form.publish(self.project_id, self.author)
        if made is None:
            return self.show(form, context)
        said = _("Version %(version)s of “%(name)s” is saved.")
        messages.success(self.request, said % {"version": made.version, "name": made.prompt.name})
        address = f"{reverse('prompt', args=[made.prompt.name])}?version={made.version}"
        return HttpResponseRedirect(address, status=303)


class NewPrompt(Editor):
    """`/prompts/new`: a name and its first version; `?folder=` puts it into a folder."""

    def get(self, request: HttpRequest) -> HttpResponse:
        folder = request.GET.get("folder", "").strip("/")
        initial = {"name": f"{folder}/" if folder else "", "type": Kind.TEXT, "labels": PRODUCTION, "config": "{}"}
        if PRODUCTION in protected_labels(self.project_id) and not self.may("prompts:protect"):
            initial["labels"] = ""
        return self.show(PromptForm(initial=initial), {"folder": folder})

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.publish(PromptForm(request.POST), {"folder": request.GET.get("folder", "").strip("/")})


class NewVersion(Editor):
    """`/prompts/<name>?edit`: a new version that begins as a copy of `version` (the newest unless given)."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        base = self._base(request, name)
        return self.show(self._form(base), {"base": base, "prompt": base.prompt})

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        base = self._base(request, name)
        return self.publish(self._form(base, request.POST), {"base": base, "prompt": base.prompt})

    def _base(self, request: HttpRequest, name: str) -> PromptVersion:
        number = request.GET.get("version", "")
        asked = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
        prompt = find_prompt(self.project_id, name)
        return find_version(prompt, asked, LATEST)

    def _form(self, base: PromptVersion, data: Any = None) -> PromptForm:
        return PromptForm(data, initial=initial_of(base), name=base.prompt.name, kind=base.prompt.type)
