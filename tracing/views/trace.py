"""One trace: its tree, the chosen observation, its scores."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from common.api.rendering import moment
from common.pages import Page
from tracing.comments import counts_in_trace
from tracing.deleting import delete
from tracing.filters import Filter
from tracing.records import Observation, Score, Trace
from tracing.store import store
from tracing.store.base import Cursor, Deletion, ObservationQuery, TraceQuery
from tracing.tree import PIECE, Node, flatten, shown_first
from tracing.views.scores_of_traces import scores_by_trace

# Traces of one moment that are walked through one by one.
AT_ONCE = 200
MOST = 5_000  # lines of a tree in one answer, when all are asked for
ONE = Cursor(limit=1)
TABS = (
    ("preview", _("Preview")),
    ("scores", _("Scores")),
    ("annotate", _("Annotate")),
    ("comments", _("Comments")),
    ("raw", _("Raw")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A node that is shown."""

    node: Node
    observation: Observation
    address: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Nodes that are not shown yet: from the position `start` to before `stop`. The last gap fills as it is scrolled
    to; one above what is chosen waits to be asked, so that nothing moves under the reader."""

    start: int
    stop: int
    address: str
    last: bool

    @property
    def count(self) -> int:
        return self.stop - self.start

    @property
    def next(self) -> int:
        """So many come when more are asked for."""
        return min(self.count, PIECE)

    @property
    def rest(self) -> int:
        """So many come when the rest is asked for."""
        return min(self.count, MOST)


class TracePage(Page):
    """`?observation=<id>` chooses an observation, none the trace itself; `?view=timeline` shows time, not the tree.

    htmx gets what is chosen; with `from` and `to` these lines of the tree, at most PIECE of them (`all`: MOST).
    Without scripts, `?all=1` is the page with all lines.
    """

    template = "tracing/trace.html"
    part = "detail"
    section = "traces"
    write_permission = "traces:write"

    def get(self, request: HttpRequest, trace_id: str) -> HttpResponse:
        if not self.in_part:
            return self._whole(trace_id)
        if "from" in request.GET:
            return self._more(trace_id, _position(request.GET["from"]), _position(request.GET.get("to", "")))
        trace = self._trace(trace_id)
        return self.render(self._detail(trace, self._scores(trace_id), counts_in_trace(self.project_id, trace_id)))

    def _whole(self, trace_id: str) -> HttpResponse:
        trace = self._trace(trace_id, with_outline=True)
        nodes, scores, said = flatten(trace.outline), self._scores(trace_id), counts_in_trace(self.project_id, trace_id)
        detail = self._detail(trace, scores, said)
        chosen = self.request.GET.get("observation")
        shown = [range(min(len(nodes), MOST))] if "all" in self.request.GET else shown_first(nodes, chosen)
        return self.render({**detail, **self._tree(nodes, shown, 0, len(nodes), scores, said)})

    def _more(self, trace_id: str, start: int, stop: int) -> HttpResponse:
        trace = self._trace(trace_id, with_outline=True)
        nodes, scores, said = flatten(trace.outline), self._scores(trace_id), counts_in_trace(self.project_id, trace_id)
        stop = min(stop, len(nodes))
        end = min(stop, start + (MOST if "all" in self.request.GET else PIECE))
        tree = self._tree(nodes, [range(start, end)], start, stop, scores, said)
        return self.render({"trace": trace, **tree}, part="nodes")

    def _trace(self, trace_id: str, *, with_outline: bool = False) -> Trace:
        query = TraceQuery(
            project_id=self.project_id, ids=(trace_id,), with_bodies=True, with_outline=with_outline, window=ONE
        )
        for trace in store().traces(query).rows:
            return trace
        raise Http404

    def _scores(self, trace_id: str) -> Sequence[Score]:
        return scores_by_trace(self.project_id, [trace_id], self.request).get(trace_id, [])

    def _chosen(self, trace: Trace) -> Observation | None:
        chosen = self.request.GET.get("observation", "")
        if not chosen:
            return None
        query = ObservationQuery(
            project_id=self.project_id,
            ids=(chosen,),
            trace_ids=(trace.id,),
            with_bodies=True,
            with_trace=True,
            window=ONE,
        )
        for observation in store().observations(query).rows:
            return observation
        raise Http404

    def _detail(self, trace: Trace, scores: Sequence[Score], said: Mapping[str | None, int]) -> dict[str, Any]:
        """What the part on the right needs."""
        chosen = self._chosen(trace)
        chosen_id = chosen.id if chosen else None
        tab = self.request.GET.get("tab", "preview")
        body = chosen or trace
        return {
            "trace": trace,
            "observation": chosen,
            "chosen_scores": [score for score in scores if score.observation_id == chosen_id],
            "comment_count": said.get(chosen_id, 0),
            "tab": tab if tab in dict(TABS) else "preview",
            "tabs": TABS,
            "raw": partial(_raw, body),
            "input": body.input,
            "output": body.output,
            "may_write": self.may("traces:write"),
            "may_score": self.may("scores:write"),
            "may_add": self.may("datasets:write"),
        }

    def _tree(
        self,
        nodes: Sequence[Node],
        shown: Sequence[range],
        start: int,
        stop: int,
        scores: Sequence[Score],
        said: Mapping[str | None, int],
    ) -> dict[str, Any]:
        """The lines of these positions, and the gaps between `start` and `stop`."""
        base = self.request.GET.copy()
        for name in ("observation", "tab", "from", "to", "all"):
            base.pop(name, None)
        kept = f"{base.urlencode()}&" if base else ""
        records = self._records([nodes[place].step.id for places in shown for place in places])
        pieces: list[Line | Gap] = []
        for number, places in enumerate(shown):
            for place in places:
                step = nodes[place].step
                if step.id in records:
                    address = f"?{kept}{urlencode({'observation': step.id})}"
                    pieces.append(Line(nodes[place], records[step.id], address))
            until = shown[number + 1].start if number + 1 < len(shown) else stop
            if places.stop < until:
                pieces.append(Gap(places.stop, until, f"?{kept}", until == len(nodes)))
        return {
            "pieces": pieces,
            "total": len(nodes),
            "scores": scores,
            "scores_by_observation": Counter(score.observation_id for score in scores if score.observation_id),
            "comments_by_observation": said,
            "timeline": self.request.GET.get("view") == "timeline",
        }

    def _records(self, ids: Sequence[str]) -> dict[str, Observation]:
        if not ids:
            return {}
        query = ObservationQuery(
            project_id=self.project_id, ids=tuple(ids), with_texts=False, window=Cursor(limit=len(ids))
        )
        return {observation.id: observation for observation in store().observations(query).rows}

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


def _position(text: str) -> int:
    """Of a line in the tree."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Http404
    return int(text)


def _raw(record: Trace | Observation) -> dict[str, Any]:
    values = {field.name: getattr(record, field.name) for field in fields(record) if field.name != "outline"}
    return {name: moment(value) if isinstance(value, datetime) else value for name, value in values.items()}
