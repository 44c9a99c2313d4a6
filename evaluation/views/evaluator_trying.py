"""The form of an evaluator at work before it is saved: its variables, their live preview, a try on what is there."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from common.errors import DomainError, Invalid
from common.pages import Page
from datasets.models import Dataset
from evaluation import observed
from evaluation.definitions import Judge, Output
from evaluation.evaluator_form import definition, typed
from evaluation.mapping import SOURCES
from evaluation.scoring.base import Subject
from evaluation.scoring.parts import source, whole_text
from evaluation.trying import fill, newest_subjects, subjects_of_dataset, try_out

MOST_TRIED = 10
DATASETS = 50


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a subject as text; empty where it has none."""

    name: str
    text: str


class FormFragment(Page):
    """A fragment that the form sends itself to."""

    section = "evaluators"
    permission = write_permission = "evaluation:write"
    http_method_names = ["post"]


class Variables(FormFragment):
    """The rows of the mapping, after the messages changed; nothing (204) where the variables are the same, so that
    what is typed into them meanwhile stays."""

    template = "evaluation/evaluator_variables.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            page = typed(request.POST)
        except DomainError as error:
            return self.render({"error": error}, status=422)
        if [row.variable for row in page.variables] == [row.variable for row in page.mapping]:
            return HttpResponse(status=204)
        return self.render({"page": page, "sources": list(SOURCES)})


class Preview(FormFragment):
    """What each variable would be on the first thing that is looked at, and the messages that would be sent."""

    template = "evaluation/evaluator_preview.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            page = typed(request.POST)
            found = chosen(self.project_id, request.POST, 1)
            if not found:
                return self.render({"nothing": True})
            subject = found[0]
            judge = Judge(messages=page.messages, output=Output(data_type="BOOLEAN"), mapping=page.mapped)
            return self.render({"subject": subject, "sides": _sides(subject), **_filled(judge, subject, page.mapped)})
        except DomainError as error:
            return self.render({"error": error}, status=422)


class Try(FormFragment):
    """The definition as typed, on some of what is there. Nothing is scored; calls of models are paid and traced."""

    template = "evaluation/evaluator_tried.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            page = typed(request.POST)
            given = definition(page)
            subjects = chosen(self.project_id, request.POST, _count(request.POST.get("n", "")))
            if not subjects:
                return self.render({"nothing": True})
            tried = try_out(self.project_id, given, subjects, name=page.name.strip()[:200])
        except DomainError as error:
            return self.render({"error": error}, status=422)
        rows = [{"tried": one, "sides": _sides(one.subject), **_told(one.filled)} for one in tried]
        return self.render({"rows": rows, "cost": sum(one.cost for one in tried)})


def looked_at(project_id: str) -> list[tuple[str, Any]]:
    """What an evaluator can be tried on: newest generations or traces, answers to a dataset's items."""
    datasets = Dataset.objects.filter(project_id=project_id).order_by("-updated_at", "name")[:DATASETS]
    return [
        ("observations", _("the newest generations")),
        ("traces", _("the newest traces")),
        *((f"dataset:{one.pk}", _("answers to %(dataset)s") % {"dataset": one.name}) for one in datasets),
    ]


def chosen(project_id: str, given: QueryDict, n: int) -> list[Subject]:
    """The subjects that a form names: by an id, or so many of a kind. Raises Invalid for an id that is not there."""
    if wanted := given.get("look_id", "").replace("\0", "").strip():
        found = observed.observations(project_id, [wanted]) or observed.traces(project_id, [wanted])
        if not found:
            raise Invalid(_("There is no trace or observation with this id."), "look_id")
        return list(found.values())[:1]
    look = given.get("look", "")
    if look.startswith("dataset:"):
        dataset = Dataset.objects.filter(project_id=project_id, pk=look.partition(":")[2].replace("\0", "")).first()
        return subjects_of_dataset(dataset, n) if dataset else []
    return newest_subjects(project_id, "trace" if look == "traces" else "observation", n)


def _count(text: str) -> int:
    return max(1, min(int(text), MOST_TRIED)) if text.isdecimal() and len(text) < 4 else 3


def _filled(judge: Judge, subject: Subject, mapped: Any) -> dict[str, Any]:
    return _told(fill(judge, subject, mapped))


def _told(filled: Any) -> dict[str, Any]:
    values = [(name, whole_text(value), "") for name, value in filled.values.items()]
    faults = [(name, "", fault) for name, fault in filled.faults.items()]
    return {"values": [*values, *faults], "messages": filled.messages}


def _sides(subject: Subject) -> list[Side]:
    found = [Side(name, whole_text(source(subject, name))) for name in SOURCES if source(subject, name) is not None]
    return [side for side in found if side.text]
