"""Settings → Protected labels."""

import pytest

from accounts.models import AuditEntry
from prompts.models import ProtectedLabel


@pytest.fixture
def address(project) -> str:
    return f"/project/{project.id}/settings/protected-labels"


def test_a_label_is_protected_and_shown(address, alice, page_client, project) -> None:
    response = page_client(alice).post(address, {"label": " production "}, follow=True)
    assert "lock</span>production" in response.content.decode()
    row = ProtectedLabel.objects.get()
    assert (row.project_id, row.label, row.created_by) == (project.id, "production", alice)
    assert AuditEntry.objects.get(subject_type="protected_label").action == "create"


def test_a_protection_is_lifted(address, alice, page_client, project) -> None:
    ProtectedLabel.objects.create(project=project.project, label="production")
    assert page_client(alice).post(address, {"do": "lift", "label": "production"}).status_code == 303
    assert not ProtectedLabel.objects.exists()


@pytest.mark.parametrize(
    ("label", "reason"), [("Bad One", "is not allowed"), ("latest", "cannot be protected"), ("", "")]
)
def test_what_cannot_be_protected_is_refused(address, alice, page_client, label, reason) -> None:
    response = page_client(alice).post(address, {"label": label})
    assert response.status_code == 422
    assert reason in response.content.decode() and f'value="{label}"' in response.content.decode()


def test_it_is_protected_once(address, alice, page_client, project) -> None:
    ProtectedLabel.objects.create(project=project.project, label="production")
    response = page_client(alice).post(address, {"label": "production"})
    assert response.status_code == 422
    assert "protected already" in response.content.decode()


def test_only_owners_and_admins_may(address, bob, vera, anna, mallory, page_client) -> None:
    for person, status in ((bob, 403), (vera, 403), (anna, 403), (mallory, 404)):
        assert page_client(person).get(address).status_code == status
        assert page_client(person).post(address, {"label": "production"}).status_code == status
    assert not ProtectedLabel.objects.exists()


def test_another_projects_protections_are_not_shown(address, alice, other_project, page_client) -> None:
    ProtectedLabel.objects.create(project=other_project.project, label="veiled")
    client = page_client(alice)
    assert "veiled" not in client.get(address).content.decode()
    assert client.post(address, {"do": "lift", "label": "veiled"}).status_code == 422
    assert ProtectedLabel.objects.exists()
