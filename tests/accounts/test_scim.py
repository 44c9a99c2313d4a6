"""`/scim/…`: an identity provider adds people, gives them roles and takes them out."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.keys import create_key
from accounts.memberships import role_in
from accounts.models import AuditEntry, Membership, Organization, User
from accounts.roles import Role
from tests.accounts.sign_in import SignIn
from tests.conftest import Api, Keys
from tests.contract import check

pytestmark = pytest.mark.django_db

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
EVA: dict[str, Any] = {
    "schemas": [USER],
    "userName": "Eva@Example.org",
    "name": {"formatted": "Eva Lind"},
    "emails": [{"primary": True, "value": "eva@example.org", "type": "work"}],
    "active": True,
    "password": "placeholder-of-the-provider",
}


def api_of(organization: Organization, project: Keys) -> Api:
    made = create_key(organization)
    return Api(Keys(project.project, made.key.public_key, made.secret))


@pytest.fixture
def scim(organization: Organization, project: Keys) -> Api:
    return api_of(organization, project)


@pytest.fixture
def other_scim(other_project: Keys) -> Api:
    return api_of(other_project.project.organization, other_project)


def refused(answer: Any, status: int) -> str:
    """The detail of a refusal, which must have SCIM's shape."""
    body = answer.json()
    assert (answer.status_code, body["status"]) == (status, status), answer.content
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert body["detail"]
    return str(body["detail"])


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("ServiceProviderConfig", "ServiceProviderConfig"),
        ("ResourceTypes", "ResourceTypesResponse"),
        ("Schemas", "SchemasResponse"),
    ],
)
def test_the_service_tells_what_it_can(scim: Api, path: str, schema: str) -> None:
    answer = scim.get(f"scim/{path}")
    assert answer.status_code == 200
    check(answer.json(), schema)


def test_a_person_is_added_with_an_account_that_has_no_password(scim: Api, organization: Organization) -> None:
    answer = scim.post("scim/Users", EVA)
    made = answer.json()
    assert answer.status_code == 201
    check(made, "ScimUser")
    assert (made["userName"], made["name"], made["active"]) == ("eva@example.org", {"formatted": "Eva Lind"}, True)
    user = User.objects.get(pk=made["id"])
    assert not user.has_usable_password()
    assert not EmailAddress.objects.get(user=user).verified
    assert Membership.objects.get(user=user, organization=organization).role is None
    assert AuditEntry.objects.get(subject_type="member", action="role").subject_id == "eva@example.org"
    assert scim.get(f"scim/Users/{user.pk}").json() == made


@pytest.mark.parametrize(
    ("roles", "role"), [(["ADMIN", "VIEWER"], "ADMIN"), ([{"value": "ANNOTATOR"}], "ANNOTATOR"), (["NONE"], None)]
)
def test_the_first_role_counts(scim: Api, roles: list[Any], role: str | None) -> None:
    made = scim.post("scim/Users", {**EVA, "roles": roles}).json()
    assert made["roles"] == [role or "NONE"]
    assert Membership.objects.get(user=made["id"]).role == role


def test_a_name_may_come_in_parts(scim: Api) -> None:
    parts = {"name": {"givenName": "Eva", "familyName": "Lind"}}
    assert scim.post("scim/Users", {**EVA, **parts}).json()["name"]["formatted"] == "Eva Lind"
    other = {"userName": "b@example.org", "displayName": "Bea"}
    assert scim.post("scim/Users", other).json()["name"]["formatted"] == "Bea"


def test_who_is_a_member_is_not_added_again(scim: Api, bob: User) -> None:
    answer = scim.post("scim/Users", {**EVA, "userName": "BOB@example.org"})
    assert "already exists" in refused(answer, 409)
    assert answer.json()["scimType"] == "uniqueness"


def test_somebody_with_an_account_elsewhere_is_added_and_stays_what_they_are(
    scim: Api, mallory: User, organization: Organization
) -> None:
    made = scim.post("scim/Users", {**EVA, "userName": mallory.email}).json()
    assert (made["id"], made["name"]["formatted"]) == (mallory.pk, "Mallory")
    assert Membership.objects.filter(user=mallory).count() == 2
    assert User.objects.get(pk=mallory.pk).has_usable_password()


def test_members_are_listed_by_address_in_pages(scim: Api, alice: User, bob: User, vera: User, mallory: User) -> None:
    answer = scim.get("scim/Users", startIndex=2, count=1).json()
    check(answer, "ScimUsersListResponse")
    assert [row["userName"] for row in answer["Resources"]] == [bob.email]
    assert (answer["totalResults"], answer["startIndex"], answer["itemsPerPage"]) == (3, 2, 1)
    assert scim.get("scim/Users", count=0).json()["totalResults"] == 3
    assert len(scim.get("scim/Users", startIndex=-5, count=100000).json()["Resources"]) == 3
    assert scim.get("scim/Users", startIndex=2_000_000_000).json()["Resources"] == []


def test_a_person_is_found_by_address(scim: Api, alice: User, bob: User, mallory: User) -> None:
    for text in (
        'userName eq "bob@example.org"',
        'USERNAME EQ "BOB@example.org"',
        ' userName eq "b\\u006fb@example.org" ',
    ):
        assert [row["id"] for row in scim.get("scim/Users", filter=text).json()["Resources"]] == [bob.pk], text
    for text in (f'userName eq "{mallory.email}"', 'userName eq "\\u0000"', 'userName eq ""'):
        assert scim.get("scim/Users", filter=text).json()["totalResults"] == 0, text


@pytest.mark.parametrize(
    "text", ['userName co "b"', 'emails eq "b"', "userName eq bob", 'userName eq "b" or userName eq "a"', "x", '"\\']
)
def test_a_filter_that_is_not_understood_is_refused_instead_of_ignored(scim: Api, bob: User, text: str) -> None:
    answer = scim.get("scim/Users", filter=text)
    refused(answer, 400)
    assert answer.json()["scimType"] == "invalidFilter"


def test_the_list_costs_a_fixed_number_of_queries(
    scim: Api, organization: Organization, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        scim.post("scim/Users", {"userName": f"p{number}@example.org"})
    with django_assert_max_num_queries(5):
        assert len(scim.get("scim/Users").json()["Resources"]) == 20


# --- In and out -------------------------------------------------------------------------------------------------

Deactivate = Callable[[Api, str], Any]
WAYS_OUT: dict[str, Deactivate] = {
    "DELETE": lambda scim, user_id: scim.delete(f"scim/Users/{user_id}"),
    "PUT": lambda scim, user_id: scim.put(f"scim/Users/{user_id}", {**EVA, "active": False}),
    "PATCH": lambda scim, user_id: scim.patch(
        f"scim/Users/{user_id}", {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]}
    ),
    "Entra's PATCH": lambda scim, user_id: scim.patch(
        f"scim/Users/{user_id}",
        {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]},
    ),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_is_deactivated_is_out_at_once_with_every_session(
    scim: Api, project: Keys, bob: User, page_client: SignIn, way: str
) -> None:
    browser = page_client(bob)
    assert browser.get(f"/project/{project.id}/").status_code == 200
    answer = WAYS_OUT[way](scim, bob.pk)
    assert answer.status_code == 200
    if way != "DELETE":
        check(answer.json(), "ScimUser")
        assert (answer.json()["id"], answer.json()["active"]) == (bob.pk, False)
    assert browser.get("/account").headers["Location"].startswith("/accounts/login/")
    assert role_in(User.objects.get(pk=bob.pk), project.project) is None
    refused(scim.get(f"scim/Users/{bob.pk}"), 404)
    refused(WAYS_OUT[way](scim, bob.pk), 404)
    assert page_client(User.objects.get(pk=bob.pk)).get("/account").status_code == 200  # the account stays theirs
    assert AuditEntry.objects.get(action="remove").subject_id == bob.email


def test_who_belongs_elsewhere_too_stays_signed_in_there(
    scim: Api, project: Keys, other_project: Keys, bob: User, page_client: SignIn
) -> None:
    Membership.objects.create(user=bob, organization=other_project.project.organization, role=Role.MEMBER)
    browser = page_client(bob)
    assert scim.delete(f"scim/Users/{bob.pk}").status_code == 200
    assert browser.get(f"/project/{other_project.id}/").status_code == 200
    assert browser.get(f"/project/{project.id}/").status_code == 404


def test_who_is_activated_again_is_a_member_again(scim: Api, bob: User, organization: Organization) -> None:
    scim.delete(f"scim/Users/{bob.pk}")
    answer = scim.put(f"scim/Users/{bob.pk}", {**EVA, "active": True, "roles": ["VIEWER"]})
    assert (answer.status_code, answer.json()["roles"]) == (200, ["VIEWER"])
    assert Membership.objects.get(user=bob, organization=organization).role == "VIEWER"


def test_a_sync_without_roles_takes_no_role_away(scim: Api, bob: User) -> None:
    for body in ({**EVA, "active": True}, {**EVA, "active": True, "roles": []}, EVA):
        assert scim.put(f"scim/Users/{bob.pk}", body).json()["roles"] == ["MEMBER"]
    assert scim.put(f"scim/Users/{bob.pk}", {**EVA, "roles": ["NONE"]}).json()["roles"] == ["NONE"]
    assert role_in(bob, bob.memberships.get().organization.projects.get()) is None


def test_the_last_owner_is_neither_removed_nor_demoted(scim: Api, alice: User) -> None:
    refused(scim.delete(f"scim/Users/{alice.pk}"), 409)
    refused(scim.put(f"scim/Users/{alice.pk}", {**EVA, "active": False}), 409)
    refused(scim.put(f"scim/Users/{alice.pk}", {**EVA, "roles": ["VIEWER"]}), 409)
    assert Membership.objects.get(user=alice).role == "OWNER"


def test_an_account_that_the_administrator_has_deactivated_is_not_added(scim: Api, mallory: User) -> None:
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    assert "deactivated" in refused(scim.post("scim/Users", {"userName": mallory.email}), 409)


# --- Who may, and what is refused -----------------------------------------------------------------------------


def test_other_organizations_see_and_change_nobody(scim: Api, other_scim: Api, bob: User) -> None:
    assert other_scim.get("scim/Users").json()["totalResults"] == 0
    for answer in (other_scim.get(f"scim/Users/{bob.pk}"), *(way(other_scim, bob.pk) for way in WAYS_OUT.values())):
        refused(answer, 404)
    refused(other_scim.put(f"scim/Users/{bob.pk}", {**EVA, "roles": ["OWNER"]} | {"active": None}), 404)
    assert Membership.objects.get(user=bob).role == "MEMBER"


def test_only_an_organization_s_key_opens_it(api: Api, nobody_api: Api) -> None:
    for path in ("Users", "Users/x", "Schemas", "ServiceProviderConfig", "ResourceTypes"):
        refused(api.get(f"scim/{path}"), 403)
        refused(nobody_api.get(f"scim/{path}"), 401)


def test_a_method_that_is_not_there_is_refused_in_the_same_shape(scim: Api) -> None:
    refused(scim.post("scim/Schemas", {}), 405)
    refused(scim.delete("scim/Users"), 405)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        [],
        {},
        {"userName": ""},
        {"userName": 7},
        {"userName": "eva"},
        {"userName": "eva@example.org\0"},
        {"userName": "e" * 250 + "@example.org"},
        b'{"userName": "\\ud800@example.org"}',
        {**EVA, "name": "Eva"},
        {**EVA, "roles": ["KING"]},
        {**EVA, "roles": "ADMIN"},
        {**EVA, "roles": [["ADMIN"]]},
        {**EVA, "roles": [{"value": {"a": 1}}]},
    ],
)
def test_a_bad_user_is_refused(scim: Api, body: Any) -> None:
    refused(scim.post("scim/Users", body), 400)
    assert not User.objects.exists()


def test_an_odd_name_is_kept_as_far_as_it_can_be(scim: Api) -> None:
    body = b'{"userName": "eva@example.org", "name": {"formatted": "E\\u0000%s"}}' % (b"x" * 300)
    assert scim.post("scim/Users", body).status_code == 201
    assert len(User.objects.get().name) == 200


@pytest.mark.parametrize(
    "operations",
    [
        None,
        "replace",
        [{}],
        [{"op": "remove", "path": "active"}],
        [{"op": "replace", "path": "userName", "value": "x"}],
        [{"op": "replace", "value": {"active": "perhaps"}}],
        [{"op": "replace", "value": {"active": 0}}],
        [{"op": "replace", "value": None}],
        [{"op": "replace", "path": "roles", "value": ["KING"]}],
        [{"op": "replace", "path": "roles", "value": {"value": {}}}],
    ],
)
def test_a_bad_patch_is_refused_and_changes_nothing(scim: Api, bob: User, operations: Any) -> None:
    refused(scim.patch(f"scim/Users/{bob.pk}", {"schemas": [PATCH], "Operations": operations}), 400)
    assert Membership.objects.get(user=bob).role == "MEMBER"


def test_ids_and_numbers_of_all_kinds_are_no_crash(scim: Api) -> None:
    for user_id in ("x", "a%00b", "%ED%A0%80", "1" * 800):
        refused(scim.get(f"scim/Users/{user_id}"), 404)
        refused(scim.delete(f"scim/Users/{user_id}"), 404)
        refused(scim.put(f"scim/Users/{user_id}", {"active": True}), 404)
    for count in ("x", "-1", "1e3", "9" * 30):
        refused(scim.get("scim/Users", count=count), 400)
