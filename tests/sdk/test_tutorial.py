"""The tutorial's code, copied block by block and run verbatim under SDK 2.60.10: what it prints, and what it leaves."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.endpoint.server import Endpoint
from tests.sdk.stage import Stage
from tests.sdk.telling import HERE, PATIENT, Told, tell
from tests.sdk.tutorial.article import ARTICLE

pytestmark = [pytest.mark.sdk, PATIENT]

RUN = "Determining the capital of a country"
CAPITALS = ["Каир", "Претория", "Буэнос-Айрес", "Сеул", "Оттава", "Нью-Дели", "Токио", "Бразилиа", "Мадрид", "Рим"]
CONFIG = {"supported_languages": ["en", "ru"]}


@pytest.fixture(scope="session")
def played(stage: Stage, openai_endpoint: Endpoint) -> Iterator[Told]:
    """The article after it was played; `tale` is the list of its blocks with what they printed."""
    tale = tell("tutorial", "py2", HERE / "tutorial" / "play.py", stage, openai_endpoint.url)
    with stage.api("tutorial") as api:
        yield Told("tutorial", tale, stage, api)


def _block(played: Told, words: str) -> dict[str, Any]:
    """The last block that holds these words."""
    return next(block for block in reversed(played.tale) if words in block["code"])


def test_the_copy_is_the_article() -> None:
    """A formatter, or a helpful hand, would make it another text."""
    digest = hashlib.sha256(ARTICLE.read_bytes()).hexdigest()
    assert digest == "c7e2226638c981fa11d8b7bcca7d91e0dea3087da6ec31a98ff4e8497f85231b"


def test_every_block_runs(played: Told) -> None:
    errors = [block["error"] for block in played.tale if block["error"]]
    assert errors == [], json.dumps(errors, ensure_ascii=False, indent=1)


def _answers(played: Told, *, langchain: bool) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The run's items with their traces, of one of the two experiments that share the run's name."""
    run = played.get(f"/datasets/Capitals/runs/{RUN}")
    answers = [(item, played.get(f"/traces/{item['traceId']}")) for item in run["datasetRunItems"]]
    return [(item, trace) for item, trace in answers if (trace["name"] != "run_my_custom_llm_app") == langchain]


def test_every_block_prints_what_the_article_says(played: Told) -> None:
    told = [block for block in played.tale if block["promised"]]
    assert len(told) == 5
    for block in told:
        # The article shows the messages of each request of the experiment, which its code does not print.
        promised = [line for line in block["promised"] if not line.startswith("[{")]
        assert [line for line in block["printed"] if not line.startswith("[{")] == promised
    compiled = _block(played, "compiled_chat_prompt_with_country")
    assert compiled["printed"] == compiled["promised"]


def test_the_prompts_are_there(played: Told) -> None:
    text, chat = played.get("/v2/prompts/test_1"), played.get("/v2/prompts/test_2")
    assert (text["type"], text["prompt"], text["version"]) == ("text", "Напиши столицу Франции", 1)
    assert text["labels"] == chat["labels"] == ["production", "latest"]
    assert (text["tags"], chat["tags"]) == (["capitals"], [])
    assert text["config"] == chat["config"] == CONFIG
    assert chat["type"] == "chat"
    assert [message["role"] for message in chat["prompt"]] == ["system", "user"]
    assert chat["prompt"][1]["content"].endswith("{{country}}")


def test_observed_calls_are_traces_with_arguments_and_answers(played: Told) -> None:
    traces = played.get("/traces", name="run_my_custom_llm_app", limit=100)["data"]
    outputs = [trace["output"] for trace in traces]
    assert len(traces) == 14  # text, chat, ten items, two turns of the chat
    assert {"Париж", "Мадрид", "Москва."} <= set(outputs)
    paris = next(trace for trace in traces if trace["output"] == "Париж")
    assert paris["input"] == {"args": ["Напиши столицу Франции"], "kwargs": {}}


def test_the_dataset_has_its_ten_items(played: Told) -> None:
    dataset = played.get("/v2/datasets/Capitals")
    assert (dataset["description"], dataset["metadata"]) == ("Optional description", {"clearml_id": "CLEARML_ID"})
    items = played.get("/dataset-items", datasetName="Capitals")["data"]
    assert [item["expectedOutput"] for item in items] == CAPITALS
    assert all(set(item["input"]) == {"country"} for item in items)


def test_the_experiment_links_ten_traces_scored_true(played: Told) -> None:
    answers = _answers(played, langchain=False)
    assert len(answers) == 10
    items = played.get("/dataset-items", datasetName="Capitals")["data"]
    expected = {item["id"]: item["expectedOutput"] for item in items}
    for item, trace in answers:
        assert trace["output"] == expected[item["datasetItemId"]]
        (score,) = trace["scores"]
        assert (score["name"], score["value"], score["dataType"]) == ("exact_match", 1, "NUMERIC")


def test_the_langchain_experiment_has_a_generation_each_and_is_scored_false(played: Told) -> None:
    """Its evaluation compares a message with a text, so every score is False, as on Langfuse."""
    chains = _answers(played, langchain=True)
    assert len(chains) == 10
    answers = set()
    for _item, trace in chains:
        (generation,) = (one for one in trace["observations"] if one["type"] == "GENERATION")
        assert generation["model"] == "gpt-3.5-turbo"
        assert generation["usage"]["total"] > 0
        assert generation["costDetails"]["total"] > 0
        answers.add(generation["output"]["content"])
        (score,) = trace["scores"]
        assert (score["name"], score["value"]) == ("exact_match", 0)
    assert answers == set(CAPITALS)


def test_the_chat_keeps_its_history(played: Told) -> None:
    about = _block(played, "chat_history")["printed"][-1]
    assert re.match(r"ИИ: Москва - столица России", about)


def test_everything_is_seen_in_the_browser(played: Told) -> None:
    """The pages of the article's screenshots: runs of the dataset, the run's table, a trace, the comparison."""
    base = f"/project/{played.project_id}"
    dataset = played.get("/v2/datasets/Capitals")
    run = played.get(f"/datasets/Capitals/runs/{RUN}")
    with played.stage.browser() as browser:
        runs = browser.get(f"{base}/datasets/{dataset['id']}/runs")
        assert runs.status_code == 200
        assert RUN in runs.text
        table = browser.get(f"{base}/datasets/{dataset['id']}/runs/{run['id']}")
        assert table.status_code == 200
        for capital in CAPITALS:
            assert capital in table.text
        assert "exact_match" in table.text
        item, _ = _answers(played, langchain=False)[0]
        trace = browser.get(f"{base}/traces/{item['traceId']}")
        assert trace.status_code == 200
        assert "run_my_custom_llm_app" in trace.text
