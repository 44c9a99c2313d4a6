"""Lists: traces, observations, sessions, scores. One query each, and a fixed few more for what goes with the rows."""

from collections.abc import Sequence
from dataclasses import replace

from tracing.records import Observation, Score, Session, Trace
from tracing.store.base import ObservationQuery, Page, ScoreQuery, SessionQuery, TraceQuery
from tracing.store.postgres import reading
from tracing.store.postgres.filters import Condition, compile_filters, contains, json_escaped
from tracing.store.postgres.paging import Listing, read_page
from tracing.store.postgres.places import OBSERVATIONS, SCORES, SESSIONS, TRACES
from tracing.store.postgres.sql import fetch

_IDS_OF_TRACES = """
SELECT trace_id, id FROM tracing_observation
WHERE project_id = (SELECT %s) AND trace_id = ANY(%s) ORDER BY start_time, id
"""
_IDS_OF_SCORES = """
SELECT trace_id, id FROM tracing_score WHERE project_id = (SELECT %s) AND trace_id = ANY(%s) ORDER BY timestamp, id
"""


def traces(query: TraceQuery) -> Page[Trace]:
    """See `TraceQuery`."""
    texts = [TRACES.places["input"].sql, TRACES.places["output"].sql] if query.search_bodies else []
    conditions = [
        Condition("t.project_id = (SELECT %s)", (query.project_id,)),
        *_among("t.id", query.ids),
        *compile_filters(TRACES, query.filters),
        *_search(
            query.search, ("t.name", "t.id", "t.user_id", "t.session_id", "t.input_preview", "t.output_preview"), texts
        ),
    ]
    page = read_page(
        Listing(TRACES, tuple(reading.TRACE.values()), conditions, query.order), query.window, reading.make_trace
    )
    extras: dict[str, dict[str, object]] = {trace.id: {} for trace in page.rows}
    ids = list(extras)
    if ids and query.with_bodies:
        for row in fetch(reading.TRACE_BODIES, (query.project_id, ids)):
            extras[row[0]].update(reading.trace_bodies(row))
    if ids and query.with_ids:
        for name, sql in (("observation_ids", _IDS_OF_TRACES), ("score_ids", _IDS_OF_SCORES)):
            found: dict[str, list[str]] = {id: [] for id in ids}
            for trace_id, id in fetch(sql, (query.project_id, ids)):
                found[trace_id].append(id)
            for trace_id, members in found.items():
                extras[trace_id][name] = tuple(members)
    if not (query.with_bodies or query.with_ids):
        return page
    return replace(page, rows=tuple(replace(trace, **extras[trace.id]) for trace in page.rows))  # type: ignore[arg-type]


def observations(query: ObservationQuery) -> Page[Observation]:
    """See `ObservationQuery`."""
    selected = reading.observation_columns(bodies=query.with_bodies, trace=query.with_trace)
    conditions = [
        Condition("o.project_id = (SELECT %s)", (query.project_id,)),
        *_among("o.id", query.ids),
        *_among("o.trace_id", query.trace_ids),
        *compile_filters(OBSERVATIONS, query.filters),
        *_search(
            query.search,
            ("o.name", "o.id", "o.trace_id", "o.model", "o.input_preview", "o.output_preview"),
            ("o.input", "o.output") if query.search_bodies else (),
        ),
    ]
    listing = Listing(OBSERVATIONS, tuple(selected.values()), conditions, query.order)
    return read_page(listing, query.window, reading.observation_maker(selected))


def sessions(query: SessionQuery) -> Page[Session]:
    """See `SessionQuery`."""
    conditions = [
        Condition("n.project_id = (SELECT %s)", (query.project_id,)),
        *_among("n.id", query.ids),
        *compile_filters(SESSIONS, query.filters),
    ]
    if query.search:
        by_user = contains("array_to_string(sums.user_ids, ' ')", query.search)
        by_id = contains("n.id", query.search)
        conditions.append(Condition(f"({by_id.sql} OR {by_user.sql})", (*by_id.params, *by_user.params)))
    listing = Listing(SESSIONS, tuple(reading.SESSION.values()), conditions, query.order)
    return read_page(listing, query.window, reading.make_session)


def scores(query: ScoreQuery) -> Page[Score]:
    """See `ScoreQuery`."""
    conditions = [
        Condition("s.project_id = (SELECT %s)", (query.project_id,)),
        *_among("s.id", query.ids),
        *_among("s.trace_id", query.trace_ids),
        *_among("s.session_id", query.session_ids),
        *_among("s.dataset_run_id", query.dataset_run_ids),
        *compile_filters(SCORES, query.filters),
    ]
    listing = Listing(SCORES, tuple(reading.SCORE.values()), conditions, query.order)
    return read_page(listing, query.window, reading.make_score)


def _among(sql: str, ids: Sequence[str] | None) -> list[Condition]:
    return [] if ids is None else [Condition(f"{sql} = ANY(%s::text[])", (list(ids),))]


def _search(text: str, columns: Sequence[str], json_texts: Sequence[str]) -> list[Condition]:
    """The text in any of the columns."""
    if not text:
        return []
    places = [contains(column, text) for column in columns]
    places += [contains(column, json_escaped(text)) for column in json_texts]
    sql = " OR ".join(place.sql for place in places)
    return [Condition(f"({sql})", tuple(param for place in places for param in place.params))]
