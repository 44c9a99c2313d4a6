"""How each operation is called: one table, from which every test of the contract takes its requests.

`"{trace}"` as a value stands for a fact of `tests/contract/world.py`, which is made when it is first needed. A row says
what the contract does not: with which things, and where our answer knowingly is another one, and why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.contract.sent import (
    BUCKET,
    CONNECTION,
    COUNTED,
    EVENT,
    EXPORT,
    JUDGE,
    JUDGE_V2,
    MODEL,
    NUMBER,
    RULE,
    RULE_V2,
    SINCE,
    TRACES,
)


@dataclass(frozen=True)
class Call:
    """One operation, `path` written as in the contract, below `/api/public`."""

    method: str
    path: str
    # Facts that fill the path, by parameter; `IDS` knows the rest.
    at: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    # Facts that must be there for the answer to hold something.
    needs: Sequence[str] = ()
    # Which key opens it: "project", "organization", "scores" (a project's or its public key alone), "none".
    key: str = "project"
    # The success, and why it is none of the contract's.
    status: int = 200
    because: str = ""
    # What ids that nobody has are answered with, and why when it is no 404.
    unknown: int = 404
    unknown_because: str = ""
    # Fields that the contract requires and we can do without, with the reason.
    not_required: Mapping[str, str] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        return f"{self.method} {self.path}"


IDS = {
    "queueId": "queue",
    "itemId": "queue_item",
    "commentId": "comment",
    "datasetName": "dataset",
    "runName": "run",
    "observationId": "observation",
    "scoreId": "score",
    "mediaId": "media",
    "projectId": "spare_project",
    "apiKeyId": "spare_key",
    "promptName": "prompt",
    "name": "prompt",
    "version": "prompt_version",
    "userId": "person",
    "configId": "score_config",
    "sessionId": "session",
    "traceId": "trace",
    "widgetId": "widget",
    "dashboardId": "dashboard",
    "placementId": "placement",
    "evaluationRuleId": "rule",
    "evaluatorId": "evaluator",
    "skillName": "skill",
    "skillVersion": "skill_version",
}

FOR_EVER = "Deleting twice is no fault: clients repeat requests whose answer got lost."
EVALUATOR_V2, RULE_ID_V2 = {"evaluatorId": "evaluator_v2"}, {"evaluationRuleId": "rule_v2"}
CREATED = "A thing made answers 201, as the reference's handler does; clients take any 2xx."

CALLS: tuple[Call, ...] = (
    Call("GET", "/health", key="none"),
    # --- What is sent -----------------------------------------------------------------------------------
    Call("POST", "/ingestion", body={"batch": [EVENT]}, key="scores", status=207),
    Call(
        "POST",
        "/otel/v1/traces",
        body=EXPORT,
        not_required={
            "resourceSpans": "An empty export is answered 200, as OTLP has it: exporters send such to probe."
        },
    ),
    # --- Traces, observations, sessions -----------------------------------------------------------------
    Call("GET", "/traces", query={"limit": 100, "orderBy": "timestamp.desc"}, needs=["trace"]),
    Call("DELETE", "/traces", body={"traceIds": ["{trace}"]}),
    Call("GET", "/traces/{traceId}"),
    Call("DELETE", "/traces/{traceId}", unknown=200, unknown_because=FOR_EVER),
    Call("GET", "/observations", needs=["observation"]),
    Call("GET", "/observations/{observationId}"),
    Call(
        "GET",
        "/v2/observations",
        query={"fields": "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"},
        needs=["observation"],
    ),
    Call("GET", "/sessions", needs=["session"]),
    Call("GET", "/sessions/{sessionId}"),
    Call("GET", "/metrics", query={"query": TRACES}, needs=["trace"]),
    Call("GET", "/v2/metrics", query={"query": COUNTED}, needs=["observation"]),
    # --- Scores -----------------------------------------------------------------------------------------
    Call("POST", "/scores", body={"traceId": "{trace}", "name": "exact", "value": 0.5}, key="scores"),
    Call(
        "DELETE",
        "/scores/{scoreId}",
        status=202,
        because="The reference's handler accepts the deletion (202 with a message) instead of 204.",
        unknown=202,
        unknown_because=FOR_EVER,
    ),
    Call("GET", "/v2/scores", needs=["score"]),
    Call("GET", "/v2/scores/{scoreId}"),
    Call("GET", "/v3/scores", query={"fields": "details,subject,annotation"}, needs=["score"]),
    Call("POST", "/score-configs", body={"name": "accuracy", "dataType": "NUMERIC", "minValue": 0, "maxValue": 1}),
    Call("GET", "/score-configs", needs=["score_config"]),
    Call("GET", "/score-configs/{configId}"),
    Call("PATCH", "/score-configs/{configId}", body={"description": "How near it is.", "isArchived": True}),
    # --- Prompts ----------------------------------------------------------------------------------------
    Call(
        "POST",
        "/v2/prompts",
        body={"name": "{new}", "type": "chat", "prompt": [{"role": "user", "content": "Hi {{name}}"}], "tags": ["a"]},
        status=201,
        because=CREATED,
    ),
    Call("GET", "/v2/prompts", needs=["prompt"]),
    Call("GET", "/v2/prompts/{promptName}"),
    Call("DELETE", "/v2/prompts/{promptName}", status=204),
    Call("PATCH", "/v2/prompts/{name}/versions/{version}", body={"newLabels": ["reviewed"]}),
    # --- Datasets, runs, experiments --------------------------------------------------------------------
    Call("POST", "/v2/datasets", body={"name": "{new}", "metadata": {"a": 1}, "inputSchema": {"type": "object"}}),
    Call("GET", "/v2/datasets", needs=["dataset"]),
    Call("GET", "/v2/datasets/{datasetName}"),
    Call("POST", "/dataset-items", body={"datasetName": "{dataset}", "input": {"q": 1}, "expectedOutput": [1]}),
    Call("GET", "/dataset-items", query={"datasetName": "{dataset}"}, needs=["item"]),
    Call("GET", "/dataset-items/{id}", at={"id": "item"}),
    Call("DELETE", "/dataset-items/{id}", at={"id": "item"}),
    Call("POST", "/dataset-run-items", body={"runName": "{new}", "datasetItemId": "{item}", "traceId": "{trace}"}),
    Call("GET", "/dataset-run-items", query={"datasetId": "{dataset_id}", "runName": "{run}"}),
    Call("GET", "/datasets/{datasetName}/runs", needs=["run"]),
    Call("GET", "/datasets/{datasetName}/runs/{runName}"),
    Call("DELETE", "/datasets/{datasetName}/runs/{runName}"),
    Call("GET", "/experiments", query={"fromStartTime": SINCE, "fields": "core,metadata,scores"}, needs=["run"]),
    Call(
        "GET",
        "/experiment-items",
        query={
            "fromStartTime": SINCE,
            "fields": "core,dataset,io,metadata,itemMetadata,experimentMetadata,scores",
        },
        needs=["run"],
    ),
    # --- Models -----------------------------------------------------------------------------------------
    Call("POST", "/models", body=MODEL),
    Call("GET", "/models", needs=["model"]),
    Call("GET", "/models/{id}", at={"id": "model"}),
    Call(
        "DELETE",
        "/models/{id}",
        at={"id": "model"},
        because="The reference's handler answers 200 with a message instead of 204.",
    ),
    # --- Organizations, projects, people ----------------------------------------------------------------
    Call("GET", "/projects"),
    Call(
        "POST",
        "/projects",
        body={"name": "{new}", "retention": 0, "metadata": {"team": "a"}},
        key="organization",
        not_required={"retention": "Absent means that data is kept for ever."},
    ),
    Call("PUT", "/projects/{projectId}", body={"name": "{new}", "retention": 7}, key="organization"),
    Call("DELETE", "/projects/{projectId}", key="organization", status=202),
    Call("GET", "/projects/{projectId}/apiKeys", key="organization", needs=["spare_key"]),
    Call("POST", "/projects/{projectId}/apiKeys", body={"note": "for the tests"}, key="organization"),
    Call("DELETE", "/projects/{projectId}/apiKeys/{apiKeyId}", key="organization"),
    Call("GET", "/organizations/projects", key="organization"),
    Call("GET", "/organizations/apiKeys", key="organization"),
    # --- Annotation queues ------------------------------------------------------------------------------
    Call("GET", "/annotation-queues", needs=["queue"]),
    Call("POST", "/annotation-queues", body={"name": "{new}", "scoreConfigIds": ["{score_config}"]}),
    Call("GET", "/annotation-queues/{queueId}"),
    Call("GET", "/annotation-queues/{queueId}/items", query={"status": "PENDING"}, needs=["queue_item"]),
    Call("POST", "/annotation-queues/{queueId}/items", body={"objectId": "{trace}", "objectType": "TRACE"}),
    Call("GET", "/annotation-queues/{queueId}/items/{itemId}"),
    Call("PATCH", "/annotation-queues/{queueId}/items/{itemId}", body={"status": "COMPLETED"}),
    Call("DELETE", "/annotation-queues/{queueId}/items/{itemId}"),
    Call("POST", "/annotation-queues/{queueId}/assignments", body={"userId": "{person}"}),
    Call("DELETE", "/annotation-queues/{queueId}/assignments", body={"userId": "{assignee}"}),
    # --- Comments, media, feedback ----------------------------------------------------------------------
    Call(
        "POST",
        "/comments",
        body={"projectId": "{project}", "objectType": "TRACE", "objectId": "{trace}", "content": "Look here."},
        not_required={"projectId": "The key names the project; the reference ignores the field too."},
    ),
    Call("GET", "/comments", needs=["comment"]),
    Call("GET", "/comments/{commentId}"),
    Call(
        "POST",
        "/media",
        body={
            "traceId": "{trace}",
            "contentType": "text/plain",
            "contentLength": 5,
            "sha256Hash": "{new_hash}",
            "field": "input",
        },
        status=201,
        because=CREATED,
    ),
    Call("GET", "/media/{mediaId}"),
    Call(
        "PATCH",
        "/media/{mediaId}",
        body={"uploadedAt": SINCE, "uploadHttpStatus": 200, "uploadTimeMs": 12},
        because='The reference\'s handler answers 200 {"message":"OK"} instead of 204.',
    ),
    Call(
        "POST",
        "/feedback",
        body={"targetType": "docs", "target": "docs/api.md", "feedback": "Clear."},
        status=201,
    ),
    # --- LLM connections --------------------------------------------------------------------------------
    Call("PUT", "/llm-connections", body=CONNECTION, status=201, because=CREATED),
    Call("GET", "/llm-connections", needs=["connection"]),
    Call("DELETE", "/llm-connections/{id}", at={"id": "connection"}),
    # --- Memberships ---
    Call("GET", "/projects/{projectId}/memberships", key="organization", needs=["person"]),
    Call(
        "PUT",
        "/projects/{projectId}/memberships",
        body={"userId": "{person}", "role": "VIEWER"},
        key="organization",
    ),
    Call("DELETE", "/projects/{projectId}/memberships", body={"userId": "{member}"}, key="organization"),
    Call("GET", "/organizations/memberships", key="organization", needs=["person"]),
    Call("PUT", "/organizations/memberships", body={"userId": "{person}", "role": "ADMIN"}, key="organization"),
    Call("DELETE", "/organizations/memberships", body={"userId": "{person}"}, key="organization"),
    # --- Blob storage -----------------------------------------------------------------------------------
    Call("PUT", "/integrations/blob-storage", body=BUCKET, key="organization"),
    Call("GET", "/integrations/blob-storage", key="organization", needs=["bucket"]),
    Call("GET", "/integrations/blob-storage/{id}", at={"id": "bucket"}, key="organization"),
    Call("DELETE", "/integrations/blob-storage/{id}", at={"id": "bucket"}, key="organization"),
    # --- SCIM -------------------------------------------------------------------------------------------
    Call("GET", "/scim/ServiceProviderConfig", key="organization"),
    Call("GET", "/scim/ResourceTypes", key="organization"),
    Call("GET", "/scim/Schemas", key="organization"),
    Call("GET", "/scim/Users", key="organization", needs=["person"]),
    Call(
        "POST",
        "/scim/Users",
        body={
            "userName": "{new_email}",
            "name": {"formatted": "Nina New"},
            "emails": [{"primary": True, "value": "{new_email}", "type": "work"}],
            "active": True,
        },
        key="organization",
        status=201,
        because="RFC 7644 (section 3.3) says 201, and the reference's handler answers it.",
        not_required={"name": "Providers may know none."},
    ),
    Call("GET", "/scim/Users/{userId}", key="organization"),
    Call("DELETE", "/scim/Users/{userId}", key="organization"),
    # --- Dashboards -------------------------------------------------------------------------------------
    Call("POST", "/unstable/dashboard-widgets", body=NUMBER),
    Call("GET", "/unstable/dashboard-widgets", needs=["widget"]),
    Call("GET", "/unstable/dashboard-widgets/{widgetId}"),
    Call("PATCH", "/unstable/dashboard-widgets/{widgetId}", body={"name": "Another name"}),
    Call("DELETE", "/unstable/dashboard-widgets/{widgetId}"),
    Call("POST", "/unstable/dashboards", body={"name": "{new}", "description": "All of it"}),
    Call("GET", "/unstable/dashboards", needs=["dashboard"]),
    Call("GET", "/unstable/dashboards/{dashboardId}"),
    Call("PATCH", "/unstable/dashboards/{dashboardId}", body={"description": "Most of it"}),
    Call("DELETE", "/unstable/dashboards/{dashboardId}"),
    Call(
        "POST",
        "/unstable/dashboards/{dashboardId}/placements",
        body={"type": "widget", "widgetId": "{widget}", "width": 4, "height": 3},
    ),
    Call("PATCH", "/unstable/dashboards/{dashboardId}/placements/{placementId}", body={"x": 2, "y": 1}),
    Call("DELETE", "/unstable/dashboards/{dashboardId}/placements/{placementId}"),
    # --- Evaluators and their rules ---------------------------------------------------------------------
    Call("POST", "/unstable/evaluators", body=JUDGE),
    Call("GET", "/unstable/evaluators", needs=["evaluator"]),
    Call("GET", "/unstable/evaluators/{evaluatorId}"),
    Call("DELETE", "/unstable/evaluators/{evaluatorId}"),
    Call("POST", "/unstable/evaluation-rules", body=RULE, needs=["connection"]),
    Call("GET", "/unstable/evaluation-rules", needs=["rule"]),
    Call("GET", "/unstable/evaluation-rules/{evaluationRuleId}"),
    Call("PATCH", "/unstable/evaluation-rules/{evaluationRuleId}", body={"enabled": False}),
    Call("DELETE", "/unstable/evaluation-rules/{evaluationRuleId}"),
    # --- What the contract does not know: earlier generations, the newest client, our own -------------------
    Call("GET", "/ready", key="none"),
    Call("GET", "/prompts", query={"name": "{prompt}"}),
    Call("POST", "/prompts", body={"name": "{new}", "prompt": "Hi", "isActive": True}, status=201),
    Call("GET", "/datasets", needs=["item", "run"]),
    Call("POST", "/datasets", body={"name": "{new}"}),
    Call("GET", "/datasets/{datasetName}", needs=["item", "run"]),
    Call("GET", "/scores", needs=["score"]),
    Call("GET", "/scores/{scoreId}"),
    Call("GET", "/metrics/daily", needs=["observation"]),
    Call("POST", "/traces", body={"id": "{new}", "name": "written"}),
    Call("POST", "/spans", body={"traceId": "{new}", "name": "written"}),
    Call("PATCH", "/spans", body={"id": "{observation}", "statusMessage": "changed"}),
    Call("POST", "/generations", body={"traceId": "{new}", "name": "written", "model": "gpt-4o"}),
    Call("PATCH", "/generations", body={"id": "{observation}", "statusMessage": "changed"}),
    Call("POST", "/events", body={"traceId": "{new}", "name": "written"}),
    Call("POST", "/otel/v1/metrics"),
    Call(
        "PUT",
        "/models/{id}",
        at={"id": "model"},
        body=MODEL,
        unknown=200,
        unknown_because="It makes the model under that id, as PUT does.",
    ),
    Call("PUT", "/scim/Users/{userId}", body={"roles": ["MEMBER"]}, key="organization"),
    Call(
        "PATCH",
        "/scim/Users/{userId}",
        body={"Operations": [{"op": "replace", "value": {"roles": ["MEMBER"]}}]},
        key="organization",
    ),
    Call("GET", "/unstable/skills", needs=["skill"]),
    Call("POST", "/unstable/skills", body={"files": [{"path": "SKILL.md", "content": "{skill_text}"}]}),
    Call("GET", "/unstable/skills/{skillName}", query={"version": "1"}),
    Call("PATCH", "/unstable/skills/{skillName}", body={"tags": ["a"]}),
    Call("PATCH", "/unstable/skills/{skillName}/versions/{skillVersion}", body={"labels": ["production"]}),
    Call("PUT", "/unstable/skills/{skillName}/versions/{skillVersion}", body={"labels": ["production"]}),
    Call("DELETE", "/unstable/skills/{skillName}/versions/{skillVersion}"),
    Call("GET", "/unstable/skills/files/content", query={"sha256Hashes": "{skill_hash}"}),
    Call("GET", "/v2/evaluators", needs=["evaluator_v2"]),
    Call("POST", "/v2/evaluators", body=JUDGE_V2, status=201),
    Call("GET", "/v2/evaluators/{evaluatorId}", at=EVALUATOR_V2),
    Call("PATCH", "/v2/evaluators/{evaluatorId}", at=EVALUATOR_V2, body={"name": "another name"}),
    Call("DELETE", "/v2/evaluators/{evaluatorId}", at=EVALUATOR_V2),
    Call("GET", "/v2/evaluators/{evaluatorId}/versions", at=EVALUATOR_V2),
    Call("GET", "/v2/evaluation-rules", needs=["rule_v2"]),
    Call("POST", "/v2/evaluation-rules", body=RULE_V2, needs=["connection"], status=201),
    Call("GET", "/v2/evaluation-rules/{evaluationRuleId}", at=RULE_ID_V2),
    Call("PATCH", "/v2/evaluation-rules/{evaluationRuleId}", at=RULE_ID_V2, body={"sampling": 0.5}),
    Call("DELETE", "/v2/evaluation-rules/{evaluationRuleId}", at=RULE_ID_V2),
)
"""What is served now."""
