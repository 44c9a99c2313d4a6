"""`lookup.version_ids`: which ids stand behind the (name, version) pairs of a batch of generations."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from prompts.lookup import version_ids
from prompts.models import Prompt, PromptVersion


def make(project_id: str, name: str, versions: int) -> list[str]:
    prompt = Prompt.objects.create(project_id=project_id, name=name)
    made = [PromptVersion(prompt=prompt, version=number, content='"Hi"') for number in range(1, versions + 1)]
    return [version.pk for version in PromptVersion.objects.bulk_create(made)]


def test_it_finds_the_ids_of_many_pairs_in_one_query(project) -> None:
    first, second = make(project.id, "greeting", 2), make(project.id, "dir/farewell", 1)
    with CaptureQueriesContext(connection) as queries:
        found = version_ids(project.id, [("greeting", 1), ("greeting", 2), ("dir/farewell", 1), ("greeting", 2)])
    assert len(queries) == 1
    assert found == {("greeting", 1): first[0], ("greeting", 2): first[1], ("dir/farewell", 1): second[0]}


def test_it_leaves_out_what_does_not_exist(project) -> None:
    make(project.id, "greeting", 1)
    make(project.id, "farewell", 2)
    absent = [("greeting", 2), ("nobody", 1), ("greeting", 0), ("greeting", -1), ("greeting", 2**40), ("gree\0ting", 1)]
    assert version_ids(project.id, absent) == {}


def test_it_asks_nothing_for_no_pairs(project) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert version_ids(project.id, []) == {}
    assert len(queries) == 0


def test_it_never_finds_a_strangers_prompt(project, other_project) -> None:
    make(other_project.id, "greeting", 1)
    assert version_ids(project.id, [("greeting", 1)]) == {}
