"""`accounts.issuing` and `accounts.keys`: pairs made, refused, revoked; how the API takes them."""

import base64

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.acting import Actor
from accounts.issuing import issue_key, withdraw_key
from accounts.keys import create_key, verify_pair, verify_public
from accounts.models import ApiKey, AuditEntry, Organization
from accounts.roles import Role
from common.errors import Conflict, Denied, Invalid, NotFound
from tests.conftest import Api, Keys

pytestmark = pytest.mark.django_db


def test_a_key_opens_its_project_and_the_secret_is_not_stored(project: Keys) -> None:
    made = issue_key(project.project, Actor(Role.ADMIN), note="CI")
    scope = verify_pair(made.key.public_key, made.secret)
    assert scope is not None
    assert (scope.kind, scope.project_id) == ("project", project.id)
    stored = ApiKey.objects.filter(pk=made.key.pk).values().get()
    assert made.secret not in str(stored)
    assert made.secret not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.ANNOTATOR, None])
def test_only_admins_manage_keys(project: Keys, role: Role | None) -> None:
    with pytest.raises(Denied):
        issue_key(project.project, Actor(role))
    with pytest.raises(Denied):
        withdraw_key(project.project, ApiKey.objects.get().pk, Actor(role))


def test_only_owners_manage_the_organization_s_keys(organization: Organization) -> None:
    with pytest.raises(Denied):
        issue_key(organization, Actor(Role.ADMIN))
    made = issue_key(organization, Actor(Role.OWNER))
    scope = verify_pair(made.key.public_key, made.secret)
    assert scope is not None
    assert (scope.kind, scope.organization_id, scope.project_id) == ("organization", organization.pk, "")


def test_a_revoked_key_stops_working_at_once(project: Keys) -> None:
    made = issue_key(project.project, Actor(Role.ADMIN))
    assert verify_pair(made.key.public_key, made.secret)
    assert verify_public(made.key.public_key)
    withdraw_key(project.project, made.key.pk, Actor(Role.ADMIN))
    assert verify_pair(made.key.public_key, made.secret) is None
    assert verify_public(made.key.public_key) is None


def test_a_key_of_another_project_cannot_be_revoked(project: Keys, other_project: Keys) -> None:
    foreign = ApiKey.objects.get(project=other_project.project)
    for key_id in (foreign.pk, "nonsense", "a\0b"):
        with pytest.raises(NotFound):
            withdraw_key(project.project, key_id, Actor(Role.OWNER))


@pytest.mark.parametrize(
    ("public", "secret", "field"),
    [
        ("pk-lf-a", "", "secretKey"),
        ("", "sk-lf-a", "publicKey"),
        ("pk-a", "sk-lf-a", "publicKey"),
        ("pk-lf-a", "secret", "secretKey"),
        ("pk-lf-a:b", "sk-lf-a", "publicKey"),
        ("pk-lf-" + "a" * 200, "sk-lf-a", "publicKey"),
    ],
)
def test_a_given_pair_must_be_whole_and_well_formed(project: Keys, public: str, secret: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        issue_key(project.project, Actor(Role.ADMIN), public_key=public, secret_key=secret)
    assert refusal.value.field == field


def test_a_public_key_is_given_once(project: Keys, other_project: Keys) -> None:
    issue_key(other_project.project, Actor(Role.ADMIN), public_key="pk-lf-a", secret_key="sk-lf-a")
    with pytest.raises(Conflict):
        issue_key(project.project, Actor(Role.ADMIN), public_key="pk-lf-a", secret_key="sk-lf-b")


def test_an_expired_key_is_refused(project: Keys) -> None:
    made = create_key(project.project)
    ApiKey.objects.filter(pk=made.key.pk).update(expires_at=timezone.now())
    assert verify_pair(made.key.public_key, made.secret) is None


def test_verification_is_one_read_and_then_none(project: Keys, django_assert_num_queries: object) -> None:
    ApiKey.objects.update(last_used_at=timezone.now())
    with django_assert_num_queries(1):  # type: ignore[operator]
        verify_pair(project.public_key, project.secret_key)
    with django_assert_num_queries(0):  # type: ignore[operator]
        verify_pair(project.public_key, project.secret_key)


def test_a_refusal_is_remembered(project: Keys, django_assert_num_queries: object) -> None:
    verify_pair(project.public_key, "sk-lf-wrong")
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert verify_pair(project.public_key, "sk-lf-wrong") is None


def test_its_use_is_noted(project: Keys) -> None:
    verify_pair(project.public_key, project.secret_key)
    assert ApiKey.objects.get().last_used_at


def test_a_key_works_while_the_cache_is_empty(project: Keys) -> None:
    verify_pair(project.public_key, project.secret_key)
    cache.clear()
    assert verify_pair(project.public_key, project.secret_key)


# --- At the door (api.md, section 1) -------------------------------------------------------------------


def test_the_right_pair_is_let_in(api: Api) -> None:
    assert api.get("projects").status_code == 200


def basic(text: str | bytes) -> str:
    return "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Digest abc",
        basic("no colon"),
        basic(":secret"),
        basic("pk-lf-a:"),
        basic(b"\xff\xfe:\xff"),
        basic("pk-lf-a\0:sk-lf-b"),
        basic("pk-lf-a:sk-lf-b"),
        "Bearer pk-lf-nobody",
        "Bearer \x00",
    ],
)
def test_anything_else_is_401_in_the_api_s_own_shape(nobody_api: Api, header: str) -> None:
    answer = nobody_api.client.get("/api/public/projects", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    body = answer.json()
    assert body["error"] == "UnauthorizedError"
    assert body["message"].endswith("Confirm that you've configured the correct host.")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_the_right_secret_under_the_wrong_public_key_is_refused(project: Keys, other_project: Keys) -> None:
    mixed = Keys(project.project, project.public_key, other_project.secret_key)
    assert Api(mixed).get("projects").status_code == 401


def test_the_public_key_alone_reads_nothing(project: Keys, nobody_api: Api) -> None:
    answer = nobody_api.client.get("/api/public/projects", HTTP_AUTHORIZATION=f"Bearer {project.public_key}")
    assert answer.status_code == 403


def test_keys_of_the_wrong_kind_are_403(project: Keys, organization: Organization) -> None:
    made = create_key(organization)
    organization_api = Api(Keys(project.project, made.key.public_key, made.secret))
    assert organization_api.get("projects").status_code == 403
    assert Api(project).get("organizations/projects").status_code == 403
