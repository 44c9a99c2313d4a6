"""`/api/admin/organizations`: for whoever holds the instance's own key."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.keys import verify_pair
from accounts.models import AuditEntry, Organization, Project, User
from tests.conftest import Api, Keys, make_project

pytestmark = pytest.mark.django_db

KEY = "an-admin-key-of-the-instance"
ROOT = "/api/admin/organizations"


@pytest.fixture
def admin(nobody_api: Api, settings: Any) -> Api:
    settings.ADMIN_API_KEY = KEY
    nobody_api.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
    return nobody_api


def test_an_organization_is_made_changed_and_deleted(admin: Api) -> None:
    made = admin.post(ROOT, {"name": "Lab", "metadata": {"room": 7}}).json()
    assert set(made) == {"id", "name", "createdAt", "metadata", "projects"}
    assert (made["name"], made["metadata"], made["projects"]) == ("Lab", {"room": 7}, [])
    assert made["createdAt"].endswith("Z")
    changed = admin.put(f"{ROOT}/{made['id']}", {"name": "Labor"}).json()
    assert changed == made | {"name": "Labor"}
    assert admin.get(f"{ROOT}/{made['id']}").json() == changed
    assert {entry.actor for entry in AuditEntry.objects.all()} == {"ADMIN_API_KEY"}
    assert admin.delete(f"{ROOT}/{made['id']}").json() == {"success": True}
    assert admin.get(f"{ROOT}/{made['id']}").status_code == 404


def test_all_organizations_are_listed_with_their_projects(
    admin: Api, project: Keys, other_project: Keys, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        make_project(project.project.organization, f"More {number}")
    with django_assert_max_num_queries(3):
        rows = admin.get(ROOT).json()["organizations"]
    assert [(row["name"], len(row["projects"])) for row in rows] == [("Psychtelab", 6), ("Strangers", 1)]
    assert set(rows[0]["projects"][0]) == {"id", "name", "metadata", "createdAt", "updatedAt"}


def test_a_key_that_it_makes_opens_the_organization(admin: Api, organization: Organization, project: Keys) -> None:
    address = f"{ROOT}/{organization.pk}/apiKeys"
    made = admin.post(address, {"note": "terraform"}).json()
    assert set(made) == {"id", "createdAt", "publicKey", "secretKey", "displaySecretKey", "note"}
    opened = Api(Keys(project.project, made["publicKey"], made["secretKey"]))
    assert opened.get("organizations/projects").status_code == 200
    (listed,) = admin.get(address).json()["apiKeys"]
    assert (listed["id"], listed["note"], "secretKey" in listed) == (made["id"], "terraform", False)
    assert admin.delete(f"{address}/{made['id']}").json() == {"success": True}
    assert verify_pair(made["publicKey"], made["secretKey"]) is None
    assert admin.delete(f"{address}/{made['id']}").status_code == 404


def test_an_organization_with_projects_is_not_deleted(admin: Api, organization: Organization, project: Keys) -> None:
    assert admin.delete(f"{ROOT}/{organization.pk}").status_code == 400
    Project.objects.update(deleted_at=timezone.now())  # its rows are still being removed
    assert admin.delete(f"{ROOT}/{organization.pk}").status_code == 409
    assert Organization.objects.filter(pk=organization.pk).exists()


def test_a_deleted_organization_s_keys_open_nothing(admin: Api, organization: Organization, alice: User) -> None:
    made = admin.post(f"{ROOT}/{organization.pk}/apiKeys", {}).json()
    assert verify_pair(made["publicKey"], made["secretKey"])
    admin.delete(f"{ROOT}/{organization.pk}")
    assert verify_pair(made["publicKey"], made["secretKey"]) is None
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "Lab", "metadata": "x"}, "metadata"),
        ({"name": "Lab", "metadata": {"a": "\0"}}, "metadata"),
        ([], "body"),
    ],
)
def test_a_bad_organization_is_refused(admin: Api, organization: Organization, body: Any, field: str) -> None:
    for answer in (admin.post(ROOT, body), admin.put(f"{ROOT}/{organization.pk}", body)):
        assert answer.status_code == 400
        assert answer.json()["error"][0]["path"] == [field]
    assert Organization.objects.get().name == "Psychtelab"


@pytest.mark.parametrize("header", [f"Bearer {KEY}x", "Bearer", f"Basic {KEY}", KEY, "", "Bearer \u00ff"])
def test_nothing_but_the_key_opens_it(admin: Api, organization: Organization, header: str) -> None:
    for method, path in (
        *(("GET", ROOT), ("POST", ROOT), ("GET", f"{ROOT}/{organization.pk}"), ("DELETE", f"{ROOT}/{organization.pk}")),
        *(("GET", f"{ROOT}/{organization.pk}/apiKeys"), ("POST", f"{ROOT}/{organization.pk}/apiKeys")),
    ):
        answer = admin._call(method, path, {"name": "x"}, HTTP_AUTHORIZATION=header)
        assert answer.status_code == 401, (method, path)
        assert organization.name.encode() not in answer.content
    assert Organization.objects.count() == 1


def test_it_is_off_unless_the_key_is_set(nobody_api: Api, project: Keys, settings: Any) -> None:
    settings.ADMIN_API_KEY = ""
    for header in ("Bearer ", "Bearer", project.auth, f"Bearer {project.public_key}"):
        answer = nobody_api._call("GET", ROOT, HTTP_AUTHORIZATION=header)
        assert (answer.status_code, "off" in answer.json()["message"]) == (401, True)


def test_ids_of_all_kinds_and_other_methods_are_no_crash(admin: Api) -> None:
    for organization_id in ("x", "a%00b", "1" * 800):
        assert admin.get(f"{ROOT}/{organization_id}").status_code == 404
        assert admin.post(f"{ROOT}/{organization_id}/apiKeys", {}).status_code == 404
    assert admin.put(ROOT, {}).status_code == 405


def test_an_address_that_is_not_there_answers_in_the_api_s_shape(admin: Api) -> None:
    answer = admin.get("/api/admin/nothing")
    assert (answer.status_code, answer.json()["error"]) == (404, "LangfuseNotFoundError")
