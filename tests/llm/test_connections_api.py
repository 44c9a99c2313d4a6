"""`/llm-connections`: made and replaced by provider, sealed, never told again."""

import base64
from typing import Any

import pytest

from accounts.models import AuditEntry
from common import crypto
from llm.models import LlmConnection
from tests.conftest import Api, Keys
from tests.contract import check, check_list

pytestmark = pytest.mark.django_db

SECRET = "sk-proj-0123456789abcdef"
BODY: dict[str, Any] = {"provider": "openai", "adapter": "openai", "secretKey": SECRET}
WHOLE: dict[str, Any] = {
    **BODY,
    "baseURL": "https://8.8.8.8/v1",
    "customModels": ["gpt-x", "gpt-y", "gpt-x"],
    "withDefaultModels": False,
    "extraHeaders": {"X-Team": "psychology-1"},
    "config": {"useResponsesApi": True},
}


def test_a_connection_is_made_and_told_without_its_secrets(api: Api, project: Keys) -> None:
    answer = api.put("llm-connections", WHOLE)
    made = answer.json()
    assert answer.status_code == 201
    check(made, "LlmConnection")
    told = {key: made[key] for key in made if key not in ("id", "createdAt", "updatedAt")}
    assert told == {
        "provider": "openai",
        "adapter": "openai",
        "displaySecretKey": "...cdef",
        "baseURL": "https://8.8.8.8/v1",
        "customModels": ["gpt-x", "gpt-y"],
        "withDefaultModels": False,
        "extraHeaderKeys": ["X-Team"],
        "config": {"useResponsesApi": True},
    }
    listed = api.get("llm-connections")
    check(listed.json(), "PaginatedLlmConnections")
    check_list(listed.json(), "LlmConnection")
    for text in (answer.content, listed.content):
        assert SECRET.encode() not in text and b"psychology-1" not in text


def test_secrets_are_sealed_in_the_database_and_can_be_opened(api: Api) -> None:
    api.put("llm-connections", WHOLE)
    row = LlmConnection.objects.values().get()
    assert SECRET not in str(row) and "psychology-1" not in str(row)
    assert crypto.unseal(row["sealed_secret"]) == SECRET
    assert crypto.unseal(row["sealed_headers"]) == '{"X-Team":"psychology-1"}'


def test_a_second_put_replaces_everything(api: Api) -> None:
    first = api.put("llm-connections", WHOLE).json()
    answer = api.put("llm-connections", {**BODY, "adapter": "anthropic", "secretKey": "sk-ant-another-one-9999"})
    second = answer.json()
    assert answer.status_code == 200
    assert (second["id"], second["createdAt"]) == (first["id"], first["createdAt"])
    assert (second["adapter"], second["displaySecretKey"]) == ("anthropic", "...9999")
    assert (second["baseURL"], second["config"], second["withDefaultModels"]) == (None, None, True)
    assert second["customModels"] == second["extraHeaderKeys"] == []
    assert LlmConnection.objects.get().sealed_headers == ""


def test_nulls_are_as_good_as_nothing(api: Api) -> None:
    nothing = dict.fromkeys(("baseURL", "customModels", "withDefaultModels", "extraHeaders", "config"))
    made = api.put("llm-connections", {**BODY, **nothing})
    assert (made.status_code, made.json()["withDefaultModels"]) == (201, True)


def test_pages_are_numbered(api: Api) -> None:
    for name in ("a", "b", "c"):
        api.put("llm-connections", {**BODY, "provider": name})
    page = api.get("llm-connections", page=2, limit=2).json()
    assert [row["provider"] for row in page["data"]] == ["a"]
    assert page["meta"] == {"page": 2, "limit": 2, "totalItems": 3, "totalPages": 2}
    assert api.get("llm-connections", limit=101).status_code == 400


def test_a_connection_is_deleted(api: Api, other_api: Api) -> None:
    connection_id = api.put("llm-connections", BODY).json()["id"]
    assert other_api.delete(f"llm-connections/{connection_id}").status_code == 404
    answer = api.delete(f"llm-connections/{connection_id}")
    assert answer.status_code == 200
    check(answer.json(), "DeleteLlmConnectionResponse")
    assert api.delete(f"llm-connections/{connection_id}").status_code == 404
    assert api.delete("llm-connections/a%00b").status_code == 404


def test_projects_have_connections_of_their_own(api: Api, other_api: Api) -> None:
    api.put("llm-connections", WHOLE)
    assert other_api.get("llm-connections").json()["data"] == []
    assert other_api.put("llm-connections", BODY).status_code == 201
    assert api.get("llm-connections").json()["data"][0]["baseURL"] == WHOLE["baseURL"]


REGION = {"provider": "aws", "adapter": "bedrock", "secretKey": '{"accessKeyId": "a",\n"secretAccessKey": "b"}'}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": ""}, "provider"),
        ({"provider": " \t"}, "provider"),
        ({"provider": "a\0"}, "provider"),
        ({"provider": "x" * 201}, "provider"),
        ({"provider": 7}, "provider"),
        ({"provider": None}, "provider"),
        ({"adapter": "gigachat"}, "adapter"),
        ({"adapter": None}, "adapter"),
        ({"secretKey": ""}, "secretKey"),
        ({"secretKey": None}, "secretKey"),
        ({"secretKey": "sk-\u0441"}, "secretKey"),
        ({"secretKey": "two\nlines"}, "secretKey"),
        ({"secretKey": "x" * 20_001}, "secretKey"),
        ({**REGION, "secretKey": "\0", "config": {"region": "eu"}}, "secretKey"),
        ({"baseURL": "http://127.0.0.1:11434/v1"}, "baseURL"),
        ({"baseURL": "http://169.254.169.254/latest/meta-data"}, "baseURL"),
        ({"baseURL": "openai.com"}, "baseURL"),
        ({"baseURL": "https://me:secret@8.8.8.8/"}, "baseURL"),
        ({"baseURL": 5}, "baseURL"),
        ({"customModels": "gpt"}, "customModels"),
        ({"customModels": ["a", ""]}, "customModels"),
        ({"customModels": ["a", None]}, "customModels"),
        ({"customModels": ["m"] * 1001}, "customModels"),
        ({"withDefaultModels": "yes"}, "withDefaultModels"),
        ({"extraHeaders": {"X Team": "a"}}, "extraHeaders"),
        ({"extraHeaders": {"": "a"}}, "extraHeaders"),
        ({"extraHeaders": {"X-Team": "a\r\nHost: b"}}, "extraHeaders"),
        ({"extraHeaders": {"X-Team": "я"}}, "extraHeaders"),
        ({"extraHeaders": {"X-Team": ""}}, "extraHeaders"),
        ({"extraHeaders": {"X-Team": None}}, "extraHeaders"),
        ({"extraHeaders": {f"X-{n}": "a" for n in range(51)}}, "extraHeaders"),
        ({"extraHeaders": []}, "extraHeaders"),
        ({"config": {"useResponsesApi": "yes"}}, "config"),
        ({"config": {"useResponsesApi": 1}}, "config"),
        ({"config": {"region": "eu"}}, "config"),
        ({"config": []}, None),
        ({"config": [1]}, "config"),
        ({"adapter": "anthropic", "config": {"region": "eu"}}, "config"),
        (REGION, "config"),
        ({**REGION, "config": {"region": ""}}, "config"),
        ({**REGION, "config": {"region": "eu\0"}}, "config"),
        ({**REGION, "config": {"region": "eu", "more": 1}}, "config"),
        ({**REGION, "config": {"region": "eu-central-1"}}, None),
        ({"adapter": "google-vertex-ai", "config": {"location": "us-central1"}}, None),
        ({"adapter": "google-vertex-ai", "config": {"location": 1}}, "config"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(api: Api, change: dict[str, Any], field: str | None) -> None:
    answer = api.put("llm-connections", {**BODY, **change})
    if field is None:
        assert answer.status_code == 201, answer.content
        return
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"][0]["path"][0] == field
    assert not LlmConnection.objects.exists()
    assert SECRET.encode() not in answer.content


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"provider": "\\ud800"}', b'{"provider": 1'])
def test_what_is_no_connection_is_refused(api: Api, body: bytes) -> None:
    assert api.put("llm-connections", body).status_code == 400


def test_a_private_host_is_allowed_by_the_instance(api: Api, settings: Any) -> None:
    settings.PRIVATE_HOSTS = ["127.0.0.0/8"]
    assert api.put("llm-connections", {**BODY, "baseURL": "http://127.0.0.1:11434/v1"}).status_code == 201


def test_it_is_all_in_the_audit_log_but_for_the_secrets(api: Api, project: Keys) -> None:
    connection_id = api.put("llm-connections", WHOLE).json()["id"]
    api.put("llm-connections", BODY)
    api.delete(f"llm-connections/{connection_id}")
    entries = AuditEntry.objects.filter(project=project.id, subject_type="llm_connection").order_by("id")
    assert [entry.action for entry in entries] == ["create", "update", "delete"]
    assert {entry.actor for entry in entries} == {project.public_key}
    assert {entry.subject_id for entry in entries} == {"openai"}
    assert entries[1].before["customModels"] == ["gpt-x", "gpt-y"]
    assert not any(text in str(list(entries.values())) for text in (SECRET, "psychology-1"))


# --- The instance's own key (api.md, section 1) ---------------------------------------------------------------

ADMIN = "an-admin-key-of-the-instance"


def admin_headers(project_id: str, key: str = ADMIN, again: str = ADMIN) -> dict[str, str]:
    return {
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "HTTP_X_LANGFUSE_ADMIN_API_KEY": again,
        "HTTP_X_LANGFUSE_PROJECT_ID": project_id,
    }


@pytest.mark.parametrize("route", ["llm-connections", "models"])
def test_the_instance_s_key_opens_every_project_s_routes(
    nobody_api: Api, api: Api, project: Keys, settings: Any, route: str
) -> None:
    settings.ADMIN_API_KEY = ADMIN
    assert nobody_api._call("GET", route, **admin_headers(project.id)).status_code == 200
    made = nobody_api._call("PUT", "llm-connections", BODY, **admin_headers(project.id))
    assert made.status_code == 201
    assert api.get("llm-connections").json()["data"][0]["id"] == made.json()["id"]
    assert AuditEntry.objects.get(subject_type="llm_connection").actor == "ADMIN_API_KEY"


def test_the_instance_s_key_needs_every_header_right(nobody_api: Api, project: Keys, settings: Any) -> None:
    def code(**headers: str) -> int:
        return nobody_api._call("GET", "llm-connections", **headers).status_code

    assert code(**admin_headers(project.id)) == 401  # off
    settings.ADMIN_API_KEY = ADMIN
    assert code(**admin_headers(project.id)) == 200
    assert code(**admin_headers(project.id, key="wrong")) == 401
    assert code(**admin_headers(project.id, again="wrong")) == 401
    assert code(**admin_headers(project.id, again="\u044f")) == 401
    assert code(HTTP_AUTHORIZATION=f"Bearer {ADMIN}") == 401
    assert code(**admin_headers("")) == 400
    assert code(**admin_headers("nowhere")) == 404
    basic = base64.b64encode(f"a:{ADMIN}".encode()).decode()
    assert code(**{**admin_headers(project.id), "HTTP_AUTHORIZATION": f"Basic {basic}"}) == 401


def test_the_instance_s_key_opens_no_other_routes(nobody_api: Api, project: Keys, settings: Any) -> None:
    settings.ADMIN_API_KEY = ADMIN
    for route in ("projects", "traces", "v2/prompts", "organizations/projects", "score-configs"):
        assert nobody_api._call("GET", route, **admin_headers(project.id)).status_code == 401, route
