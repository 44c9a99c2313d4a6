"""The playground: prompts and models side by side, tried at once, kept under an address."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import Conflict, DomainError, Invalid
from common.pages import Page
from datasets.items import items
from datasets.models import Dataset
from datasets.showing import item_line, with_heads
from evaluation.models import PlaygroundDraft
from evaluation.playground import starting
from evaluation.playground.drafts import draft_of, keep, newest_of, state_of
from evaluation.playground.running import stream
from evaluation.playground.state import MOST_COLUMNS, Column, State, config_of, read
from llm.connections import of_project
from prompts.authors import Author
from prompts.models import Prompt, PromptVersion
from prompts.publishing import Draft, create_version

WRITE = "evaluation:write"
ITEMS = 50
MOST_TAGS = 50


class PlaygroundPage(Page):
    """A page or a door of the playground. Calling models costs money: who only reads may look at what others tried."""

    write_permission: ClassVar[str | None] = WRITE
    section = "playground"
    template = "evaluation/playground.html"

    @property
    def person(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


class Playground(PlaygroundPage):
    """`?prompt=` and `version=`, or `trace=` and `observation=`, say what to begin with; `new` begins empty; without
    any the person's last one opens."""

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET
        if asked.get("prompt"):
            wanted = zip(asked.getlist("prompt"), asked.getlist("version") + [""] * len(asked), strict=False)
            chosen = [(name, _number(version)) for name, version in wanted][:MOST_COLUMNS]
            return self.show(State(columns=[starting.from_version(self.project_id, *one) for one in chosen]))
        if asked.get("trace"):
            state = starting.from_observation(self.project_id, asked["trace"], asked.get("observation", ""))
            return self.show(state)
        newest = None if "new" in asked else newest_of(self.project_id, self.person)
        return redirect("playground_draft", newest.pk) if newest else self.show(starting.blank(self.project_id))

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.keep("")

    def show(self, state: State, draft: PlaygroundDraft | None = None) -> HttpResponse:
        prompts = Prompt.objects.filter(project_id=self.project_id).order_by("name")
        versions = _versions(self.project_id, state.columns)
        told = {
            "state": state,
            "columns": [(column, versions.get(column.prompt, ())) for column in state.columns],
            "blank": Column(),
            "draft": draft,
            "author": draft.author if draft and draft.author_id != self.person.pk else None,
            "connections": of_project(self.project_id),
            "prompts": prompts.values_list("name", flat=True),
            "datasets": Dataset.objects.filter(project_id=self.project_id).order_by("-updated_at"),
            "most_columns": MOST_COLUMNS,
            "may_write": self.may(WRITE),
            "may_publish": self.may("prompts:write"),
            "may_connect": self.may("llm_connections:write"),
        }
        return self.render(told)

    def keep(self, draft_id: str) -> HttpResponse:
        """Write what the browser sent, a change of `?version=`; answers where it is kept, and as which version."""
        version = _number(self.request.GET.get("version"))
        try:
            draft = keep(self.project_id, self.person, read(self.request.body), draft_id, version)
        except (Invalid, Conflict) as error:
            return _refusal(error)
        return JsonResponse({"address": reverse("playground_draft", args=[draft.pk]), "version": draft.version})


class OneDraft(Playground):
    """What was tried under an address."""

    def get(self, request: HttpRequest, draft_id: str) -> HttpResponse:  # type: ignore[override]
        draft = draft_of(self.project_id, draft_id)
        return self.show(state_of(draft), draft)

    def post(self, request: HttpRequest, draft_id: str) -> HttpResponse:  # type: ignore[override]
        return self.keep(draft_id)


class Run(PlaygroundPage):
    """Ask the columns that `?column=` names, or all: lines of JSON as the answers come."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        try:
            state = read(request.body)
        except Invalid as error:
            return _refusal(error)
        chosen = dict.fromkeys(place for text in request.GET.getlist("column") if (place := _number(text)) is not None)
        lines = stream(self.project_id, state, list(chosen), self.person)
        response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"  # proxies would keep it back until it is whole
        return response


class Publication(msgspec.Struct, kw_only=True):
    """A column to be published as a version."""

    name: str
    column: Column
    message: str = ""
    labels: str = ""


class Publish(PlaygroundPage):
    """Make a version of a prompt out of a column."""

    write_permission = "prompts:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            asked = msgspec.json.decode(request.body, type=Publication)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return _refusal(Invalid(str(error), "column"))
        try:
            draft = Draft(
                name=asked.name,
                content=asked.column.content,
                type=asked.column.kind,
                labels=asked.labels.replace(",", " ").split(),
                config=config_of(asked.column),
                commit_message=asked.message,
            )
            version = create_version(self.project_id, draft, Author(user=self.person))
        except DomainError as error:
            return _refusal(error)
        name = version.prompt.name
        address = f"{reverse('prompt', args=[name])}?version={version.version}"
        told = _("Saved as version %(version)s of “%(name)s”.") % {"version": version.version, "name": name}
        return JsonResponse({"address": address, "told": told, "name": name, "version": version.version})


class NewColumn(PlaygroundPage):
    """A column with a version of a prompt (`?prompt=`, `version=`), or an empty one, as a fragment."""

    write_permission = None
    template = "evaluation/playground_column.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        [column] = starting.blank(self.project_id).columns
        if name := request.GET.get("prompt", ""):
            column = starting.from_version(self.project_id, name, _number(request.GET.get("version")))
        connections = of_project(self.project_id)
        told = {
            "column": column,
            "connections": connections,
            "versions": _versions(self.project_id, [column]).get(column.prompt),
            "may_write": self.may(WRITE),
            "may_publish": self.may("prompts:write"),
        }
        return self.render(told)


class Items(PlaygroundPage):
    """The newest items of a dataset to choose variables from, as a fragment."""

    write_permission = None
    template = "evaluation/playground_items.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        dataset_id = request.GET.get("dataset", "").replace("\0", "")
        dataset = Dataset.objects.filter(project_id=self.project_id, pk=dataset_id).first()
        lines = [item_line(row) for row in with_heads(items(dataset))[:ITEMS]] if dataset else []
        return self.render({"lines": lines, "most": ITEMS})


class Variables(PlaygroundPage):
    """The variables (`?name=`…) that an item, a trace, or an observation in it fills."""

    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        asked: Any = request.GET
        names = asked.getlist("name")
        if asked.get("item"):
            found = starting.variables_of_item(self.project_id, asked["item"], names)
        elif asked.get("trace"):
            where = asked["trace"], asked.get("observation", "")
            found = starting.variables_of_traced(self.project_id, *where, names)
        else:
            found = {}
        return JsonResponse({"variables": found})


class Inside(PlaygroundPage):
    """The variables of the prompts that tags (`?tag=`…) put in, by tag: they are asked for like the column's own."""

    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        tags = list(dict.fromkeys(request.GET.getlist("tag")))[:MOST_TAGS]
        return JsonResponse({"variables": starting.variables_inside(self.project_id, tags)})


def _versions(project_id: str, columns: Sequence[Column]) -> dict[str, list[int]]:
    """The versions of the prompts that the columns began from, newest first."""
    found: dict[str, list[int]] = {}
    names = {column.prompt for column in columns if column.prompt and "\0" not in column.prompt}
    rows = PromptVersion.objects.filter(prompt__project_id=project_id, prompt__name__in=names).order_by("-version")
    for name, version in rows.values_list("prompt__name", "version"):
        found.setdefault(name, []).append(version)
    return found


def _refusal(error: DomainError) -> HttpResponse:
    status = 409 if isinstance(error, Conflict) else 422
    return JsonResponse({"message": error.message, "field": error.field}, status=status)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
