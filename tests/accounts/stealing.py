"""What a stranger sends: Alice's ids under every name that some route or page may read."""

from typing import Any

from tests.accounts.routes import Route
from tests.accounts.stage import Stage, events


def everything(stage: Stage) -> dict[str, Any]:
    """A body that names Alice's things under every name that some route may read."""
    ids = stage.ids
    return {
        "id": ids["trace_id"],
        "name": "stolen",
        "traceId": ids["trace_id"],
        "observationId": ids["observation_id"],
        "sessionId": ids["session_id"],
        "traceIds": [ids["trace_id"]],
        "datasetId": ids["dataset_id"],
        "datasetName": ids["dataset"],
        "datasetItemId": ids["item_id"],
        "datasetRunId": ids["run_id"],
        "runName": ids["run"],
        "configId": ids["config_id"],
        "value": 0,
        "dataType": "NUMERIC",
        "comment": "stolen",
        "prompt": "stolen",
        "type": "text",
        "newLabels": ["stolen"],
        "labels": ["stolen"],
        "version": 1,
        "userId": ids["user_id"],
        "role": "OWNER",
        "retention": 0,
        "note": "stolen",
        "isArchived": True,
        "modelName": "stolen",
        "provider": "stolen",
        "adapter": "openai",
        "secretKey": "stolen",
        "matchPattern": "stolen",
        "unit": "TOKENS",
        "batch": events("stolen"),
        "metadata": {},
        "input": "stolen",
        "projectId": ids["project_id"],
        "status": "ARCHIVED",
        "objectType": "TRACE",
        "objectId": ids["trace_id"],
        "content": "stolen",
        "contentType": "text/plain",
        "contentLength": 6,
        "sha256Hash": "A" * 43 + "=",
        "field": "input",
        "uploadedAt": "2026-01-31T12:00:00Z",
        "uploadHttpStatus": 500,
    }


def form(stage: Stage, route: Route) -> dict[str, Any]:
    """The same for pages."""
    ids = stage.ids
    chosen = [stage.row(route.model)] if route.model else []
    return {
        "id": [ids["item_id"], ids["trace_id"]],
        "ids": [ids["trace_id"]],
        "trace_id": ids["trace_id"],
        "do": "archive",
        "config_id": ids["config_id"],
        "value": "0",
        "name": "stolen",
        "email": "thief@example.com",
        "role": "OWNER",
        "confirmation": stage.keys.project.name,
        "label": "production",
        "version": "1",
        "note": "stolen",
        "table": "traces",
        "query": "q=stolen",
        "kind": "traces",
        "traces": [ids["trace_id"]],
        "_selected_action": chosen,
        "action": "delete_selected",
        "post": "yes",
        "delete": ids["score_id"],
        "score_id": ids["score_id"],
        "tags": "stolen",
        "input": '"stolen"',
        "expected_output": '"stolen"',
        "prompt": "stolen",
        "type": "text",
        "config": "{}",
        "retention": "3",
        "object_type": "TRACE",
        "object_id": ids["trace_id"],
        "content": "stolen",
        "provider": "stolen",
        "adapter": "openai",
        "secret_key": "stolen",
    }


def query(stage: Stage) -> dict[str, Any]:
    ids = stage.ids
    return {
        "object_type": "TRACE",
        "object_id": ids["trace_id"],
        "trace": ids["trace_id"],
        "trace_id": ids["trace_id"],
        "observation": ids["observation_id"],
        "observation_id": ids["observation_id"],
        "runs": ids["run_id"],
        "baseline": ids["run_id"],
        "name": ids["prompt"],
        "version": "1",
    }
