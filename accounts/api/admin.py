"""`/api/admin/organizations`: all organizations of a self-hosted instance, for whoever holds PROMPTLAB_ADMIN_API_KEY.

The contract is the official server's admin API, which makes what everything else starts from: an organization and a
first key of it.
"""

from typing import Any

from django.db.models import Prefetch
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.acting import Actor
from accounts.admin_key import NAME, AdminKeyAuthentication
from accounts.api import shapes
from accounts.issuing import issue_key, withdraw_key
from accounts.models import Organization, Project
from accounts.organizations import delete_organization, found_organization, update_organization
from accounts.roles import Role
from common.api.fields import WireStruct, convert
from common.api.views import PublicView
from common.errors import NotFound


class OrganizationBody(WireStruct, frozen=True):
    name: str
    metadata: dict[str, Any] | None = None


class NoteBody(WireStruct, frozen=True):
    note: str | None = None


class AdminView(PublicView):
    """Base of the routes of the instance, whose key acts with the strength of an OWNER."""

    scope = "instance"
    authentication_classes = (AdminKeyAuthentication,)
    by = Actor(Role.OWNER, api_key=NAME)


class Organizations(AdminView):
    def get(self, request: Request) -> Response:
        rows = _with_projects().order_by("created_at", "pk")
        return Response({"organizations": [_organization(row) for row in rows]})

    def post(self, request: Request) -> Response:
        body = convert(request.data, OrganizationBody)
        made = found_organization(body.name, self.by, body.metadata)
        return Response(_organization(_find(made.pk)))


class OneOrganization(AdminView):
    def get(self, request: Request, organization_id: str) -> Response:
        return Response(_organization(_find(organization_id)))

    def put(self, request: Request, organization_id: str) -> Response:
        body = convert(request.data, OrganizationBody)
        organization = _find(organization_id)
        update_organization(organization, self.by, name=body.name, metadata=body.metadata)
        return Response(_organization(organization))

    def delete(self, request: Request, organization_id: str) -> Response:
        delete_organization(_find(organization_id), self.by)
        return Response({"success": True})


class OrganizationKeys(AdminView):
    def get(self, request: Request, organization_id: str) -> Response:
        return Response(shapes.keys(_find(organization_id)))

    def post(self, request: Request, organization_id: str) -> Response:
        body = convert(request.data, NoteBody)
        return Response(shapes.new_key(issue_key(_find(organization_id), self.by, note=body.note or "")))


class OrganizationKey(AdminView):
    def delete(self, request: Request, organization_id: str, key_id: str) -> Response:
        withdraw_key(_find(organization_id), key_id, self.by)
        return Response({"success": True})


def _with_projects() -> Any:
    projects = Prefetch("projects", Project.objects.order_by("created_at"))
    return Organization.objects.prefetch_related(projects)


def _find(organization_id: str) -> Organization:
    found: Organization | None = None
    if "\0" not in organization_id:
        found = _with_projects().filter(pk=organization_id).first()
    if found is None:
        raise NotFound(f"There is no organization {organization_id}.")
    return found


def _organization(row: Organization) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "createdAt": row.created_at,
        "metadata": row.metadata,
        "projects": [shapes.organization_project(project) for project in row.projects.all()],
    }
