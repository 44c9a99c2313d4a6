"""Rows arrive in the bucket, each once."""

import csv
import gzip
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import Api, Keys
from tests.tracing.exports.conftest import BUCKET
from tests.tracing.s3 import names
from tracing import exporting
from tracing.models.exports import BlobStorageIntegration
from tracing.models.measured import ScoreRow

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PATH = "integrations/blob-storage"


@pytest.fixture(autouse=True)
def rows(api: Api) -> None:
    """A trace, an observation and a score of two days ago, and a trace of this minute."""
    batch = []
    for name, moment in (("old", timezone.now() - timedelta(days=2)), ("new", timezone.now())):
        at = moment.isoformat()
        bodies = {
            "trace-create": {"id": name, "timestamp": at, "input": {"столица": "Рим"}, "metadata": {"a": 1}},
            "generation-create": {"id": f"{name}-g", "traceId": name, "startTime": at, "output": "Рим", "model": "m"},
            "score-create": {"id": f"{name}-s", "traceId": name, "name": "exact", "value": 1, "timestamp": at},
        }
        batch += [{"id": f"{name}{k}", "type": k, "timestamp": at, "body": body} for k, body in bodies.items()]
    assert not api.post("ingestion", {"batch": batch}).json()["errors"]
    # The door gives scores the time at which they come.
    ScoreRow.objects.filter(id="old-s").update(timestamp=timezone.now() - timedelta(days=2))


def run(owner: Api, wanted: dict[str, Any], **change: Any) -> BlobStorageIntegration:
    answer = owner.put(PATH, wanted | change)
    assert answer.status_code == 200, answer.content
    exporting.run_due()
    return BlobStorageIntegration.objects.get()


def read(client: Any, table: str) -> list[Any]:
    found = []
    for name in names(client, BUCKET):
        if f"/{table}/" in name:
            data = gzip.decompress(client.get_object(Bucket="exports", Key=name)["Body"].read())
            found += [json.loads(line) for line in data.splitlines()]
    return found


def test_a_name_that_now_leads_into_the_private_network_gets_nothing(
    owner: Api, wanted: Any, bucket: Any, settings: Any
) -> None:
    run(owner, wanted, enabled=False)
    BlobStorageIntegration.objects.update(enabled=True, next_sync_at=timezone.now())
    settings.PRIVATE_HOSTS = []
    exporting.run_due()
    assert "PROMPTLAB_PRIVATE_HOSTS" in (BlobStorageIntegration.objects.get().last_error or "")
    assert names(bucket, BUCKET) == []


def test_all_that_is_old_enough_arrives(owner: Api, wanted: Any, bucket: Any, project: Keys) -> None:
    done = run(owner, wanted)
    assert done.last_error is None
    (trace,), (observation,), (score,) = (read(bucket, table) for table in ("traces", "observations", "scores"))
    assert (trace["id"], trace["input"], trace["metadata"]) == ("old", {"столица": "Рим"}, {"a": 1})
    assert (observation["id"], observation["output"], observation["model"]) == ("old-g", "Рим", "m")
    assert (score["id"], score["value"]) == ("old-s", 1)
    assert all(name.startswith(f"lab/{project.id}/") for name in names(bucket, BUCKET) if "test-upload" not in name)
    assert datetime.fromisoformat(trace["timestamp"]).date() < timezone.now().date()
    assert timedelta(minutes=19) < timezone.now() - (done.last_sync_at or timezone.now()) < timedelta(minutes=30)
    assert owner.get(f"{PATH}/{done.pk}").json()["syncStatus"] == "up_to_date"


def test_a_second_run_brings_only_what_is_new(owner: Api, wanted: Any, bucket: Any) -> None:
    run(owner, wanted)
    before = names(bucket, BUCKET)
    BlobStorageIntegration.objects.update(next_sync_at=timezone.now())
    exporting.run_due()
    assert names(bucket, BUCKET) == before


def test_nothing_is_done_before_it_is_due_or_by_two_at_once(owner: Api, wanted: Any, bucket: Any) -> None:
    owner.put(PATH, wanted)
    BlobStorageIntegration.objects.update(next_sync_at=timezone.now() + timedelta(minutes=1))
    exporting.run_due()
    BlobStorageIntegration.objects.update(next_sync_at=timezone.now(), running_since=timezone.now())
    exporting.run_due()
    assert read(bucket, "traces") == []
    BlobStorageIntegration.objects.update(running_since=timezone.now() - timedelta(hours=2))
    exporting.run_due()
    assert len(read(bucket, "traces")) == 1


def test_settings_changed_while_it_runs_hold_from_there_on(
    owner: Api, wanted: Any, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.put(PATH, wanted)
    copy = exporting._copy

    def copy_and_change(*window: Any) -> None:
        copy(*window)
        assert owner.put(PATH, wanted | {"prefix": "other/"}).status_code == 200

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(exporting, "_copy", copy_and_change)
        exporting.run_due()
    assert not any(name.startswith("other/") and "/traces/" in name for name in names(bucket, BUCKET))
    exporting.run_due()
    assert any(name.startswith("other/") and "/traces/" in name for name in names(bucket, BUCKET))


@pytest.mark.parametrize(("mode", "count"), [("FROM_TODAY", 0), ("FROM_CUSTOM_DATE", 1)])
def test_the_beginning_is_a_choice(owner: Api, wanted: Any, bucket: Any, mode: str, count: int) -> None:
    start = (timezone.now() - timedelta(days=3)).isoformat()
    run(owner, wanted, exportMode=mode, exportStartDate=start)
    assert len(read(bucket, "traces")) == count


def test_field_groups_choose_the_columns_of_observations(owner: Api, wanted: Any, bucket: Any) -> None:
    run(owner, wanted, exportSource="OBSERVATIONS_V2", exportFieldGroups=["core", "model"])
    (observation,) = read(bucket, "observations")
    assert set(observation) == {*exporting.COLUMNS["core"], *exporting.COLUMNS["model"]}
    assert read(bucket, "traces") == []


def test_csv_and_json_are_written_too(owner: Api, wanted: Any, bucket: Any) -> None:
    run(owner, wanted, fileType="CSV", compressed=False)
    (name,) = [name for name in names(bucket, BUCKET) if "/traces/" in name]
    assert name.endswith(".csv")
    (row,) = csv.DictReader(io.StringIO(bucket.get_object(Bucket="exports", Key=name)["Body"].read().decode()))
    assert (row["id"], json.loads(row["input"])) == ("old", {"столица": "Рим"})
    BlobStorageIntegration.objects.all().delete()
    run(owner, wanted, fileType="JSON", compressed=False)
    (name,) = [name for name in names(bucket, BUCKET) if "/traces/" in name and name.endswith(".json")]
    assert json.loads(bucket.get_object(Bucket="exports", Key=name)["Body"].read())[0]["id"] == "old"


def test_what_went_wrong_is_told_and_the_next_run_goes_on_from_there(owner: Api, wanted: Any, bucket: Any) -> None:
    owner.put(PATH, wanted)
    BlobStorageIntegration.objects.update(bucket_name="gone")
    exporting.run_due()
    broken = BlobStorageIntegration.objects.get()
    assert "NoSuchBucket" in (broken.last_error or "")
    assert owner.get(f"{PATH}/{broken.pk}").json()["syncStatus"] == "error"
    BlobStorageIntegration.objects.update(bucket_name="exports", next_sync_at=timezone.now())
    exporting.run_due()
    assert len(read(bucket, "traces")) == 1
    assert BlobStorageIntegration.objects.get().last_error is None


def test_many_rows_are_cut_into_files(
    owner: Api, wanted: Any, bucket: Any, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    monkeypatch.setattr(exporting, "ROWS_OF_A_FILE", 4)
    at = (timezone.now() - timedelta(days=2)).isoformat()
    batch = [
        {"id": f"m{n}", "type": "trace-create", "timestamp": at, "body": {"id": f"m{n}", "timestamp": at}}
        for n in range(9)
    ]
    api.post("ingestion", {"batch": batch})
    run(owner, wanted)
    assert sorted(row["id"] for row in read(bucket, "traces")) == [
        "m0",
        "m1",
        "m2",
        "m3",
        "m4",
        "m5",
        "m6",
        "m7",
        "m8",
        "old",
    ]
    assert len([name for name in names(bucket, BUCKET) if "/traces/" in name]) >= 3
