"""The list of datasets; making, changing and deleting one."""

from datasets.models import Dataset


def at(project, path: str = "") -> str:
    return f"/project/{project.id}/datasets{path}"


def test_the_list_shows_figures_and_links_in_metadata(page_client, vera, api, project, capitals) -> None:
    api.post(
        "v2/datasets", {"name": "Capitals", "metadata": {"clearml_id": "abc123", "source": "https://clearml.example/x"}}
    )
    api.post("dataset-run-items", {"runName": "r", "datasetItemId": capitals[0]["id"], "traceId": "t"})
    page = page_client(vera).get(at(project)).content.decode()
    assert "abc123" in page and 'href="https://clearml.example/x"' in page
    assert ">Capitals</a>" in page and '<td class="number">3</td>' in page
    assert "New dataset" not in page  # a viewer makes none


def test_addresses_that_are_no_web_addresses_are_not_clickable(page_client, vera, api, project) -> None:
    api.post("v2/datasets", {"name": "A", "metadata": {"x": "javascript:alert(1)", "y": "<b>bold</b>"}})
    page = page_client(vera).get(at(project)).content.decode()
    assert 'href="javascript' not in page and "<b>bold" not in page


def test_an_empty_list_has_a_snippet_with_this_projects_key(page_client, bob, project) -> None:
    page = page_client(bob).get(at(project)).content.decode()
    assert project.public_key in page and "create_dataset(" in page and "New dataset" in page


def test_the_list_takes_a_constant_number_of_queries(
    page_client, bob, api, project, django_assert_max_num_queries
) -> None:
    client = page_client(bob)
    for number in range(12):
        api.post("v2/datasets", {"name": f"D{number}"})
    client.get(at(project))
    with django_assert_max_num_queries(6):
        client.get(at(project))


def test_a_dataset_is_made_by_the_form(page_client, bob, project) -> None:
    body = {
        "name": " Capitals ",
        "description": "d",
        "metadata": '{"z": 1, "a": 2}',
        "input_schema": '{"type": "object"}',
    }
    answer = page_client(bob).post(at(project, "/-/new"), body)
    made = Dataset.objects.get()
    assert answer.status_code == 302 and answer.url == at(project, f"/{made.pk}")
    assert (made.name, made.metadata, made.input_schema) == ("Capitals", '{"z":1,"a":2}', '{"type":"object"}')


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(page_client, bob, project, dataset) -> None:
    client = page_client(bob)
    taken = client.post(at(project, "/-/new"), {"name": "Capitals", "description": "kept words"})
    assert taken.status_code == 422
    assert "already" in taken.content.decode() and "kept words" in taken.content.decode()
    broken = client.post(at(project, "/-/new"), {"name": "B", "metadata": "{broken", "input_schema": '"text"'})
    assert broken.status_code == 422 and broken.content.decode().count('class="errorlist"') == 2
    assert Dataset.objects.count() == 1


def test_a_dataset_is_changed_and_a_schema_must_hold(page_client, bob, api, project, dataset, capitals) -> None:
    client, path = page_client(bob), at(project, f"/{dataset['id']}/-/edit")
    assert "CLEARML_ID" in client.get(path).content.decode()
    refused = client.post(path, {"name": "Capitals", "input_schema": '{"type": "string"}'})
    assert refused.status_code == 422
    assert client.post(path, {"name": "Cities", "description": "", "metadata": ""}).status_code == 302
    now = api.get("v2/datasets/Cities").json()
    assert (now["description"], now["metadata"]) == (None, None)


def test_a_dataset_is_deleted_only_by_its_name(page_client, bob, api, project, dataset, capitals) -> None:
    client, path = page_client(bob), at(project, f"/{dataset['id']}/-/delete")
    client.post(path, {"name": "capitals"})
    assert Dataset.objects.exists()
    assert client.post(path, {"name": "Capitals"}).status_code == 302
    assert api.get("v2/datasets/Capitals").status_code == 404
