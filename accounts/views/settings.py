"""Settings of a project: what all of them have in common, and the general ones."""

from functools import cached_property

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.acting import Actor
from accounts.forms import DeleteProjectForm, ProjectForm, refuse
from accounts.memberships import role_in_organization
from accounts.models import Organization, Project, User
from accounts.projects import delete_project, update_project
from common.errors import Conflict, Invalid
from common.pages import Page


class SettingsPage(Page):
    """A page of the settings, with who acts."""

    section = "settings"

    @property
    def user(self) -> User:
        return self.request.user  # type: ignore[return-value]

    @property
    def project(self) -> Project:
        return self.request.project  # type: ignore[attr-defined,no-any-return]

    @property
    def organization(self) -> Organization:
        return self.project.organization

    @cached_property
    def actor(self) -> Actor:
        """The person with the role that counts in this project."""
        return Actor(self.request.member.role, self.user)  # type: ignore[attr-defined]

    @cached_property
    def organization_actor(self) -> Actor:
        """The person with the role that they have in the organization."""
        return Actor(role_in_organization(self.user, self.organization), self.user)


class General(SettingsPage):
    template = "accounts/general.html"
    write_permission = "project:manage"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(ProjectForm({"name": self.project.name, "retention": self.project.retention_days}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ProjectForm(request.POST)
        if form.is_valid():
            values = form.cleaned_data
            name = self.project.name
            try:
                update_project(self.project, self.actor, name=values["name"], retention_days=values["retention"])
            except (Invalid, Conflict) as error:
                refuse(form, error)
                self.project.name = name  # the shell shows the project as it is
            else:
                messages.success(request, _("Saved."))
                return redirect("settings")
        return self._page(form, status=422)

    def _page(self, form: ProjectForm, status: int = 200) -> HttpResponse:
        return self.render(
            {
                "form": form,
                "delete_form": DeleteProjectForm(name=self.project.name),
                "may_write": self.may("project:manage"),
                "may_delete": self.may("project:delete"),
            },
            status=status,
        )


class Delete(SettingsPage):
    """Deleting the project, confirmed by its name."""

    template = "accounts/general.html"
    permission = write_permission = "project:delete"

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = DeleteProjectForm(request.POST, name=self.project.name)
        if form.is_valid():
            delete_project(self.project, self.actor)
            messages.success(request, _("The project %(name)s is deleted.") % {"name": self.project.name})
            return redirect("/projects")
        context = {
            "form": ProjectForm({"name": self.project.name, "retention": self.project.retention_days}),
            "delete_form": form,
            "may_write": True,
            "may_delete": True,
        }
        return self.render(context, status=422)
