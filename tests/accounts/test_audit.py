"""`accounts.audit.record`."""

import pytest

from accounts import audit
from accounts.models import AuditEntry, Organization, User
from tests.conftest import Keys

pytestmark = pytest.mark.django_db


def test_a_person_s_deed_is_written_with_what_changed(project: Keys, alice: User) -> None:
    audit.record(
        project=project.id,
        action="update",
        subject_type="project",
        subject_id=project.id,
        user=alice,
        before={"n": 1},
        after={"n": 2},
    )
    entry = AuditEntry.objects.get()
    assert (entry.organization_id, entry.project_id) == (project.project.organization_id, project.id)
    assert (entry.user, entry.actor, entry.before, entry.after) == (alice, "alice@example.org", {"n": 1}, {"n": 2})


def test_a_program_s_deed_names_its_public_key(project: Keys) -> None:
    audit.record(
        project=project.project,
        action="create",
        subject_type="prompt",
        subject_id="capital",
        api_key=project.public_key,
    )
    assert AuditEntry.objects.get().actor == project.public_key


def test_texts_that_postgresql_refuses_are_made_storable(project: Keys) -> None:
    audit.record(
        project=project.id, action="create", subject_type="prompt", subject_id="a\0b", after={"text\ud800": ["\0"]}
    )
    entry = AuditEntry.objects.get()
    assert entry.subject_id == "a\ufffdb"
    assert entry.after == {"text?": ["\ufffd"]}


def test_an_entry_outlives_its_project_and_its_person(project: Keys, alice: User, organization: Organization) -> None:
    audit.record(project=project.id, action="create", subject_type="prompt", subject_id="x", user=alice)
    project_id = project.id
    project.project.delete()
    alice.delete()
    entry = AuditEntry.objects.get()
    assert (entry.organization, entry.project_id, entry.user, entry.actor) == (
        organization,
        project_id,
        None,
        "alice@example.org",
    )
