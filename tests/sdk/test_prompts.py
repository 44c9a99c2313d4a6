"""Prompts as every SDK makes, fetches and compiles them."""

from urllib.parse import quote

from tests.sdk.scripts import story
from tests.sdk.telling import PYTHONS, Told, told_by


def test_versions_labels_and_defaults_are_resolved(told: Told) -> None:
    prompts = told.tale["prompts"]
    assert prompts["second"] == 2
    assert prompts["versions"] == {"default": 1, "latest": 2, "version 2": 2}
    assert prompts["labels"] == {
        "default": ["production"],
        "latest": ["staging", "latest"],
        "version 2": ["staging", "latest"],
    }


def test_texts_compile_with_and_without_the_variable(told: Told) -> None:
    prompts = told.tale["prompts"]
    assert prompts["compiled"] == {
        "default": "Напиши столицу страны Италия",
        "latest": "Назови только столицу страны Италия",
        "version 2": "Назови только столицу страны Италия",
    }
    assert prompts["chat"][1]["content"] == story.MESSAGES[1]["content"]
    if told.sdk in PYTHONS:
        assert prompts["chat_raw"][1]["content"] == story.CHAT_PROMPT[1]["content"]


@told_by("py3", "py4", "py5")
def test_placeholders_are_filled_with_messages(told: Told) -> None:
    assert [message["content"] for message in told.tale["prompts"]["history"]] == ["Ты географ", "Привет"]


def test_config_and_tags_come_back(told: Told) -> None:
    assert told.tale["prompts"]["config"] == story.CONFIG
    assert told.tale["prompts"]["tags"] == story.PROMPT_TAGS


def test_a_missing_prompt_falls_back(told: Told) -> None:
    assert told.tale["prompts"]["fallback"] == "Запасная Италия"
    assert told.tale["prompts"]["is_fallback"] is True


def test_the_api_shows_both_versions_and_the_added_label(told: Told) -> None:
    path = f"/v2/prompts/{quote(told.names['text'], safe='')}"
    first, second = (told.get(path, version=version) for version in (1, 2))
    assert (first["prompt"], first["commitMessage"]) == (story.TEXT_PROMPT, "first")
    assert second["prompt"] == story.TEXT_PROMPT_2
    assert set(second["labels"]) == {"staging", "latest", "reviewed"}
    assert first["tags"] == second["tags"] == story.PROMPT_TAGS, "tags belong to the name"
    listed = {entry["name"]: entry for entry in told.get("/v2/prompts", limit=100)["data"]}
    assert listed[told.names["text"]]["versions"] == [1, 2]
    assert listed[told.names["chat"]]["versions"] == [1]
