"""`/integrations/blob-storage`: settings of exports, by an organization's key."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from common.crypto import unseal
from tests.conftest import Api, Keys, make_project
from tests.contract import check, check_list
from tests.tracing.exports.conftest import BUCKET
from tests.tracing.s3 import names
from tracing.models.exports import BlobStorageIntegration

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PATH = "integrations/blob-storage"
Body = dict[str, Any]


def test_settings_are_tried_kept_sealed_and_told_without_the_secret(owner: Api, wanted: Body, bucket: Any) -> None:
    answer = owner.put(PATH, wanted)
    assert answer.status_code == 200, answer.content
    made = answer.json()
    check(made, "BlobStorageIntegrationResponse")
    told = {name: value for name, value in wanted.items() if name != "secretAccessKey"}
    assert {name: made[name] for name in told} == told
    assert (made["compressed"], made["exportSource"]) == (True, "LEGACY_TRACES_OBSERVATIONS")
    assert "core" in made["exportFieldGroups"]
    assert names(bucket, BUCKET) == ["lab/promptlab-test-upload.txt"]
    stored = BlobStorageIntegration.objects.get()
    assert "very secret" not in str(stored.sealed_secret)
    assert unseal(stored.sealed_secret or "") == "very secret"
    listed = owner.get(PATH).json()
    check(listed, "BlobStorageIntegrationsResponse")
    check_list(listed, "BlobStorageIntegrationResponse")
    assert listed["data"] == [made]
    assert b"very secret" not in answer.content + owner.get(PATH).content
    assert "very secret" not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_a_project_has_one_export_which_is_changed_in_place(owner: Api, wanted: Body, bucket: Any) -> None:
    first = owner.put(PATH, wanted | {"exportSource": "OBSERVATIONS_V2", "exportFieldGroups": ["core", "io"]}).json()
    del wanted["secretAccessKey"]
    second = owner.put(PATH, wanted | {"fileType": "CSV", "compressed": False, "enabled": False}).json()
    assert second["id"] == first["id"]
    assert (second["fileType"], second["compressed"], second["enabled"]) == ("CSV", False, False)
    assert (second["exportSource"], second["exportFieldGroups"]) == ("OBSERVATIONS_V2", ["core", "io"])
    assert unseal(BlobStorageIntegration.objects.get().sealed_secret or "") == "very secret"
    entries = AuditEntry.objects.filter(subject_type="blob_storage").order_by("id").values_list("action", flat=True)
    assert list(entries) == ["create", "update"]


def test_its_status_is_told_and_it_is_deleted(owner: Api, wanted: Body, bucket: Any) -> None:
    made = owner.put(PATH, wanted).json()
    status = owner.get(f"{PATH}/{made['id']}").json()
    check(status, "BlobStorageIntegrationStatusResponse")
    assert status["syncStatus"] == "queued"
    owner.put(PATH, wanted | {"enabled": False})
    assert owner.get(f"{PATH}/{made['id']}").json()["syncStatus"] == "disabled"
    deleted = owner.delete(f"{PATH}/{made['id']}")
    check(deleted.json(), "BlobStorageIntegrationDeletionResponse")
    assert owner.get(f"{PATH}/{made['id']}").status_code == 404
    assert owner.delete(f"{PATH}/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"bucketName": "no such bucket"}, "bucketName"),
        ({"bucketName": "missing"}, "bucketName"),
        ({"type": "FTP"}, "type"),
        ({"type": "AZURE_BLOB_STORAGE"}, "type"),
        ({"fileType": "PARQUET"}, "fileType"),
        ({"fileType": "XML"}, "fileType"),
        ({"endpoint": None}, "endpoint"),
        ({"endpoint": "http://10.0.0.1:9000"}, "endpoint"),
        ({"endpoint": "file:///etc/passwd"}, "endpoint"),
        ({"prefix": "lab"}, "prefix"),
        ({"prefix": "a\0/"}, "prefix"),
        ({"accessKeyId": "a\n"}, "accessKeyId"),
        ({"secretAccessKey": "x" * 1001}, "secretAccessKey"),
        ({"exportFrequency": "yearly"}, "exportFrequency"),
        ({"exportMode": "FROM_CUSTOM_DATE"}, "exportStartDate"),
        ({"exportMode": "FROM_CUSTOM_DATE", "exportStartDate": "2999-01-01T00:00:00Z"}, "exportStartDate"),
        ({"exportMode": "FROM_CUSTOM_DATE", "exportStartDate": "0001-01-01T00:00:00+14:00"}, "exportStartDate"),
        ({"exportSource": "EVERYTHING"}, "exportSource"),
        ({"exportFieldGroups": ["core"]}, "exportSource"),
        ({"exportSource": "OBSERVATIONS_V2", "exportFieldGroups": ["io"]}, "exportFieldGroups"),
        ({"exportSource": "OBSERVATIONS_V2", "exportFieldGroups": ["core", "x"]}, "exportFieldGroups"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"region": None}, "region"),
    ],
)
def test_bad_settings_are_refused_by_the_name_of_the_field(
    owner: Api, wanted: Body, bucket: Any, change: Body, field: str
) -> None:
    answer = owner.put(PATH, wanted | change)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"][0]["path"] == [field]
    assert not BlobStorageIntegration.objects.exists()


def test_projects_of_others_are_out_of_reach(owner: Api, wanted: Body, bucket: Any, other_project: Keys) -> None:
    assert owner.put(PATH, wanted | {"projectId": other_project.id}).status_code == 404
    assert owner.put(PATH, wanted | {"projectId": "\0"}).status_code == 404
    assert owner.get(f"{PATH}/%00").status_code == 404


def test_several_projects_of_the_organization_have_their_own(
    owner: Api, wanted: Body, bucket: Any, project: Keys, api: Api
) -> None:
    second = make_project(project.project.organization, "Second")
    for keys in (project, second):
        assert owner.put(PATH, wanted | {"projectId": keys.id}).status_code == 200
    assert {row["projectId"] for row in owner.get(PATH).json()["data"]} == {project.id, second.id}
    assert api.get(PATH).status_code == 403, "a project's key does not open it"
