"""`accounts.bootstrap`: what an empty instance gets, and what PROMPTLAB_INIT_* asks for."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts.bootstrap import ensure_demo_project, ensure_first_start
from accounts.keys import verify_pair
from accounts.memberships import role_in
from accounts.models import ApiKey, Membership, Organization, Project, User
from accounts.roles import Role

pytestmark = pytest.mark.django_db

EVERYTHING = {
    "org_id": "my-org",
    "org_name": "The lab",
    "org_public_key": "pk-lf-org",
    "org_secret_key": "sk-lf-org",
    "project_id": "my-project",
    "project_name": "Capitals",
    "project_public_key": "pk-lf-1234567890",
    "project_secret_key": "sk-lf-1234567890",
    "user_email": "Ada@Example.org",
    "user_name": "Ada",
    "user_password": "a long enough password",
}


@pytest.fixture
def init(settings: Any) -> Any:
    """Sets PROMPTLAB_INIT_* for the next start."""

    def wish(**values: str) -> None:
        settings.INIT = values

    wish()
    return wish


def test_an_empty_instance_gets_an_owner_and_a_project_with_keys(init: Any) -> None:
    first = ensure_first_start()
    assert first is not None
    user, project = User.objects.get(email=first.email), Project.objects.get(pk=first.project_id)
    assert user.check_password(first.password)
    assert role_in(user, project) is Role.OWNER
    assert first.project_name == project.name
    scope = verify_pair(first.public_key, first.secret_key)
    assert scope is not None
    assert scope.project_id == project.pk


def test_later_starts_make_nothing(init: Any) -> None:
    ensure_first_start()
    assert ensure_first_start() is None
    assert [model.objects.count() for model in (User, Organization, Project, ApiKey)] == [1, 1, 1, 1]


def test_the_first_user_needs_no_mail_to_be_verified(init: Any) -> None:
    from allauth.account.models import EmailAddress

    first = ensure_first_start()
    assert first is not None
    assert EmailAddress.objects.get(email=first.email).verified


def test_ids_and_keys_are_taken_as_given(init: Any) -> None:
    init(**EVERYTHING)
    first = ensure_first_start()
    assert first is not None
    # Who gave a secret knows it; it must not turn up in a log.
    assert (first.email, first.password, first.secret_key) == ("ada@example.org", "", "")
    assert (first.project_id, first.public_key) == ("my-project", "pk-lf-1234567890")
    project = Project.objects.get(pk="my-project")
    assert (project.organization_id, project.organization.name, project.name) == ("my-org", "The lab", "Capitals")
    assert verify_pair("pk-lf-1234567890", "sk-lf-1234567890").project_id == "my-project"  # type: ignore[union-attr]
    assert verify_pair("pk-lf-org", "sk-lf-org").kind == "organization"  # type: ignore[union-attr]
    ada = User.objects.get(email="ada@example.org")
    assert ada.check_password("a long enough password")
    assert Membership.objects.get(user=ada).role == Role.OWNER


def test_a_second_start_with_the_same_wishes_changes_nothing(init: Any) -> None:
    init(**EVERYTHING)
    ensure_first_start()
    Project.objects.update(name="Renamed by people")
    ada = User.objects.get()
    ada.set_password("changed by Ada herself")
    ada.save()
    assert ensure_first_start() is None
    assert Project.objects.get().name == "Renamed by people"
    assert User.objects.get().check_password("changed by Ada herself")
    assert (ApiKey.objects.count(), Organization.objects.count()) == (2, 1)


def test_wishes_are_met_on_an_instance_that_has_people_already(init: Any) -> None:
    ensure_first_start()
    init(**EVERYTHING)
    ensure_first_start()
    assert Project.objects.filter(pk="my-project", organization="my-org").exists()
    assert User.objects.filter(email="ada@example.org", is_superuser=False).exists()


def test_a_key_refused_a_moment_ago_works_once_it_is_given(init: Any) -> None:
    assert verify_pair("pk-lf-1234567890", "sk-lf-1234567890") is None
    init(**EVERYTHING)
    ensure_first_start()
    assert verify_pair("pk-lf-1234567890", "sk-lf-1234567890") is not None


def test_only_keys_given_open_the_first_project(init: Any) -> None:
    init(project_public_key="pk-lf-a", project_secret_key="sk-lf-a")
    first = ensure_first_start()
    assert first is not None
    assert verify_pair("pk-lf-a", "sk-lf-a").project_id == first.project_id  # type: ignore[union-attr]
    assert ensure_first_start() is None
    assert Project.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"project_secret_key": ""}, "PROMPTLAB_INIT_PROJECT_SECRET_KEY"),
        ({"org_public_key": ""}, "PROMPTLAB_INIT_ORG_PUBLIC_KEY"),
        ({"org_public_key": "pk-lf-1234567890"}, "are the same"),
        ({"project_public_key": "a:b"}, "colon"),
        ({"project_id": "a/b"}, "PROMPTLAB_INIT_PROJECT_ID"),
        ({"user_email": "nobody"}, "PROMPTLAB_INIT_USER_EMAIL"),
        ({"user_email": ""}, "PROMPTLAB_INIT_USER_EMAIL"),
    ],
)
def test_wishes_that_contradict_each_other_are_refused(init: Any, wrong: dict[str, str], says: str) -> None:
    init(**{**EVERYTHING, **wrong})
    with pytest.raises(ImproperlyConfigured, match=says):
        ensure_first_start()
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"project_secret_key": "sk-lf-another"}, "PROMPTLAB_INIT_PROJECT_SECRET_KEY is not the secret"),
        ({"org_id": "another"}, "PROMPTLAB_INIT_ORG_PUBLIC_KEY"),
        ({"org_id": "another", "org_public_key": "", "org_secret_key": ""}, "PROMPTLAB_INIT_PROJECT_ID"),
        ({"project_id": "another", "project_name": "Another"}, "PROMPTLAB_INIT_PROJECT_PUBLIC_KEY"),
        ({"project_id": "another"}, "PROMPTLAB_INIT_PROJECT_NAME"),
    ],
)
def test_wishes_that_contradict_what_is_there_are_refused(init: Any, wrong: dict[str, str], says: str) -> None:
    init(**EVERYTHING)
    ensure_first_start()
    init(**{**EVERYTHING, **wrong})
    with pytest.raises(ImproperlyConfigured, match=says):
        ensure_first_start()
    assert (Organization.objects.count(), Project.objects.count(), ApiKey.objects.count()) == (1, 1, 2)


@pytest.mark.django_db(transaction=True)
def test_several_servers_may_start_at_once(init: Any) -> None:
    def start(_: int) -> bool:
        try:
            return ensure_first_start() is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(start, range(4))) == [False, False, False, True]
    assert (User.objects.count(), Project.objects.count()) == (1, 1)


def test_the_demo_run_gets_a_project_and_fresh_keys_each_time(init: Any) -> None:
    ensure_first_start()
    project_id, public_key, secret_key = ensure_demo_project()
    assert Project.objects.get(pk=project_id, is_demo=True).name == "Demo"
    assert verify_pair(public_key, secret_key).project_id == project_id  # type: ignore[union-attr]
    again = ensure_demo_project()
    assert again[0] == project_id
    assert again[1:] != (public_key, secret_key)
    assert ApiKey.objects.filter(project=project_id).count() == 1


def test_a_demo_beside_a_project_of_that_name_gets_another(init: Any, organization: Organization) -> None:
    Project.objects.create(organization=organization, name="Demo")
    project_id, _, _ = ensure_demo_project()
    assert Project.objects.get(pk=project_id).name == "Demo 2"
