"""The playground: asked over real HTTP, answered by the tests' endpoint, kept, published, and traced."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from common.templatetags.promptlab import money
from evaluation.playground import running
from llm.connections import own
from tests.conftest import Api, Keys
from tests.endpoint.server import Endpoint

QUESTION = {"role": "user", "content": "What is the capital of {{country}}?"}


@pytest.fixture
def connection(api: Api, endpoint: Endpoint) -> str:
    body = {"provider": "Tests", "adapter": "openai", "secretKey": "sk-test", "baseURL": endpoint.url}
    return api.put("llm-connections", body | {"customModels": ["gpt-4o-mini"]}).json()["id"]


class Player:
    """Bob at a playground."""

    def __init__(self, client: Client, keys: Keys) -> None:
        self.client, self.root = client, f"/project/{keys.id}/playground"

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(self.root + path, json.dumps(body), content_type="application/json")

    def run(self, *columns: dict[str, Any], query: str = "", **variables: str) -> list[dict[str, Any]]:
        """The lines of the answer."""
        answer = self.post(f"/-/run{query}", {"columns": list(columns), "variables": variables})
        assert answer.status_code == 200, answer.content
        assert answer.streaming
        return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines() if line.strip()]


@pytest.fixture
def bobs(page_client: Callable[[User], Client], bob: User, project: Keys) -> Player:
    return Player(page_client(bob), project)


def column(connection: str, model: str = "gpt-4o-mini", **more: Any) -> dict[str, Any]:
    return {"messages": [QUESTION], "connection": connection, "model": model, **more}


def test_columns_are_answered_at_once_each_in_pieces_and_traced(bobs: Player, api: Api, connection: str) -> None:
    lines = bobs.run(
        column(connection, temperature="0,2"), column(connection, "gpt-4o-mini-wrong", seed="7"), country="France"
    )
    for place in (0, 1):
        own_lines = [line for line in lines if line["column"] == place]
        pieces = [line["text"] for line in own_lines if "text" in line]
        done = own_lines[-1]["done"]
        assert len(pieces) > 1
        assert "".join(pieces) == done["text"] != ""
        assert re.fullmatch(
            r"\d+ \+ \d+ tokens · \d+ ms · first word after \d+ ms · (\$0\.\d+|cost unknown)", done["told"]
        )
    done = next(line["done"] for line in lines if line["column"] == 0 and "done" in line)
    assert done["trace"].startswith(bobs.root.removesuffix("playground") + "traces/")
    trace = api.get(f"traces/{done['trace'].rpartition('/')[2]}").json()
    [generation] = trace["observations"]
    assert trace["environment"] == "playground"
    assert trace["userId"] == "bob@example.org"
    assert trace["output"] == generation["output"] == done["text"]
    assert generation["input"] == [{"role": "user", "content": "What is the capital of France?"}]
    assert generation["modelParameters"] == {"temperature": 0.2}
    assert done["told"].startswith(f"{generation['usageDetails']['input']} + {generation['usageDetails']['output']} ")
    assert done["told"].endswith(money(generation["calculatedTotalCost"]))
    assert next(line["done"] for line in lines if line["column"] == 1 and "done" in line)["told"].endswith("unknown")


def test_what_cannot_be_asked_says_why_beside_the_columns_that_can(bobs: Player, connection: str) -> None:
    lines = bobs.run(
        column(connection, temperature="hot"),
        column(connection, tools="{}"),
        column(connection, messages=[{"role": "user", "content": "{{other}}"}]),
        column("nobody's"),
        column(connection, model=""),
        column(connection),
        country="France",
    )
    faults = {line["column"]: line["fault"] for line in lines if "fault" in line}
    assert "temperature must be a number, not “hot”" in faults[0]
    assert "tools must be a JSON list" in faults[1]
    assert "Fill in the variable “other”" in faults[2]
    assert "Choose a connection" in faults[3]
    assert "Choose a model" in faults[4]
    assert [line["column"] for line in lines if "done" in line] == [5]


@pytest.mark.parametrize(("fault", "kind"), [("401", "auth"), ("cut", "connection"), ("400", "bad_request")])
def test_a_providers_failure_is_told_and_traced(bobs: Player, api: Api, connection: str, fault: str, kind: str) -> None:
    line = bobs.run(column(connection, f"gpt-4o-mini+fault={fault}"), country="France")[-1]
    assert line["kind"] == kind
    assert line["fault"]
    [generation] = api.get(f"traces/{line['trace'].rpartition('/')[2]}").json()["observations"]
    assert generation["level"] == "ERROR"
    assert generation["statusMessage"] == line["fault"]


def test_who_hangs_up_leaves_a_trace_of_what_was_said(bobs: Player, api: Api, connection: str) -> None:
    body = {"columns": [column(connection, "gpt-4o-mini+latency=60000")], "variables": {"country": "France"}}
    answer = bobs.post("/-/run", body)
    lines = iter(answer.streaming_content)
    assert next(lines) == b"\n"  # a sign of life while the model thinks
    answer._iterator.close()  # as a server does; closing the answer would close the test's own database connection
    [trace] = api.get("traces", environment="playground").json()["data"]
    [generation] = api.get(f"traces/{trace['id']}").json()["observations"]
    assert (generation["level"], generation["statusMessage"]) == ("ERROR", "Stopped.")


def test_a_window_does_not_overwrite_what_another_one_wrote(bobs: Player, connection: str) -> None:
    """Both opened the first version; the second one to write is told, and may keep its state elsewhere."""
    state = {"columns": [column(connection)], "variables": {"country": "Italy"}}
    kept = bobs.post("", state).json()
    path = kept["address"].removeprefix(bobs.root)
    assert kept["version"] == 1
    assert 'data-version="1"' in bobs.client.get(kept["address"]).content.decode()
    spain = state | {"variables": {"country": "Spain"}}
    assert bobs.post(f"{path}?version=1", spain).json() == kept | {"version": 2}
    for stale in ("?version=1", ""):
        refused = bobs.post(path + stale, state)
        assert refused.status_code == 409
        assert "another window" in refused.json()["message"]
    assert "Spain" in bobs.client.get(kept["address"]).content.decode()
    assert bobs.post(f"{path}?version=2", state).json()["version"] == 3


def test_a_draft_survives_and_somebody_elses_is_copied(
    bobs: Player, page_client: Callable[[User], Client], alice: User, project: Keys, connection: str
) -> None:
    state = {"columns": [column(connection, said={"text": "Rome \0 it is"})], "variables": {"country": "Italy"}}
    address = bobs.post("", state).json()["address"]
    changed = bobs.post(address.removeprefix(bobs.root) + "?version=1", state | {"variables": {"country": "Spain"}})
    assert changed.json()["address"] == address
    page = bobs.client.get(bobs.root, follow=True)
    assert page.redirect_chain == [(address, 302)]
    assert "Rome" in page.content.decode()
    assert "Spain" in page.content.decode()
    alices = Player(page_client(alice), project)
    assert "Bob tried this" in alices.client.get(address).content.decode()
    copied = alices.post(address.removeprefix(alices.root), state).json()["address"]
    assert copied != address
    assert "Spain" in bobs.client.get(address).content.decode()


def test_a_column_is_published_with_its_settings(bobs: Player, api: Api, connection: str) -> None:
    told = {"name": "capital", "message": "Tried out", "labels": "production, best"}
    more = {"temperature": "0", "more": '{"stop": ["."]}', "response_format": '{"type": "json_object"}'}
    answer = bobs.post("/-/publish", told | {"column": column(connection, **more)})
    assert answer.json()["version"] == 1
    prompt = api.get("v2/prompts/capital").json()
    assert prompt["prompt"] == [QUESTION]
    assert set(prompt["labels"]) == {"production", "best", "latest"}
    assert prompt["config"] == {
        "model": "gpt-4o-mini",
        "temperature": 0.0,
        "stop": ["."],
        "response_format": {"type": "json_object"},
    }
    assert prompt["commitMessage"] == "Tried out"
    page = bobs.client.get(f"{bobs.root}?prompt=capital&version=1").content.decode()
    assert "What is the capital of {{country}}?" in page
    lines = bobs.run(column(connection, prompt="capital", version=1), country="Italy")
    trace = api.get(f"traces/{lines[-1]['done']['trace'].rpartition('/')[2]}").json()
    assert trace["observations"][0]["promptVersion"] == 1
    refused = bobs.post("/-/publish", {"name": "a|b", "column": column(connection)})
    assert refused.status_code == 422
    assert refused.json()["field"] == "name"


def test_variables_come_from_items_and_traces(bobs: Player, api: Api, connection: str) -> None:
    api.post("v2/datasets", {"name": "Capitals"})
    item = api.post("dataset-items", {"datasetName": "Capitals", "input": {"country": "Peru", "n": 1}}).json()["id"]
    plain = api.post("dataset-items", {"datasetName": "Capitals", "input": "Chile"}).json()["id"]

    def filled(query: str) -> dict[str, str]:
        return bobs.client.get(f"{bobs.root}/-/variables?{query}").json()["variables"]

    assert filled(f"item={item}&name=country&name=other") == {"country": "Peru"}
    assert filled(f"item={plain}&name=country") == {"country": "Chile"}
    done = bobs.run(column(connection), country="France")[-1]["done"]
    trace_id = done["trace"].rpartition("/")[2]
    [generation] = api.get(f"traces/{trace_id}").json()["observations"]
    where = f"trace={trace_id}&observation={generation['id']}"
    assert filled(f"{where}&name=question") == {"question": "What is the capital of France?"}
    assert filled(f"trace={trace_id}&name=question") == {"question": "What is the capital of France?"}
    assert bobs.client.get(f"{bobs.root}/-/variables?trace=nowhere&name=question").status_code == 404
    page = bobs.client.get(f"{bobs.root}?{where}").content.decode()
    assert "What is the capital of France?" in page
    assert bobs.client.get(f"{bobs.root}?trace={trace_id}&observation=none").status_code == 404


def test_placeholders_and_tools_reach_the_model(bobs: Player, endpoint: Endpoint, connection: str) -> None:
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    tools = [{"type": "function", "function": {"name": "capital_of", "parameters": {"type": "object"}}}]
    rows = [{"role": "system", "content": " "}, {"role": "placeholder", "content": "before"}, QUESTION]
    bobs.run(column(connection, messages=rows, tools=json.dumps(tools)), country="Italy", before=json.dumps(history))
    asked = endpoint.requests[-1].body
    assert asked["messages"] == [*history, {"role": "user", "content": "What is the capital of Italy?"}]
    assert asked["tools"] == tools


def test_prompts_inside_prompts_reach_the_model(bobs: Player, api: Api, endpoint: Endpoint, connection: str) -> None:
    """As `get_prompt` serves them, in versions and in free text; and what they want to know is asked for."""
    base, missing = (f"@@@langfusePrompt:name={name}|label=production@@@" for name in ("base", "nothing"))
    for name, prompt in (("base", "You know {{country}} & {{city}}."), ("whole", f"{base} Well?")):
        api.post("v2/prompts", {"name": name, "type": "text", "prompt": prompt, "labels": ["production"]})
    free = {"role": "system", "content": base}
    lines = bobs.run(
        column(connection, kind="text", messages=[{"content": f"{base} Well?"}], prompt="whole", version=1),
        column(connection, messages=[free, QUESTION]),
        column(connection, messages=[{"role": "user", "content": missing}]),
        country="Peru",
        city="Lima",
    )
    told = "You know Peru & Lima."
    sent = [request.body["messages"] for request in endpoint.requests[-2:]]
    assert [{"role": "user", "content": f"{told} Well?"}] in sent
    asked = {"role": "user", "content": "What is the capital of Peru?"}
    assert [{"role": "system", "content": told}, asked] in sent
    [fault] = [line for line in lines if "fault" in line]
    assert (fault["column"], "nothing" in fault["fault"]) == (2, True)
    [fault] = bobs.run(column(connection, messages=[free]), country="Peru")
    assert fault["field"] == "city"
    api.post("v2/datasets", {"name": "Shown"})
    api.post("dataset-items", {"datasetName": "Shown", "input": "{{odd}} {{country}}", "expectedOutput": "so"})
    bobs.run(column(connection, messages=[{"content": "@@@promptlabExamples:dataset=Shown@@@"}]), country="Peru")
    assert "{{odd}} {{country}}" in str(endpoint.requests[-1].body["messages"]), "Examples are text, no template."
    inside = bobs.client.get(f"{bobs.root}/-/inside", {"tag": [base, missing]}).json()
    assert inside == {"variables": {base: ["country", "city"]}}


def test_a_column_is_asked_once_however_often_it_is_named(bobs: Player, endpoint: Endpoint, connection: str) -> None:
    before = len(endpoint.requests)
    query = "?column=0&column=0&column=00&column=" + "9" * 5_000
    lines = bobs.run(column(connection), query=query, country="Italy")
    assert sum("done" in line for line in lines) == 1
    assert len(endpoint.requests) == before + 1


def test_what_stands_beside_a_message_cannot_take_its_place(bobs: Player, endpoint: Endpoint, connection: str) -> None:
    odd = QUESTION | {"more": '{"content": [1], "role": 7, "name": "bob"}'}
    bobs.run(column(connection, messages=[odd]), country="Italy")
    said = {"role": "user", "content": "What is the capital of Italy?"}
    assert endpoint.requests[-1].body["messages"] in ([said], [said | {"name": "bob"}])
    [line] = bobs.run(column(connection, messages=[QUESTION | {"more": '{"type": "placeholder"}'}]), country="Italy")
    assert line["field"] == "messages"


def test_what_goes_wrong_is_said_in_the_readers_language(bobs: Player) -> None:
    body = json.dumps({"columns": [column("nowhere")]})
    address = bobs.root + "/-/run"
    answer = bobs.client.post(address, body, content_type="application/json", headers={"accept-language": "ru"})
    [line] = b"".join(answer.streaming_content).decode().splitlines()
    assert re.search("[а-я]", json.loads(line)["fault"])


def test_a_kept_answer_links_to_traces_only(bobs: Player, connection: str) -> None:
    said = {"text": "<script>x</script>", "trace": "javascript:alert(1)"}
    address = bobs.post("", {"columns": [column(connection, said=said)]}).json()["address"]
    page = bobs.client.get(address).content.decode()
    assert "javascript:" not in page
    assert "&lt;script&gt;x" in page


def test_pages_keep_threads_when_many_models_hang(
    bobs: Player, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = threading.BoundedSemaphore(1)
    monkeypatch.setattr(running, "_turns", turns)
    with turns:
        [line] = bobs.run(column(connection), country="Italy")
        assert "PROMPTLAB_PLAYGROUND_STREAMS" in line["fault"]
    for _time in range(2):
        assert "done" in bobs.run(column(connection), country="Italy")[-1]


def test_a_persons_hanging_models_hold_up_nobody_else(
    bobs: Player,
    page_client: Callable[[User], Client],
    alice: User,
    project: Keys,
    connection: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bob has two places: two hanging calls of three fill them, in whichever process, until he hangs up."""
    monkeypatch.setattr(running, "MOST_OF_A_PERSON", 2)
    monkeypatch.setattr(running, "PATIENCE", 0.1)
    hanging = column(connection, "gpt-4o-mini+latency=60000")
    answer = bobs.post("/-/run", {"columns": [hanging] * 3, "variables": {"country": "Peru"}})
    lines = iter(answer.streaming_content)
    refused = json.loads(next(lines))
    assert (refused["column"], "2 answers under way" in refused["fault"]) == (2, True)
    [line] = bobs.run(column(connection), country="Peru")
    assert "Stop one of them" in line["fault"]
    assert "done" in Player(page_client(alice), project).run(column(connection), country="Peru")[-1]
    answer._iterator.close()
    assert "done" in bobs.run(column(connection), country="Peru")[-1]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"columns": []}', b'{"columns": [{"messages": 1}]}', b'"\xff"'])
def test_what_is_no_playground_is_refused(bobs: Player, body: bytes) -> None:
    for path in ("", "/-/run", "/-/publish"):
        answer = bobs.client.post(bobs.root + path, body, content_type="application/json")
        assert answer.status_code == 422, path


def test_viewers_look_and_do_not_spend(
    page_client: Callable[[User], Client], vera: User, bob: User, project: Keys, connection: str
) -> None:
    veras = Player(page_client(vera), project)
    bobs = Player(page_client(bob), project)
    address = bobs.post("", {"columns": [column(connection)]}).json()["address"]
    page = veras.client.get(address).content.decode()
    assert "data-answer" in page
    assert "Bob tried this. Your role lets you read it." in page
    for button in ("run-column", "run-all", "copy-column", "add-message", "add-prompt", "remove", "up "):
        assert f"data-{button}" not in page, button
    assert veras.post("/-/run", {"columns": [column(connection)]}).status_code == 403
    assert own(project.id, connection)
