"""Settings → LLM connections: limits, prices, the test, and models that are taken over from the provider."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import AuditEntry
from common import crypto
from llm import costs, pricing
from llm.models import LlmConnection
from tests.accounts.sign_in import SignIn
from tests.conftest import Api
from tests.endpoint.server import Endpoint
from tests.llm.test_connection_pages import FORM

pytestmark = pytest.mark.django_db

TERMS = {
    "concurrency": "8",
    "requests_per_minute": "500",
    "tokens_per_minute": "90000",
    "answer_seconds": "60",
    "prices": "gpt-x 150 600,5\n\nmy model 0 0",
    "currency": "rub",
    "per_dollar": "80",
}
PRICES = {
    "currency": "RUB",
    "per_dollar": 80.0,
    "models": {"gpt-x": {"input": 150.0, "output": 600.5}, "my model": {"input": 0.0, "output": 0.0}},
}
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def client(page_client: SignIn, alice: Any) -> Any:
    return page_client(alice)


@pytest.fixture
def address(project: Any) -> str:
    return f"/project/{project.id}/settings/llm-connections"


@pytest.fixture
def connection(endpoint: Endpoint, project: Any) -> LlmConnection:
    return LlmConnection.objects.create(
        project_id=project.id,
        provider="capitals",
        base_url=endpoint.url,
        sealed_secret=crypto.seal("sk-0123456789"),
        custom_models=["gpt-4o"],
    )


def found() -> dict[str, bool]:
    """What the last test found."""
    tested = LlmConnection.objects.get().last_test
    assert tested is not None
    return {finding["ability"]: finding["works"] for finding in tested["findings"]}


def test_terms_are_kept_and_shown_as_they_were_typed(client: Any, address: str) -> None:
    assert client.post(f"{address}/new", FORM | TERMS).status_code == 302
    made = LlmConnection.objects.get()
    limits = made.concurrency, made.requests_per_minute, made.tokens_per_minute, made.answer_seconds
    assert (limits, made.prices) == ((8, 500, 90000, 60), PRICES)
    form = client.get(f"{address}/{made.pk}").context["form"]
    assert form["prices"].value() == "gpt-x 150 600.5\nmy model 0 0"
    assert (form["currency"].value(), form["per_dollar"].value(), form["concurrency"].value()) == ("RUB", 80.0, 8)
    told = AuditEntry.objects.get(subject_type="llm_connection").after
    assert (told["concurrency"], told["prices"]) == (8, PRICES)


def test_the_api_knows_no_terms_and_keeps_them(client: Any, address: str, api: Api) -> None:
    client.post(f"{address}/new", FORM | TERMS)
    body = {"provider": FORM["provider"], "adapter": "openai", "secretKey": "sk-another-0123456789"}
    answer = api.put("llm-connections", body)
    assert answer.status_code == 200 and "prices" not in answer.json() and "concurrency" not in answer.json()
    made = LlmConnection.objects.get()
    assert (made.base_url, made.concurrency, made.prices) == ("", 8, PRICES)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"concurrency": "0"}, "concurrency"),
        ({"concurrency": "many"}, "concurrency"),
        ({"tokens_per_minute": "9" * 30}, "tokens_per_minute"),
        ({"prices": "gpt-x 150"}, "prices"),
        ({"prices": "gpt-x one two"}, "prices"),
        ({"prices": "gpt-x nan 1"}, "prices"),
        ({"prices": "gpt-x -1 1"}, "prices"),
        ({"prices": "gpt-x 1 1\ngpt-x 2 2"}, "prices"),
        ({"prices": "gpt-\x00x 1 1"}, "prices"),
        ({"currency": "€"}, "currency"),
        ({"per_dollar": ""}, "per_dollar"),
        ({"per_dollar": "0"}, "per_dollar"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    client: Any, address: str, change: dict[str, str], field: str
) -> None:
    answer = client.post(f"{address}/new", FORM | TERMS | change)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert b"<details open" in answer.content, "the refusal can be seen"
    assert not LlmConnection.objects.exists()


def test_estimates_take_the_connections_price_and_else_the_price_book(project: Any) -> None:
    connection = LlmConnection(project_id=project.id, prices=PRICES)
    now = datetime.now(UTC)
    assert costs.estimated(connection, "gpt-x", 1_000_000, 0, now) == pytest.approx(150 / 80)
    assert costs.estimated(connection, "my model", 1_000_000, 9, now) == 0
    assert costs.estimated(connection, "nobody's model", 1, 1, now) is None
    price = pricing.book(project.id).match("gpt-4o-mini")
    assert price is not None
    usual = pricing.book(project.id).cost(price, {"input": 1000, "output": 1000}, now)["total"]
    assert costs.estimated(connection, "gpt-4o-mini", 1000, 1000, now) == pytest.approx(usual)


def test_a_test_tells_what_works(client: Any, address: str, connection: LlmConnection) -> None:
    answer = client.post(f"{address}/{connection.pk}/test", {"model": "gpt-4o+lacks=json_schema,tools"}, **HTMX)
    assert found() == {
        "chat": True,
        "streaming": True,
        "json_schema": False,
        "json_mode": True,
        "tools": False,
        "models": True,
    }
    assert b"does not support json_schema" in answer.content and b"<html" not in answer.content
    # It stands there until the next one, and changes nothing else.
    page = client.get(f"{address}/{connection.pk}")
    assert b"does not support json_schema" in page.content and "gpt-4o-mini" in page.context["new_models"]
    assert LlmConnection.objects.get().updated_at == connection.updated_at


def test_a_model_that_makes_up_its_own_shape_knows_no_schemas(
    client: Any, address: str, connection: LlmConnection
) -> None:
    answer = client.post(f"{address}/{connection.pk}/test", {"model": "gpt-4o+fault=schema"}, **HTMX)
    assert found()["json_schema"] is False
    assert b"does not keep to the schema" in answer.content


def test_one_reason_is_told_once(client: Any, address: str, connection: LlmConnection, settings: Any) -> None:
    settings.PRIVATE_HOSTS = []
    answer = client.post(f"{address}/{connection.pk}/test", {"model": "gpt-4o"}, **HTMX)
    assert not any(found().values())
    assert answer.content.count(b"PROMPTLAB_PRIVATE_HOSTS") == 1


@pytest.mark.parametrize("model", ["", " ", "a\nb", "x" * 201])
def test_a_test_needs_the_name_of_a_model(client: Any, address: str, connection: LlmConnection, model: str) -> None:
    answer = client.post(f"{address}/{connection.pk}/test", {"model": model}, **HTMX)
    assert b"Name the model to test" in answer.content
    assert LlmConnection.objects.get().last_test is None


def test_listed_models_are_taken_over(client: Any, address: str, connection: LlmConnection) -> None:
    chosen = {"model": ["gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo"]}
    answer = client.post(f"{address}/{connection.pk}/models", chosen, follow=True)
    assert b"2 models were added" in answer.content
    assert LlmConnection.objects.get().custom_models == ["gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo"]
    assert AuditEntry.objects.get(subject_type="llm_connection").action == "update"
    client.post(f"{address}/{connection.pk}/models", chosen)
    assert AuditEntry.objects.count() == 1, "nothing was changed"
    answer = client.post(f"{address}/{connection.pk}/models", {"model": "x\x00"}, follow=True)
    assert b"printable" in answer.content


def test_members_may_neither_test_nor_add(
    page_client: SignIn, bob: Any, address: str, connection: LlmConnection
) -> None:
    for verb in ("test", "models"):
        assert page_client(bob).post(f"{address}/{connection.pk}/{verb}", {"model": "gpt-4o"}).status_code == 403
