"""Alice's project with something of everything in it, made through the public API and the pages, as people do.

Whatever a stranger must never see holds the word `SECRET`; names and ids, which a refusal may repeat because the
stranger has just said them, do not.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.acting import Actor
from accounts.invitations import invite
from accounts.models import ApiKey, Organization, User
from accounts.roles import Role
from accounts.saved_views import save_view
from prompts.models import ProtectedLabel
from tests.conftest import Api, Keys
from tracing.models import BlobStorageIntegration, RejectedEvent

SECRET = "marmalade"
TRACE, OBSERVATION, SESSION, SCORE = "alice-trace", "alice-observation", "alice-session", "alice-score"
PROMPT, DATASET, ITEM, RUN = "alice-prompt", "alice-dataset", "alice-item", "alice-run"
TIME = "2026-01-31T12:00:00.000Z"


@dataclass(frozen=True)
class Stage:
    """What was made: ids by the names that routes give their parameters."""

    keys: Keys
    organization: Organization
    ids: Mapping[str, str]

    def row(self, model: str) -> str | None:
        """The primary key of one of Alice's rows of a model that stands in the admin, by "app.model"."""
        found = apps.get_model(model)
        path = getattr(admin.site._registry[found], "project_path", "project")
        key = found._default_manager.filter(**{path: self.keys.project}).values_list("pk", flat=True).first()
        return None if key is None else str(key)


def fill(keys: Keys, alice: User, client: Client) -> Stage:
    """Make it all; any refusal is a failure of the test."""
    api = Api(keys)
    config = _made(api.post("score-configs", {"name": "alice-config", "dataType": "NUMERIC", "description": SECRET}))
    model = {"modelName": "alice-model", "matchPattern": f"(?i)^({SECRET})$", "inputPrice": 1, "unit": "TOKENS"}
    model = _made(api.post("models", model))
    connection = {"provider": SECRET, "adapter": "openai", "secretKey": SECRET, "customModels": [SECRET]}
    connection = _made(api.put("llm-connections", connection))
    _made(api.post("v2/prompts", {"name": PROMPT, "prompt": f"{SECRET} {{{{country}}}}", "labels": ["production"]}))
    _made(api.post("v2/prompts", {"name": PROMPT, "prompt": f"{SECRET} 2", "tags": [SECRET]}))
    _made(api.post("ingestion", {"batch": events(SECRET)}))
    api.post("ingestion", {"batch": [{"id": "alice-rejected", "type": SECRET, "timestamp": TIME, "body": {}}]})
    dataset = _made(api.post("v2/datasets", {"name": DATASET, "description": SECRET}))
    item = {"datasetName": DATASET, "id": ITEM, "input": SECRET, "expectedOutput": SECRET, "metadata": {"a": SECRET}}
    _made(api.post("dataset-items", item))
    run_item = {"runName": RUN, "datasetItemId": ITEM, "traceId": TRACE, "metadata": {"a": SECRET}}
    run = _made(api.post("dataset-run-items", run_item))
    ProtectedLabel.objects.create(project=keys.project, label="alice-label")
    widget = {"name": SECRET, "view": "observations", "dimensions": [], "filters": [], "chartType": "NUMBER"}
    widget = _made(api.post("unstable/dashboard-widgets", widget | {"metrics": [{"measure": "count", "agg": "count"}]}))
    dashboard = _made(api.post("unstable/dashboards", {"name": SECRET, "description": SECRET}))
    tile = {"type": "widget", "widgetId": widget["id"], "id": "alice-tile"}
    _made(api.post(f"unstable/dashboards/{dashboard['id']}/placements", tile))
    comment = {"projectId": keys.id, "objectType": "TRACE", "objectId": TRACE, "content": SECRET}
    comment = _made(api.post("comments", comment | {"authorUserId": alice.pk}))
    queue = {"name": "alice-queue", "description": SECRET, "scoreConfigIds": [config["id"]]}
    queue = _made(api.post("annotation-queues", queue))
    queue_item = {"objectId": SECRET, "objectType": "TRACE"}
    queue_item = _made(api.post(f"annotation-queues/{queue['id']}/items", queue_item))
    skill_text = f"---\nname: alice-skill\ndescription: {SECRET}\n---\n"
    skill = _made(api.post("unstable/skills", {"files": [{"path": "SKILL.md", "content": skill_text}]}))
    _made(api.patch("unstable/skills/alice-skill/versions/1", {"labels": ["production"]}))
    code = {"name": SECRET, "type": "code", "sourceCode": SECRET, "sourceCodeLanguage": "PYTHON"}
    evaluator = _made(api.post("v2/evaluators", code))
    rule = {"name": SECRET, "enabled": True, "evaluatorAssignments": [{"evaluatorId": evaluator["id"]}]}
    rule = _made(api.post("v2/evaluation-rules", rule))
    owner = Actor(Role.OWNER, alice)
    view = save_view(
        keys.project, owner, table="traces", name=SECRET, query=f"q={SECRET}", shared=False, is_default=False
    )
    invited = invite(keys.project.organization, keys.project, "invited@example.org", Role.MEMBER, owner)
    return Stage(
        keys=keys,
        organization=keys.project.organization,
        ids={
            "operation_id": "getTraces",
            "project_id": keys.id,
            "organization_id": keys.project.organization.pk,
            "key_id": ApiKey.objects.get(project=keys.project).pk,
            "user_id": alice.pk,
            "invitation_id": invited.invitation.pk,
            "token": invited.token,
            "trace_id": TRACE,
            "observation_id": OBSERVATION,
            "session_id": SESSION,
            "score_id": SCORE,
            "config_id": config["id"],
            "model_id": model["id"],
            "connection_id": connection["id"],
            "prompt": PROMPT,
            "dataset": DATASET,
            "dataset_id": dataset["id"],
            "item_id": ITEM,
            "run_id": run["datasetRunId"],
            "run": RUN,
            "event_id": str(RejectedEvent.objects.get(project=keys.project).pk),
            "queue_id": queue["id"],
            "queue_item_id": queue_item["id"],
            "evaluator_id": evaluator["id"],
            "skill_name": skill["name"],
            "skill_version": str(skill["version"]),
            "rule_id": rule["id"],
            "view_id": view.pk,
            "comment_id": comment["id"],
            "dashboard_id": dashboard["id"],
            "widget_id": widget["id"],
            "placement_id": "alice-tile",
            "tile_id": "alice-tile",
            "integration_id": _integration(keys),
            "media_id": _media(api),
            "draft_id": _draft(client, keys),
            "experiment_id": _experiment(client, keys, dataset["id"], connection["id"]),
            "rescoring_id": _rescoring(client, keys, run["datasetRunId"], evaluator["id"]),
            "application_id": _application(client, keys, evaluator["id"]),
            "import_id": _import(client, keys, dataset["id"]),
        },
    )


def events(text: str) -> list[dict[str, Any]]:
    """A trace with an observation and a score under Alice's ids, as the second generation of SDKs sends it."""
    trace = {"id": TRACE, "name": text, "input": text, "output": text, "userId": text, "tags": [text]}
    trace |= {"sessionId": SESSION, "timestamp": TIME}
    observation = {"id": OBSERVATION, "traceId": TRACE, "name": text, "input": text, "model": text}
    observation |= {"startTime": TIME, "endTime": TIME}
    score = {"id": SCORE, "traceId": TRACE, "name": "alice-config", "value": 1, "comment": text}
    bodies = {"trace-create": trace, "generation-create": observation, "score-create": score}
    return [{"id": f"alice-{kind}", "type": kind, "timestamp": TIME, "body": body} for kind, body in bodies.items()]


def _import(client: Client, keys: Keys, dataset_id: str) -> str:
    """An import that waits for its columns to be mapped: its id is the end of the address it leads to."""
    file = SimpleUploadedFile("items.jsonl", b'{"question": "%s", "answer": "b"}\n' % SECRET.encode())
    answer = client.post(f"/project/{keys.id}/datasets/{dataset_id}/-/import", {"file": file})
    assert answer.status_code in (302, 303), answer.content[:2000]
    return answer.headers["Location"].rstrip("/").rpartition("/")[2]


def _draft(client: Client, keys: Keys) -> str:
    """A playground, kept under the id that its address ends with."""
    state = {"columns": [{"messages": [{"role": "user", "content": SECRET}], "model": SECRET}]}
    answer = client.post(f"/project/{keys.id}/playground", state, content_type="application/json")
    assert answer.status_code == 200, answer.content[:2000]
    return str(answer.json()["address"]).rpartition("/")[2]


def _experiment(client: Client, keys: Keys, dataset_id: str, connection_id: str) -> str:
    """An experiment, paused before anybody calls the model."""
    form = {"name": SECRET, "dataset": dataset_id, "prompt_name": PROMPT, "prompt_version": "2"}
    answer = client.post(
        f"/project/{keys.id}/experiments/new", form | {"model_connection": connection_id, "model_model": SECRET}
    )
    assert answer.status_code == 302, answer.content[:5000]
    client.post(answer.headers["Location"], {"do": "pause"})
    return answer.headers["Location"].rpartition("/")[2]


def _rescoring(client: Client, keys: Keys, run_id: str, evaluator_id: str) -> str:
    """Alice's run, waiting to be scored by her evaluator."""
    form = {"runs": run_id, "evaluators": evaluator_id}
    answer = client.post(f"/project/{keys.id}/experiments/-/score", form)
    assert answer.status_code == 302, answer.content[:2000]
    return answer.headers["Location"].rpartition("/")[2]


def _application(client: Client, keys: Keys, evaluator_id: str) -> str:
    """An evaluator on Alice's trace, waiting for a worker: its id is the end of the address it leads to."""
    form = {"kind": "traces", "id": TRACE, "evaluator": evaluator_id, "do": "run"}
    answer = client.post(f"/project/{keys.id}/evaluators/-/run", form)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode().partition("/evaluators/-/applied/")[2].partition('"')[0]


def _integration(keys: Keys) -> str:
    """An export that is switched off, so that nobody tries the bucket."""
    integration = BlobStorageIntegration.objects.create(
        project=keys.project,
        type="S3",
        bucket_name=SECRET,
        region=SECRET,
        access_key_id=SECRET,
        export_frequency="daily",
        enabled=False,
        force_path_style=False,
        file_type="JSONL",
        export_mode="FULL_HISTORY",
        export_source="LEGACY_TRACES_OBSERVATIONS",
    )
    return integration.pk


def _media(api: Api) -> str:
    """A file of Alice's trace, as SDKs send it."""
    digest = hashlib.sha256(SECRET.encode()).digest()
    promise = {"contentType": "text/plain", "contentLength": len(SECRET), "field": "input", "traceId": TRACE}
    promised = _made(api.post("media", promise | {"sha256Hash": base64.b64encode(digest).decode()}))
    path = urlsplit(promised["uploadUrl"]).path
    assert api.client.generic("PUT", path, SECRET.encode(), "text/plain").status_code == 200
    return promised["mediaId"]


def _made(answer: Any) -> Any:
    assert answer.status_code in (200, 201, 207), (answer.request["PATH_INFO"], answer.status_code, answer.content)
    body = answer.json()
    assert not (isinstance(body, dict) and body.get("errors")), body
    return body
