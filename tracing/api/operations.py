"""What the routes of `urls.py` take and answer."""

from datetime import datetime
from typing import Any, Literal

from common.api.describing import (
    Group,
    Message,
    Numbered,
    Operation,
    Parameter,
    State,
    Stretch,
    paged,
    stretched,
)
from tracing.api import answers, blob_storage_operations, dashboard_operations, posted
from tracing.api.comments import CommentBody
from tracing.api.describing import filters
from tracing.api.media import PromiseBody, ReportBody
from tracing.api.metrics_daily import FILTERS as DAILY_FILTERS
from tracing.api.observations import V1_FILTERS, V2_FILTERS, V2_MAX_LIMIT
from tracing.api.score_configs import ChangeBody, CreateBody
from tracing.api.score_lists import FILTERS as SCORE_FILTERS
from tracing.api.scores_v3 import FILTERS as SCORE_V3_FILTERS
from tracing.api.serializing import OBSERVATION_GROUPS, SCORE_GROUPS, TRACE_GROUPS
from tracing.api.sessions import FILTERS as SESSION_FILTERS
from tracing.api.traces import FILTERS as TRACE_FILTERS
from tracing.api.traces import DeleteBody


def fields(known: tuple[str, ...], unless: str) -> Parameter:
    return Parameter("fields", f"Groups of fields, separated by commas: {', '.join(known)}. {unless} unless said.")


LEVEL = Parameter("level", "Only of this level.", answers.Level)
TYPE = Parameter("type", "Only of this type, in whichever case.")
PARENT = Parameter("parentObservationId", "Only children of this observation; empty: only those without a parent.")
QUERY = Parameter(
    "query",
    "A JSON object: view, metrics [{measure, aggregation}], dimensions [{field}], filters, timeDimension "
    "{granularity}, fromTimestamp, toTimestamp, orderBy [{field, direction}], config {bins, row_limit}.",
    required=True,
)
SCORE_LIST = (
    *paged(),
    *filters(
        SCORE_FILTERS,
        source=Parameter("source", "Only from this source.", answers.Source),
        dataType=Parameter("dataType", "Only of this type.", answers.DataType),
        value=Parameter("value", "With `operator`: only whose value compares so with this number.", float),
    ),
    Parameter("operator", "With `value`.", Literal["=", "!=", ">", "<", ">=", "<="]),
    fields(("score", "trace"), "Both"),
)
ORDER = Parameter("orderBy", "A column and a direction, such as timestamp.desc.")
WRITERS: tuple[tuple[Literal["POST", "PATCH"], str, str, type], ...] = (
    ("POST", "/spans", "Write a span; under a known id, add to it", posted.ObservationBody),
    ("PATCH", "/spans", "Change a span", posted.ChangedBody),
    ("POST", "/generations", "Write a generation; under a known id, add to it", posted.ObservationBody),
    ("PATCH", "/generations", "Change a generation", posted.ChangedBody),
    ("POST", "/events", "Write an event; under a known id, add to it", posted.ObservationBody),
)
DELETED_TWICE = "202 instead of 204, as the reference's handler has it; deleting what is not there succeeds."
TEXTLESS = "Python's SDK 2 gets no {} of type TEXT: it fails on a whole answer for one that it does not know."

GROUPS = (
    Group(
        "Ingestion",
        (
            Operation(
                "POST",
                "/ingestion",
                "Take in a batch of events and tell what became of each.",
                answers.BatchOutcome,
                207,
                body=posted.BatchBody,
                key="scores",
                state=State.LEGACY,
                differs="Takes every type of event; the public key alone may send scores.",
            ),
            Operation(
                "POST",
                "/otel/v1/traces",
                "Take in spans of OpenTelemetry, as protobuf or JSON, gzipped or not.",
                answers.ExportOutcome,
                body=posted.ExportBody,
                media_types=("application/json", "application/x-protobuf"),
                differs="Sound spans of an export are kept when others are not; partialSuccess tells of those.",
            ),
            Operation(
                "POST",
                "/otel/v1/metrics",
                "Accept metrics of OpenTelemetry and keep nothing.",
                dict[str, Any],
                state=State.EXTRA,
            ),
        ),
    ),
    Group(
        "Traces",
        (
            Operation(
                "GET",
                "/traces",
                "List traces, newest first.",
                Numbered[answers.TraceRow],
                query=(*paged(), *filters(TRACE_FILTERS), ORDER, fields(TRACE_GROUPS, "All")),
                state=State.LEGACY,
            ),
            Operation(
                "POST",
                "/traces",
                "Write a trace; under a known id, add to it.",
                answers.TraceRow,
                body=posted.TraceBody,
                state=State.LEGACY,
            ),
            Operation("DELETE", "/traces", "Delete traces with all that is in them.", Message, body=DeleteBody),
            Operation(
                "GET",
                "/traces/{traceId}",
                "Read a trace with its observations and scores.",
                answers.TraceDetail,
                query=(fields(TRACE_GROUPS, "All"),),
                state=State.LEGACY,
                differs=TEXTLESS.format("scores"),
            ),
            Operation(
                "DELETE",
                "/traces/{traceId}",
                "Delete a trace with all that is in it.",
                Message,
                differs="Deleting a trace that is not there succeeds: clients repeat requests whose answer got lost.",
            ),
        ),
    ),
    Group(
        "Observations",
        (
            Operation(
                "GET",
                "/v2/observations",
                "List observations with the groups of fields asked for, newest first.",
                Stretch[answers.ObservationV2],
                query=(
                    *stretched(V2_MAX_LIMIT),
                    *filters(V2_FILTERS, level=LEVEL, type=TYPE, parentObservationId=PARENT),
                    fields(OBSERVATION_GROUPS, "core and basic"),
                    Parameter("expandMetadata", "Keys, separated by commas, whose values are not cut."),
                    Parameter("parseIoAsJson", "Refused when true: input and output are always texts.", bool),
                ),
            ),
            *(
                Operation(method, path, f"{words}.", answers.Observation, body=body, state=State.LEGACY)
                for method, path, words, body in WRITERS
            ),
            Operation(
                "GET",
                "/observations",
                "List whole observations.",
                Numbered[answers.Observation],
                query=(*paged(), *filters(V1_FILTERS, level=LEVEL, type=TYPE), ORDER),
                state=State.LEGACY,
            ),
            Operation(
                "GET",
                "/observations/{observationId}",
                "Read an observation.",
                answers.Observation,
                state=State.LEGACY,
            ),
        ),
    ),
    Group(
        "Sessions",
        (
            Operation(
                "GET",
                "/sessions",
                "List sessions, newest first.",
                Numbered[answers.Session],
                query=(*paged(), *filters(SESSION_FILTERS)),
                state=State.LEGACY,
            ),
            Operation(
                "GET",
                "/sessions/{sessionId}",
                "Read a session with all of its traces.",
                answers.SessionDetail,
                state=State.LEGACY,
            ),
        ),
    ),
    Group(
        "Scores",
        (
            Operation(
                "POST",
                "/scores",
                "Give a score, or a list of them.",
                answers.ScoreMade,
                body=posted.ScoreBody | list[posted.ScoreBody],
                also={
                    202: ("A list, taken whole.", Message),
                    207: ("A list, of which not all could be taken.", answers.ScoresTaken),
                },
                key="scores",
                differs="A list is taken as SDK 5 sends it. A score that breaks its config is refused (400) at once.",
            ),
            Operation(
                "GET",
                "/v3/scores",
                "List scores with typed values, newest first.",
                answers.ScoresV3,
                query=(
                    *stretched(),
                    *(
                        one
                        for one in filters(
                            SCORE_V3_FILTERS,
                            source=Parameter("source", "Only from one of these sources, separated by commas."),
                            dataType=Parameter("dataType", "Only of one of these types, separated by commas."),
                            valueMin=Parameter("valueMin", "Only numbers from this on.", float),
                            valueMax=Parameter("valueMax", "Only numbers up to this.", float),
                        )
                    ),
                    Parameter("value", "Only with one of these values, separated by commas; needs one `dataType`."),
                    fields(SCORE_GROUPS, "None"),
                ),
            ),
            Operation(
                "GET",
                "/v2/scores",
                "List scores of anything with their traces, newest first.",
                Numbered[answers.ListedScoreV2],
                query=SCORE_LIST,
                state=State.LEGACY,
                differs=TEXTLESS.format("scores"),
            ),
            Operation("GET", "/v2/scores/{scoreId}", "Read a score.", answers.ScoreV2, state=State.LEGACY),
            Operation(
                "GET",
                "/scores",
                "List scores of traces with their traces, newest first.",
                Numbered[answers.ListedScore],
                query=SCORE_LIST,
                state=State.LEGACY,
                differs=TEXTLESS.format("scores"),
            ),
            Operation("GET", "/scores/{scoreId}", "Read a score of a trace.", answers.Score, state=State.LEGACY),
            Operation("DELETE", "/scores/{scoreId}", "Delete a score.", Message, 202, differs=DELETED_TWICE),
        ),
    ),
    Group(
        "Score configs",
        (
            Operation(
                "GET",
                "/score-configs",
                "List what scores may be like.",
                Numbered[answers.ScoreConfig],
                query=paged(),
                differs=TEXTLESS.format("configs"),
            ),
            Operation("POST", "/score-configs", "Say what a score may be like.", answers.ScoreConfig, body=CreateBody),
            Operation("GET", "/score-configs/{configId}", "Read a score config.", answers.ScoreConfig),
            Operation(
                "PATCH",
                "/score-configs/{configId}",
                "Change or archive a score config.",
                answers.ScoreConfig,
                body=ChangeBody,
            ),
        ),
    ),
    Group(
        "Metrics",
        (
            Operation("GET", "/v2/metrics", "Aggregate observations or scores.", answers.MetricsRows, query=(QUERY,)),
            Operation(
                "GET",
                "/metrics",
                "Aggregate traces, observations or scores.",
                answers.MetricsRows,
                query=(QUERY,),
                state=State.LEGACY,
            ),
            Operation(
                "GET",
                "/metrics/daily",
                "Read usage and cost by day and model.",
                Numbered[answers.Day],
                query=(
                    *paged(),
                    *filters(DAILY_FILTERS),
                    Parameter("fromTimestamp", "Only from this time on.", datetime),
                    Parameter("toTimestamp", "Only before this time.", datetime),
                ),
                state=State.LEGACY,
            ),
        ),
    ),
    Group(
        "Comments",
        (
            Operation(
                "GET",
                "/comments",
                "List comments, newest first.",
                Numbered[answers.Comment],
                query=(
                    *paged(),
                    Parameter("objectType", "Only on things of this type: TRACE, OBSERVATION, SESSION or PROMPT."),
                    Parameter("objectId", "Only on this thing; needs `objectType`."),
                    Parameter("authorUserId", "Only by this person."),
                ),
            ),
            Operation(
                "POST",
                "/comments",
                "Comment on a trace, an observation, a session or a prompt.",
                answers.CommentMade,
                body=CommentBody,
                differs="`projectId` may be left out: the key names the project.",
            ),
            Operation("GET", "/comments/{commentId}", "Read a comment.", answers.Comment),
        ),
    ),
    Group(
        "Media",
        (
            Operation(
                "POST",
                "/media",
                "Ask where to PUT a picture, a sound or another file; null when it is already here.",
                answers.Upload,
                201,
                body=PromiseBody,
                differs="201 instead of 200, as the reference's handler has it.",
            ),
            Operation("GET", "/media/{mediaId}", "Read where a file can be fetched.", answers.Media),
            Operation(
                "PATCH",
                "/media/{mediaId}",
                "Tell how the upload went.",
                Message,
                body=ReportBody,
                differs="200 with a message instead of 204, as the reference's handler has it.",
            ),
        ),
    ),
    *dashboard_operations.GROUPS,
    *blob_storage_operations.GROUPS,
)
"""All groups, in the order of the document."""
