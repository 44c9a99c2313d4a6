"""One prompt: its history on the left, a version on the right."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from common.errors import Invalid
from prompts import composition, examples, history, templates, usage
from prompts.browsing import labels_in_use
from prompts.deleting import delete_versions
from prompts.diffing import compare
from prompts.forms import split_tags
from prompts.labelling import label_version, take_off
from prompts.models import LATEST, PRODUCTION, Kind, Prompt, PromptLabel, PromptVersion
from prompts.protecting import protected_labels
from prompts.publishing import set_tags
from prompts.views.base import PromptsPage


class PromptPage(PromptsPage):
    """`/prompts/<name>`: the rest of the path is the name, so everything else stands in the query.

    `version` or `label` choose what is shown (the newest unless given), `view` how: the prompt, its changes (against
    `compare`), how to use it, the moves of its labels, or the question whether to move a `label` here.
    """

    template = "prompts/prompt.html"
    part = "preview"

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return self._show(request, name)

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """`do` says what: label, unlabel, tags, delete_version or delete."""
        verb = self.verbs.get(request.POST.get("do", ""))
        if verb is None:
            return HttpResponse(status=400)
        try:
            address = verb(self, request, name)
        except Invalid as error:
            return self._show(request, name, fault=error.message, status=422)
        return HttpResponseRedirect(address, status=303)

    def _show(self, request: HttpRequest, name: str, fault: str = "", status: int = 200) -> HttpResponse:
        prompt = history.find_prompt(self.project_id, name)
        version = history.find_version(prompt, _number(request, "version"), request.GET.get("label") or None)
        view = request.GET.get("view", "")
        if view not in self.parts or (view == "move" and not self.may("prompts:write")):
            view = "prompt"
        versions, older = history.page_of_versions(prompt, _number(request, "before"))
        context = {
            "prompt": prompt,
            "version": version,
            "labels": [label.label for label in version.labels.all()],
            "versions": versions,
            "older": older,
            "newer_version": _neighbour(versions, version, -1),
            "older_version": _neighbour(versions, version, 1),
            "view": view,
            "protected": protected_labels(self.project_id),
            "may_write": self.may("prompts:write"),
            "may_protect": self.may("prompts:protect"),
            "fault": fault,
            "trail": [(part, "/".join(prompt.folder.split("/")[: n + 1])) for n, part in enumerate(_folders(prompt))],
        }
        context |= self.parts[view](self, request, prompt, version)
        return self.render(context, status=status)

    # --- What the right side shows -----------------------------------------------------------------

    def _prompt(self, request: HttpRequest, prompt: Prompt, version: PromptVersion) -> dict[str, Any]:
        body = version.body
        composed = bool(composition.references(body)) or examples.stand_in(body)
        resolved = composed and "resolved" in request.GET
        fault = ""
        if resolved:
            try:
                put_together = composition.resolve(self.project_id, composition.node_of(version)).content
                body = examples.fill(self.project_id, put_together)
            except Invalid as error:
                fault = error.message
        return {
            "messages_of_prompt": None if isinstance(body, str) else [_shown(message) for message in body],
            "text": body if isinstance(body, str) else "",
            "variables": templates.variables(body),
            "composed": composed,
            "resolved": resolved,
            "composition_fault": fault,
        }

    def _changes(self, request: HttpRequest, prompt: Prompt, version: PromptVersion) -> dict[str, Any]:
        number = _number(request, "compare")
        other = history.find_version(prompt, number) if number else history.version_before(prompt, version.version)
        if other is None:
            return {"difference": None}
        return {"other": other, "difference": compare(other, version)}

    def _use(self, request: HttpRequest, prompt: Prompt, version: PromptVersion) -> dict[str, Any]:
        labels = [label.label for label in version.labels.all()]
        given = next((label for label in labels if label == PRODUCTION), None)
        label = given or next((label for label in labels if label != LATEST), None)
        wanted = usage.Wanted(
            name=prompt.name,
            chat=prompt.type == Kind.CHAT,
            label=label,
            version=None if label else version.version,
            variables=templates.variables(version.body),
            placeholders=templates.placeholders(version.body),
        )
        key = prompt.project.api_keys.order_by("created_at").values_list("public_key", flat=True).first()
        return {"snippets": usage.fetch_snippets(settings.PUBLIC_URL, key or "", wanted), "fetched_label": label}

    def _labels(self, request: HttpRequest, prompt: Prompt, version: PromptVersion) -> dict[str, Any]:
        chosen = request.GET.get("of", "")
        standing = prompt.labels.select_related("version").order_by("label")
        return {"moves": history.moves_of(prompt, chosen), "standing": standing, "of": chosen}

    def _move(self, request: HttpRequest, prompt: Prompt, version: PromptVersion) -> dict[str, Any]:
        label = request.GET.get("move", "").replace("\0", "").strip()
        standing = _standing(prompt, label)
        return {
            "label": label,
            "holder": standing,
            "difference": compare(standing, version) if standing and standing != version else None,
            "suggested": sorted({PRODUCTION, *labels_in_use(self.project_id)}),
        }

    parts: ClassVar[dict[str, Callable[..., dict[str, Any]]]] = {
        "prompt": _prompt,
        "changes": _changes,
        "use": _use,
        "labels": _labels,
        "move": _move,
    }

    # --- What can be done --------------------------------------------------------------------------

    def _do_label(self, request: HttpRequest, name: str) -> str:
        version, label = _posted_version(request), request.POST.get("label", "").strip()
        label_version(self.project_id, name, version, [label], self.author)
        messages.success(
            request, _("“%(label)s” is now on version %(version)s.") % {"label": label, "version": version}
        )
        return _address(name, version=version)

    def _do_unlabel(self, request: HttpRequest, name: str) -> str:
        label = request.POST.get("label", "")
        take_off(self.project_id, name, label, self.author)
        messages.success(request, _("“%(label)s” is taken off.") % {"label": label})
        return _address(name, version=_posted_version(request))

    def _do_tags(self, request: HttpRequest, name: str) -> str:
        set_tags(self.project_id, name, split_tags(request.POST.get("tags", "")), self.author)
        return _address(name, version=_posted_version(request))

    def _do_delete_version(self, request: HttpRequest, name: str) -> str:
        version = _posted_version(request)
        delete_versions(self.project_id, name, self.author, version=version)
        messages.success(request, _("Version %(version)s is deleted.") % {"version": version})
        left = Prompt.objects.filter(project_id=self.project_id, name=name).exists()
        return _address(name) if left else _list_address(name)

    def _do_delete(self, request: HttpRequest, name: str) -> str:
        delete_versions(self.project_id, name, self.author)
        messages.success(request, _("“%(name)s” is deleted with all its versions.") % {"name": name})
        return _list_address(name)

    verbs: ClassVar[dict[str, Callable[..., str]]] = {
        "label": _do_label,
        "unlabel": _do_unlabel,
        "tags": _do_tags,
        "delete_version": _do_delete_version,
        "delete": _do_delete,
    }


def _number(request: HttpRequest, name: str) -> int | None:
    """A number in the query; None where it is missing or no number. No version has a number as large as the largest."""
    text = request.GET.get(name, "")
    return min(int(text[:12]), 2**31) if text.isascii() and text.isdigit() else None


def _posted_version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid(_("The version must be a number."), "version")
    return int(text)


def _address(name: str, **query: Any) -> str:
    return reverse("prompt", args=[name]) + (f"?{urlencode(query)}" if query else "")


def _list_address(name: str) -> str:
    folder = name.rpartition("/")[0]
    return reverse("prompts") + (f"?{urlencode({'folder': folder})}" if folder else "")


def _folders(prompt: Prompt) -> list[str]:
    return prompt.folder.split("/") if prompt.folder else []


def _neighbour(versions: Any, version: PromptVersion, step: int) -> int | None:
    numbers = [other.version for other in versions]
    if version.version not in numbers:
        return None
    position = numbers.index(version.version) + step
    return numbers[position] if 0 <= position < len(numbers) else None


def _standing(prompt: Prompt, label: str) -> PromptVersion | None:
    row = PromptLabel.objects.filter(prompt=prompt, label=label).select_related("version__prompt").first()
    return row.version if row else None


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    """A message for the template; `more` is what it holds beside role and content."""
    if templates.is_placeholder(message):
        return {"placeholder": message["name"]}
    more = {key: value for key, value in message.items() if key not in ("role", "content", "type")}
    return {"role": message["role"], "content": message["content"], "more": more}
