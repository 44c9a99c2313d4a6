"""The routes about organizations, projects, members and keys (openapi.yml: Projects, Organizations)."""

import pytest

from accounts.keys import create_key, verify_pair
from accounts.memberships import role_in
from accounts.models import ApiKey, Membership, Organization, Project, ProjectMembership, User
from accounts.roles import Role
from tests.conftest import Api, Keys, make_project, make_user
from tests.contract import check

pytestmark = pytest.mark.django_db


@pytest.fixture
def org_api(organization: Organization, project: Keys) -> Api:
    """Speaks with the organization's key."""
    made = create_key(organization)
    return Api(Keys(project.project, made.key.public_key, made.secret))


def test_a_project_key_tells_its_project(api: Api, project: Keys, organization: Organization) -> None:
    project.project.metadata = {"team": "psy"}
    project.project.save()
    assert api.get("projects").json() == {
        "data": [
            {
                "id": project.id,
                "name": "Capitals",
                "organization": {"id": organization.pk, "name": "Psychtelab"},
                "metadata": {"team": "psy"},
            }
        ]
    }


def test_retention_is_told_when_there_is_one(api: Api, project: Keys) -> None:
    Project.objects.update(retention_days=30)
    assert api.get("projects").json()["data"][0]["retentionDays"] == 30


def test_a_project_is_made_changed_and_deleted(org_api: Api, organization: Organization) -> None:
    made = org_api.post("projects", {"name": "Rivers", "retention": 0, "metadata": {"a": 1}})
    assert made.status_code == 200
    project_id = made.json()["id"]
    assert made.json()["organization"]["id"] == organization.pk

    changed = org_api.put(f"projects/{project_id}", {"name": "Lakes", "retention": 7})
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["retentionDays"]) == ("Lakes", 7)
    assert changed.json()["metadata"] == {"a": 1}
    assert org_api.put(f"projects/{project_id}", {"name": "Lakes"}).json()["retentionDays"] == 7
    assert "retentionDays" not in org_api.put(f"projects/{project_id}", {"name": "Lakes", "retention": 0}).json()

    deleted = org_api.delete(f"projects/{project_id}")
    assert (deleted.status_code, deleted.json()["success"]) == (202, True)
    assert org_api.put(f"projects/{project_id}", {"name": "Lakes"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "names"),
    [
        ({"name": "Rivers", "retention": 1}, 400, "retention"),
        ({"retention": 0}, 400, "name"),
        ({"name": 7, "retention": 0}, 400, "name"),
        ({"name": "", "retention": 0}, 400, "name"),
        ({"name": "Rivers", "metadata": []}, 400, "metadata"),
        ({"name": "Rivers", "metadata": {"a": ["\0"]}}, 400, "metadata"),
        (rb'{"name": "Rivers", "metadata": {"a": "\ud800"}}', 400, ""),
        ([], 400, "body"),
        ({"name": "Capitals", "retention": 0}, 409, "Capitals"),
    ],
)
def test_a_bad_project_is_refused_with_its_field(org_api: Api, body: object, status: int, names: str) -> None:
    answer = org_api.post("projects", body)
    assert answer.status_code == status
    assert names in answer.content.decode()


def test_keys_of_a_project_are_made_listed_and_revoked(org_api: Api, project: Keys) -> None:
    made = org_api.post(f"projects/{project.id}/apiKeys", {"note": "CI"}).json()
    assert made["publicKey"].startswith("pk-lf-")
    assert verify_pair(made["publicKey"], made["secretKey"])
    listed = org_api.get(f"projects/{project.id}/apiKeys").json()["apiKeys"]
    assert [key["note"] for key in listed] == ["CI", "tests"]
    assert made["secretKey"] not in str(listed)
    assert org_api.delete(f"projects/{project.id}/apiKeys/{made['id']}").json() == {"success": True}
    assert verify_pair(made["publicKey"], made["secretKey"]) is None
    assert org_api.delete(f"projects/{project.id}/apiKeys/{made['id']}").status_code == 404


def test_a_key_may_be_given(org_api: Api, project: Keys) -> None:
    body = {"publicKey": "pk-lf-mine", "secretKey": "sk-lf-mine"}
    assert org_api.post(f"projects/{project.id}/apiKeys", body).status_code == 200
    assert verify_pair("pk-lf-mine", "sk-lf-mine")
    assert org_api.post(f"projects/{project.id}/apiKeys", body).status_code == 409
    assert org_api.post(f"projects/{project.id}/apiKeys", {"publicKey": "pk-lf-mine"}).status_code == 400


def test_members_of_the_organization(org_api: Api, organization: Organization, alice: User, bob: User) -> None:
    assert [m["role"] for m in org_api.get("organizations/memberships").json()["memberships"]] == ["OWNER", "MEMBER"]
    put = org_api.put("organizations/memberships", {"userId": bob.pk, "role": "ADMIN"})
    assert put.json() == {"userId": bob.pk, "role": "ADMIN", "email": bob.email, "name": "Bob"}
    gone = org_api.delete("organizations/memberships", {"userId": bob.pk})
    assert gone.json()["userId"] == bob.pk
    assert not Membership.objects.filter(user=bob).exists()


def test_members_of_a_project(org_api: Api, project: Keys, alice: User, bob: User) -> None:
    path = f"projects/{project.id}/memberships"
    assert org_api.put(path, {"userId": bob.pk, "role": "VIEWER"}).json()["role"] == "VIEWER"
    assert {m["email"]: m["role"] for m in org_api.get(path).json()["memberships"]}[bob.email] == "VIEWER"
    assert org_api.delete(path, {"userId": bob.pk}).status_code == 200
    assert not ProjectMembership.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"userId": "nobody", "role": "ADMIN"}, 404),
        ({"userId": "a\0b", "role": "ADMIN"}, 404),
        ({"userId": "nobody", "role": "KING"}, 400),
        ({"userId": 5, "role": "ADMIN"}, 400),
        ({"role": "ADMIN"}, 400),
    ],
)
def test_a_bad_membership_is_refused(org_api: Api, project: Keys, body: object, status: int) -> None:
    assert org_api.put("organizations/memberships", body).status_code == status
    assert org_api.put(f"projects/{project.id}/memberships", body).status_code == status


def test_the_last_owner_stays(org_api: Api, alice: User) -> None:
    assert org_api.delete("organizations/memberships", {"userId": alice.pk}).status_code == 409


def test_projects_and_keys_of_the_organization(org_api: Api, organization: Organization, project: Keys) -> None:
    make_project(organization, "Rivers")
    projects = org_api.get("organizations/projects").json()["projects"]
    assert [row["name"] for row in projects] == ["Capitals", "Rivers"]
    assert set(projects[0]) == {"id", "name", "metadata", "createdAt", "updatedAt"}
    keys = org_api.get("organizations/apiKeys").json()["apiKeys"]
    assert [key["publicKey"] for key in keys] == list(
        ApiKey.objects.filter(organization=organization).values_list("public_key", flat=True)
    )


def test_projects_of_other_organizations_do_not_exist(org_api: Api, other_project: Keys, alice: User) -> None:
    path = f"projects/{other_project.id}"
    answers = [
        org_api.put(path, {"name": "Mine"}),
        org_api.delete(path),
        org_api.get(f"{path}/apiKeys"),
        org_api.post(f"{path}/apiKeys", {}),
        org_api.delete(f"{path}/apiKeys/{ApiKey.objects.get(project=other_project.project).pk}"),
        org_api.get(f"{path}/memberships"),
        org_api.put(f"{path}/memberships", {"userId": alice.pk, "role": "OWNER"}),
        org_api.delete(f"{path}/memberships", {"userId": alice.pk}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


def test_a_project_key_opens_none_of_these_routes(api: Api, project: Keys) -> None:
    answers = [
        api.post("projects", {"name": "Mine", "retention": 0}),
        api.put(f"projects/{project.id}", {"name": "Mine"}),
        api.delete(f"projects/{project.id}"),
        api.get(f"projects/{project.id}/apiKeys"),
        api.get(f"projects/{project.id}/memberships"),
        api.get("organizations/memberships"),
        api.get("organizations/projects"),
        api.get("organizations/apiKeys"),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)


# --- The shapes of the contract (openapi.yml) ------------------------------------------------------------------


def test_every_answer_about_projects_and_keys_has_its_shape(
    org_api: Api, api: Api, project: Keys, organization: Organization
) -> None:
    check(api.get("projects").json(), "Projects")
    made = org_api.post("projects", {"name": "Rivers", "retention": 7, "metadata": {"a": {"b": 1}}}).json()
    check(made, "Project")
    check(
        org_api.put(f"projects/{made['id']}", {"name": "Lakes", "metadata": None, "retention": None}).json(), "Project"
    )
    listed = org_api.get("organizations/projects").json()
    check(listed, "OrganizationProjectsResponse")
    assert [one["name"] for one in listed["projects"]] == ["Capitals", "Lakes"]
    key = org_api.post(f"projects/{made['id']}/apiKeys", {}).json()
    check(key, "ApiKeyResponse")
    check(org_api.get(f"projects/{made['id']}/apiKeys").json(), "ApiKeyList")
    check(org_api.delete(f"projects/{made['id']}/apiKeys/{key['id']}").json(), "ApiKeyDeletionResponse")
    check(org_api.get("organizations/apiKeys").json(), "OrganizationApiKeysResponse")
    check(org_api.delete(f"projects/{made['id']}").json(), "ProjectDeletionResponse")


@pytest.mark.parametrize("place", ["organizations", "projects/{}"])
def test_every_answer_about_memberships_has_its_shape(
    org_api: Api, project: Keys, alice: User, bob: User, anna: User, place: str
) -> None:
    route = f"{place.format(project.id)}/memberships"
    listed = org_api.get(route).json()
    check(listed, "MembershipsResponse")
    # The contract has no annotators, and typed clients fail on a role that they do not know.
    assert {row["email"]: row["role"] for row in listed["memberships"]}["anna@example.org"] == "VIEWER"
    for role in ("ADMIN", "ANNOTATOR"):
        check(org_api.put(route, {"userId": bob.pk, "role": role}).json(), "MembershipResponse")
        assert role_in(bob, project.project) == role
    check(org_api.delete(route, {"userId": bob.pk}).json(), "MembershipDeletionResponse")


def test_who_has_a_role_in_one_project_only_stands_in_that_project_s_list(
    org_api: Api, organization: Organization, project: Keys, alice: User
) -> None:
    eva = make_user("eva@example.org", organization)
    ProjectMembership.objects.create(user=eva, project=project.project, role=Role.VIEWER)
    for route, emails in (("organizations", ["alice"]), (f"projects/{project.id}", ["alice", "eva"])):
        listed = org_api.get(f"{route}/memberships").json()
        check(listed, "MembershipsResponse")
        assert [row["email"] for row in listed["memberships"]] == [f"{name}@example.org" for name in emails]
