"""`POST /feedback`: kept in the audit log, where the project's people see it."""

from typing import Any

import pytest

from accounts.models import AuditEntry, User
from tests.accounts.sign_in import SignIn
from tests.conftest import Api, Keys
from tests.contract import check

pytestmark = pytest.mark.django_db

BODY = {"targetType": "docs", "target": "/docs/mcp", "feedback": "The example lacks the host."}


def test_feedback_is_kept_and_shown(api: Api, project: Keys, alice: User, page_client: SignIn) -> None:
    more = {"goal": "To connect an agent", "referenceUrl": "https://example.org/docs"}
    answer = api.post("feedback", {**BODY, **more})
    assert answer.status_code == 201
    check(answer.json(), "SubmitFeedbackResponse")
    entry = AuditEntry.objects.get()
    assert (entry.project_id, entry.actor, entry.subject_id) == (project.id, project.public_key, "/docs/mcp")
    assert entry.after == {"id": answer.json()["id"], "about": "docs", "feedback": BODY["feedback"], **more}
    page = page_client(alice).get(f"/project/{project.id}/settings/audit-log")
    assert b"The example lacks the host." in page.content


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"targetType": "cloud"}, "targetType"),
        ({"targetType": None}, "targetType"),
        ({"target": ""}, "target"),
        ({"target": "x" * 201}, "target"),
        ({"feedback": " "}, "feedback"),
        ({"feedback": "x" * 3001}, "feedback"),
        ({"feedback": {"a": 1}}, "feedback"),
        ({"goal": ""}, "goal"),
        ({"goal": "x" * 1501}, "goal"),
        ({"referenceUrl": "javascript:alert(1)"}, "referenceUrl"),
        ({"referenceUrl": "https://" + "x" * 2000}, "referenceUrl"),
    ],
)
def test_a_bad_field_is_named(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.post("feedback", {**BODY, **change})
    assert answer.status_code == 400
    assert answer.json()["error"][0]["path"] == [field]
    assert not AuditEntry.objects.exists()


def test_what_cannot_be_stored_is_replaced(api: Api) -> None:
    assert api.post("feedback", {**BODY, "target": "a\0b", "goal": None}).status_code == 201
    assert AuditEntry.objects.get().subject_id == "a\ufffdb"
