"""Settings → LLM connections."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from common import crypto
from llm.clients import Clients
from llm.defaults import default_model
from llm.models import LlmConnection
from tests.accounts.sign_in import SignIn

pytestmark = pytest.mark.django_db

SECRET = "sk-proj-0123456789abcdef"
FORM = {
    "provider": "bothub",
    "adapter": "openai",
    "base_url": "https://8.8.8.8/v1",
    "secret_key": SECRET,
    "models": "gpt-x\n\n gpt-y \n",
    "with_default_models": "on",
    "headers": "X-Team: psychology-1",
    "region": "",
}


@pytest.fixture
def client(page_client: SignIn, alice: Any) -> Any:
    return page_client(alice)


@pytest.fixture
def address(project: Any) -> str:
    return f"/project/{project.id}/settings/llm-connections"


def headers_of(connection: LlmConnection) -> str:
    return crypto.unseal(connection.sealed_headers)


def test_a_connection_is_added_and_listed_without_its_secrets(client: Any, address: str, alice: Any) -> None:
    assert b"No connections yet" in client.get(address).content
    answer = client.post(f"{address}/new", FORM, follow=True)
    made = LlmConnection.objects.get()
    assert (made.provider, made.base_url, made.custom_models) == ("bothub", FORM["base_url"], ["gpt-x", "gpt-y"])
    assert (crypto.unseal(made.sealed_secret), headers_of(made)) == (SECRET, '{"X-Team":"psychology-1"}')
    assert b"bothub" in answer.content and b"...cdef" in answer.content
    assert answer.redirect_chain == [(f"{address}/{made.pk}", 302)], "where it can be tested"
    assert b"is saved" in answer.content and b'id="connection-test"' in answer.content
    for page in (answer, client.get(address)):
        assert SECRET.encode() not in page.content and b"psychology-1" not in page.content
    assert AuditEntry.objects.get(subject_type="llm_connection").user == alice


def test_a_change_keeps_the_secrets_where_nothing_is_typed(client: Any, address: str) -> None:
    client.post(f"{address}/new", FORM)
    made = LlmConnection.objects.get()
    shown = client.get(f"{address}/{made.pk}").context["form"]
    assert (shown["headers"].value(), shown["models"].value()) == ("X-Team:", "gpt-x\ngpt-y")
    change = {**FORM, "secret_key": "", "headers": "X-Team:\nX-More: yes", "models": "", "use_responses_api": "on"}
    del change["with_default_models"]
    assert client.post(f"{address}/{made.pk}", change).status_code == 302
    made.refresh_from_db()
    assert client.get(f"{address}/{made.pk}").status_code == 200, "also without a model to suggest for the test"
    assert (crypto.unseal(made.sealed_secret), made.secret_display) == (SECRET, "...cdef")
    assert headers_of(made) == '{"X-Team":"psychology-1","X-More":"yes"}'
    assert (made.custom_models, made.with_default_models, made.config) == ([], False, {"useResponsesApi": True})


def test_another_address_needs_the_secrets_again(client: Any, address: str) -> None:
    client.post(f"{address}/new", FORM)
    made = LlmConnection.objects.get()
    moved = {**FORM, "base_url": "https://1.1.1.1/v1"}
    for change in ({"secret_key": ""}, {"headers": "X-Team:"}):
        answer = client.post(f"{address}/{made.pk}", {**moved, **change})
        assert answer.status_code == 422
        assert b"The address is another one" in answer.content
    assert LlmConnection.objects.get().base_url == FORM["base_url"]
    assert client.post(f"{address}/{made.pk}", moved).status_code == 302


def test_the_name_stays_and_another_key_replaces_the_old_one(client: Any, address: str) -> None:
    client.post(f"{address}/new", FORM)
    made = LlmConnection.objects.get()
    client.post(f"{address}/{made.pk}", {**FORM, "provider": "stolen", "secret_key": "another-key-7777", "headers": ""})
    made = LlmConnection.objects.get()
    assert (made.provider, made.secret_display, made.sealed_headers) == ("bothub", "...7777", "")


def test_a_region_belongs_to_its_protocol(client: Any, address: str) -> None:
    aws = {**FORM, "adapter": "bedrock", "secret_key": '{"accessKeyId": "a"}', "base_url": ""}
    answer = client.post(f"{address}/new", aws)
    assert (answer.status_code, "region" in answer.context["form"].errors) == (422, True)
    client.post(f"{address}/new", {**aws, "region": "eu-central-1"})
    assert LlmConnection.objects.get().config == {"region": "eu-central-1"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": ""}, "provider"),
        ({"adapter": "gigachat"}, "adapter"),
        ({"secret_key": ""}, "secret_key"),
        ({"secret_key": "sk-\u0441"}, "secret_key"),
        ({"base_url": "http://localhost:11434/v1"}, "base_url"),
        ({"base_url": "openai"}, "base_url"),
        ({"models": "a\nb\x07"}, "models"),
        ({"headers": "nonsense"}, "headers"),
        ({"headers": "X-Team:"}, "headers"),
        ({"headers": "hOST: intern"}, "headers"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(
    client: Any, address: str, change: dict[str, str], field: str
) -> None:
    answer = client.post(f"{address}/new", {**FORM, "models": "gpt-typed", **change})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert field == "models" or b"gpt-typed" in answer.content
    assert SECRET.encode() not in answer.content
    assert not LlmConnection.objects.exists()


def test_a_name_that_is_taken_is_not_overwritten(client: Any, address: str) -> None:
    client.post(f"{address}/new", FORM)
    answer = client.post(f"{address}/new", {**FORM, "secret_key": "another-key-7777"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["provider"])
    assert LlmConnection.objects.get().secret_display == "...cdef"


def test_a_connection_is_deleted(client: Any, address: str) -> None:
    client.post(f"{address}/new", FORM)
    made = LlmConnection.objects.get()
    assert client.post(f"{address}/{made.pk}/delete").status_code == 302
    assert not LlmConnection.objects.exists()
    assert client.post(f"{address}/{made.pk}/delete").status_code == 404
    assert client.get(f"{address}/{made.pk}").status_code == 404


def test_judges_without_a_model_take_the_default(client: Any, address: str, project: Any) -> None:
    def saved(connection: str, model: str) -> Any:
        return client.post(f"{address}/default", {"connection": connection, "model": model}, follow=True)

    assert default_model(project.id) is None
    for provider, models in (("first", "gpt-x"), ("second", "gpt-y\ngpt-z")):
        client.post(f"{address}/new", {**FORM, "provider": provider, "models": models})
    first, second = LlmConnection.objects.order_by("created_at")
    assert default_model(project.id) == ("first", "gpt-x")
    assert "<strong>first · gpt-x</strong>" in client.get(address).content.decode()
    assert b"The default model is saved" in saved(second.pk, " gpt-z ").content
    assert default_model(project.id) == ("second", "gpt-z")
    assert Clients(project.id).named(None).connection == second
    assert "None is chosen" not in client.get(address).content.decode()
    assert saved(first.pk, "gpt-new").status_code == 200, "the usual models of the protocol are offered, too"
    assert default_model(project.id) == ("first", "gpt-new")
    LlmConnection.objects.filter(pk=second.pk).update(with_default_models=False)
    for connection, model in ((second.pk, "gpt-x"), (first.pk, ""), (first.pk, "a\0"), ("nobody\0s", "gpt-x")):
        refused = saved(connection, model)
        assert refused.status_code == 422 and b'role="alert"' in refused.content
    assert default_model(project.id) == ("first", "gpt-new")
    saved("", "")
    assert default_model(project.id) == ("first", "gpt-x")
    entries = AuditEntry.objects.filter(subject_type="default_model").order_by("created_at", "id")
    told = {"provider": "first", "model": "gpt-new"}
    assert [entry.after for entry in entries] == [{"provider": "second", "model": "gpt-z"}, told, None]
    assert entries[2].before == told


def test_members_are_kept_out(page_client: SignIn, bob: Any, address: str) -> None:
    for path in (address, f"{address}/new"):
        assert page_client(bob).get(path).status_code == 403
    for path in (f"{address}/new", f"{address}/default"):
        assert page_client(bob).post(path, FORM).status_code == 403


def test_the_list_costs_a_fixed_number_of_queries(
    client: Any, address: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        client.post(f"{address}/new", {**FORM, "provider": f"p{number}"})
    with django_assert_max_num_queries(8):
        client.get(address)
