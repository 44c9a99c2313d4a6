"""The audit log speaks to people in words, not in codes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from accounts import audit
from accounts.audit_words import ACTIONS, SUBJECTS
from accounts.models import User
from tests.accounts.sign_in import SignIn
from tests.conftest import Keys

APPS = ("accounts", "llm", "prompts", "tracing", "datasets", "evaluation")


def recorded() -> Iterator[tuple[str, str, str]]:
    """Every action and kind that some call of `record` names: ("action" or "subject_type", code, file)."""
    for file in (file for app in APPS for file in Path(settings.BASE_DIR, app).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name.lstrip("_") != "record":
                continue
            named = dict(zip(("action", "subject_type"), call.args, strict=False))
            named |= {one.arg: one.value for one in call.keywords if one.arg}
            for place in ("action", "subject_type"):
                value = named.get(place)
                codes = ast.walk(value) if isinstance(value, ast.IfExp | ast.Constant) else ()
                for code in codes:
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        yield place, code.value, str(file)


def test_every_code_that_is_recorded_has_its_words() -> None:
    found = set(recorded())
    assert len({code for _place, code, _file in found}) > 20
    tables = {"action": ACTIONS, "subject_type": SUBJECTS}
    assert {one for one in found if one[1] not in tables[one[0]]} == set(), "tell accounts/audit_words.py"


@pytest.mark.django_db
def test_the_page_shows_words_and_filters_by_codes(project: Keys, alice: User, page_client: SignIn) -> None:
    audit.record(project=project.id, action="revoke", subject_type="api_key", subject_id="pk-1", user=alice)
    audit.record(project=project.id, action="role", subject_type="member", subject_id="bob@example.org", user=alice)
    audit.record(project=project.id, action="odd", subject_type="oddity", subject_id="x")
    address = f"/project/{project.id}/settings/audit-log"
    page = page_client(alice).get(address).content.decode()
    for text in ("revoked", "API key", "changed the role", "odd", "oddity", '<option value="api_key"'):
        assert text in page
    found = page_client(alice).get(address, {"kind": "api_key"}).content.decode()
    assert "pk-1" in found and "bob@example.org" not in found
