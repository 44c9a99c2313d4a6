"""Members of a project, and invitations to it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.acting import Actor
from accounts.forms import InvitationForm, refuse
from accounts.members import members_of_project, set_project_role
from accounts.models import Invitation, Organization, Project
from accounts.roles import ROLE_LABELS, Role
from accounts.views.settings import SettingsPage
from common.errors import Conflict, Invalid

VERBS = {"resend": invitations.resend, "link": invitations.renew_link}


def given_roles(by: Actor) -> list[Role]:
    """The roles that this actor may give."""
    return [role for role in Role if by.may_give(role)]


def invitations_context(
    organization: Organization,
    project: Project | None,
    by: Actor,
    form: InvitationForm | None = None,
    made: invitations.NewLink | None = None,
) -> dict[str, Any]:
    """What `accounts/parts/invitations.html` shows."""
    address = "settings_invitations" if project else "settings_organization_invitations"
    return {
        "invitations": invitations.pending(organization, project).select_related("invited_by"),
        "invitation_form": form or InvitationForm(roles=given_roles(by)),
        "invited": made,
        "invitations_address": reverse(address),
        "role_labels": ROLE_LABELS,
    }


def try_to_invite(
    organization: Organization, project: Project | None, form: InvitationForm, by: Actor
) -> invitations.NewLink | None:
    """The invitation's link, or None with the reason in the form."""
    if not form.is_valid():
        return None
    try:
        return invitations.invite(
            organization, project, form.cleaned_data["email"], Role(form.cleaned_data["role"]), by
        )
    except (Invalid, Conflict) as error:
        refuse(form, error)
        return None


def find_pending(organization: Organization, project: Project | None, invitation_id: str) -> Invitation:
    """A pending invitation to this very place, or 404."""
    found = invitations.pending(organization, project).filter(pk=invitation_id).first()
    if found is None:
        raise Http404("There is no such invitation.")
    return found


def read_role(text: str) -> Role:
    """A role out of a form's choice. Raises Invalid."""
    try:
        return Role(text)
    except ValueError:
        raise Invalid(_("Choose one of the roles."), "role") from None


class Members(SettingsPage):
    template = "accounts/members.html"
    part = "invitations"
    permission = "members:read"
    write_permission = "members:manage"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page()

    def page(
        self, form: InvitationForm | None = None, made: invitations.NewLink | None = None, status: int = 200
    ) -> HttpResponse:
        """The whole page, or its part about invitations."""
        context: dict[str, Any] = {
            "rows": members_of_project(self.project),
            "roles": given_roles(self.actor),
            "role_labels": ROLE_LABELS,
            "my_role": self.actor.role,
            "may_write": self.may("members:manage"),
        }
        if context["may_write"]:
            context |= invitations_context(self.organization, self.project, self.actor, form, made)
        return self.render(context, status=status)


class MemberRole(SettingsPage):
    """A member's role in this project; an empty choice takes it back."""

    permission = write_permission = "members:manage"

    def post(self, request: HttpRequest, user_id: str) -> HttpResponseBase:
        try:
            role = read_role(request.POST["role"]) if request.POST.get("role") else None
            set_project_role(self.project, user_id, role, self.actor)
        except (Invalid, Conflict) as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("Saved."))
        return redirect("settings_members")


class Invitations(Members):
    """Inviting somebody to this project."""

    permission = "members:manage"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST, roles=given_roles(self.actor))
        made = try_to_invite(self.organization, self.project, form, self.actor)
        return self.page(None if made else form, made, status=200 if made else 422)

    def get(self, request: HttpRequest) -> HttpResponseBase:  # type: ignore[override]
        """After a reload of the answer to a POST, or of its copied address."""
        return redirect("settings_members")


class PendingInvitation(Members):
    """What can be done with an invitation: resend, link, revoke."""

    permission = "members:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, invitation_id: str, verb: str) -> HttpResponse:
        invitation = find_pending(self.organization, self.project, invitation_id)
        if verb == "revoke":
            invitations.revoke(invitation, self.actor)
            return self.page()
        return self.page(made=VERBS[verb](invitation, self.actor))
