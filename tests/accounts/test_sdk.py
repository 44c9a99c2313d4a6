"""What the official Python clients manage by API: connections, organizations, projects, keys, people, feedback.

Their models are strict about types, so that an answer in a wrong shape is an exception of theirs.
"""

from typing import Any

import pytest

from accounts.keys import create_key
from accounts.models import AuditEntry, Organization, User
from llm.models import LlmConnection
from prompts.models import Prompt
from tests.conftest import Server
from tests.prompts.test_sdk import run

CLIENT = """
import json, sys
try:
    from langfuse.api import LangfuseAPI
except ImportError:
    from langfuse.api.client import FernLangfuse as LangfuseAPI
url, public, secret, org_public, org_secret, project_id, bob = sys.argv[1:8]
project = LangfuseAPI(base_url=url, username=public, password=secret)
organization = LangfuseAPI(base_url=url, username=org_public, password=org_secret)
"""
PEOPLE = """
orgs, told = organization.organizations, {}
told["roles"] = {one.email: one.role.value for one in orgs.get_organization_memberships().memberships}
told["project roles"] = {one.email: one.role.value for one in orgs.get_project_memberships(project_id).memberships}
told["projects"] = [one.name for one in orgs.get_organization_projects().projects]

scim = organization.scim
told["config"] = [scim.get_service_provider_config().filter.max_results, len(scim.get_schemas().resources)]
told["types"] = [one.id for one in scim.get_resource_types().resources]
eva = scim.create_user(user_name="eva@example.org", name={"formatted": "Eva"}, password="x")
told["eva"] = [eva.user_name, scim.get_user(eva.id).name.formatted]
told["found"] = [one.user_name for one in scim.list_users(filter='userName eq "bob@example.org"').resources]
try:
    scim.create_user(user_name="eva@example.org", name={"formatted": "Eva"})
except Exception as error:
    told["twice"] = [error.status_code, error.body["status"]]
scim.delete_user(eva.id)
told["total"] = scim.list_users(start_index=1, count=1).total_results

made = organization.projects.create(name="Rivers", retention=7, metadata={"a": 1})
changed = organization.projects.update(made.id, name="Lakes", retention=0)
told["project"] = [made.retention_days, changed.name, changed.metadata, changed.retention_days]
key = organization.projects.create_api_key(made.id, note="CI")
told["keys"] = [[one.note for one in organization.projects.get_api_keys(made.id).api_keys], key.secret_key[:6]]
told["revoked"] = organization.projects.delete_api_key(made.id, key.id).success
told["deleted"] = organization.projects.delete(made.id).success
told["checked"] = project.projects.get().data[0].id == project_id
print(json.dumps(told))
"""
NEWER = """
told = {}
from langfuse.api import MembershipRole
orgs, admin = organization.organizations, {"user_id": bob, "role": MembershipRole.ADMIN}
told["raised"] = orgs.update_organization_membership(**admin).role.value
told["there"] = orgs.update_project_membership(project_id, **admin).role.value
told["back"] = orgs.delete_project_membership(project_id, user_id=bob).user_id == bob
told["gone"] = orgs.delete_organization_membership(user_id=bob).user_id == bob
told["org keys"] = len(orgs.get_organization_api_keys().api_keys)

connections = project.llm_connections
made = connections.upsert(provider="openai", adapter="openai", secret_key="sk-0123456789-abcd",
    base_url="https://8.8.8.8/v1", custom_models=["m"], extra_headers={"X-Team": "a"}, config={"useResponsesApi": True})
told["made"] = [made.display_secret_key, made.base_url, made.custom_models, made.extra_header_keys, made.config]
again = connections.upsert(provider="openai", adapter="anthropic", secret_key="sk-0123456789-efgh")
told["again"] = [again.id == made.id, again.adapter, again.with_default_models]
told["listed"] = [one.provider for one in connections.list().data]
told["message"] = bool(connections.delete(made.id).message)
print(json.dumps(told))
"""
NEWEST = """
told = {"feedback": bool(project.feedback.submit(target_type="docs", target="/docs", feedback="Good.").id)}
project.prompts.create(request={"type": "text", "name": "tools/a/description", "prompt": "x", "config": {"m": "y"}})
project.prompts.create(request={"type": "text", "name": "tools/b", "prompt": "x"})
conditions = [
    {"type": "string", "column": "name", "operator": "starts with", "value": "tools/"},
    {"type": "string", "column": "name", "operator": "ends with", "value": "/description"},
    {"type": "stringObject", "column": "config", "key": "m", "operator": "is set", "value": ""},
    {"type": "arrayOptions", "column": "labels", "operator": "any of", "value": ["latest"]},
]
told["prompts"] = [one.name for one in project.prompts.list(filter=json.dumps(conditions)).data]
told["all"] = len(project.prompts.list(filter="[]").data)
print(json.dumps(told))
"""

pytestmark = [pytest.mark.sdk, pytest.mark.timeout(200)]


@pytest.fixture
def arguments(server: Server, organization: Organization, alice: User, bob: User, anna: User) -> list[str]:
    made = create_key(organization)
    keys = (server.public_key, server.secret_key, made.key.public_key, made.secret)
    return [server.url, *keys, server.keys.id, bob.pk]


@pytest.mark.parametrize("environment", ["py3", "py4", "py5"])
def test_people_and_projects_are_managed(server: Server, arguments: list[str], environment: str) -> None:
    told = run(environment, server, CLIENT + PEOPLE, *arguments)
    roles = {"alice@example.org": "OWNER", "bob@example.org": "MEMBER", "anna@example.org": "VIEWER"}
    assert told == {
        "roles": roles,
        "project roles": roles,
        "projects": ["Capitals"],
        "config": [100, 1],
        "types": ["User"],
        "eva": ["eva@example.org", "Eva"],
        "found": ["bob@example.org"],
        "twice": [409, 409],
        "total": 3,
        "project": [7, "Lakes", {"a": 1}, None],
        "keys": [["CI"], "sk-lf-"],
        "revoked": True,
        "deleted": True,
        "checked": True,
    }


@pytest.mark.parametrize("environment", ["py4", "py5"])
def test_memberships_and_connections_are_managed(server: Server, arguments: list[str], environment: str) -> None:
    told = run(environment, server, CLIENT + NEWER, *arguments)
    assert told == {
        "raised": "ADMIN",
        "there": "ADMIN",
        "back": True,
        "gone": True,
        "org keys": 1,
        "made": ["...abcd", "https://8.8.8.8/v1", ["m"], ["X-Team"], {"useResponsesApi": True}],
        "again": [True, "anthropic", True],
        "listed": ["openai"],
        "message": True,
    }
    assert not LlmConnection.objects.exists()


def test_the_newest_client_gives_feedback_and_filters_prompts(server: Server, arguments: list[str]) -> None:
    told: dict[str, Any] = run("py5", server, CLIENT + NEWEST, *arguments)
    assert told == {"feedback": True, "prompts": ["tools/a/description"], "all": 2}
    assert AuditEntry.objects.filter(action="feedback").count() == 1
    assert Prompt.objects.count() == 2
