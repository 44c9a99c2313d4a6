"""Settings → Models and prices: defining models by hand, and looking prices up."""

import pytest

from accounts.models import AuditEntry
from llm import pricing
from llm.models import ModelDefinition

pytestmark = pytest.mark.django_db

FORM = {
    "model_name": "yandexgpt",
    "match_pattern": "",
    "input_price": "1.2",
    "output_price": "2.4",
    "cached_price": "",
    "total_price": "",
    "tiers_json": "",
    "unit": "TOKENS",
    "tokenizer_id": "",
    "start_date_0": "",
    "start_date_1": "",
}


@pytest.fixture
def admin_url(project) -> str:
    return f"/project/{project.id}/admin/llm/modeldefinition/"


def test_prices_per_million_become_a_definition_at_once(page_client, bob, project, admin_url) -> None:
    assert pricing.book(project.id).match("YandexGPT") is None
    answer = page_client(bob).post(f"{admin_url}add/", FORM)
    assert answer.status_code == 302, answer.context["errors"]
    price = pricing.book(project.id).match("YandexGPT")
    assert price.name == "yandexgpt"
    costs = pricing.book(project.id).cost(price, {"input": 10**6, "output": 10**6}, project.project.created_at)
    assert costs == {"input": 1.2, "output": 2.4, "total": 3.6}
    (entry,) = AuditEntry.objects.filter(subject_type="model")
    assert (entry.action, entry.user) == ("create", bob)


def test_a_definition_is_shown_as_it_was_entered_and_changed(page_client, bob, admin_url) -> None:
    client = page_client(bob)
    client.post(f"{admin_url}add/", {**FORM, "cached_price": "0.3"})
    made = ModelDefinition.objects.get()
    form = client.get(f"{admin_url}{made.pk}/change/").context["adminform"].form
    assert [str(form.initial[name]) for name in ("input_price", "cached_price", "output_price")] == [
        "1.2",
        "0.3",
        "2.4",
    ]
    client.post(f"{admin_url}{made.pk}/change/", {**FORM, "match_pattern": "^y$", "output_price": ""})
    made.refresh_from_db()
    assert (made.match_pattern, made.tiers[0]["prices"]) == ("^y$", {"input": 1.2e-6})


def test_tiers_are_edited_as_json(page_client, bob, admin_url) -> None:
    client = page_client(bob)
    tiers = (
        '[{"name": "S", "isDefault": true, "priority": 0, "conditions": [], "prices": {"input": 1}},'
        ' {"name": "L", "isDefault": false, "priority": 1, "prices": {"input": 2},'
        ' "conditions": [{"usageDetailPattern": "input", "operator": "gt", "value": 9}]}]'
    )
    empty = {**FORM, "input_price": "", "output_price": ""}
    assert client.post(f"{admin_url}add/", {**empty, "tiers_json": tiers}).status_code == 302
    made = ModelDefinition.objects.get()
    assert [tier["name"] for tier in made.tiers] == ["S", "L"]
    shown = client.get(f"{admin_url}{made.pk}/change/").context["adminform"].form.initial
    assert [tier["name"] for tier in shown["tiers_json"]] == ["S", "L"]
    assert "input_price" not in shown


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model_name": ""}, "model_name"),
        ({"match_pattern": "("}, "match_pattern"),
        ({"input_price": "-1"}, "input_price"),
        ({"total_price": "1"}, "total_price"),
        ({"tiers_json": "{"}, "tiers_json"),
        ({"tiers_json": "[]"}, "tiers_json"),
        ({"tiers_json": "{}", "input_price": "", "output_price": ""}, "__all__"),
        ({"tiers_json": "[5]", "input_price": "", "output_price": ""}, "__all__"),
        ({"tiers_json": '[{"name": 1}]', "input_price": "", "output_price": ""}, "__all__"),
    ],
)
def test_a_fault_stands_beside_its_field(page_client, bob, admin_url, changes: dict, field: str) -> None:
    answer = page_client(bob).post(f"{admin_url}add/", {**FORM, **changes})
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not ModelDefinition.objects.exists()


def test_a_name_that_is_taken_is_told_beside_the_name(page_client, bob, admin_url) -> None:
    client = page_client(bob)
    client.post(f"{admin_url}add/", FORM)
    again = client.post(f"{admin_url}add/", FORM)
    assert "model_name" in again.context["adminform"].form.errors


def test_a_definition_is_deleted_and_the_price_gone(page_client, bob, project, admin_url) -> None:
    client = page_client(bob)
    client.post(f"{admin_url}add/", FORM)
    made = ModelDefinition.objects.get()
    client.post(f"{admin_url}{made.pk}/delete/", {"post": "yes"})
    assert pricing.book(project.id).match("yandexgpt") is None


def test_an_unpriced_call_leads_to_a_definition_begun_for_it(page_client, bob, admin_url) -> None:
    answer = page_client(bob).get(f"{admin_url}add/?model_name=x.y&match_pattern=%5Ex$")
    form = answer.context["adminform"].form
    assert (form["model_name"].value(), form["match_pattern"].value()) == ("x.y", "^x$")


def test_a_viewer_looks_but_changes_nothing_and_a_stranger_sees_nothing(page_client, vera, mallory, admin_url) -> None:
    assert page_client(vera).get(admin_url).status_code == 200
    assert page_client(vera).post(f"{admin_url}add/", FORM).status_code == 403
    assert page_client(mallory).get(admin_url).status_code == 404
    assert not ModelDefinition.objects.exists()


def test_a_viewer_reads_a_definition(page_client, bob, vera, admin_url) -> None:
    page_client(bob).post(f"{admin_url}add/", FORM)
    answer = page_client(vera).get(f"{admin_url}{ModelDefinition.objects.get().pk}/change/")
    assert (answer.status_code, "yandexgpt" in answer.content.decode()) == (200, True)


def test_the_list_shows_prices_per_million(page_client, bob, admin_url) -> None:
    client = page_client(bob)
    client.post(f"{admin_url}add/", FORM)
    page = client.get(admin_url).content.decode()
    assert "input 1.2, output 2.4" in page
    assert "/unpriced" in page


def test_a_price_is_looked_up_by_any_spelling(page_client, vera, mallory, project) -> None:
    client, url = page_client(vera), f"/project/{project.id}/settings/prices"
    found = client.get(url, {"q": "anthropic/claude-3.5-sonnet"}).content.decode()
    assert "<strong>claude-3-5-sonnet</strong>" in found
    assert "No definition prices calls" in client.get(url, {"q": "yandexgpt"}).content.decode()
    part = client.get(url, {"q": "gpt-4o"}, HTTP_HX_REQUEST="true").content.decode()
    assert part.lstrip().startswith('<div id="prices"')
    assert client.get(url, {"q": "\0"}).status_code == 200
    assert page_client(mallory).get(url).status_code == 404


def test_the_project_s_own_definition_is_named_when_it_wins(page_client, bob, project, admin_url) -> None:
    client = page_client(bob)
    client.post(f"{admin_url}add/", {**FORM, "model_name": "ours", "match_pattern": "^gpt-4o$"})
    assert "<strong>ours</strong>" in client.get(f"/project/{project.id}/settings/prices?q=gpt-4o").content.decode()
