"""Lists: traces, observations, sessions, scores. One query each, and a fixed few more for what goes with the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from tracing.records import Observation, Score, Session, Step, Trace
from tracing.store.base import ObservationQuery, Page, ScoreQuery, SessionQuery, TraceQuery
from tracing.store.postgres import by_score, reading
from tracing.store.postgres.filters import Condition, compile_filters, contains, json_escaped
from tracing.store.postgres.judging import Opinion, judge, searching, split
from tracing.store.postgres.narrowing import narrow
from tracing.store.postgres.paging import Judge, Listing, read_page
from tracing.store.postgres.places import OBSERVATIONS, SCORES, SESSIONS, TRACES, Entity
from tracing.store.postgres.sql import fetch

_IDS_OF_TRACES = """
SELECT trace_id, id FROM tracing_observation
WHERE project_id = (SELECT %s) AND trace_id = ANY(%s) ORDER BY start_time, id
"""
_OUTLINE = """
SELECT trace_id, id, parent_observation_id, start_time, end_time FROM tracing_observation
WHERE project_id = (SELECT %s) AND trace_id = ANY(%s) ORDER BY start_time, id
"""
_IDS_OF_SCORES = """
SELECT trace_id, id FROM tracing_score WHERE project_id = (SELECT %s) AND trace_id = ANY(%s) ORDER BY timestamp, id
"""


def traces(query: TraceQuery) -> Page[Trace]:
    """See `TraceQuery`."""
    scored = [] if _are_few(query) else [one for one in query.filters if by_score.is_by_score(one)]
    others, opinions = split(TRACES, [one for one in query.filters if one not in scored])
    conditions = [
        Condition("t.project_id = (SELECT %s)", (query.project_id,)),
        *_among("t.id", query.ids),
        *_narrow(TRACES, query, opinions),
        *others,
    ]
    by_scores = [by_score.find(query.project_id, one) for one in scored]
    listing = Listing(
        TRACES,
        (*reading.TRACE.values(), *reading.TRACE_TAIL),
        [*conditions, *(ways.read for ways in by_scores)],
        query.order,
        [*conditions, *(ways.count for ways in by_scores)],
    )
    page = read_page(
        listing,
        query.window,
        partial(reading.traces, query.project_id, bodies=query.with_bodies, plain=not query.with_texts),
        _judge(TRACES, query, opinions, reading.TRACE, ("name", "id", "user_id", "session_id")),
    )
    if query.with_outline and page.rows:
        page = _outlined(query.project_id, page)
    if not query.with_ids or not page.rows:
        return page
    ids = [trace.id for trace in page.rows]
    members: dict[str, dict[str, tuple[str, ...]]] = {id: {} for id in ids}
    for name, sql in (("observation_ids", _IDS_OF_TRACES), ("score_ids", _IDS_OF_SCORES)):
        found: dict[str, list[str]] = {id: [] for id in ids}
        for trace_id, id in fetch(sql, (query.project_id, ids)):
            found[trace_id].append(id)
        for trace_id, some in found.items():
            members[trace_id][name] = tuple(some)
    return replace(page, rows=tuple(replace(trace, **members[trace.id]) for trace in page.rows))  # type: ignore[arg-type]


def _outlined(project_id: str, page: Page[Trace]) -> Page[Trace]:
    steps: dict[str, list[Step]] = {trace.id: [] for trace in page.rows}
    for trace_id, *step in fetch(_OUTLINE, (project_id, list(steps))):
        steps[trace_id].append(Step._make(step))
    return replace(page, rows=tuple(replace(trace, outline=tuple(steps[trace.id])) for trace in page.rows))


def observations(query: ObservationQuery) -> Page[Observation]:
    """See `ObservationQuery`."""
    selected = reading.observation_columns(trace=query.with_trace)
    conditions, opinions = split(OBSERVATIONS, query.filters)
    conditions[:0] = [
        Condition("o.project_id = (SELECT %s)", (query.project_id,)),
        *_among("o.id", query.ids),
        *_among("o.trace_id", query.trace_ids),
        *_narrow(OBSERVATIONS, query, opinions),
    ]
    return read_page(
        Listing(OBSERVATIONS, (*selected.values(), *reading.OBSERVATION_TAIL), conditions, query.order),
        query.window,
        partial(
            reading.observations,
            query.project_id,
            selected=selected,
            bodies=query.with_bodies,
            plain=not query.with_texts,
        ),
        _judge(OBSERVATIONS, query, opinions, selected, ("name", "id", "trace_id", "model")),
    )


def _are_few(query: TraceQuery) -> bool:
    """Whether an index leads to the traces already, and their scores need only be looked up."""
    return query.ids is not None or any(one.column in ("id", "userId", "sessionId") for one in query.filters)


def _narrow(entity: Entity, query: TraceQuery | ObservationQuery, opinions: list[Opinion]) -> list[Condition]:
    """What makes the rows to be judged few, unless they are few already."""
    if query.ids is not None or getattr(query, "trace_ids", None) is not None:
        return []
    needles = [json_escaped(query.search), *(opinion.words for opinion in opinions)]
    return narrow(entity, query.project_id, filter(None, needles))


def _judge(
    entity: Entity,
    query: TraceQuery | ObservationQuery,
    opinions: list[Opinion],
    selected: Mapping[str, str],
    names: Sequence[str],
) -> Judge | None:
    """Who decides by the texts: filters, and a search, which looks at some columns of the row as well."""
    filtering = judge(entity, query.project_id, opinions, len(selected)) if opinions else None
    if not query.search:
        return filtering
    places = [position for position, name in enumerate(selected) if name in names]
    return searching(entity, query, filtering, places, len(selected))


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
    listing = Listing(SESSIONS, (*reading.SESSION.values(), *reading.SESSION_TAIL), conditions, query.order)
    return read_page(listing, query.window, partial(reading.sessions, query.project_id))


def scores(query: ScoreQuery) -> Page[Score]:
    """See `ScoreQuery`."""
    conditions = [
        Condition("s.project_id = (SELECT %s)", (query.project_id,)),
        *_among("s.id", query.ids),
        *_among("s.trace_id", query.trace_ids),
        *_among("s.session_id", query.session_ids),
        *_among("s.dataset_run_id", query.dataset_run_ids),
        *_said_by(query.people),
        *compile_filters(SCORES, query.filters),
    ]
    listing = Listing(SCORES, tuple(reading.SCORE.values()), conditions, query.order)
    return read_page(listing, query.window, reading.scores)


def _said_by(person: str | None) -> list[Condition]:
    own = "(s.source <> 'ANNOTATION' OR s.author_user_id = %s)"
    return [] if person is None else [Condition(own, (person,))]


def _among(sql: str, ids: Sequence[str] | None) -> list[Condition]:
    return [] if ids is None else [Condition(f"{sql} = ANY(%s::text[])", (list(ids),))]
