"""Settings → Score configs, and the list of models without a price."""

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from tracing.models import ScoreConfig
from tracing.records import Changes, ObservationChange
from tracing.store import store

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Style",
    "data_type": "CATEGORICAL",
    "description": "",
    "min_value": "",
    "max_value": "",
    "category_lines": "good = 2\n fair\nbad=-1.5\n",
}


@pytest.fixture
def admin_url(project) -> str:
    return f"/project/{project.id}/admin/tracing/scoreconfig/"


def test_categories_are_lines_of_text(page_client, bob, admin_url) -> None:
    client = page_client(bob)
    answer = client.post(f"{admin_url}add/", FORM)
    assert answer.status_code == 302, answer.context["errors"]
    made = ScoreConfig.objects.get()
    assert made.categories == [
        {"label": "good", "value": 2},
        {"label": "fair", "value": 1},
        {"label": "bad", "value": -1.5},
    ]
    form = client.get(f"{admin_url}{made.pk}/change/").context["adminform"].form
    assert form.initial["category_lines"] == "good = 2\nfair = 1\nbad = -1.5"
    (entry,) = AuditEntry.objects.filter(subject_type="score_config")
    assert (entry.action, entry.user) == ("create", bob)


def test_the_type_is_for_ever_and_the_rest_changes(page_client, bob, admin_url) -> None:
    client = page_client(bob)
    client.post(f"{admin_url}add/", FORM)
    made = ScoreConfig.objects.get()
    changed = {**FORM, "name": "New", "data_type": "NUMERIC", "is_archived": "on", "category_lines": "yes\nno"}
    answer = client.post(f"{admin_url}{made.pk}/change/", changed)
    assert answer.status_code == 302, answer.context["errors"]
    made.refresh_from_db()
    assert (made.name, made.data_type, made.is_archived) == ("New", "CATEGORICAL", True)
    assert [category["label"] for category in made.categories] == ["yes", "no"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"data_type": "STARS"}, "data_type"),
        ({"category_lines": ""}, "category_lines"),
        ({"category_lines": "good = much"}, "category_lines"),
        ({"category_lines": "good = 1\ngood = 2"}, "category_lines"),
        ({"data_type": "TEXT"}, "category_lines"),
        ({"min_value": "1"}, "min_value"),
        ({"data_type": "NUMERIC", "category_lines": "", "min_value": "2", "max_value": "1"}, "max_value"),
    ],
)
def test_a_fault_stands_beside_its_field(page_client, bob, admin_url, changes: dict, field: str) -> None:
    answer = page_client(bob).post(f"{admin_url}add/", {**FORM, **changes})
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not ScoreConfig.objects.exists()


def test_configs_are_archived_and_restored_in_bulk_but_not_deleted(page_client, bob, admin_url) -> None:
    client = page_client(bob)
    client.post(f"{admin_url}add/", FORM)
    made = ScoreConfig.objects.get()
    for action, archived in (("archive", True), ("restore", False)):
        client.post(admin_url, {"action": action, "_selected_action": [made.pk]})
        made.refresh_from_db()
        assert made.is_archived is archived
    assert client.post(f"{admin_url}{made.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(admin_url, {"action": "delete_selected", "_selected_action": [made.pk], "post": "yes"})
    assert ScoreConfig.objects.exists()


def test_only_writers_change_configs_and_strangers_see_none(page_client, vera, anna, mallory, admin_url) -> None:
    for reader in (vera, anna):
        assert page_client(reader).get(admin_url).status_code == 200
        assert page_client(reader).post(f"{admin_url}add/", FORM).status_code == 403
    assert page_client(mallory).get(admin_url).status_code == 404
    assert not ScoreConfig.objects.exists()


def test_a_viewer_reads_a_config(page_client, bob, vera, admin_url) -> None:
    page_client(bob).post(f"{admin_url}add/", FORM)
    answer = page_client(vera).get(f"{admin_url}{ScoreConfig.objects.get().pk}/change/")
    assert (answer.status_code, "Style" in answer.content.decode()) == (200, True)


def test_models_without_a_price_are_offered_for_pricing(page_client, bob, vera, mallory, project) -> None:
    call = ObservationChange(
        id="o", trace_id="t", seen_at=timezone.now(), model="yandex.gpt", usage_details={"input": 5, "total": 5}
    )
    store().write(project.id, Changes(observations=[call]))
    url = f"/project/{project.id}/unpriced"
    page = page_client(bob).get(url).content.decode()
    assert "yandex.gpt" in page
    assert "?model_name=yandex.gpt&amp;match_pattern=%28%3Fi%29%5Eyandex%5C.gpt%24" in page
    assert "Set a price" not in page_client(vera).get(url).content.decode()
    assert page_client(mallory).get(url).status_code == 404
