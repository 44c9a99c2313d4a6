"""The organization: its name, members, invitations, projects and keys. What counts here is the role in it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.forms import InvitationForm, KeyForm, NameForm, refuse
from accounts.issuing import withdraw_key
from accounts.members import members_of_organization, remove_from_organization, set_organization_role
from accounts.organizations import update_organization
from accounts.roles import ROLE_LABELS, may
from accounts.views.keys import keys_context, revoked, try_to_issue
from accounts.views.members import (
    VERBS,
    find_pending,
    given_roles,
    invitations_context,
    read_role,
    try_to_invite,
)
from accounts.views.settings import SettingsPage
from common.errors import Conflict, Invalid


class OrganizationPage(SettingsPage):
    """The page and, by inheritance, what is sent to it: there the verbs ask for the role in the organization."""

    template = "accounts/organization.html"
    write_permission = "project:read"

    def page(self, *, part: str | None = None, status: int = 200, **more: Any) -> HttpResponse:
        by = self.organization_actor
        by.needs("members:manage")
        context = {
            "organization": self.organization,
            "name_form": NameForm({"name": self.organization.name}),
            "rows": members_of_organization(self.organization),
            "projects": self.organization.projects.order_by("name"),
            "roles": given_roles(by),
            "role_labels": ROLE_LABELS,
            "my_role": by.role,
            "may_own": may(by.role, "organization:manage"),
            **invitations_context(self.organization, None, by),
        }
        if context["may_own"]:
            context |= keys_context(self.organization)
        return self.render({**context, **more}, part=part, status=status)


class Organization(OrganizationPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page()

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """A new name."""
        form = NameForm(request.POST)
        if form.is_valid():
            try:
                update_organization(self.organization, self.organization_actor, name=form.cleaned_data["name"])
            except Invalid as error:
                refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("settings_organization")
        return self.page(name_form=form, status=422)


class OrganizationMemberRole(OrganizationPage):
    def post(self, request: HttpRequest, user_id: str) -> HttpResponseBase:
        try:
            set_organization_role(
                self.organization, user_id, read_role(request.POST.get("role", "")), self.organization_actor
            )
        except (Invalid, Conflict) as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("Saved."))
        return redirect("settings_organization")


class OrganizationMemberRemoval(OrganizationPage):
    def post(self, request: HttpRequest, user_id: str) -> HttpResponseBase:
        try:
            user = remove_from_organization(self.organization, user_id, self.organization_actor)
        except Conflict as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("%(email)s is not a member any more.") % {"email": user.email})
        return redirect("settings_organization")


class OrganizationInvitations(OrganizationPage):
    """Inviting somebody to the whole organization."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST, roles=given_roles(self.organization_actor))
        made = try_to_invite(self.organization, None, form, self.organization_actor)
        if made is None:
            return self.page(part="invitations", status=422, invitation_form=form)
        return self.page(part="invitations", invited=made)


class OrganizationPendingInvitation(OrganizationPage):
    def post(self, request: HttpRequest, invitation_id: str, verb: str) -> HttpResponse:
        invitation = find_pending(self.organization, None, invitation_id)
        if verb == "revoke":
            invitations.revoke(invitation, self.organization_actor)
            return self.page(part="invitations")
        return self.page(part="invitations", invited=VERBS[verb](invitation, self.organization_actor))


class OrganizationKeys(OrganizationPage):
    def post(self, request: HttpRequest) -> HttpResponse:
        form = KeyForm(request.POST)
        made = try_to_issue(self.organization, form, self.organization_actor)
        return self.page(
            part="keys",
            status=200 if made else 422,
            **keys_context(self.organization, None if made else form, made),
        )


class OrganizationKeyRevocation(OrganizationPage):
    def post(self, request: HttpRequest, key_id: str) -> HttpResponseBase:
        withdraw_key(self.organization, key_id, self.organization_actor)
        messages.success(request, revoked())
        return redirect("settings_organization")
