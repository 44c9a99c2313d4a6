"""`Authorization: Bearer <public key>`, as browsers send it: scores, and nothing else (api.md, section 1)."""

import pytest

from accounts.keys import create_key
from accounts.models import Organization, User
from tests.accounts.sign_in import SignIn
from tests.accounts.stage import Stage, events, fill
from tests.accounts.test_strangers import Breaches, api_routes, call_api
from tests.accounts.watch import Watch
from tests.conftest import Api, Keys

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

MAY = {("POST", "api/public/scores"), ("POST", "api/public/ingestion")}


@pytest.fixture
def stage(project: Keys, alice: User, page_client: SignIn) -> Stage:
    return fill(project, alice, page_client(alice))


@pytest.fixture
def browser(project: Keys, nobody_api: Api) -> Api:
    nobody_api.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {project.public_key}"
    return nobody_api


def test_every_other_route_of_ones_own_project_is_403(stage: Stage, browser: Api) -> None:
    # Refused exports are kept, for people to see.
    watch = Watch(ignoring=["tracing_rejectedevent", "tracing_clientuse"])
    with Breaches() as breaches:
        for route in api_routes():
            for method in route.methods:
                if (method, route.route) in MAY or route.route == "api/public/":
                    continue
                answer = call_api(browser, method, route.path(stage), stage)
                breaches.check(answer.status_code == 403, method, route.route, answer.status_code)
        breaches.check((changes := watch.changes()) == ([], []), "something changed:", changes)


def test_of_a_batch_only_the_scores_are_taken(browser: Api, api: Api) -> None:
    answer = browser.post("ingestion", {"batch": events("text")})
    assert answer.status_code == 207
    assert [made["id"] for made in answer.json()["successes"]] == ["alice-score-create"]
    refused = {error["id"]: (error["status"], error["message"]) for error in answer.json()["errors"]}
    denied = (401, "Access Scope Denied")
    assert refused == {"alice-trace-create": denied, "alice-generation-create": denied}
    assert api.get("traces/alice-trace").status_code == 404


def test_a_score_is_taken_with_its_header_in_any_case(project: Keys, nobody_api: Api) -> None:
    body = {"traceId": "t", "name": "liked", "value": 1}
    for scheme in ("Bearer", "bearer"):
        answer = nobody_api.post("scores", body, HTTP_AUTHORIZATION=f"{scheme} {project.public_key}")
        assert answer.status_code == 200


def test_what_is_no_public_key_of_a_project_is_401(project: Keys, organization: Organization, nobody_api: Api) -> None:
    of_organization = create_key(organization).key.public_key
    for key in (project.secret_key, of_organization, "", "pk-lf-nobody", "\x00"):
        for path in ("scores", "ingestion"):
            answer = nobody_api.post(path, {"batch": []}, HTTP_AUTHORIZATION=f"Bearer {key}")
            assert answer.status_code == 401, (key, path)
            assert answer.json()["message"].endswith("Confirm that you've configured the correct host.")
