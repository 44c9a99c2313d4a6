"""Where allauth asks us: who may sign up, what a signed-in person sees first, how mails leave the house."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib.sites.requests import RequestSite
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from requests import RequestException, Response, Session

from accounts import invitations
from accounts.links import public
from accounts.middleware import remember_language
from accounts.models import User
from accounts.tasks import send_mail
from common import crypto
from common.queue import enqueue

log = logging.getLogger("promptlab.accounts")


class _PublicSite(RequestSite):
    """How mails call us: by our own name and address, not by what a Host header claims."""

    def __init__(self) -> None:
        self.name = "PromptLab"
        self.domain = settings.PUBLIC_URL


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """By invitation only, unless PROMPTLAB_SIGNUP=open; invited people come by `accounts.views.invitation`."""
        return settings.SIGNUP_OPEN

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """By a task: a slow or absent mail server must neither hold up nor break the page, nor tell who has an account.

        Links lead to PROMPTLAB_URL; a forged Host header must not turn a password reset into a present.
        """
        links = {name: public(value) for name, value in context.items() if name.endswith("_url")}
        mail = self.render_mail(
            template_prefix, email, {"email": email, **context, **links, "current_site": _PublicSite()}
        )
        if not enqueue(send_mail, mail.subject, mail.body, "", mail.to):
            try:
                mail.send()
            except OSError:
                log.exception("A mail to %s could not be sent", email)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By account alone: allauth's own key holds the Host header too, which whoever guesses may vary."""
        return str(credentials.get("email", "")).lower()

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post_login(request, user, **kwargs)
        if user.language:
            remember_language(response, user.language)
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Single sign-on. An address counts only when the provider says that it has verified it."""

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        given = " ".join(part for part in (data.get("first_name"), data.get("last_name")) if part)
        user.name = (data.get("name") or given or "")[:200]
        # Some providers send "false" as text, which is true enough for Python.
        for address in sociallogin.email_addresses:
            address.verified = address.verified in (True, "true")
        return user

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Open sign-up, or an invitation that waits for a verified address."""
        return settings.SIGNUP_OPEN or any(
            invitations.open_for(address.email).exists() for address in sociallogin.email_addresses if address.verified
        )

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """A person who comes in by single sign-on has proven the address, so their invitations are accepted at once."""
        user: User = super().save_user(request, sociallogin, form)
        for invitation in invitations.waiting_for(user):
            invitations.accept(invitation, user)
        return user

    def get_requests_session(self) -> Session:
        """A provider that is away, or is none at all, is a refused sign-in and not a crash."""
        session: Session = super().get_requests_session()
        session.request = partial(_ask, session.request)  # type: ignore[method-assign]
        return session


def _ask(request: Callable[..., Response], method: str, url: str, **kwargs: Any) -> Response:
    try:
        answer = request(method, url, **kwargs)
        answer.raise_for_status()
        if url.endswith("/openid-configuration"):
            answer.json()
    except RequestException as error:
        log.warning("The provider of single sign-on refuses or cannot be reached: %s", error)
        page = render(context.request, "socialaccount/authentication_error.html", status=503)
        raise ImmediateHttpResponse(page) from error
    return answer


class MFAAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors sealed."""

    def encrypt(self, text: str) -> str:
        return crypto.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.unseal(encrypted_text)
