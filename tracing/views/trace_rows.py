"""What a row of the list of traces shows. Worked out here, because a template that looks up, links and translates for
each of fifty rows takes longer than everything else on the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.http import urlencode

from common.addresses import addresses
from common.templatetags.promptlab import shortened
from tracing.records import Score, Trace

SHOWN_SCORES = 4


def trace_rows(traces: Sequence[Trace], scores: Mapping[str, Sequence[Score]], here: QueryDict) -> list[dict[str, Any]]:
    """For each trace what `tracing/_trace_rows.html` says of it; `here` is the query of the page, which a click on a
    user narrows."""
    trace_at, session_at = addresses("trace"), addresses("session")
    rest = here.copy()
    for name in ("user", "cursor", "back", "page"):
        rest.pop(name, None)
    narrowed = f"?{rest.urlencode()}&" if rest else "?"
    rows = []
    for trace in traces:
        given = scores.get(trace.id, ())
        rows.append(
            {
                "id": trace.id,
                "at": trace.timestamp.isoformat(),
                "written": trace.updated_at.isoformat(),
                "timestamp": trace.timestamp,
                "url": trace_at(trace.id),
                "name": trace.name or trace.id,
                "bookmarked": trace.bookmarked,
                "input": shortened(trace.input_preview or "", 120),
                "output": shortened(trace.output_preview or "", 120),
                "level": "" if trace.level == "DEFAULT" else trace.level,
                "latency": trace.latency,
                "total_tokens": trace.total_tokens or None,
                "total_cost": trace.total_cost,
                "scores": given[:SHOWN_SCORES],
                "more_scores": max(0, len(given) - SHOWN_SCORES),
                "user": shortened(trace.user_id or "", 24),
                "user_url": trace.user_id and narrowed + urlencode({"user": trace.user_id}),
                "session": shortened(trace.session_id or "", 20),
                "session_url": trace.session_id and session_at(trace.session_id),
                "tags": trace.tags,
                "environment": trace.environment,
                "version": trace.version or "",
                "release": trace.release or "",
            }
        )
    return rows
