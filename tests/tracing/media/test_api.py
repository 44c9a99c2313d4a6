"""`/media`: promise, send, report, fetch."""

import io
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Api
from tests.contract import check
from tests.tracing.media.sending import PNG, fetch, media_id, promise, put, report, send, sha256
from tracing.models.media import Media, MediaUse

pytestmark = pytest.mark.django_db


def test_bytes_make_the_round_trip(api: Api) -> None:
    promised = api.post("media", promise())
    assert promised.status_code == 201
    check(promised.json(), "GetMediaUploadUrlResponse")
    assert promised.json()["mediaId"] == media_id(PNG)
    assert put(promised.json()["uploadUrl"], PNG).status_code == 200
    patched = report(api, media_id(PNG))
    assert (patched.status_code, patched.json()) == (200, {"message": "OK"})
    found = api.get(f"media/{media_id(PNG)}").json()
    check(found, "GetMediaResponse")
    assert (found["contentType"], found["contentLength"]) == ("image/png", len(PNG))
    fetched = fetch(found["url"])
    assert fetched.status == 200
    assert fetched.body == PNG
    assert fetched.headers["Content-Type"] == "image/png"


def test_what_is_there_need_not_be_sent_again(api: Api) -> None:
    send(api)
    again = api.post("media", promise(traceId="trace-2", observationId="o", field="output")).json()
    assert again == {"mediaId": media_id(PNG), "uploadUrl": None}
    assert Media.objects.count() == 1
    assert MediaUse.objects.count() == 2


def test_what_was_promised_but_never_sent_is_asked_for_again_and_not_found(api: Api) -> None:
    assert api.post("media", promise()).json()["uploadUrl"]
    assert api.post("media", promise()).json()["uploadUrl"]
    answer = api.get(f"media/{media_id(PNG)}")
    assert (answer.status_code, answer.json()["error"]) == (404, "LangfuseNotFoundError")
    assert "not yet uploaded" in answer.json()["message"]


def test_it_is_there_even_when_the_client_ends_before_it_reports(api: Api) -> None:
    put(api.post("media", promise()).json()["uploadUrl"], PNG)
    assert api.get(f"media/{media_id(PNG)}").status_code == 200


def test_a_failed_upload_is_told_to_who_asks_and_may_be_repeated(api: Api) -> None:
    api.post("media", promise())
    assert report(api, media_id(PNG), 403, "Access \0 denied").status_code == 200
    answer = api.get(f"media/{media_id(PNG)}")
    assert answer.status_code == 404
    assert "403" in answer.json()["message"]
    assert "denied" in answer.json()["message"]
    send(api)
    report(api, media_id(PNG), 500)
    assert api.get(f"media/{media_id(PNG)}").status_code == 200, "another client's failure takes nothing away"


def test_nobody_can_claim_an_upload_that_did_not_happen(api: Api) -> None:
    api.post("media", promise())
    assert report(api, media_id(PNG)).status_code == 400
    assert api.get(f"media/{media_id(PNG)}").status_code == 404


def test_an_item_of_a_dataset_that_is_still_to_come_has_media_too(api: Api) -> None:
    place = {"traceId": None, "datasetId": "d", "datasetItemId": "i", "field": "expectedOutput"}
    assert api.post("media", promise(**place)).status_code == 201
    assert MediaUse.objects.get().item_id == "i"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"contentType": "png"}, "contentType"),
        ({"contentType": "text/html; charset=utf-8\r\nX: y"}, "contentType"),
        ({"contentType": "a" * 300 + "/b"}, "contentType"),
        ({"contentLength": -1}, "contentLength"),
        ({"contentLength": 10**18}, "contentLength"),
        ({"contentLength": 2_000_000_000}, "contentLength"),
        ({"contentLength": "many"}, "contentLength"),
        ({"contentLength": 1.5}, "contentLength"),
        ({"sha256Hash": "abc"}, "sha256Hash"),
        ({"sha256Hash": "ж" * 44}, "sha256Hash"),
        ({"sha256Hash": "\0" * 44}, "sha256Hash"),
        ({"field": "comment"}, "field"),
        ({"field": "expectedOutput"}, "field"),
        ({"traceId": None}, "traceId"),
        ({"traceId": ""}, "traceId"),
        ({"traceId": "a" * 801}, "traceId"),
        ({"traceId": "a\0"}, "traceId"),
        ({"datasetId": "d", "datasetItemId": "i"}, "traceId"),
        ({"traceId": None, "datasetId": "d"}, "datasetItemId"),
        ({"traceId": None, "datasetId": "d", "datasetItemId": "i", "observationId": "o"}, "observationId"),
        ({"observationId": 5}, "observationId"),
    ],
)
def test_bad_promises_are_refused_by_the_name_of_the_field(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.post("media", promise(**change))
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == [field]
    assert not Media.objects.exists()


@pytest.mark.parametrize("body", [None, b"[]", b"null", b"{", b'"x"', b"[" * 200])
def test_bodies_that_are_no_promise_are_refused(api: Api, body: Any) -> None:
    assert api.post("media", body).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"uploadedAt": "soon", "uploadHttpStatus": 200},
        {"uploadedAt": "2026-01-31T12:00:00Z", "uploadHttpStatus": 10**18},
        {"uploadedAt": "2026-01-31T12:00:00Z", "uploadHttpStatus": -1},
    ],
)
def test_bad_reports_are_refused(api: Api, body: dict[str, Any]) -> None:
    api.post("media", promise())
    assert api.patch(f"media/{media_id(PNG)}", body).status_code == 400


@pytest.mark.parametrize("which", ["x" * 22, "%00", "ж", "a" * 900, "a/b"])
def test_what_was_never_promised_is_not_found(api: Api, which: str) -> None:
    assert api.get(f"media/{which}").status_code == 404
    assert report(api, which).status_code == 404


# --- The door ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "content_type", "headers"),
    [
        (PNG + b"!", "image/png", {"HTTP_X_AMZ_CHECKSUM_SHA256": sha256(PNG)}),
        (PNG[:-1], "image/png", {"HTTP_X_AMZ_CHECKSUM_SHA256": sha256(PNG)}),
        (PNG[:-1] + b"!", "image/png", {"HTTP_X_AMZ_CHECKSUM_SHA256": sha256(PNG)}),
        (PNG, "text/html", {}),
        (PNG, "image/png", {"HTTP_X_AMZ_CHECKSUM_SHA256": sha256(b"other")}),
    ],
    ids=["more", "less", "other bytes", "other type", "other checksum"],
)
def test_anything_but_the_promised_content_is_refused_and_not_kept(
    api: Api, media_folder: Path, content: bytes, content_type: str, headers: dict[str, str]
) -> None:
    address = api.post("media", promise()).json()["uploadUrl"]
    assert put(address, content, content_type, **headers).status_code == 400
    assert not [path for path in media_folder.rglob("*") if path.is_file()]
    assert api.get(f"media/{media_id(PNG)}").status_code == 404


def test_addresses_cannot_be_forged_and_serve_one_purpose(api: Api) -> None:
    upload = api.post("media", promise()).json()["uploadUrl"]
    assert put(upload[:-1] + ("a" if upload[-1] != "a" else "b"), PNG).status_code == 403
    assert put("http://x/api/media/made-up", PNG).status_code == 403
    assert fetch(upload).status == 403
    put(upload, PNG)
    assert fetch(upload).status == 403
    download = api.get(f"media/{media_id(PNG)}").json()["url"]
    assert put(download, PNG).status_code == 403
    assert Api(None).client.generic("DELETE", download).status_code == 405


def test_addresses_expire(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = send(api)

    later = time.time() + 3601
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    answer = fetch(sent.url)
    assert answer.status == 403
    assert "no longer valid" in answer.json()["message"]


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/pdf", "application/xml"])
def test_what_could_run_a_script_is_handed_over_as_a_file(api: Api, content_type: str) -> None:
    fetched = fetch(send(api, b"<script>alert(1)</script>", content_type).url)
    assert fetched.headers["Content-Disposition"].startswith("attachment; filename=")


def test_no_browser_guesses_and_nothing_is_loaded_or_run(api: Api) -> None:
    headers = fetch(send(api).url).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Content-Disposition"].startswith("inline")
    assert headers["Content-Disposition"].endswith('.png"')


@pytest.mark.parametrize(
    ("asked", "status", "got", "told"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=1-2,4-5", 200, b"0123456789", None),
        ("pages=1-2", 200, b"0123456789", None),
        (f"bytes={'9' * 5000}-", 200, b"0123456789", None),
        (f"bytes=-{'9' * 5000}", 200, b"0123456789", None),
    ],
)
def test_players_skip_by_ranges(api: Api, asked: str, status: int, got: bytes, told: str | None) -> None:
    answer = fetch(send(api, b"0123456789", "audio/mpeg").url, HTTP_RANGE=asked)
    assert (answer.status, answer.body, answer.headers.get("Content-Range")) == (status, got, told)


def test_bytes_may_come_in_chunks(api: Api) -> None:
    """As clients send that read from a stream: without a length."""
    upload = api.post("media", promise()).json()["uploadUrl"]
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(PNG), "CONTENT_LENGTH": ""}
    assert put(upload, PNG, **chunked).status_code == 200
    assert fetch(api.get(f"media/{media_id(PNG)}").json()["url"]).body == PNG


def test_an_empty_file_is_a_file(api: Api) -> None:
    assert fetch(send(api, b"", "text/plain").url).body == b""


def test_a_large_file_passes_though_api_bodies_are_bounded(api: Api, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    content = b"x" * 300_000
    assert fetch(send(api, content, "video/mp4").url).body == content


def test_the_limit_is_a_setting(api: Api, settings: Any) -> None:
    settings.MEDIA_LIMIT = 10
    assert api.post("media", promise()).status_code == 400


def test_browsers_of_other_origins_may_send_and_fetch(api: Api) -> None:
    assert fetch(send(api).url).headers["Access-Control-Allow-Origin"] == "*"


# --- Strangers --------------------------------------------------------------------------------------------------------


def test_the_same_bytes_in_two_projects_are_two_contents(api: Api, other_api: Api) -> None:
    send(api)
    theirs = other_api.post("media", promise()).json()
    assert theirs["mediaId"] == media_id(PNG)
    assert theirs["uploadUrl"], "that a stranger has the bytes must not show"
    assert other_api.get(f"media/{media_id(PNG)}").status_code == 404
    assert report(other_api, media_id(PNG)).status_code == 400


def test_addresses_lead_to_the_host_that_was_called(api: Api, settings: Any) -> None:
    settings.PUBLIC_URL = "https://promptlab.example.org"
    inside = api.post("media", promise(), HTTP_HOST="10.0.0.7:3000").json()["uploadUrl"]
    outside = api.post("media", promise(), HTTP_HOST="promptlab.example.org").json()["uploadUrl"]
    assert inside.startswith("http://10.0.0.7:3000/api/media/")
    assert outside.startswith("https://promptlab.example.org/api/media/")


def test_numbers_beyond_all_columns_are_refused(api: Api) -> None:
    huge = b'{"contentType":"image/png","contentLength":%d,"sha256Hash":"x","traceId":"t","field":"input"}' % (10**40)
    assert api.post("media", huge).status_code == 400
