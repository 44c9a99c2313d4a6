"""Prompts inside prompts: `@@@langfusePrompt:name=…|label=…@@@`."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prompts import composition
from prompts.models import PromptVersion
from tests.prompts.casting import create, tag


def fetched(api, name: str, **query):
    response = api.get(f"v2/prompts/{name}", **({"label": "latest"} | query))
    assert response.status_code == 200, response.content
    return response.json()


def test_a_tag_is_replaced_by_the_text_it_names(api) -> None:
    create(api, "child", 'Say "hi"\n$1 \\ {{name}}', labels=["production"])
    create(api, "parent", f"<< {tag('child', version=1)} {tag('child', label='production')} >>")
    text = 'Say "hi"\n$1 \\ {{name}}'
    assert fetched(api, "parent")["prompt"] == f"<< {text} {text} >>"


def test_tags_are_replaced_in_messages(api) -> None:
    create(api, "child", "Be kind.")
    messages = [
        {"role": "system", "content": f"{tag('child', label='latest')} Always."},
        {"type": "placeholder", "name": "h"},
    ]
    create(api, "parent", messages, type="chat")
    answer = fetched(api, "parent")
    assert answer["prompt"] == [{"role": "system", "content": "Be kind. Always."}, messages[1]]


def test_the_answer_tells_what_was_put_together(api) -> None:
    leaf = create(api, "leaf", "x")
    child = create(api, "child", tag("leaf", version=1))
    parent = create(api, "parent", tag("child", version=1))
    assert fetched(api, "parent")["resolutionGraph"] == {
        "root": {"name": "parent", "version": 1, "id": parent["id"]},
        "dependencies": {
            parent["id"]: [{"name": "child", "version": 1, "id": child["id"]}],
            child["id"]: [{"name": "leaf", "version": 1, "id": leaf["id"]}],
        },
    }
    assert fetched(api, "leaf")["resolutionGraph"] is None


def test_the_raw_text_can_be_had(api) -> None:
    create(api, "child", "x")
    create(api, "parent", tag("child", version=1))
    answer = fetched(api, "parent", resolve="false")
    assert (answer["prompt"], answer["resolutionGraph"]) == (tag("child", version=1), None)


def test_a_label_is_looked_up_at_every_read(api) -> None:
    create(api, "child", "old", labels=["production"])
    create(api, "parent", f"It is {tag('child', label='production')}")
    assert fetched(api, "parent")["prompt"] == "It is old"
    create(api, "child", "new", labels=["production"])
    assert fetched(api, "parent")["prompt"] == "It is new"


@pytest.mark.parametrize(
    "text",
    [
        "@@@langfusePrompt:name=child@@@",
        "@@@langfusePrompt:version=1|name=child@@@",
        "@@@langfusePrompt:name=child|version=1|label=x@@@",
        "@@@langfusePrompt:name=child|version=one@@@",
        "@@@langfusePrompt:name=child|colour=red@@@",
        "@@@langfusePrompt:name=child|label=@@@",
        "@@@langfuseMedia:type=image/png|id=x|source=bytes@@@",
        "@@@langfusePrompt:name=child|label=x",
    ],
)
def test_what_is_no_proper_tag_stays_as_it_is(api, text) -> None:
    create(api, "child", "x")
    create(api, "parent", text)
    assert fetched(api, "parent")["prompt"] == text


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (tag("nobody", version=1), "Prompt dependency not found: 'nobody' version 1."),
        (tag("child", version=9), "Prompt dependency not found: 'child' version 9."),
        (tag("child", label="nope"), "Prompt dependency not found: 'child' with label 'nope'."),
        (tag("chat", version=1), "Prompt dependency is not a text prompt: 'chat' version 1."),
    ],
)
def test_the_target_must_exist_and_be_a_text(api, reference, message) -> None:
    create(api, "child", "x")
    create(api, "chat", [], type="chat")
    response = api.post("v2/prompts", {"name": "parent", "prompt": reference})
    assert response.status_code == 400
    assert response.json()["message"].startswith(message)
    assert api.get("v2/prompts/parent", version=1).status_code == 404


def test_a_prompt_cannot_name_itself(api) -> None:
    create(api, "self", "x")
    response = api.post("v2/prompts", {"name": "self", "prompt": tag("self", version=1)})
    assert response.status_code == 400
    assert "Circular dependency detected involving prompt 'self'" in response.json()["message"]


def test_a_circle_is_refused_when_it_is_saved(api) -> None:
    create(api, "a", "x", labels=["l"])
    create(api, "b", tag("a", label="l"), labels=["l"])
    response = api.post("v2/prompts", {"name": "a", "prompt": tag("b", label="l")})
    assert response.status_code == 400
    assert "Circular dependency" in response.json()["message"]


def test_a_circle_is_refused_when_a_moved_label_would_close_it(api) -> None:
    create(api, "b", "x", labels=["l"])
    create(api, "a", tag("b", label="l"), labels=["other"])
    create(api, "c", "y", labels=["l"])
    create(api, "b", tag("c", label="l"))
    create(api, "c", tag("a", label="other"))
    assert api.patch("v2/prompts/c/versions/2", {"newLabels": ["l"]}).status_code == 400
    assert api.get("v2/prompts/c", label="l").json()["version"] == 1
    assert fetched(api, "b")["prompt"] == "y"


def test_prompts_nest_five_deep_at_most(api) -> None:
    create(api, "p1", "x")
    for depth in range(2, 6):
        create(api, f"p{depth}", tag(f"p{depth - 1}", version=1))
    assert fetched(api, "p5")["prompt"] == "x"
    response = api.post("v2/prompts", {"name": "p6", "prompt": tag("p5", version=1)})
    assert response.status_code == 400
    assert "nested deeper than 5" in response.json()["message"]


def test_copies_of_copies_do_not_fill_the_memory(api) -> None:
    create(api, "p1", "x" * 1000)
    create(api, "p2", tag("p1", version=1) * 1000)
    response = api.post("v2/prompts", {"name": "p3", "prompt": tag("p2", version=1) * 1000})
    assert response.status_code == 400
    assert "longer than" in response.json()["message"]


@pytest.mark.parametrize("query", ["?version=1", "?label=stable", ""])
def test_what_others_depend_on_is_not_deleted(api, query) -> None:
    create(api, "child", "x", labels=["stable"])
    create(api, "by-version", tag("child", version=1))
    create(api, "by-label", tag("child", label="stable"))
    response = api.delete(f"v2/prompts/child{query}")
    assert response.status_code == 400
    message = response.json()["message"]
    assert "'by-version' version 1 depends on 'child' version 1" in message
    assert "'by-label' version 1 depends on 'child' stable" in message
    api.delete("v2/prompts/by-version")
    api.delete("v2/prompts/by-label")
    assert api.delete(f"v2/prompts/child{query}").status_code == 204


def test_a_label_that_lives_on_does_not_hold_its_version(api) -> None:
    create(api, "child", "one")
    create(api, "child", "two")
    create(api, "parent", tag("child", label="latest"))
    assert api.delete("v2/prompts/child?version=2").status_code == 204
    assert fetched(api, "parent")["prompt"] == "one"


def test_a_strangers_prompt_is_no_target(api, other_api) -> None:
    create(other_api, "child", "secret")
    assert api.post("v2/prompts", {"name": "parent", "prompt": tag("child", version=1)}).status_code == 400


def test_one_query_per_generation(api, project) -> None:
    for number in range(4):
        create(api, f"leaf{number}", str(number))
    create(api, "mid", "".join(tag(f"leaf{number}", version=1) for number in range(4)))
    create(api, "top", tag("mid", version=1) + tag("leaf0", version=1))
    root = composition.node_of(PromptVersion.objects.select_related("prompt").get(prompt__name="top"))
    with CaptureQueriesContext(connection) as queries:
        assert composition.resolve(project.id, root).content == "01230"
    # Each generation is its versions and their labels.
    assert len(queries) == 4
