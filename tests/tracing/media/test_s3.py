"""The same with an S3-compatible store (a real server of one on this machine)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import Api, Keys
from tests.tracing.media.sending import PNG, media_id, promise, report, sha256
from tests.tracing.s3 import ACCESS_KEY, REGION, SECRET_KEY, client, emptied, names, serving
from tracing.media_cleaning import forget_traces
from tracing.media_files import files

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
BUCKET = "media"


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with serving(BUCKET) as address:
        yield address


@pytest.fixture(autouse=True)
def bucket(store: str, settings: Any, media_folder: Any) -> Any:
    settings.MEDIA_S3 = {
        "bucket": BUCKET,
        "endpoint": store,
        "region": REGION,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "prefix": "promptlab/",
        "path_style": True,
    }
    files.cache_clear()
    yield from emptied(client(store), BUCKET)


def send(api: Api, content: bytes = PNG, content_type: str = "image/png") -> None:
    address = api.post("media", promise(content, content_type)).json()["uploadUrl"]
    headers = {"Content-Type": content_type, "x-amz-checksum-sha256": sha256(content), "x-ms-blob-type": "BlockBlob"}
    assert httpx.put(address, content=content, headers=headers).status_code == 200
    assert report(api, media_id(content)).status_code == 200


def test_bytes_go_straight_to_the_bucket_and_come_from_it(api: Api, store: str, bucket: Any) -> None:
    send(api)
    (name,) = names(bucket, BUCKET)
    assert name.startswith("promptlab/")
    url = api.get(f"media/{media_id(PNG)}").json()["url"]
    assert url.startswith(store)
    fetched = httpx.get(url)
    assert fetched.content == PNG
    assert fetched.headers["Content-Type"] == "image/png"


def test_an_address_is_signed_for_one_content_only(api: Api) -> None:
    query = parse_qs(urlsplit(api.post("media", promise()).json()["uploadUrl"]).query)
    (signed,) = query["X-Amz-SignedHeaders"]
    assert {"content-type", "content-length", "x-amz-checksum-sha256"} <= {*signed.split(";"), *map(str.lower, query)}
    assert query["X-Amz-Expires"] == ["3600"]


def test_an_upload_that_did_not_happen_cannot_be_claimed(api: Api) -> None:
    api.post("media", promise())
    assert report(api, media_id(PNG)).status_code == 400
    assert api.get(f"media/{media_id(PNG)}").status_code == 404


def test_what_could_run_a_script_is_handed_over_as_a_file(api: Api) -> None:
    send(api, b"<script>", "text/html")
    fetched = httpx.get(api.get(f"media/{media_id(b'<script>')}").json()["url"])
    assert fetched.headers["Content-Disposition"].startswith("attachment")


def test_pages_lead_readers_to_the_bucket(api: Api, project: Keys, vera: User, page_client: Any) -> None:
    send(api)
    client: Client = page_client(vera)
    answer = client.get(f"/project/{project.id}/media/{media_id(PNG)}")
    assert answer.status_code == 302
    assert httpx.get(answer.headers["Location"]).content == PNG


def test_contents_that_nobody_needs_leave_the_bucket(api: Api, project: Keys, bucket: Any) -> None:
    send(api)
    forget_traces(project.id, ["trace-1"])
    assert names(bucket, BUCKET) == []
    assert api.get(f"media/{media_id(PNG)}").status_code == 404


def test_the_door_of_the_local_disk_is_closed(api: Api) -> None:
    assert Api(None).client.get("/api/media/x").status_code == 405


def test_a_store_that_cannot_be_reached_is_told_as_such(api: Api, settings: Any) -> None:
    api.post("media", promise())
    settings.MEDIA_S3 = settings.MEDIA_S3 | {"endpoint": "http://127.0.0.1:9"}
    files.cache_clear()
    answer = report(api, media_id(PNG))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
