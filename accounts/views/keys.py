"""API keys: made (the secret is in that one answer and nowhere else), listed, revoked."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.forms import KeyForm, refuse
from accounts.issuing import issue_key, withdraw_key
from accounts.keys import NewKey
from accounts.models import Organization, Project
from accounts.views.settings import SettingsPage
from common.errors import Invalid


def keys_context(
    owner: Project | Organization, form: KeyForm | None = None, made: NewKey | None = None
) -> dict[str, Any]:
    """What `accounts/parts/keys.html` shows."""
    if isinstance(owner, Project):
        address, no_keys = "settings_keys", _("No keys yet. SDKs need one to send traces and to fetch prompts.")
    else:
        address, no_keys = "settings_organization_keys", _("No keys yet.")
    return {
        "no_keys": no_keys,
        "keys": owner.api_keys.select_related("created_by").order_by("-created_at"),
        "key_form": form or KeyForm(),
        "made": made,
        "environment": environment(made) if made else "",
        "keys_address": reverse(address),
    }


def environment(made: NewKey) -> str:
    """Lines ready to paste into a shell or a .env file."""
    return "\n".join(
        (
            f"LANGFUSE_PUBLIC_KEY={made.key.public_key}",
            f"LANGFUSE_SECRET_KEY={made.secret}",
            f"LANGFUSE_HOST={settings.PUBLIC_URL}",
        )
    )


def try_to_issue(owner: Project | Organization, form: KeyForm, by: Actor) -> NewKey | None:
    """The new key, or None with the reason in the form."""
    if not form.is_valid():
        return None
    try:
        return issue_key(owner, by, note=form.cleaned_data["note"])
    except Invalid as error:
        refuse(form, error)
        return None


def revoked() -> str:
    return _("The key is revoked. Requests that carry it are refused from now on.")


class Keys(SettingsPage):
    """The project's keys."""

    template = "accounts/keys.html"
    part = "keys"
    permission = write_permission = "keys:manage"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(keys_context(self.project))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = KeyForm(request.POST)
        made = try_to_issue(self.project, form, self.actor)
        return self.render(keys_context(self.project, None if made else form, made), status=200 if made else 422)


class KeyRevocation(SettingsPage):
    permission = write_permission = "keys:manage"

    def post(self, request: HttpRequest, key_id: str) -> HttpResponseBase:
        withdraw_key(self.project, key_id, self.actor)
        messages.success(request, revoked())
        return redirect("settings_keys")
