"""Texts that refer to media, and what becomes of the references."""

import json
from typing import Any

import pytest

from tests.conftest import Api
from tests.contract import check
from tests.tracing.media.sending import PNG, fetch, media_id, reference, send
from tracing.media_references import mentioned, references
from tracing.store.previews import preview

ID = "Abc-_0123456789abcdefg"
REF = f"@@@langfuseMedia:type=image/png|id={ID}|source=bytes@@@"


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (REF, ["$"]),
        ({"image": REF}, ["$['image']"]),
        ({"a": {"b.c": [0, {"it's": REF}]}}, ["$['a']['b.c'][1]['it's']"]),
        ([REF, [REF]], ["$[0]", "$[1][0]"]),
        ({"7": REF}, ["$[7]"]),
        (f"look: {REF}", []),
        (f"{REF}{REF}", []),
        ("@@@langfuseMedia:type=image/png|source=bytes@@@", []),
        ("@@@langfuseMedia:type=image/png|id=short|source=bytes@@@", []),
        (f"@@@langfuseMedia:id={ID}|type=image/png@@@", ["$"]),
        ({"a": 1}, []),
        (None, []),
    ],
)
def test_references_are_found_with_their_places(value: object, paths: list[str]) -> None:
    assert [one.path for one in references(json.dumps(value))] == paths


def test_a_reference_within_a_text_is_mentioned_though_it_is_no_value() -> None:
    assert mentioned([json.dumps(f"look: {REF}, nice"), None, "@@@"]) == {ID}


@pytest.mark.parametrize("text", ["@@@langfuseMedia:" * 3000, f"[{REF}", "[" * 5000 + "@@@langfuseMedia:", ""])
def test_odd_texts_harm_nobody(text: str) -> None:
    assert references(text) == []
    mentioned([text])


@pytest.mark.django_db
def test_items_of_datasets_carry_the_media_they_refer_to(api: Api, django_assert_num_queries: Any) -> None:
    other = b"a sound"
    send(api, traceId=None, datasetId="d", datasetItemId="i")
    send(api, other, "audio/wav", traceId=None, datasetId="d", datasetItemId="i")
    api.post("v2/datasets", {"name": "set"})
    texts = {"input": {"a": [reference(PNG)]}, "expectedOutput": reference(other, "audio/wav"), "metadata": {"x": REF}}
    for number in range(3):
        made = api.post("dataset-items", {"datasetName": "set", "id": f"i{number}", **texts})
        assert made.status_code == 200
    api.post("dataset-items", {"datasetName": "set", "input": "nothing"})
    check(made.json(), "DatasetItem")
    listed = api.get("dataset-items", datasetName="set").json()["data"]
    first, second = listed[1]["mediaReferences"]
    assert (first["field"], first["jsonPath"], first["referenceString"]) == ("input", "$['a'][0]", reference(PNG))
    assert (second["field"], second["jsonPath"]) == ("expectedOutput", "$")
    assert second["media"]["contentType"] == "audio/wav"
    assert fetch(first["media"]["url"]).body == PNG
    assert listed[0]["mediaReferences"] == []
    assert api.get("dataset-items/i0").json()["mediaReferences"][0]["media"]["mediaId"] == media_id(PNG)
    with django_assert_num_queries(4):  # the dataset, its items, their count, the media of all of them
        api.get("dataset-items", datasetName="set")


@pytest.mark.django_db
def test_the_media_of_strangers_are_not_resolved(api: Api, other_api: Api) -> None:
    send(other_api)
    api.post("v2/datasets", {"name": "set"})
    made = api.post("dataset-items", {"datasetName": "set", "input": reference(PNG)}).json()
    assert made["input"] == reference(PNG)
    assert made["mediaReferences"] == []


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (REF, "[image/png]"),
        ({"picture": REF}, '{"picture":"[image/png]"}'),
        (f"What is {REF} here?", "What is [image/png] here?"),
        ([{"role": "user", "content": f"See {REF}"}], "See [image/png]"),
        ("@@@langfuseMedia:oddity", "@@@langfuseMedia:oddity"),
    ],
)
def test_lists_tell_media_by_their_kind(value: object, line: str) -> None:
    assert preview(json.dumps(value)) == line
