"""Pages of a person, outside any project: choose a project, my account."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.acting import Actor
from accounts.forms import AccountForm, NameForm, refuse
from accounts.members import remove_from_organization
from accounts.memberships import (
    may_create_organizations,
    organizations_of,
    projects_of,
    role_in_organization,
)
from accounts.middleware import remember_language, remember_theme
from accounts.models import Organization, User
from accounts.organizations import create_organization
from accounts.projects import create_project
from accounts.roles import ROLE_LABELS, Role, may
from common.errors import Conflict, Denied, Invalid
from common.pages import PageView


class PersonalPage(PageView):
    """A page that shows nothing but what is the signed-in person's own."""

    template: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return super().dispatch(request, *args, **kwargs)

    @property
    def user(self) -> User:
        return self.request.user  # type: ignore[return-value]

    def render(self, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
        return render(self.request, self.template, dict(context), status=status)


# --- Choose a project --------------------------------------------------------------------------------


class Projects(PersonalPage):
    template = "accounts/projects.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page()

    def page(
        self, *, organization_form: NameForm | None = None, project_forms: Mapping[str, NameForm] | None = None
    ) -> HttpResponse:
        project_forms = project_forms or {}
        by_organization = {
            organization: list(projects)
            for organization, projects in groupby(projects_of(self.user), lambda project: project.organization_id)
        }
        roles = dict(self.user.memberships.values_list("organization", "role"))
        groups = []
        for organization in organizations_of(self.user):
            role = Role.OWNER if self.user.is_superuser else roles.get(organization.pk)
            groups.append(
                {
                    "organization": organization,
                    "projects": by_organization.get(organization.pk, []),
                    "role": ROLE_LABELS[Role(role)] if role else "",
                    "form": project_forms.get(organization.pk) or NameForm(prefix=organization.pk),
                    "may_create": may(role, "project:manage"),
                    "open": organization.pk in project_forms,
                }
            )
        context = {
            "groups": groups,
            "waiting": invitations.waiting_for(self.user),
            "organization_form": organization_form or NameForm(),
            "organization_open": bool(organization_form),
            "may_create_organizations": may_create_organizations(self.user),
            "role_labels": ROLE_LABELS,
        }
        return self.render(context, status=422 if organization_form or project_forms else 200)


class Organizations(Projects):
    """Making an organization."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = NameForm(request.POST)
        if form.is_valid():
            try:
                create_organization(form.cleaned_data["name"], self.user)
            except (Invalid, Denied) as error:
                refuse(form, error)
            else:
                return redirect("/projects")
        return self.page(organization_form=form)


class OrganizationProjects(Projects):
    """Making a project."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, organization_id: str) -> HttpResponseBase:
        organization = get_object_or_404(organizations_of(self.user), pk=organization_id)
        form = NameForm(request.POST, prefix=organization.pk)
        if form.is_valid():
            by = Actor(role_in_organization(self.user, organization), self.user)
            try:
                project = create_project(organization, form.cleaned_data["name"], by)
            except (Invalid, Conflict, Denied) as error:
                refuse(form, error)
            else:
                return redirect(f"/project/{project.pk}/")
        return self.page(project_forms={organization.pk: form})


class Acceptance(PersonalPage):
    """Accepting an invitation that waits for this person's proven address."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, invitation_id: str) -> HttpResponseBase:
        invitation = invitations.waiting_for(self.user).filter(pk=invitation_id).first()
        if invitation is None:
            raise Http404("There is no such invitation.")
        invitations.accept(invitation, self.user)
        return redirect(f"/project/{invitation.project_id}/" if invitation.project_id else "/projects")


# --- My account --------------------------------------------------------------------------------------


class Account(PersonalPage):
    template = "accounts/account.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(AccountForm(instance=self.user))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = AccountForm(request.POST, instance=self.user)
        if not form.is_valid():
            return self.page(form, status=422)
        form.save()
        messages.success(request, _("Saved."))
        response = redirect("/account")
        remember_language(response, self.user.language)
        remember_theme(response, self.user.theme)
        return response

    def page(self, form: AccountForm, status: int = 200) -> HttpResponse:
        memberships = self.user.memberships.select_related("organization").order_by("organization__name")
        return self.render({"form": form, "memberships": memberships, "role_labels": ROLE_LABELS}, status=status)


class Leaving(PersonalPage):
    """Leaving an organization."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, organization_id: str) -> HttpResponseBase:
        organization = get_object_or_404(Organization, pk=organization_id, memberships__user=self.user)
        try:
            remove_from_organization(
                organization, self.user.pk, Actor(role_in_organization(self.user, organization), self.user)
            )
        except Conflict as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("You have left %(name)s.") % {"name": organization.name})
        return redirect("/account")
