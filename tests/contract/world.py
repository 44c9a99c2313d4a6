"""What must be there before an operation can be called, made through the API itself when it is first needed.

Each call has a world of its own, so that deleting a thing disturbs nobody; all of them stand in one project.
"""

import base64
import hashlib
import json
import re
import uuid
from functools import cached_property
from typing import Any

import httpx

from tests.contract.calls import IDS, Call
from tests.contract.sent import BUCKET, JUDGE, JUDGE_V2, MODEL, NUMBER, RULE, RULE_V2, SINCE, SKILL
from tests.sdk.stage import PASSWORD, Project, Stage

_FACT = re.compile(r"\{(\w+)\}")
TEXT = b"hello"


class World:
    """Facts by name; `call` sends a request with the key of a kind."""

    def __init__(self, stage: Stage, client: httpx.Client, story: str = "contract") -> None:
        self.stage, self.client, self.home = stage, client, stage.projects[story]

    # --- Requests ---------------------------------------------------------------------------------------

    def request(self, call: Call, **changed: Any) -> httpx.Response:
        """Send what the row says; `changed` may give another `path`, `query`, `body` or `headers`."""
        for fact in call.needs:
            getattr(self, fact)
        headers = changed.get("headers", self.headers(call.key))
        content = None
        if "body" in changed or call.body is not None:
            content = json.dumps(changed["body"] if "body" in changed else self.filled(call.body))
            headers = {**headers, "Content-Type": "application/json"}
        return self.client.request(
            call.method,
            f"/api/public{changed.get('path') or self.path(call)}",
            params=changed.get("query", self.filled(dict(call.query))),
            headers=headers,
            content=content,
        )

    def path(self, call: Call) -> str:
        return _FACT.sub(lambda found: self.id_of(call, found[1]), call.path)

    def id_of(self, call: Call, name: str) -> str:
        return str(getattr(self, call.at.get(name) or IDS[name]))

    def headers(self, key: str) -> dict[str, str]:
        """The headers of a kind of key; "scores" is opened by a project's pair, too."""
        match key:
            case "none":
                return {}
            case "organization":
                return basic(self.stage.organization)
            case "public":
                return {"Authorization": f"Bearer {self.home.public_key}"}
        return basic(self.home)

    def filled(self, value: Any) -> Any:
        """The value with every `"{fact}"` in it replaced."""
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str) and (found := _FACT.fullmatch(value)):
            return getattr(self, found[1])
        return value

    def made(self, method: str, path: str, body: Any = None, key: str = "project") -> Any:
        """The JSON of a request that must succeed."""
        answer = self.request(Call(method, path, body=body, key=key))
        assert answer.status_code in (200, 201, 202, 207), f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    # --- Values -----------------------------------------------------------------------------------------

    @property
    def new(self) -> str:
        """A name that nothing has yet."""
        return f"new-{uuid.uuid4().hex[:12]}"

    @property
    def new_email(self) -> str:
        return f"{self.new}@example.org"

    @property
    def new_hash(self) -> str:
        return _hash(self.new.encode())

    @property
    def project(self) -> str:
        return self.home.id

    # --- What was traced --------------------------------------------------------------------------------

    @cached_property
    def _traced(self) -> dict[str, str]:
        ids = {name: f"{name}-{uuid.uuid4().hex[:12]}" for name in ("trace", "observation", "session", "score")}
        at = {"timestamp": SINCE}
        trace = {"id": ids["trace"], "name": "asked", "sessionId": ids["session"], "userId": "u", "tags": ["a"], **at}
        trace |= {"input": {"q": "Spain?"}, "output": "Madrid", "metadata": {"class": "7B"}}
        generation = {"id": ids["observation"], "traceId": ids["trace"], "name": "call", "model": "gpt-4o-mini"}
        generation |= {"input": "Spain?", "output": "Madrid", "startTime": SINCE, "endTime": "2026-01-01T00:00:01Z"}
        generation |= {"usageDetails": {"input": 7, "output": 2}, "modelParameters": {"temperature": 0}}
        score = {"id": ids["score"], "traceId": ids["trace"], "name": "exact", "value": 1}
        bodies = {"trace-create": trace, "generation-create": generation, "score-create": score}
        batch = [{"id": self.new, "type": kind, "body": body, **at} for kind, body in bodies.items()]
        answer = self.made("POST", "/ingestion", {"batch": batch})
        assert not answer["errors"], answer
        return ids

    trace = property(lambda self: self._traced["trace"])
    observation = property(lambda self: self._traced["observation"])
    session = property(lambda self: self._traced["session"])
    score = property(lambda self: self._traced["score"])

    @cached_property
    def score_config(self) -> str:
        body = {"name": "mood", "dataType": "CATEGORICAL", "categories": [{"value": 1, "label": "good"}]}
        return self.made("POST", "/score-configs", body)["id"]

    # --- What is configured -----------------------------------------------------------------------------

    @cached_property
    def prompt(self) -> str:
        body = {"name": self.new, "prompt": "Hi {{name}}", "labels": ["production"], "config": {"a": 1}}
        return self.made("POST", "/v2/prompts", body)["name"]

    prompt_version = 1

    @cached_property
    def _dataset(self) -> dict[str, Any]:
        return self.made("POST", "/v2/datasets", {"name": self.new, "metadata": {"a": 1}})

    dataset = property(lambda self: self._dataset["name"])
    dataset_id = property(lambda self: self._dataset["id"])

    @cached_property
    def item(self) -> str:
        body = {"datasetName": self.dataset, "input": {"q": 1}, "expectedOutput": 2, "metadata": {"b": 1}}
        return self.made("POST", "/dataset-items", body)["id"]

    @cached_property
    def run(self) -> str:
        body = {"runName": self.new, "datasetItemId": self.item, "traceId": self.trace, "metadata": {"model": "x"}}
        return self.made("POST", "/dataset-run-items", body)["datasetRunName"]

    @cached_property
    def model(self) -> str:
        return self.made("POST", "/models", MODEL)["id"]

    @cached_property
    def spare_project(self) -> str:
        return self.made("POST", "/projects", {"name": self.new, "retention": 0}, "organization")["id"]

    @cached_property
    def spare_key(self) -> str:
        return self.made("POST", f"/projects/{self.spare_project}/apiKeys", {}, "organization")["id"]

    @cached_property
    def person(self) -> str:
        """Somebody of the organization, who came by provisioning."""
        email = self.new_email
        body = {"userName": email, "name": {"formatted": "Petra"}, "roles": ["MEMBER"], "password": PASSWORD}
        return self.made("POST", "/scim/Users", body, "organization")["id"]

    @cached_property
    def member(self) -> str:
        """That person, with a role of its own in the spare project."""
        body = {"userId": self.person, "role": "MEMBER"}
        return self.made("PUT", f"/projects/{self.spare_project}/memberships", body, "organization")["userId"]

    @cached_property
    def queue(self) -> str:
        body = {"name": self.new, "scoreConfigIds": [self.score_config]}
        return self.made("POST", "/annotation-queues", body)["id"]

    @cached_property
    def queue_item(self) -> str:
        body = {"objectId": self.trace, "objectType": "TRACE"}
        return self.made("POST", f"/annotation-queues/{self.queue}/items", body)["id"]

    @cached_property
    def assignee(self) -> str:
        return self.made("POST", f"/annotation-queues/{self.queue}/assignments", {"userId": self.person})["userId"]

    @cached_property
    def comment(self) -> str:
        body = {"projectId": self.project, "objectType": "TRACE", "objectId": self.trace, "content": "Look."}
        return self.made("POST", "/comments", body)["id"]

    @cached_property
    def media(self) -> str:
        """Five bytes, put where the answer says."""
        content = TEXT + self.new.encode()
        body = {"traceId": self.trace, "contentType": "text/plain", "contentLength": len(content)}
        wanted = self.made("POST", "/media", body | {"sha256Hash": _hash(content), "field": "input"})
        headers = {"Content-Type": "text/plain", "x-amz-checksum-sha256": _hash(content)}
        put = self.client.put(wanted["uploadUrl"], content=content, headers=headers)
        assert put.status_code in (200, 201, 204), put.text
        return wanted["mediaId"]

    @cached_property
    def connection(self) -> str:
        body = {"provider": self.new, "adapter": "openai", "secretKey": "sk-secret"}
        return self.made("PUT", "/llm-connections", body)["id"]

    @cached_property
    def bucket(self) -> str:
        return self.made("PUT", "/integrations/blob-storage", BUCKET, "organization")["id"]

    @cached_property
    def widget(self) -> str:
        return self.made("POST", "/unstable/dashboard-widgets", NUMBER)["id"]

    @cached_property
    def dashboard(self) -> str:
        return self.made("POST", "/unstable/dashboards", {"name": self.new})["id"]

    @cached_property
    def placement(self) -> str:
        body = {"type": "widget", "widgetId": self.widget, "x": 0, "y": 0, "width": 4, "height": 3}
        return self.made("POST", f"/unstable/dashboards/{self.dashboard}/placements", body)["id"]

    @cached_property
    def _evaluator(self) -> dict[str, Any]:
        return self.made("POST", "/unstable/evaluators", JUDGE)

    evaluator = property(lambda self: self._evaluator["id"])
    evaluator_name = property(lambda self: self._evaluator["name"])

    @cached_property
    def rule(self) -> str:
        _ = self.connection  # without one no judge could run
        return self.made("POST", "/unstable/evaluation-rules", RULE)["id"]

    @cached_property
    def evaluator_v2(self) -> str:
        return self.made("POST", "/v2/evaluators", JUDGE_V2)["id"]

    @cached_property
    def rule_v2(self) -> str:
        _ = self.connection  # without one no judge could run
        return self.made("POST", "/v2/evaluation-rules", RULE_V2)["id"]

    @cached_property
    def skill_name(self) -> str:
        return self.new

    @cached_property
    def skill_text(self) -> str:
        return SKILL.replace("{skill_name}", self.skill_name)

    @cached_property
    def _skill(self) -> dict[str, Any]:
        files = [{"path": "SKILL.md", "content": self.skill_text}]
        return self.made("POST", "/unstable/skills", {"files": files})

    skill = property(lambda self: self._skill["name"])
    skill_hash = property(lambda self: self._skill["files"][0]["sha256Hash"])
    skill_version = property(lambda self: self._skill["version"])


def basic(key: Project) -> dict[str, str]:
    """The header of a key pair."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key.public_key}:{key.secret_key}".encode()).decode()}


def _hash(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
