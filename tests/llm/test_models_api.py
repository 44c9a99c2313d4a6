"""`/models`: a project's own definitions in front of the built-in ones."""

import pytest

from accounts.models import AuditEntry
from tests.contract import check, check_list

pytestmark = pytest.mark.django_db

YANDEX = {
    "modelName": "yandexgpt",
    "matchPattern": "(?i)^(yandex/)?yandexgpt$",
    "unit": "TOKENS",
    "inputPrice": 0.000002,
    "outputPrice": 0.000004,
}
TIERED = {
    "modelName": "long",
    "matchPattern": "^long$",
    "unit": "TOKENS",
    "pricingTiers": [
        {"name": "Standard", "isDefault": True, "priority": 0, "conditions": [], "prices": {"input": 1.0}},
        {
            "name": "Long",
            "isDefault": False,
            "priority": 1,
            "conditions": [{"usageDetailPattern": "^input", "operator": "gt", "value": 100}],
            "prices": {"input": 2.0},
        },
    ],
}


def test_a_definition_is_created_and_read_back(api) -> None:
    made = api.post("models", YANDEX)
    assert made.status_code == 200
    check(made.json(), "Model")
    assert made.json()["inputPrice"] == 0.000002
    assert made.json()["prices"] == {"input": {"price": 0.000002}, "output": {"price": 0.000004}}
    assert made.json()["pricingTiers"][0]["name"] == "Standard"
    assert made.json()["isLangfuseManaged"] is False
    read = api.get(f"models/{made.json()['id']}")
    assert read.json() == made.json()


def test_the_list_shows_own_definitions_first_and_all_built_in_ones_behind(api) -> None:
    mine = api.post("models", YANDEX).json()
    first = api.get("models", limit=2).json()
    check(first, "PaginatedModels")
    assert first["data"][0] == mine
    assert first["data"][1]["isLangfuseManaged"] is True
    assert first["meta"]["totalItems"] > 1000
    second = api.get("models", limit=2, page=2).json()
    assert first["data"][1] not in second["data"]
    last = api.get("models", limit=100, page=api.get("models", limit=100).json()["meta"]["totalPages"]).json()
    check_list(last, "Model")


def test_a_built_in_definition_is_read_by_its_id_with_slashes_raw_or_encoded(api) -> None:
    for path in ("models/openrouter:qwen/qwen-2.5-72b-instruct", "models/openrouter%3Aqwen%2Fqwen-2.5-72b-instruct"):
        answer = api.get(path)
        assert answer.status_code == 200
        check(answer.json(), "Model")
        assert answer.json()["inputPrice"] > 0


def test_a_built_in_definition_cannot_be_deleted_or_replaced(api) -> None:
    assert api.delete("models/openai:gpt-4o").status_code == 404
    assert api.put("models/openai:gpt-4o", YANDEX).status_code == 404


def test_put_creates_and_then_replaces_a_definition(api) -> None:
    assert api.put("models/my-id", YANDEX).json()["id"] == "my-id"
    changed = api.put("models/my-id", {**YANDEX, "inputPrice": 1, "outputPrice": None}).json()
    assert (changed["inputPrice"], changed["outputPrice"]) == (1, None)
    assert api.get("models", limit=1).json()["data"] == [changed]


def test_delete_removes_it(api) -> None:
    made = api.post("models", YANDEX).json()
    answer = api.delete(f"models/{made['id']}")
    assert (answer.status_code, list(answer.json())) == (200, ["message"])
    assert api.get(f"models/{made['id']}").status_code == 404


def test_tiers_are_kept_with_their_conditions(api) -> None:
    made = api.post("models", TIERED).json()
    check(made, "Model")
    long = made["pricingTiers"][1]
    assert long["conditions"] == [
        {"usageDetailPattern": "^input", "operator": "gt", "value": 100, "caseSensitive": False}
    ]
    assert made["inputPrice"] == 1.0


def without(body: dict, *names: str) -> dict:
    return {key: value for key, value in body.items() if key not in names}


def with_tier(**changes: object) -> dict:
    standard, long = TIERED["pricingTiers"]
    return {**TIERED, "pricingTiers": [standard, {**long, **changes}]}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (without(YANDEX, "modelName"), "modelName"),
        ({**YANDEX, "modelName": "  "}, "modelName"),
        ({**YANDEX, "modelName": 5}, "modelName"),
        ({**YANDEX, "matchPattern": "("}, "matchPattern"),
        ({**YANDEX, "matchPattern": "(?=a)b"}, "matchPattern"),
        ({**YANDEX, "matchPattern": "a" * 600}, "matchPattern"),
        ({**YANDEX, "unit": "BANANAS"}, "unit"),
        ({**YANDEX, "tokenizerId": "mine"}, "tokenizerId"),
        ({**YANDEX, "startDate": "yesterday"}, "startDate"),
        ({**YANDEX, "inputPrice": -1}, "inputPrice"),
        ({**YANDEX, "inputPrice": 1e308}, "inputPrice"),  # of two units it would cost no number at all
        ({**YANDEX, "totalPrice": 1}, "totalPrice"),
        ({**TIERED, "inputPrice": 1}, "pricingTiers"),
        ({**TIERED, "pricingTiers": []}, "pricingTiers"),
        ({**TIERED, "pricingTiers": TIERED["pricingTiers"][1:]}, "pricingTiers"),
        (with_tier(name="Standard"), "pricingTiers"),
        (with_tier(priority=0), "pricingTiers"),
        (with_tier(prices={}), "pricingTiers.1.prices"),
        (with_tier(prices={"input": -1}), "pricingTiers.1.prices.input"),
        (with_tier(conditions=[]), "pricingTiers.1.conditions"),
        (
            with_tier(conditions=[{"source": "weather", "key": "a", "values": ["b"]}]),
            "pricingTiers.1.conditions.0.source",
        ),
        (with_tier(conditions=[{"usageDetailPattern": "(", "operator": "gt", "value": 1}]), None),
        (with_tier(conditions=[{"usageDetailPattern": "a", "operator": "≈", "value": 1}]), None),
    ],
)
def test_it_refuses_what_breaks_a_rule_and_names_the_field(api, body: dict, path: str | None) -> None:
    answer = api.post("models", body)
    assert answer.status_code == 400
    (fault,) = answer.json()["error"]
    assert fault["message"]
    if path is not None:
        assert ".".join(fault["path"]) == path


def test_a_name_can_be_defined_once_only(api) -> None:
    assert api.post("models", YANDEX).status_code == 200
    again = api.post("models", YANDEX)
    assert again.status_code == 400
    assert "yandexgpt" in again.json()["error"][0]["message"]


def test_strangers_neither_see_nor_touch_a_definition(api, other_api) -> None:
    made = api.post("models", YANDEX).json()
    path = f"models/{made['id']}"
    assert other_api.get(path).status_code == 404
    assert other_api.put(path, YANDEX).status_code == 404
    assert other_api.delete(path).status_code == 404
    assert other_api.get("models", limit=1).json()["data"][0]["isLangfuseManaged"] is True
    assert api.get(path).json() == made


def test_changes_are_written_into_the_audit_log(api, project) -> None:
    made = api.post("models", YANDEX).json()
    api.put(f"models/{made['id']}", {**YANDEX, "inputPrice": 1})
    api.delete(f"models/{made['id']}")
    entries = AuditEntry.objects.filter(project=project.project, subject_type="model").order_by("pk")
    assert [entry.action for entry in entries] == ["create", "update", "delete"]
    assert entries[0].api_key == project.public_key
    assert entries[1].before != entries[1].after


def test_what_postgresql_cannot_store_in_json_is_replaced(api) -> None:
    body = {"modelName": "m", "matchPattern": "(?i)^m$", "unit": "TOKENS", "inputPrice": 1, "outputPrice": 1}
    answer = api.post("models", body | {"tokenizerConfig": {"\0": ["\0"]}})
    assert answer.status_code == 200
    assert answer.json()["tokenizerConfig"] == {"\ufffd": ["\ufffd"]}
    assert api.post("models", body | {"matchPattern": "a\0b"}).status_code == 400
