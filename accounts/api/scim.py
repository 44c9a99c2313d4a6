"""`/scim/…` (openapi.yml: SCIM; RFC 7643 and 7644): what identity providers such as Okta and Entra speak.

Beyond the contract's operations there are PUT and PATCH, by which providers deactivate people. Refusals have SCIM's own
shape. Deleting answers 200 with an empty object, as the contract says and as its clients need.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import scim
from accounts.api.views import OrganizationView
from accounts.models import Membership, User
from accounts.roles import Role
from common.api.errors import exception_handler
from common.api.fields import WireStruct, convert
from common.api.pagination import whole
from common.api.rendering import moment
from common.errors import Invalid

MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
USER = f"{CORE}User"
ROOT = "/api/public/scim"
NO_ROLE = "NONE"
# RFC 7644, section 3.12: why a request is refused, where there is a word for it.
SCIM_TYPES = {409: "uniqueness"}
TRUTHS = {"true": True, "false": False}


class NameBody(WireStruct, frozen=True):
    formatted: str | None = None
    given_name: str | None = None
    family_name: str | None = None

    @property
    def whole(self) -> str:
        """Providers send the parts, the whole, or both."""
        return self.formatted or " ".join(filter(None, (self.given_name, self.family_name)))


class UserBody(WireStruct, frozen=True):
    """Body of `POST /scim/Users`. A password may come with it and is ignored."""

    user_name: str
    name: NameBody | None = None
    display_name: str | None = None
    roles: list[Any] | None = None


class ChangeBody(WireStruct, frozen=True):
    """Body of `PUT /scim/Users/{id}`: of the whole user, what an organization decides."""

    active: bool | None = None
    roles: list[Any] | None = None


class OperationBody(WireStruct, frozen=True):
    op: str
    path: str | None = None
    value: Any = None


class PatchBody(WireStruct, frozen=True, rename={"operations": "Operations"}):
    operations: list[OperationBody]


class ScimView(OrganizationView):
    def get_exception_handler(self) -> Callable[..., Response | None]:
        return refusal


class ServiceProviderConfig(ScimView):
    def get(self, request: Request) -> Response:
        return Response(SERVICE_PROVIDER_CONFIG)


class ResourceTypes(ScimView):
    def get(self, request: Request) -> Response:
        return Response(_list([USER_TYPE]))


class Schemas(ScimView):
    def get(self, request: Request) -> Response:
        return Response(_list([USER_SCHEMA]))


class Users(ScimView):
    def get(self, request: Request) -> Response:
        params = request.query_params
        page = scim.members(
            self.organization,
            params.get("filter", ""),
            whole(params, "startIndex", 1, -(2**31), 2**31 - 1),
            whole(params, "count", scim.MOST, 0, 2**31 - 1),
        )
        rows = [_user(member) for member in page.members]
        return Response(
            {
                "schemas": [f"{MESSAGES}ListResponse"],
                "totalResults": page.total,
                "startIndex": page.start,
                "itemsPerPage": len(rows),
                "Resources": rows,
            }
        )

    def post(self, request: Request) -> Response:
        body = convert(request.data, UserBody)
        name = (body.name.whole if body.name else "") or body.display_name or ""
        roles = _roles(body.roles or [])
        made = scim.provision(self.organization, body.user_name, name, roles[0] if roles else None, self.actor)
        return Response(_user(made), status=201)


class OneUser(ScimView):
    def get(self, request: Request, user_id: str) -> Response:
        return Response(_user(scim.member(self.organization, user_id)))

    def put(self, request: Request, user_id: str) -> Response:
        body = convert(request.data, ChangeBody)
        return self._change(user_id, body.active, _roles(body.roles or []))

    def patch(self, request: Request, user_id: str) -> Response:
        active, roles = _patched(convert(request.data, PatchBody).operations)
        return self._change(user_id, active, roles)

    def delete(self, request: Request, user_id: str) -> Response:
        scim.deprovision(self.organization, user_id, self.actor)
        return Response({})

    def _change(self, user_id: str, active: bool | None, roles: Sequence[Role | None]) -> Response:
        left = scim.member(self.organization, user_id) if active is False else None
        changed = scim.change(self.organization, user_id, self.actor, active=active, roles=roles)
        if changed is None:
            return Response(_user(left, active=False))  # type: ignore[arg-type]
        return Response(_user(changed))


def refusal(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Every refusal as RFC 7644, section 3.12, has it; `status` is a number, as the contract's server sends it."""
    answer = exception_handler(error, context)
    if answer is None:
        return None
    detail = answer.data["message"]
    if isinstance(answer.data["error"], list):
        detail = " ".join(issue["message"] for issue in answer.data["error"])
    body = {"schemas": [f"{MESSAGES}Error"], "detail": detail, "status": answer.status_code}
    kind = SCIM_TYPES.get(answer.status_code)
    if isinstance(error, Invalid):
        kind = "invalidFilter" if error.field == "filter" else "invalidValue"
    answer.data = body | ({"scimType": kind} if kind else {})
    return answer


def _roles(given: Sequence[Any]) -> list[Role | None]:
    """Names, or SCIM's objects with one in `value`; the first counts."""
    return [_role(one.get("value") if isinstance(one, dict) else one) for one in given]


def _role(name: Any) -> Role | None:
    if name == NO_ROLE:
        return None
    try:
        return Role(name)
    except ValueError:
        known = ", ".join((*Role, NO_ROLE))
        raise Invalid(f"roles must be of {known}.", "roles") from None


def _patched(operations: Sequence[OperationBody]) -> tuple[bool | None, Sequence[Role | None]]:
    """What the operations say of `active` and `roles`; later ones win. Raises Invalid for what cannot be changed."""
    said: dict[str, Any] = {}
    for one in operations:
        values = {one.path: one.value} if one.path else one.value
        if one.op.lower() not in ("replace", "add") or not isinstance(values, dict) or not values.keys() <= _CHANGEABLE:
            raise Invalid("Only active and roles can be replaced.", "Operations")
        said |= values
    roles = said.get("roles", [])
    return _truth(said.get("active")), _roles(roles if isinstance(roles, list) else [roles])


_CHANGEABLE = frozenset({"active", "roles"})


def _truth(value: Any) -> bool | None:
    """A boolean, which Entra sends as text."""
    if isinstance(value, str):
        value = TRUTHS.get(value.lower(), value)
    if value is not None and not isinstance(value, bool):
        raise Invalid("active must be true or false.", "active")
    return value


def _user(member: Membership, active: bool = True) -> dict[str, Any]:
    user: User = member.user
    return {
        "schemas": [USER],
        "id": user.pk,
        "userName": user.email,
        "name": {"formatted": user.name},
        "emails": [{"primary": True, "value": user.email, "type": "work"}],
        "active": active and user.is_active,
        "roles": [member.role or NO_ROLE],
        "meta": {
            "resourceType": "User",
            "created": moment(user.date_joined),
            "lastModified": moment(member.updated_at),
            "location": f"{ROOT}/Users/{user.pk}",
        },
    }


def _list(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schemas": [f"{MESSAGES}ListResponse"], "totalResults": len(rows), "Resources": rows}


# --- What the service is (RFC 7643, sections 5 to 7) --------------------------------------------------------


def _attribute(name: str, kind: str, description: str, **more: Any) -> dict[str, Any]:
    usual = {
        "multiValued": False,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    case = {"caseExact": False} if kind == "string" else {}
    return {"name": name, "type": kind, "description": description, **usual, **case, **more}


SERVICE_PROVIDER_CONFIG = {
    "schemas": [f"{CORE}ServiceProviderConfig"],
    "documentationUri": "https://datatracker.ietf.org/doc/html/rfc7644",
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": scim.MOST},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": False},
    "authenticationSchemes": [
        {
            "name": "HTTP Basic",
            "description": "The organization's public key as the name, its secret key as the password",
            "specUri": "https://datatracker.ietf.org/doc/html/rfc7617",
            "type": "httpbasic",
            "primary": True,
        }
    ],
    "meta": {"resourceType": "ServiceProviderConfig", "location": f"{ROOT}/ServiceProviderConfig"},
}
USER_TYPE = {
    "schemas": [f"{CORE}ResourceType"],
    "id": "User",
    "name": "User",
    "endpoint": "/Users",
    "description": "Members of the organization",
    "schema": USER,
    "schemaExtensions": [],
    "meta": {"resourceType": "ResourceType", "location": f"{ROOT}/ResourceTypes/User"},
}
USER_SCHEMA = {
    "id": USER,
    "name": "User",
    "description": "A member of the organization",
    "attributes": [
        _attribute(
            "id", "string", "Who it is", caseExact=True, mutability="readOnly", returned="always", uniqueness="server"
        ),
        _attribute("userName", "string", "The e-mail address", required=True, returned="always", uniqueness="server"),
        _attribute(
            "name", "complex", "The person's name", subAttributes=[_attribute("formatted", "string", "The whole name")]
        ),
        _attribute(
            "emails",
            "complex",
            "The e-mail address again",
            multiValued=True,
            mutability="readOnly",
            subAttributes=[
                _attribute("value", "string", "The address"),
                _attribute("primary", "boolean", "Whether it is the main one"),
                _attribute("type", "string", "Always work"),
            ],
        ),
        _attribute("active", "boolean", "Whether the person is a member and may sign in"),
        _attribute(
            "roles",
            "string",
            "The role in the organization; of several the first",
            multiValued=True,
            canonicalValues=[*Role, NO_ROLE],
        ),
    ],
    "meta": {"resourceType": "Schema", "location": f"{ROOT}/Schemas/{USER}"},
}
