"""A form that was opened before signing in anew keeps what was typed, and nothing but our own pages may use that."""

import re
from html import unescape

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from prompts.models import Prompt
from tests.conftest import Keys

HERE = "http://testserver"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def browser(person: User) -> Client:
    """Signed in, with a form token that no open page knows."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/accounts/login/")
    return client


def offered(page: HttpResponse) -> dict[str, list[str]]:
    """What the page would send again."""
    fields: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(page.content.decode()):
        fields.setdefault(unescape(name), []).append(unescape(value))
    return fields


def test_what_was_typed_is_sent_again_by_one_press(project: Keys, alice: User) -> None:
    client = browser(alice)
    address = f"/project/{project.id}/experiments?from=here"
    typed = {"name": 'a "quoted"\r\n<name>', "tags": ["one", "two"], "csrfmiddlewaretoken": "x" * 32}
    page = client.post(address, typed, headers={"Origin": HERE})
    assert page.status_code == 403
    sent = offered(page)
    token = sent.pop("csrfmiddlewaretoken")[0]
    assert sent == {"name": ['a "quoted"\r\n<name>'], "tags": ["one", "two"]}
    assert f'action="{address}"' in page.content.decode()
    assert alice.email in page.content.decode()
    again = client.post(address, {**sent, "csrfmiddlewaretoken": token}, headers={"Origin": HERE})
    assert again.status_code == 405, "The token is taken now; this page happens to have no form."


def test_a_form_that_is_sent_again_does_what_it_says(project: Keys, alice: User) -> None:
    client = browser(alice)
    address = f"/project/{project.id}/prompts/new"
    typed = {"name": "kept", "type": "text", "text": "Hello {{name}}", "config": "{}", "csrfmiddlewaretoken": "x" * 32}
    page = client.post(address, typed, headers={"Origin": HERE})
    assert not Prompt.objects.exists()
    assert client.post(address, offered(page), headers={"Origin": HERE}).status_code == 303
    assert Prompt.objects.get().name == "kept"


def test_another_site_gets_no_form_to_press(project: Keys, alice: User) -> None:
    client = browser(alice)
    address = f"/project/{project.id}/prompts/new"
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"{HERE}.evil.example"}, {}):
        page = client.post(address, {"name": "stolen"}, headers=headers)
        assert page.status_code == 403
        assert "stolen" not in page.content.decode()
        assert not HIDDEN.search(page.content.decode())
        asked = client.post(address, {"name": "stolen"}, headers={**headers, "HX-Request": "true"})
        assert asked.status_code == 403
        assert "X-Form-Token" not in asked.headers


def test_scripts_get_a_sentence_and_a_fresh_token(project: Keys, alice: User) -> None:
    client = browser(alice)
    address = f"/project/{project.id}/prompts/new"
    told = client.post(address, {"name": "x"}, headers={"Origin": HERE, "HX-Request": "true"})
    assert told.status_code == 403
    assert told.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert told.content.startswith(b"You signed in anew")
    as_json = client.post(address, b"{}", content_type="application/json", headers={"Origin": HERE})
    assert as_json.json()["message"] == told.content.decode()
    taken = {"Origin": HERE, "HX-Request": "true", "X-CSRFToken": told.headers["X-Form-Token"]}
    assert client.post(address, {"name": ""}, headers=taken).status_code == 422


def test_secrets_are_not_repeated_and_files_are_asked_for(project: Keys, alice: User) -> None:
    client = browser(alice)
    address = f"/project/{project.id}/prompts/new"
    page = client.post(address, {"name": "x", "secret_key": "sk-very-secret"}, headers={"Origin": HERE})
    assert "sk-very-secret" not in page.content.decode()
    assert "Send again" not in page.content.decode()
    file = SimpleUploadedFile("cases.csv", b"a,b")
    page = client.post(address, {"name": "x", "file": file}, headers={"Origin": HERE})
    assert "Choose once more: cases.csv" in page.content.decode()
    assert 'enctype="multipart/form-data"' in page.content.decode()
