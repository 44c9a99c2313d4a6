"""One trace: its tree, the chosen observation, its scores."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from common.api.rendering import moment
from common.pages import Page
from tracing.comments import counts_in_trace
from tracing.deleting import delete
from tracing.filters import Filter
from tracing.records import Observation, Trace, TraceDetail
from tracing.store import store
from tracing.store.base import Cursor, Deletion, TraceQuery
from tracing.tree import flatten

# Traces of one moment that are walked through one by one.
AT_ONCE = 200
TABS = (
    ("preview", _("Preview")),
    ("scores", _("Scores")),
    ("annotate", _("Annotate")),
    ("comments", _("Comments")),
    ("raw", _("Raw")),
)


class TracePage(Page):
    """`?observation=<id>` chooses an observation, none the trace itself; `?view=timeline` shows time, not the tree."""

    template = "tracing/trace.html"
    part = "detail"
    section = "traces"
    write_permission = "traces:write"

    def get(self, request: HttpRequest, trace_id: str) -> HttpResponse:
        detail = store().get_trace(self.project_id, trace_id)
        if detail is None:
            raise Http404
        chosen = _choose(detail, request.GET.get("observation", ""))
        tab = request.GET.get("tab", "preview")
        said = counts_in_trace(self.project_id, trace_id)
        return self.render(
            {
                "trace": detail.trace,
                "nodes": flatten(detail.observations),
                "scores": detail.scores,
                "scores_by_observation": _marks(detail),
                "observation": chosen,
                "chosen_scores": [s for s in detail.scores if s.observation_id == (chosen.id if chosen else None)],
                "comments_by_observation": said,
                "comment_count": said.get(chosen.id if chosen else None, 0),
                "tab": tab if tab in dict(TABS) else "preview",
                "tabs": TABS,
                "timeline": request.GET.get("view") == "timeline",
                "raw": _raw(detail, chosen),
                "may_write": self.may("traces:write"),
                "may_score": self.may("scores:write"),
                "may_add": self.may("datasets:write"),
                **(_root_bodies(detail) if chosen is None else {"input": chosen.input, "output": chosen.output}),
            }
        )

    def post(self, request: HttpRequest, trace_id: str) -> HttpResponse:
        """Delete the trace."""
        gone = delete(Deletion(project_id=self.project_id, kind="traces", ids=(trace_id,)))
        if not gone:
            raise Http404
        return redirect("traces")


class Neighbour(Page):
    """The next or previous trace by time, for `j` and `k`: found when asked for, so that the page stays quick."""

    def get(self, request: HttpRequest, direction: str, trace_id: str) -> HttpResponse:
        here = store().traces(TraceQuery(project_id=self.project_id, ids=(trace_id,))).rows
        if not here:
            raise Http404
        newer, moment = direction == "newer", here[0].timestamp
        same = (Filter("datetime", "timestamp", ">=", moment), Filter("datetime", "timestamp", "<=", moment))
        beyond = (Filter("datetime", "timestamp", ">" if newer else "<", moment),)
        # A batch may carry one moment for all of its traces: those stand by id.
        at_once = [trace.id for trace in self._read(same, newer, AT_ONCE)]
        behind = at_once[at_once.index(trace_id) + 1 :] if trace_id in at_once else []
        if not behind:
            behind = [trace.id for trace in self._read(beyond, newer, 1)]
        return redirect("trace", behind[0] if behind else trace_id)

    def _read(self, filters: tuple[Filter, ...], newer: bool, limit: int) -> Sequence[Trace]:
        order: tuple[str, Literal["asc", "desc"]] = ("timestamp", "asc" if newer else "desc")
        query = TraceQuery(project_id=self.project_id, filters=filters, order=order, window=Cursor(limit=limit))
        return store().traces(query).rows


def _choose(detail: TraceDetail, observation_id: str) -> Observation | None:
    if not observation_id:
        return None
    for observation in detail.observations:
        if observation.id == observation_id:
            return observation
    raise Http404


def _root_bodies(detail: TraceDetail) -> dict[str, Any]:
    return {"input": detail.trace.input, "output": detail.trace.output}


def _marks(detail: TraceDetail) -> dict[str, int]:
    marks: dict[str, int] = {}
    for score in detail.scores:
        if score.observation_id:
            marks[score.observation_id] = marks.get(score.observation_id, 0) + 1
    return marks


def _raw(detail: TraceDetail, chosen: Observation | None) -> dict[str, Any]:
    record = asdict(chosen or detail.trace)
    return {name: moment(value) if hasattr(value, "tzinfo") else value for name, value in record.items()}
