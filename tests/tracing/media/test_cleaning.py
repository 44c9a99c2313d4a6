"""Contents live as long as somebody refers to them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.purging import purge
from tests.conftest import Api, Keys
from tests.tracing.media.sending import PNG, media_id, reference, send
from tracing import media_cleaning
from tracing.models.media import Media, MediaUse

pytestmark = pytest.mark.django_db


def trace(api: Api, trace_id: str, **body: Any) -> None:
    event = {"id": f"e-{trace_id}", "type": "trace-create", "timestamp": "2026-01-31T12:00:00Z"}
    answer = api.post("ingestion", {"batch": [event | {"body": {"id": trace_id, **body}}]})
    assert answer.status_code == 207
    assert not answer.json()["errors"]


def there(api: Api) -> bool:
    return api.get(f"media/{media_id(PNG)}").status_code == 200


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def delete(api: Api, trace_id: str, capture: Any) -> None:
    with capture(execute=True):
        assert api.delete(f"traces/{trace_id}").status_code == 200


def test_media_goes_with_its_trace(api: Api, media_folder: Path, django_capture_on_commit_callbacks: Any) -> None:
    trace(api, "trace-1")
    send(api)
    assert files_in(media_folder)
    delete(api, "trace-1", django_capture_on_commit_callbacks)
    assert not there(api)
    assert not files_in(media_folder)
    assert not MediaUse.objects.exists()


def test_media_stays_while_another_trace_promised_it(api: Api, django_capture_on_commit_callbacks: Any) -> None:
    for name in ("trace-1", "trace-2"):
        trace(api, name)
        send(api, traceId=name)
    delete(api, "trace-1", django_capture_on_commit_callbacks)
    assert there(api)
    delete(api, "trace-2", django_capture_on_commit_callbacks)
    assert not there(api)


def test_media_stays_while_a_copied_text_mentions_it(api: Api, django_capture_on_commit_callbacks: Any) -> None:
    trace(api, "trace-1")
    send(api)
    trace(api, "copy", metadata={"seen": f"look: {reference(PNG)}!"})
    delete(api, "trace-1", django_capture_on_commit_callbacks)
    assert there(api)
    delete(api, "copy", django_capture_on_commit_callbacks)
    assert not there(api)


def test_media_stays_while_an_item_of_a_dataset_mentions_it(api: Api, django_capture_on_commit_callbacks: Any) -> None:
    trace(api, "trace-1")
    send(api)
    api.post("v2/datasets", {"name": "set"})
    api.post("dataset-items", {"datasetName": "set", "input": {"picture": reference(PNG)}})
    delete(api, "trace-1", django_capture_on_commit_callbacks)
    assert there(api)


def test_the_sweep_finds_what_went_by_age_but_waits_for_traces_still_on_their_way(api: Api) -> None:
    send(api, traceId="late")
    media_cleaning.sweep()
    assert there(api)
    MediaUse.objects.update(created_at=timezone.now() - timedelta(days=2))
    trace(api, "late")
    media_cleaning.sweep()
    assert there(api)
    MediaUse.objects.update(trace_id="gone")
    media_cleaning.sweep()
    assert not there(api)


def test_media_goes_with_its_project_and_no_other(api: Api, other_api: Api, project: Keys, media_folder: Path) -> None:
    send(api)
    send(other_api)
    project.project.deleted_at = timezone.now()
    project.project.save()
    purge(project.id)
    assert len(files_in(media_folder)) == 1
    assert there(other_api)


def test_ids_of_any_length_have_uses(api: Api) -> None:
    send(api, traceId="ж" * 800, observationId="\U0001f600" * 800)
    assert MediaUse.objects.count() == Media.objects.count() == 1


def test_observations_keep_what_they_mention(api: Api) -> None:
    send(api, traceId="elsewhere")
    body = {"id": "span", "traceId": "trace-1", "output": [reference(PNG)]}
    event = {"id": "e", "type": "span-create", "timestamp": "2026-01-31T12:00:00Z", "body": body}
    assert not api.post("ingestion", {"batch": [event]}).json()["errors"]
    use = MediaUse.objects.get(trace_id="trace-1")
    assert (use.observation_id, use.field) == ("span", "output")
