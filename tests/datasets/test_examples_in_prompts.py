"""Examples from a dataset inside a prompt: served written out, and refused when they cannot be had."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from datasets.few_shot import used_items
from prompts import examples, lookup
from tests.conftest import Api, Keys

TAG = "@@@promptlabExamples:dataset=Capitals|split=few-shot|k=2@@@"
QUESTIONS = [("Италия", "Рим"), ("Испания", "Мадрид"), ("Бразилия", "Бразилиа"), ("Италия и Ватикан", "Рим")]


@pytest.fixture
def split(add_item: Callable[..., dict[str, Any]]) -> list[str]:
    """Four items of the split, and one that is none; the ids of the four, newest first, as lists show them."""
    ids = []
    for country, capital in QUESTIONS:
        item = add_item(input={"country": country}, expectedOutput=capital, metadata={"split": "few-shot"})
        ids.insert(0, item["id"])
    add_item(input={"country": "Чили"}, expectedOutput="Сантьяго", metadata={"split": "test", "note": "few-shot"})
    return ids


def publish(api: Api, content: object, name: str = "capital") -> Any:
    kind = "text" if isinstance(content, str) else "chat"
    return api.post("v2/prompts", {"name": name, "type": kind, "prompt": content})


def served(api: Api, **query: object) -> Any:
    answer = api.get("v2/prompts/capital", **({"label": "latest"} | query))
    assert answer.status_code == 200, answer.content
    return answer.json()["prompt"]


def test_a_text_is_served_with_its_examples_written_out(api: Api, split: list[str]) -> None:
    form = TAG.replace("|k=2", r"|k=2|format=В: {input}\nО: {output}")
    assert publish(api, f"Столицы.\n{form}\nВ: {{{{country}}}}").status_code == 201
    assert served(api) == "Столицы.\nВ: Италия и Ватикан\nО: Рим\n\nВ: Бразилия\nО: Бразилиа\nВ: {{country}}"
    assert TAG.split("|")[0] in served(api, resolve="false")


def test_a_message_that_is_nothing_but_the_tag_becomes_turns(api: Api, split: list[str]) -> None:
    question = {"role": "user", "content": "{{country}}"}
    publish(api, [{"role": "system", "content": "Столицы."}, {"role": "user", "content": TAG}, question])
    assert served(api) == [
        {"role": "system", "content": "Столицы."},
        {"role": "user", "content": "Италия и Ватикан"},
        {"role": "assistant", "content": "Рим"},
        {"role": "user", "content": "Бразилия"},
        {"role": "assistant", "content": "Бразилиа"},
        question,
    ]


def test_a_draw_is_the_same_as_long_as_the_split_stays_and_another_for_another_seed(
    api: Api, split: list[str], project: Keys
) -> None:
    draws = {}
    for seed in range(8):
        text = TAG[:-3] + f"|pick=random|seed={seed}@@@"
        draws[seed] = used_items(project.id, text)
        assert draws[seed] == used_items(project.id, text)
        assert len(draws[seed]) == 2
        assert draws[seed] <= set(split)
    assert len({frozenset(drawn) for drawn in draws.values()}) > 1


def test_the_most_similar_stand_next_to_the_question(api: Api, split: list[str], project: Keys) -> None:
    content = TAG[:-3] + "|pick=similar@@@"
    filled = examples.fill(project.id, [{"role": "user", "content": content}], about="Италия")
    assert [message["content"] for message in filled] == ["Италия и Ватикан", "Рим", "Италия", "Рим"]


def test_whatever_may_be_shown_counts_as_used(api: Api, split: list[str], project: Keys) -> None:
    assert used_items(project.id, TAG) == set(split[:2])
    assert used_items(project.id, TAG[:-3] + "|pick=similar@@@") == set(split)


def test_a_changed_item_is_served_at_once_unless_the_tag_names_a_moment(
    api: Api, split: list[str], add_item: Callable[..., dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    moment = api.get(f"dataset-items/{split[0]}").json()["updatedAt"]
    publish(api, f"{TAG} {TAG[:-3]}|at={moment}@@@")
    before = served(api)
    with django_capture_on_commit_callbacks(execute=True):
        add_item(id=split[0], expectedOutput="Рим и Ватикан")
    after = served(api)
    assert after != before
    assert after.startswith("Input: Италия и Ватикан\nOutput: Рим и Ватикан\n")
    assert after.count("Output: Рим и Ватикан") == 1


@pytest.mark.parametrize(
    ("tag", "fault"),
    [
        (TAG.replace("Capitals", "Nowhere"), "There is no dataset “Nowhere”"),
        (TAG.replace("few-shot", "train"), "no items with an expected output in the split “train”"),
        (TAG.replace("k=2", "k=0"), "k of an examples tag must be a whole number from 1"),
        (TAG.replace("k=2", "k=²"), "k of an examples tag must be"),
        (TAG.replace("k=2", "pick=best"), "pick of an examples tag must be one of"),
        (TAG.replace("k=2", "colour=red"), "cannot hold “colour”"),
        (TAG.replace("k=2", "at=2026-99-99T00:00:00Z"), "at of an examples tag must be a moment"),
        ("@@@promptlabExamples:k=2@@@", "must name its dataset"),
        ("@@@promptlabExamples:dataset=Capitals|pick=similar@@@", "needs a split"),
    ],
)
def test_what_cannot_be_had_is_refused_with_a_reason(api: Api, split: list[str], tag: str, fault: str) -> None:
    answer = publish(api, f"a {tag} b")
    assert answer.status_code == 400
    assert fault in answer.content.decode()
    assert api.get("v2/prompts/capital", label="latest").status_code == 404


def test_strangers_cannot_show_our_items(api: Api, split: list[str], other_project: Keys) -> None:
    assert publish(Api(other_project), TAG).status_code == 400


def test_a_version_as_it_was_written_can_be_read(api: Api, split: list[str], project: Keys) -> None:
    publish(api, TAG)
    assert lookup.template(project.id, "capital", 1) == TAG


def test_the_editor_shows_what_a_tag_stands_for(
    split: list[str], page_client: Callable[[User], Client], alice: User, project: Keys
) -> None:
    client, address = page_client(alice), f"/project/{project.id}/datasets/-/examples"
    asked = {"examples-dataset": "Capitals", "examples-split": "few-shot", "examples-k": "2", "examples-pick": "first"}
    page = client.get(address, asked).content.decode()
    assert "@@@promptlabExamples:dataset=Capitals|split=few-shot|k=2|pick=first@@@" in page
    assert "Италия и Ватикан" in page
    assert "Испания" not in page
    wrong = client.get(address, {**asked, "examples-split": "nowhere"}).content.decode()
    assert "no items with an expected output in the split" in wrong
    again = client.get(address, {**asked, "examples-k": "0"}, headers={"HX-Request": "true"}).content.decode()
    assert "How many: Ensure this value is greater than or equal to 1." in again
    assert "<input" not in again, "what is being typed stays"
