"""The cast and the stage.

Alice owns the organization "Psychtelab" with the project "Capitals"; Bob is a member, Vera a viewer, Anna an annotator;
Mallory belongs to another organization and must see nothing. `api` is an HTTP client that carries the project's keys
and goes through the whole stack; `server` is the same database behind a real port, for SDKs and browsers.
"""

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from django.core.cache import cache
from django.test import Client, TransactionTestCase

from accounts.keys import create_key
from accounts.models import Membership, Organization, Project, User
from accounts.roles import Role
from tests import emptying, template

PASSWORD = "correct horse battery staple"


def pytest_configure() -> None:
    """Real password hashes take half a second each, on purpose; tests make hundreds."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES["default"]["KEY_PREFIX"] = f"promptlab-tests-{os.getpid()}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A database per run: several runs may share one PostgreSQL. Workers copy one that is migrated."""
    from django.conf import settings

    test = settings.DATABASES["default"].setdefault("TEST", {})
    test["NAME"] = f"test_promptlab_{os.getpid()}"
    if "PYTEST_XDIST_WORKER" in os.environ:
        test["TEMPLATE"] = template.migrated()


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Forgets what this run has cached; `clear` would empty the database, which other runs may share."""
    client = cache._cache.get_client(write=True)
    if keys := list(client.scan_iter(f"{cache.key_prefix}:*", count=1000)):
        client.delete(*keys)


@pytest.fixture(autouse=True, scope="session")
def _list_static_files_once() -> None:
    """Every test client loads the middleware, which would look at each of hundreds of files anew."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    look, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def look_once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = look_once


@pytest.fixture(autouse=True, scope="session")
def _delete_only_what_is_there() -> None:
    TransactionTestCase._fixture_teardown = lambda self: emptying.empty()


@pytest.fixture(autouse=True, scope="session")
def _count_clients_on_demand() -> None:
    """Tests flush themselves: a timer would write into the database between two of them."""
    import atexit

    from tracing import clients

    clients.FLUSH_SECONDS = 3600
    atexit.unregister(clients.flush)


@dataclass(frozen=True)
class Keys:
    """A project with its keys."""

    project: Project
    public_key: str
    secret_key: str

    @property
    def id(self) -> str:
        return self.project.pk

    @property
    def auth(self) -> str:
        return "Basic " + base64.b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()


def make_project(organization: Organization, name: str) -> Keys:
    project = Project.objects.create(organization=organization, name=name)
    made = create_key(project, note="tests")
    return Keys(project, made.key.public_key, made.secret)


def make_user(email: str, organization: Organization | None = None, role: Role | None = None) -> User:
    user = User.objects.create_user(email, PASSWORD, name=email.partition("@")[0].capitalize())
    if organization:
        Membership.objects.create(user=user, organization=organization, role=role)
    return user


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(name="Psychtelab")


@pytest.fixture
def project(organization: Organization) -> Keys:
    return make_project(organization, "Capitals")


@pytest.fixture
def other_project(db: None) -> Keys:
    """A project of strangers."""
    return make_project(Organization.objects.create(name="Strangers"), "Elsewhere")


@pytest.fixture
def alice(organization: Organization) -> User:
    return make_user("alice@example.org", organization, Role.OWNER)


@pytest.fixture
def bob(organization: Organization) -> User:
    return make_user("bob@example.org", organization, Role.MEMBER)


@pytest.fixture
def vera(organization: Organization) -> User:
    return make_user("vera@example.org", organization, Role.VIEWER)


@pytest.fixture
def anna(organization: Organization) -> User:
    return make_user("anna@example.org", organization, Role.ANNOTATOR)


@pytest.fixture
def mallory(other_project: Keys) -> User:
    return make_user("mallory@example.com", other_project.project.organization, Role.OWNER)


class Api:
    """Calls the public API through the whole stack of Django (no port); `get`, `post`… take and give JSON."""

    def __init__(self, keys: Keys | None) -> None:
        from promptlab.testing import ApiClient

        headers = {"HTTP_AUTHORIZATION": keys.auth} if keys else {}
        self.client = ApiClient(raise_request_exception=False, **headers)

    def _call(self, method: str, path: str, body: object = None, **extra: object):
        path = path if path.startswith("/") else f"/api/public/{path}"
        return self.client.generic(
            method,
            path,
            data=body if isinstance(body, bytes) else _json(body),
            content_type="application/json",
            **extra,
        )

    def get(self, path: str, **params: object):
        from urllib.parse import urlencode

        query = urlencode({k: v for k, v in params.items() if v is not None}, doseq=True)
        return self._call("GET", path, QUERY_STRING=query) if query else self._call("GET", path)

    def post(self, path: str, body: object = None, **extra: object):
        return self._call("POST", path, body, **extra)

    def put(self, path: str, body: object = None):
        return self._call("PUT", path, body)

    def patch(self, path: str, body: object = None):
        return self._call("PATCH", path, body)

    def delete(self, path: str, body: object = None):
        return self._call("DELETE", path, body)


def _json(body: object) -> bytes:
    import orjson

    return b"" if body is None else orjson.dumps(body)


@pytest.fixture
def api(project: Keys) -> Api:
    return Api(project)


@pytest.fixture
def other_api(other_project: Keys) -> Api:
    return Api(other_project)


@pytest.fixture
def nobody_api(db: None) -> Api:
    return Api(None)


@pytest.fixture
def page_client() -> Callable[[User], Client]:
    """A browserless client signed in as the given person."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@dataclass(frozen=True)
class Server:
    """PromptLab behind a real port, on the test's database, with a project of its own."""

    url: str
    keys: Keys

    @property
    def public_key(self) -> str:
        return self.keys.public_key

    @property
    def secret_key(self) -> str:
        return self.keys.secret_key

    @property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/api/public", auth=(self.public_key, self.secret_key), timeout=20)


@pytest.fixture
def server(live_server, project: Keys) -> Iterator[Server]:
    """Needs `transactional_db` semantics (live_server brings them): rows are committed, threads see them."""
    yield Server(live_server.url, project)
