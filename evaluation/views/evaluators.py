"""Evaluators: the list, the library to start from, one with its versions, and the form that defines one."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import DomainError
from common.pages import Page
from evaluation import applying, evaluators, library, pausing
from evaluation.definitions import OUTPUT_TYPES, ROLES, checked, definition_of
from evaluation.evaluator_form import (
    OWN,
    Typed,
    definition,
    of_code,
    of_metric,
    of_template,
    of_version,
    setting_fields,
    typed,
)
from evaluation.execution_log import log_of, recent_of
from evaluation.mapping import SOURCES
from evaluation.models import EvaluationRule, Evaluator, EvaluatorType
from evaluation.scoring.metrics.table import METRICS, metric_of
from evaluation.scoring.normalising import FORMS, PRESETS, Profile
from evaluation.views.evaluator_trying import looked_at
from llm.connections import of_project
from llm.defaults import default_model
from tracing.seen import READ

WRITE = "evaluation:write"
VERSIONS = 50
SHOWN = 10


class EvaluatorsPage(Page):
    """A page about evaluators and rules."""

    section = "evaluators"
    write_permission: ClassVar[str | None] = WRITE

    @property
    def author(self) -> Author:
        return Author(user=self.request.user)  # type: ignore[arg-type]


class Evaluators(EvaluatorsPage):
    """All evaluators, with how they have been doing lately."""

    template = "evaluation/evaluators.html"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        found = list(evaluators.all_of(self.project_id).prefetch_related("rules"))
        keys = [one.pk for one in found]
        versions, recent = evaluators.latest(keys), recent_of(keys)
        rows = [
            {
                "evaluator": one,
                "version": versions.get(one.pk),
                "recent": recent.get(one.pk),
                "about": about(one, versions),
            }
            for one in found
        ]
        open_ones = applying.all_of(self.project_id).filter(state__in=applying.OPEN)[:SHOWN]
        return self.render(
            {"rows": rows, "at_work": applying.progress_of(list(open_ones)), "may_write": self.may(WRITE)}
        )


class Library(EvaluatorsPage):
    """What an evaluator can be started from."""

    template = "evaluation/evaluator_library.html"
    permission = WRITE
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        language = request.GET.get("language") or (get_language() or "en")[:2]
        language = language if language in library.LANGUAGES else "en"
        return self.render(
            {
                "metrics": METRICS.values(),
                "templates": library.all_of(language),
                "language": language,
                "languages": {"en": "English", "ru": "Русский"},
            }
        )


class EvaluatorForm(EvaluatorsPage):
    """What the two forms share: what is chosen from, and what stands there."""

    template = "evaluation/evaluator_form.html"
    permission = WRITE

    def show(self, page: Typed, evaluator: Evaluator | None = None, error: DomainError | None = None) -> HttpResponse:
        is_metric = page.type == EvaluatorType.METRIC
        told: dict[str, Any] = {
            "page": page,
            "evaluator": evaluator,
            "error": error,
            "types": EvaluatorType,
            "roles": ROLES,
            "data_types": OUTPUT_TYPES,
            "sources": list(SOURCES),
            "connections": of_project(self.project_id),
            "default": default_model(self.project_id),
            "looked_at": looked_at(self.project_id),
        }
        if is_metric:
            profile = Profile.__dataclass_fields__
            told |= {
                "metric": metric_of(page.kind),
                "settings": setting_fields(page),
                "presets": {name: label for name, (label, _profile) in PRESETS.items()},
                "own": OWN,
                "forms": FORMS,
                "levels": [
                    (name, one.metadata["label"], page.profile.get(name))
                    for name, one in profile.items()
                    if name != "form"
                ],
            }
        return self.render(told, status=422 if error else 200)


class NewEvaluator(EvaluatorForm):
    """`?metric=<kind>`, `?template=<key>&language=`, `?code=1`, or an empty judge."""

    def get(self, request: HttpRequest) -> HttpResponse:
        given = request.GET
        try:
            if kind := given.get("metric"):
                return self.show(of_metric(kind))
            if key := given.get("template"):
                return self.show(of_template(key, given.get("language", "en")))
        except DomainError as error:
            raise Http404(error.message) from error
        return self.show(of_code() if given.get("code") else Typed(messages=[("user", "")]))

    def post(self, request: HttpRequest) -> HttpResponse:
        page = _typed(request)
        try:
            draft = evaluators.Draft(
                name=page.name, description=page.description.strip() or None, definition=definition(page)
            )
            made = evaluators.create(self.project_id, draft, self.author)
        except DomainError as error:
            return self.show(page, error=error)
        return redirect("evaluator", made.pk)


class EditEvaluator(EvaluatorForm):
    """The next version; `?version=` starts from an older one."""

    def get(self, request: HttpRequest, evaluator_id: str) -> HttpResponse:
        evaluator = evaluators.own(self.project_id, evaluator_id)
        wanted = request.GET.get("version", "")
        versions = evaluator.versions.order_by("-version")
        if wanted.isdecimal() and len(wanted) < 9:
            versions = versions.filter(version=int(wanted))
        version = versions.first()
        if version is None:
            raise Http404("There is no such version.")
        return self.show(of_version(evaluator, version), evaluator)

    def post(self, request: HttpRequest, evaluator_id: str) -> HttpResponse:
        evaluator = evaluators.own(self.project_id, evaluator_id)
        page = _typed(request)
        try:
            changes: dict[str, Any] = {"name": page.name, "description": page.description.strip() or None}
            given = definition(page)
            latest = evaluators.latest([evaluator.pk])[evaluator.pk]
            if checked(given) != checked(definition_of(latest)):
                changes["definition"] = given
            evaluators.change(self.project_id, evaluator.pk, changes, self.author)
        except DomainError as error:
            return self.show(page, evaluator, error)
        return redirect("evaluator", evaluator.pk)


class OneEvaluator(EvaluatorsPage):
    """An evaluator: what it is, how it is doing, its versions and its last executions."""

    template = "evaluation/evaluator.html"

    def get(self, request: HttpRequest, evaluator_id: str) -> HttpResponse:
        evaluator = evaluators.own(self.project_id, evaluator_id)
        versions = list(evaluator.versions.select_related("created_by").order_by("-version")[:VERSIONS])
        wanted = request.GET.get("version", "")
        shown = next((one for one in versions if str(one.version) == wanted), versions[0])
        applications = applying.all_of(self.project_id).filter(evaluator=evaluator)[:SHOWN]
        return self.render(
            {
                "evaluator": evaluator,
                "versions": versions,
                "shown": shown,
                "page": of_version(evaluator, shown),
                "metric": metric_of(shown.metric["kind"]) if shown.metric else None,
                "rules": EvaluationRule.objects.filter(assignments__evaluator=evaluator).order_by("name"),
                "recent": recent_of([evaluator.pk]).get(evaluator.pk),
                "executions": log_of(self.project_id, evaluator_id=evaluator.pk)[:SHOWN],
                "applications": applying.progress_of(list(applications)),
                "may_trust": self.may(READ),
                "may_write": self.may(WRITE),
                "types": EvaluatorType,
            }
        )

    def post(self, request: HttpRequest, evaluator_id: str) -> HttpResponse:
        """`do`: resume, pause or remove."""
        do = request.POST.get("do")
        if do == "remove":
            evaluators.remove(self.project_id, evaluator_id, self.author)
            messages.success(request, _("The evaluator is deleted; its scores stay."))
            return redirect("evaluators")
        if do == "resume":
            pausing.resume(self.project_id, evaluator_id, self.author)
        elif do == "pause":
            evaluators.own(self.project_id, evaluator_id)
            pausing.pause(
                evaluator_id, "paused_by_person", _("Paused by %(who)s.") % {"who": request.user}, self.author
            )
        else:
            return HttpResponse(status=400)
        return redirect("evaluator", evaluator_id)


def about(evaluator: Evaluator, versions: Any) -> Any:
    """The evaluator in a few words: the metric's name, the judge's model."""
    version = versions.get(evaluator.pk)
    if version is None or version.source_code is not None:
        return ""
    if version.metric is not None:
        kind = version.metric.get("kind", "")
        return METRICS[kind].label if kind in METRICS else kind
    return version.model or _("the project's default model")


def _typed(request: HttpRequest) -> Typed:
    try:
        return typed(request.POST)
    except DomainError as error:
        raise Http404(error.message) from error
