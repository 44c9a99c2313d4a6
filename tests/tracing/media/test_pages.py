"""Pages show the media that texts refer to."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.conftest import Api, Keys
from tests.tracing.media.sending import PNG, media_id, read, reference, send

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def show(client: Client, keys: Keys, api: Api, value: object, trace_id: str = "t") -> str:
    event = {"id": "e", "type": "trace-create", "timestamp": "2026-01-31T12:00:00Z"}
    answer = api.post("ingestion", {"batch": [event | {"body": {"id": trace_id, "input": value}}]})
    assert not answer.json()["errors"]
    page = client.get(f"/project/{keys.id}/traces/{trace_id}")
    assert page.status_code == 200
    return page.content.decode()


def tag(keys: Keys, which: str = "img") -> str:
    before = "" if which == "img" else 'class="medium" '
    return f'<{which} {before}src="/project/{keys.id}/media/{media_id(PNG)}"'


@pytest.mark.parametrize(
    "value",
    [
        reference(PNG),
        f"What is this? {reference(PNG)} A pixel.",
        {"deep": {"in": [1, reference(PNG)]}},
        [{"role": "user", "content": f"Look: {reference(PNG)}"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": reference(PNG)}}]}],
        [{"role": "user", "content": [{"type": "image", "source": {"data": reference(PNG)}}]}],
    ],
    ids=["alone", "in a text", "in a tree", "in a message", "as a part", "as a foreign part"],
)
def test_a_picture_is_shown_wherever_it_is_referred_to(
    api: Api, project: Keys, vera: User, page_client: SignIn, value: object
) -> None:
    assert tag(project) in show(page_client(vera), project, api, value)


def test_sounds_and_films_can_be_played_and_files_fetched(
    api: Api, project: Keys, vera: User, page_client: SignIn
) -> None:
    kinds = ("audio/wav", "video/mp4", "application/pdf")
    html = show(page_client(vera), project, api, [reference(PNG, kind) for kind in kinds])
    assert tag(project, "audio") in html
    assert tag(project, "video") in html
    assert f'<a class="medium file" href="/project/{project.id}/media/{media_id(PNG)}" download>' in html


def test_a_reference_smuggles_nothing_into_a_page(api: Api, project: Keys, vera: User, page_client: SignIn) -> None:
    evil = reference(PNG, 'image/png"><script>alert(1)</script>')
    html = show(page_client(vera), project, api, [evil, f"<b>{evil}", "@@@langfuseMedia:type=<i>|id=../../x@@@"])
    assert "<script>alert" not in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_references_cost_no_queries(api: Api, project: Keys, vera: User, page_client: SignIn) -> None:
    client = page_client(vera)

    def queries(count: int) -> int:
        show(client, project, api, "warm", "t0")
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/project/{project.id}/traces/t{count}")
        return len(seen)

    show(client, project, api, [reference(PNG)], "t1")
    show(client, project, api, [reference(PNG)] * 50, "t50")
    assert queries(1) == queries(50)


def test_a_member_sees_the_bytes_as_harmless_as_they_are_fetched(
    api: Api, project: Keys, vera: User, page_client: SignIn
) -> None:
    send(api, b"<svg onload=alert(1)>", "image/svg+xml")
    answer = page_client(vera).get(f"/project/{project.id}/media/{media_id(b'<svg onload=alert(1)>')}")
    fetched = read(answer)
    assert fetched.body == b"<svg onload=alert(1)>"
    assert fetched.headers["Content-Security-Policy"].endswith("sandbox")
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["Content-Disposition"].startswith("attachment")


def test_strangers_get_nothing_even_when_they_know_the_id(
    api: Api, project: Keys, other_project: Keys, mallory: User, page_client: SignIn
) -> None:
    send(api)
    client = page_client(mallory)
    assert client.get(f"/project/{project.id}/media/{media_id(PNG)}").status_code == 404
    assert client.get(f"/project/{other_project.id}/media/{media_id(PNG)}").status_code == 404
    assert Client().get(f"/project/{project.id}/media/{media_id(PNG)}").status_code == 302


def test_what_is_not_there_is_not_found(project: Keys, vera: User, page_client: SignIn) -> None:
    for which in ("x" * 22, "a", "%00"):
        assert page_client(vera).get(f"/project/{project.id}/media/{which}").status_code == 404


def test_the_raw_text_keeps_the_reference(api: Api, project: Keys, vera: User, page_client: SignIn) -> None:
    html = show(page_client(vera), project, api, {"a": reference(PNG)})
    assert json.dumps({"a": reference(PNG)}, indent=2).replace('"', "&quot;") in html
