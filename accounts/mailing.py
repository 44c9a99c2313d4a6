"""Writing and sending mails. Called by tasks only: a mail server may be slow or away."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.hashing import hash_secret
from accounts.links import invitation_link
from accounts.models import Invitation, User


def send(subject: str, text: str, html: str, to: list[str]) -> None:
    """Send one mail. Raises OSError when the mail server cannot be reached or refuses it."""
    mail = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, to)
    if html:
        mail.attach_alternative(html, "text/html")
    mail.send()


def send_invitation(invitation_id: str, token: str, language: str) -> None:
    """Mail the link of an invitation, unless it was accepted, revoked or renewed since.

    `language` is the inviter's; a person who has an account is written to in their own.
    """
    invitation = (
        Invitation.objects.select_related("organization", "project", "invited_by")
        .filter(pk=invitation_id, token_hash=hash_secret(token), accepted_at__isnull=True, revoked_at__isnull=True)
        .first()
    )
    if invitation is None:
        return
    known = User.objects.filter(email=invitation.email).values_list("language", flat=True).first()
    with translation.override(known or language):
        context = {"invitation": invitation, "link": invitation_link(token)}
        subject = " ".join(render_to_string("mail/invitation_subject.txt", context).split())
        text = render_to_string("mail/invitation.txt", context)
        html = render_to_string("mail/invitation.html", context)
        send(subject, text, html, [invitation.email])
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())
