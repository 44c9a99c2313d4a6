"""How a request to the public API says who it is (api.md, section 1).

`Authorization: Basic base64(public:secret)` opens a project or an organization; `Bearer <public key>` only scores.
"""

import base64
import binascii

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.keys import Scope, verify_pair, verify_public

CONFIRM_HOST = "Confirm that you've configured the correct host."


class ApiKeyAuthentication(BaseAuthentication):
    """Leaves the `Scope` in `request.auth`; `request.user` stays None: a program, not a person."""

    def authenticate(self, request: Request) -> tuple[None, Scope]:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, credentials = header.strip().partition(" ")
        match scheme.lower():
            case "basic":
                scope = verify_pair(*_basic(credentials))
            case "bearer":
                scope = verify_public(credentials.strip())
            case "":
                raise AuthenticationFailed(f"No authorization header. {CONFIRM_HOST}")
            case _:
                raise AuthenticationFailed(f"Invalid authorization header: use Basic or Bearer. {CONFIRM_HOST}")
        if scope is None:
            raise AuthenticationFailed(f"Invalid credentials. {CONFIRM_HOST}")
        return None, scope

    def authenticate_header(self, request: Request) -> str:
        return 'Basic realm="PromptLab"'


def _basic(credentials: str) -> tuple[str, str]:
    try:
        public_key, colon, secret = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        public_key = colon = secret = ""
    if not (public_key and colon and secret):
        raise AuthenticationFailed(
            f"Invalid authorization header: it must hold base64(public_key:secret_key). {CONFIRM_HOST}"
        )
    return public_key, secret
