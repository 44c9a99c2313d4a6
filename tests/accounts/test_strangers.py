"""Nobody sees or changes what is not theirs: proven over every route of the URL configuration.

The routes are enumerated, so a new one is covered the day it is added; when it has a parameter that nobody has
explained in `routes.py`, or a model stands in the admin of which Alice has no row, the test says so.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.keys import create_key
from accounts.middleware import PERSONAL
from accounts.models import User
from tests.accounts.breaches import Breaches, shows
from tests.accounts.routes import Route, every_route
from tests.accounts.stage import Stage, fill
from tests.accounts.stealing import everything, form, query
from tests.accounts.watch import Watch
from tests.conftest import Api, Keys

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

API = "api/public/"
OPEN_API = {"api/public/health", "api/public/ready", "api/public/openapi.yml"}
REFUSED = {403, 404, 405}
SignIn = Callable[[User], Client]


@pytest.fixture
def stage(project: Keys, alice: User, page_client: SignIn) -> Stage:
    return fill(project, alice, page_client(alice))


def api_routes() -> list[Route]:
    return [route for route in every_route() if route.route.startswith(API) and route.route not in OPEN_API]


def pages() -> list[Route]:
    """Everything below the project prefix: pages and admin."""
    return [
        route
        for route in every_route()
        if not route.route.startswith("api/") and route.route.partition("/")[0] not in PERSONAL
    ]


def personal_pages() -> list[Route]:
    """A person's own pages, allauth's excepted: those know nothing of projects."""
    names = PERSONAL - {"accounts", "i18n"}
    return [route for route in every_route() if route.route.partition("/")[0] in names]


def call_api(api: Api, method: str, path: str, stage: Stage, body: Any = None) -> Any:
    address = f"/{path}"
    if method == "GET":
        return api.client.get(address, {"fromTimestamp": "2020-01-01T00:00:00Z"})
    return api._call(method, address, everything(stage) if body is None else body)


# --- The tests can fail: Alice's own people get in ---------------------------------------------------------


def test_every_parameter_of_every_route_is_known(stage: Stage) -> None:
    with Breaches() as breaches:
        for route in every_route():
            if route.route.partition("/")[0] in ("accounts", "i18n"):
                continue
            try:
                route.path(stage)
            except LookupError as error:
                breaches.check(False, error)


def test_alice_s_own_key_finds_what_the_routes_name(stage: Stage) -> None:
    organization_key = create_key(stage.organization)
    owner = Api(Keys(stage.keys.project, organization_key.key.public_key, organization_key.secret))
    seen = 0
    with Breaches() as breaches:
        for route in api_routes():
            if "GET" not in route.methods or route.route == API:
                continue
            answers = [call_api(api, "GET", route.path(stage), stage) for api in (Api(stage.keys), owner)]
            codes = {answer.status_code for answer in answers}
            breaches.check(codes & {200, 400} or codes <= {405, 403}, "GET", route.route, codes)
            seen += any(shows(answer) for answer in answers)
        breaches.check(seen >= 15, f"only {seen} routes show Alice what is hers")


def test_alice_sees_every_page(stage: Stage, alice: User, page_client: SignIn) -> None:
    client, seen = page_client(alice), 0
    client.raise_request_exception = False
    with Breaches() as breaches:
        for route in pages():
            answer = client.get(f"/project/{stage.keys.id}/{route.path(stage)}", query(stage))
            fine = answer.status_code in (200, 302, 405)
            # In the admin not everything may be made or deleted, even by owners.
            fine = fine or (route.route.startswith("admin/") and answer.status_code in (403, 404))
            breaches.check(fine, "GET", route.route, answer.status_code)
            seen += shows(answer)
        breaches.check(seen >= 10, f"only {seen} pages show Alice what is hers")


# --- Programs -------------------------------------------------------------------------------------------------


def test_without_a_key_every_route_is_401(stage: Stage, nobody_api: Api) -> None:
    watch = Watch()
    with Breaches() as breaches:
        for route in api_routes():
            if route.route == API:
                continue
            for method in route.methods:
                answer = call_api(nobody_api, method, route.path(stage), stage)
                breaches.check(answer.status_code == 401, method, route.route, answer.status_code)
        breaches.check(watch.changes() == ([], []), "something changed")


@pytest.mark.parametrize("kind", ["project", "organization", "public"])
def test_keys_of_others_neither_read_nor_change_what_is_alice_s(
    stage: Stage, other_project: Keys, nobody_api: Api, kind: str
) -> None:
    api = Api(other_project)
    if kind == "organization":
        made = create_key(other_project.project.organization)
        api = Api(Keys(other_project.project, made.key.public_key, made.secret))
    if kind == "public":
        api = nobody_api
        api.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {other_project.public_key}"
    watch = Watch()
    with Breaches() as breaches:
        for route in api_routes():
            for method in route.methods:
                answer = call_api(api, method, route.path(stage), stage)
                what = (method, route.route, answer.status_code)
                breaches.check(answer.status_code < 500, *what)
                breaches.check(not shows(answer), *what, "shows what is Alice's")
                breaches.check_only_theirs(watch, stage, what)


@pytest.mark.parametrize("kind", ["project", "organization"])
def test_a_key_of_one_kind_does_not_open_the_other_kind_s_routes(stage: Stage, kind: str) -> None:
    """Alice's own keys: a project's key on the organization's routes, and the other way round, is 403."""
    made = create_key(stage.organization)
    keys = stage.keys if kind == "project" else Keys(stage.keys.project, made.key.public_key, made.secret)
    api, watch = Api(keys), Watch()
    with Breaches() as breaches:
        for route in api_routes():
            if route.route == API:
                continue
            for method in route.methods:
                is_organization_s = any(
                    part in route.route for part in ("organizations/", "projects/", "scim/", "blob-storage")
                )
                is_organization_s = is_organization_s or (route.route.endswith("/projects") and method != "GET")
                if is_organization_s == (kind == "organization"):
                    continue
                answer = call_api(api, method, route.path(stage), stage)
                breaches.check(answer.status_code == 403, method, route.route, answer.status_code)
        breaches.check(watch.changes() == ([], []), "something changed")


# --- People ---------------------------------------------------------------------------------------------------


def visits(routes: list[Route], client: Client, prefix: str, stage: Stage) -> Iterator[tuple[Route, dict[str, Any]]]:
    """Every route with its answers by method: those that its view has, and POST even where it has none."""
    client.raise_request_exception = False
    for route in routes:
        address = f"{prefix}/{route.path(stage)}"
        answers = {"GET": client.get(address, query(stage)), "POST": client.post(address, form(stage, route))}
        for method in set(route.methods) - {"GET", "POST"}:
            answers[method] = client.generic(method, address, b"{}", content_type="application/json")
        yield route, answers


def test_signed_out_people_are_sent_to_the_sign_in(stage: Stage) -> None:
    watch = Watch()
    with Breaches() as breaches:
        for prefix, routes in ((f"/project/{stage.keys.id}", pages()), ("", pages()), ("", personal_pages())):
            for route, answers in visits(routes, Client(), prefix, stage):
                if route.route.startswith("invitations/"):
                    continue  # whoever has the link is let in: tests/accounts/test_invitation_page.py
                for method, answer in answers.items():
                    where = answer.headers.get("Location", "")
                    what = (method, prefix, route.route, answer.status_code, where)
                    breaches.check(answer.status_code in REFUSED or where.startswith(SIGN_IN), *what)
                    breaches.check(not shows(answer), *what, "shows what is Alice's")
        breaches.check(watch.changes() == ([], []), "something changed")


SIGN_IN = (settings.LOGIN_URL, "/accounts/logout/", "/accounts/password/change/")


def test_a_stranger_finds_nothing_behind_alice_s_address(stage: Stage, mallory: User, page_client: SignIn) -> None:
    watch = Watch()
    with Breaches() as breaches:
        for route, answers in visits(pages(), page_client(mallory), f"/project/{stage.keys.id}", stage):
            for method, answer in answers.items():
                what = (method, route.route, answer.status_code, answer.headers.get("Location", ""))
                breaches.check(answer.status_code in REFUSED or route.route in ADMIN_DOORS, *what)
                breaches.check(not shows(answer), *what, "shows what is Alice's")
        breaches.check(watch.changes() == ([], []), "something changed")


# They lead away from the admin, whoever comes.
ADMIN_DOORS = {"admin/logout/", "admin/password_change/", "admin/password_change/done/"}


def test_a_stranger_finds_nothing_of_alice_s_behind_his_own_address(
    stage: Stage, mallory: User, other_project: Keys, page_client: SignIn
) -> None:
    """Mallory owns his own project, and asks there for the ids of Alice's things."""
    # He may delete his own project, which would end the story.
    routes, watch = [route for route in pages() if route.route != "settings/delete"], Watch()
    with Breaches() as breaches:
        for route, answers in visits(routes, page_client(mallory), f"/project/{other_project.id}", stage):
            codes = {method: answer.status_code for method, answer in answers.items()}
            breaches.check(max(codes.values()) < 500, route.route, codes)
            breaches.check(not any(map(shows, answers.values())), route.route, codes, "shows what is Alice's")
            breaches.check_only_theirs(watch, stage, (route.route, codes))


def test_a_person_s_own_pages_lead_to_nothing_of_others(stage: Stage, mallory: User, page_client: SignIn) -> None:
    watch = Watch()
    with Breaches() as breaches:
        for route, answers in visits(personal_pages(), page_client(mallory), "", stage):
            codes = {method: answer.status_code for method, answer in answers.items()}
            breaches.check(max(codes.values()) < 500, route.route, codes)
            named = any(stage.organization.name.encode() in answer.content for answer in answers.values())
            breaches.check(not named or "token" in route.route, route.route, codes, "names Alice's organization")
            breaches.check_only_theirs(watch, stage, (route.route, codes))


@pytest.mark.parametrize("person", ["vera", "anna"])
def test_viewers_change_nothing_and_annotators_only_annotate(
    stage: Stage, person: str, page_client: SignIn, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(person)
    may_score, scored = person == "anna", False
    watch = Watch()
    with Breaches() as breaches:
        for route, answers in visits(pages(), page_client(user), f"/project/{stage.keys.id}", stage):
            own = route.route == "views"  # views of one's own are everybody's
            scoring = may_score and getattr(route.view_class, "write_permission", None) == "scores:write"
            codes = {method: answer.status_code for method, answer in answers.items()}
            for method, code in codes.items():
                fine = code in REFUSED or (method == "GET" and code in (200, 302)) or route.route in ADMIN_DOORS
                breaches.check(fine or ((scoring or own) and code < 500), person, method, route.route, code)
            went, came = watch.changes()
            if own:
                came = [row for row in came if not (row.startswith("accounts_savedview") and user.pk in row)]
            scored = scored or (scoring and any(row.startswith("tracing_score") for row in came))
            if scoring:
                went, came = ([row for row in rows if not row.startswith(SCORE_TABLES)] for rows in (went, came))
            breaches.check(not went and not came, person, route.route, codes, "changed", went[:2], came[:2])
        breaches.check(scored == may_score, f"{person} has {'' if scored else 'not '}given a score")


# What scoring and commenting may touch: the score, the totals of its trace and of its hour, the comment, who did it.
SCORE_TABLES = (
    "tracing_scorerow",
    "tracing_tracerow",
    "tracing_score",
    "tracing_trace",
    "tracing_comment",
    "tracing_rollup_mark",
    "accounts_auditentry",
)


@pytest.mark.parametrize("person", ["vera", "anna"])
def test_settings_that_are_not_theirs_are_not_shown(
    stage: Stage, person: str, page_client: SignIn, request: pytest.FixtureRequest
) -> None:
    client = page_client(request.getfixturevalue(person))
    for page in ("keys", "members", "organization", "audit-log", "invitations"):
        assert client.get(f"/project/{stage.keys.id}/settings/{page}").status_code == 403, page
    general = client.get(f"/project/{stage.keys.id}/settings").content.decode()
    assert "/settings/keys" not in general
    assert '<form class="form"' not in general
