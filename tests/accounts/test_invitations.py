"""`accounts.invitations`: made, mailed, renewed, revoked, accepted."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import transaction
from django.utils import timezone

from accounts import invitations, tasks
from accounts.acting import Actor
from accounts.memberships import role_in
from accounts.models import AuditEntry, Invitation, Membership, Organization, User
from accounts.roles import Role
from common.errors import Conflict, Denied, Invalid, NotFound
from promptlab.celery import app
from tests.conftest import Keys, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(alice: User) -> Actor:
    return Actor(Role.OWNER, alice)


@pytest.fixture
def made(organization: Organization, project: Keys, owner: Actor) -> invitations.NewLink:
    return invitations.invite(organization, project.project, " Eva@Example.org ", Role.VIEWER, owner)


def test_the_token_is_stored_as_a_hash_only(made: invitations.NewLink) -> None:
    assert made.link.endswith(f"/invitations/{made.token}")
    assert made.token not in str(Invitation.objects.values().get())
    assert made.token not in str(list(AuditEntry.objects.values()))
    assert invitations.find(made.token) == made.invitation
    assert made.invitation.email == "eva@example.org"


def test_the_link_is_shown_where_no_mail_server_is_configured(made: invitations.NewLink, settings: Any) -> None:
    assert made.link
    assert made.invitation.shown


def test_the_link_is_not_shown_where_a_mail_brings_it(
    organization: Organization, project: Keys, owner: Actor, settings: Any
) -> None:
    """Else the inviting person could make the account in the other's name, with an address that counts as proven."""
    settings.MAIL_CONFIGURED = True
    made = invitations.invite(organization, project.project, "eva@example.org", Role.VIEWER, owner)
    assert not made.link
    assert not made.invitation.shown


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.ANNOTATOR, None])
def test_only_admins_invite(organization: Organization, project: Keys, role: Role | None) -> None:
    with pytest.raises(Denied):
        invitations.invite(organization, project.project, "eva@example.org", Role.ANNOTATOR, Actor(role))


def test_an_admin_invites_no_owner_and_touches_no_owner_s_invitation(
    organization: Organization, project: Keys, owner: Actor
) -> None:
    admin = Actor(Role.ADMIN)
    with pytest.raises(Denied):
        invitations.invite(organization, project.project, "eva@example.org", Role.OWNER, admin)
    made = invitations.invite(organization, project.project, "eva@example.org", Role.OWNER, owner)
    for verb in (invitations.resend, invitations.renew_link, invitations.revoke):
        with pytest.raises(Denied):
            verb(made.invitation, admin)


@pytest.mark.parametrize("email", ["", "eva", "eva@", "a\0@example.org", "eva@example.org, bob@example.org"])
def test_nonsense_is_no_address(organization: Organization, owner: Actor, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        invitations.invite(organization, None, email, Role.VIEWER, owner)
    assert refusal.value.field == "email"


def test_a_member_is_not_invited_again(organization: Organization, project: Keys, owner: Actor, bob: User) -> None:
    for place in (project.project, None):
        with pytest.raises(Conflict):
            invitations.invite(organization, place, "BOB@example.org", Role.ADMIN, owner)


def test_a_second_invitation_replaces_the_first(made: invitations.NewLink, owner: Actor) -> None:
    again = invitations.invite(
        made.invitation.organization, made.invitation.project, "eva@example.org", Role.ADMIN, owner
    )
    with pytest.raises(Conflict):
        invitations.find(made.token)
    assert list(invitations.pending(made.invitation.organization, made.invitation.project)) == [again.invitation]


@pytest.mark.parametrize("verb", [invitations.resend, invitations.renew_link])
def test_a_new_link_ends_the_old_one(made: invitations.NewLink, owner: Actor, verb: Any) -> None:
    again = verb(made.invitation, owner)
    with pytest.raises(NotFound):
        invitations.find(made.token)
    assert invitations.find(again.token)


def test_a_new_link_revives_an_expired_invitation(made: invitations.NewLink, owner: Actor) -> None:
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(Conflict):
        invitations.find(made.token)
    made.invitation.refresh_from_db()
    assert invitations.find(invitations.renew_link(made.invitation, owner).token)


def test_what_is_revoked_opens_nothing(made: invitations.NewLink, owner: Actor) -> None:
    invitations.revoke(made.invitation, owner)
    with pytest.raises(Conflict):
        invitations.find(made.token)
    with pytest.raises(Conflict):
        invitations.resend(made.invitation, owner)


@pytest.mark.parametrize("token", ["", "nonsense", "a\0b", "\ud800", "x" * 5000])
def test_a_link_of_nobody_s_opens_nothing(db: None, token: str) -> None:
    with pytest.raises(NotFound):
        invitations.find(token)


def test_accepting_makes_a_member_of_that_project_only(made: invitations.NewLink, project: Keys) -> None:
    eva = make_user("eva@example.org")
    invitations.accept(made.invitation, eva)
    assert role_in(eva, project.project) is Role.VIEWER
    assert Membership.objects.get(user=eva).role is None
    eva.refresh_from_db()
    assert eva.last_project == project.project
    assert AuditEntry.objects.get(action="accept").actor == eva.email


def test_accepting_an_organization_s_invitation_makes_a_member_of_it(
    organization: Organization, project: Keys, owner: Actor
) -> None:
    made = invitations.invite(organization, None, "eva@example.org", Role.ADMIN, owner)
    eva = make_user("eva@example.org")
    invitations.accept(made.invitation, eva)
    assert role_in(eva, project.project) is Role.ADMIN


def test_it_is_accepted_once(made: invitations.NewLink) -> None:
    eva = make_user("eva@example.org")
    invitations.accept(made.invitation, eva)
    with pytest.raises(Conflict):
        invitations.accept(made.invitation, eva)
    with pytest.raises(Conflict):
        invitations.find(made.token)


def test_nobody_else_accepts_it(made: invitations.NewLink, mallory: User, project: Keys) -> None:
    with pytest.raises(Denied):
        invitations.accept(made.invitation, mallory)
    assert role_in(mallory, project.project) is None


def test_an_expired_one_is_not_accepted(made: invitations.NewLink) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Conflict):
        invitations.accept(made.invitation, make_user("eva@example.org"))


def test_it_never_lowers_a_role_that_the_person_has_got_since(
    made: invitations.NewLink, organization: Organization, project: Keys
) -> None:
    eva = make_user("eva@example.org", organization, Role.ADMIN)
    invitations.accept(made.invitation, eva)
    assert role_in(eva, project.project) is Role.ADMIN


def test_invitations_wait_for_proven_addresses_only(made: invitations.NewLink) -> None:
    from allauth.account.models import EmailAddress

    eva = make_user("eva@example.org")
    address = EmailAddress.objects.create(user=eva, email=eva.email, primary=True, verified=False)
    assert not invitations.waiting_for(eva).exists()
    address.verified = True
    address.save()
    assert list(invitations.waiting_for(eva)) == [made.invitation]


# --- The mail ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_worker_mails_it_after_the_commit(
    organization: Organization, project: Keys, owner: Actor, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    with transaction.atomic():
        made = invitations.invite(organization, project.project, "eva@example.org", Role.VIEWER, owner)
        assert not list(tmp_path.iterdir())
    with start_worker(app, pool="solo", perform_ping_check=False):
        for _ in range(200):
            if Invitation.objects.get().sent_at:
                break
            time.sleep(0.05)
    app._after_fork()  # the worker closed the pool of connections as it ended; tests after this one need a new one
    # The queue may hold what other tests have left in it.
    (text,) = (text for mail in tmp_path.iterdir() if made.token in (text := mail.read_text().replace("=\n", "")))
    assert "To: eva@example.org" in text
    assert Invitation.objects.get().sent_at


def test_the_mail_names_who_invites_where_to_in_the_reader_s_language(
    made: invitations.NewLink, mailoutbox: Any, settings: Any
) -> None:
    tasks.send_invitation(made.invitation.pk, made.token, "en")
    (mail,) = mailoutbox
    assert mail.to == ["eva@example.org"]
    assert mail.subject == "Invitation to Capitals"
    assert "Alice (alice@example.org)" in mail.body
    assert made.link in mail.body
    assert made.link in mail.alternatives[0].content


def test_a_name_is_not_markup(
    made: invitations.NewLink, mailoutbox: Any, settings: Any, alice: User, project: Keys
) -> None:
    User.objects.filter(pk=alice.pk).update(name="<b>Al & Ice</b>")
    tasks.send_invitation(made.invitation.pk, made.token, "en")
    assert "<b>Al & Ice</b>" in mailoutbox[0].body
    assert "&lt;b&gt;Al &amp; Ice" in mailoutbox[0].alternatives[0].content


def test_a_revoked_or_renewed_one_is_not_mailed_any_more(
    made: invitations.NewLink, owner: Actor, mailoutbox: Any, settings: Any
) -> None:
    again = invitations.renew_link(made.invitation, owner)
    tasks.send_invitation(made.invitation.pk, made.token, "en")
    invitations.revoke(made.invitation, owner)
    tasks.send_invitation(made.invitation.pk, again.token, "en")
    assert mailoutbox == []


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_it_is_made_all_the_same_and_the_link_is_shown(
    organization: Organization, project: Keys, owner: Actor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_CONFIGURED = True
    broker = app.conf.broker_url
    app.conf.broker_url = app.conf.broker_write_url = "redis+socket:///nowhere/valkey.sock"
    app._pool = app.amqp._producer_pool = None
    try:
        made = invitations.invite(organization, project.project, "eva@example.org", Role.VIEWER, owner)
    finally:
        app.conf.broker_url = app.conf.broker_write_url = broker
        app._pool = app.amqp._producer_pool = None
    assert made.link
    assert Invitation.objects.get().shown
