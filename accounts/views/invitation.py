"""The page behind an invitation's link: sign up, sign in, or join."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.account.internal.flows.signup import complete_signup
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import invitations
from accounts.models import Invitation, User
from accounts.roles import ROLE_LABELS, Role
from common.errors import Conflict, Denied, DomainError, NotFound

STATUS = {NotFound: 404, Conflict: 410, Denied: 403}


class InvitedForm(SignupForm):
    """Sign-up with the invited address, which is not the person's to change."""

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].initial = email
        self.fields["email"].disabled = True


@method_decorator([never_cache, sensitive_post_parameters(), rate_limit(action="signup")], name="dispatch")
class InvitationPage(View):
    """For everybody who has the link. What it opens, and for whom, is `accounts.invitations`' business."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            context = {"refusal": error.message}
            return render(request, "accounts/invitation.html", context, status=STATUS.get(type(error), 400))

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        if done := invitations.accepted_by(request.user, token):
            return redirect(_target(done))  # single sign-on has accepted it already, and leads back here
        invitation = invitations.find(token)
        return self._page(invitation, InvitedForm(email=invitation.email))

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        invitation = invitations.find(token)
        if isinstance(request.user, User):
            invitations.accept(invitation, request.user)
            return redirect(_target(invitation))
        form = InvitedForm(request.POST, email=invitation.email)
        if _has_account(invitation) or not form.is_valid():
            return self._page(invitation, form, status=422)
        return self._sign_up(invitation, form)

    def _sign_up(self, invitation: Invitation, form: InvitedForm) -> HttpResponseBase:
        """A new account, a member at once; signed in, unless the address has to be proven by a mail first."""
        with transaction.atomic():
            if not invitation.shown and settings.MAIL_CONFIGURED:  # then only a mail can have brought the link
                get_adapter().stash_verified_email(self.request, invitation.email)
            user, response = form.try_save(self.request)
            if user:
                invitations.accept(invitation, user)
        answer: HttpResponseBase
        try:
            answer = response or complete_signup(self.request, user=user, redirect_url=_target(invitation))
        except ImmediateHttpResponse as error:
            answer = error.response
        return answer

    def _page(self, invitation: Invitation, form: InvitedForm, status: int = 200) -> HttpResponse:
        user = self.request.user
        context = {
            "invitation": invitation,
            "role": ROLE_LABELS[Role(invitation.role)],
            "form": form,
            "is_mine": isinstance(user, User) and user.email.lower() == invitation.email,
            "has_account": _has_account(invitation),
        }
        return render(self.request, "accounts/invitation.html", context, status=status)


def _has_account(invitation: Invitation) -> bool:
    return User.objects.filter(email__iexact=invitation.email).exists()


def _target(invitation: Invitation) -> str:
    return f"/project/{invitation.project_id}/" if invitation.project_id else "/projects"
