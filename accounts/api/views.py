"""Routes about organizations, projects, members and keys. All but `GET /projects` need an organization's key."""

from functools import cached_property
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.acting import Actor
from accounts.api import shapes
from accounts.issuing import issue_key, withdraw_key
from accounts.members import (
    members_of_organization,
    members_of_project,
    remove_from_organization,
    set_organization_role,
    set_project_role,
)
from accounts.models import Organization, Project
from accounts.projects import create_project, delete_project, update_project
from accounts.roles import Role
from common.api.fields import convert
from common.api.views import PublicView
from common.errors import NotFound


class OrganizationView(PublicView):
    """Base of routes for an organization's key, which acts with the strength of an OWNER."""

    scope = "organization"

    @cached_property
    def actor(self) -> Actor:
        return Actor(Role.OWNER, api_key=self.request.auth.public_key)  # type: ignore[union-attr]

    @cached_property
    def organization(self) -> Organization:
        return Organization.objects.get(pk=self.request.auth.organization_id)  # type: ignore[union-attr]

    def project(self, project_id: str) -> Project:
        """One of the organization's projects. Raises NotFound."""
        found = None
        if "\0" not in project_id:
            projects = self.organization.projects.select_related("organization")
            found = projects.filter(pk=project_id).first()
        if found is None:
            raise NotFound(f"There is no project {project_id} in this organization.")
        return found


class Projects(OrganizationView):
    """`GET` is how every SDK checks its keys, and takes a project's key; `POST` makes a project."""

    @property
    def scope(self) -> str:  # type: ignore[override]
        return "project" if self.request.method in ("GET", "HEAD") else "organization"

    def get(self, request: Request) -> Response:
        project = Project.objects.select_related("organization").get(pk=self.project_id)
        return Response({"data": [shapes.project(project)]})

    def post(self, request: Request) -> Response:
        body = convert(request.data, shapes.ProjectBody)
        made = create_project(
            self.organization, body.name, self.actor, metadata=body.metadata, retention_days=body.retention
        )
        return Response(shapes.project(made))


class OneProject(OrganizationView):
    def put(self, request: Request, project_id: str) -> Response:
        body = convert(request.data, shapes.ProjectBody)
        changed = update_project(
            self.project(project_id),
            self.actor,
            name=body.name,
            metadata=body.metadata,
            retention_days=body.retention,
            keep_retention=body.retention is None,
        )
        return Response(shapes.project(changed))

    def delete(self, request: Request, project_id: str) -> Response:
        delete_project(self.project(project_id), self.actor)
        message = "The project is deleted; what was in it is being removed."
        return Response({"success": True, "message": message}, status=202)


class ProjectKeys(OrganizationView):
    def get(self, request: Request, project_id: str) -> Response:
        return Response(shapes.keys(self.project(project_id)))

    def post(self, request: Request, project_id: str) -> Response:
        body = convert(request.data, shapes.KeyBody)
        made = issue_key(
            self.project(project_id),
            self.actor,
            note=body.note or "",
            public_key=body.public_key or "",
            secret_key=body.secret_key or "",
        )
        return Response(shapes.new_key(made))


class ProjectKey(OrganizationView):
    def delete(self, request: Request, project_id: str, key_id: str) -> Response:
        withdraw_key(self.project(project_id), key_id, self.actor)
        return Response({"success": True})


class ProjectMemberships(OrganizationView):
    def get(self, request: Request, project_id: str) -> Response:
        rows = members_of_project(self.project(project_id))
        return Response({"memberships": [shapes.membership(row, row.role) for row in rows if row.role]})

    def put(self, request: Request, project_id: str) -> Response:
        body = convert(request.data, shapes.MembershipBody)
        row = set_project_role(self.project(project_id), body.user_id, body.role, self.actor)
        return Response(shapes.membership(row, body.role))

    def delete(self, request: Request, project_id: str) -> Response:
        body = convert(request.data, shapes.MembershipDeletionBody)
        set_project_role(self.project(project_id), body.user_id, None, self.actor)
        return Response(_removed(body.user_id))


class OrganizationMemberships(OrganizationView):
    def get(self, request: Request) -> Response:
        # Who has roles in single projects only stands in the lists of those projects.
        rows = members_of_organization(self.organization)
        told = [shapes.membership(row, row.organization_role) for row in rows if row.organization_role]
        return Response({"memberships": told})

    def put(self, request: Request) -> Response:
        body = convert(request.data, shapes.MembershipBody)
        row = set_organization_role(self.organization, body.user_id, body.role, self.actor)
        return Response(shapes.membership(row, body.role))

    def delete(self, request: Request) -> Response:
        body = convert(request.data, shapes.MembershipDeletionBody)
        remove_from_organization(self.organization, body.user_id, self.actor)
        return Response(_removed(body.user_id))


class OrganizationProjects(OrganizationView):
    def get(self, request: Request) -> Response:
        rows = self.organization.projects.order_by("created_at")
        return Response({"projects": [shapes.organization_project(row) for row in rows]})


class OrganizationKeys(OrganizationView):
    def get(self, request: Request) -> Response:
        return Response(shapes.keys(self.organization))


def _removed(user_id: str) -> dict[str, Any]:
    return {"message": "The membership is removed.", "userId": user_id}
