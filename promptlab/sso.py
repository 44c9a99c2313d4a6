"""Single sign-on by environment: which providers are on, and with which credentials.

A provider is on when its client id is set; `<KIND>` is OIDC (any OpenID Connect server: Keycloak, Authentik, Entra…),
GITLAB, GOOGLE or GITHUB:

- `PROMPTLAB_SSO_<KIND>_CLIENT_ID`, `PROMPTLAB_SSO_<KIND>_CLIENT_SECRET`
- `PROMPTLAB_SSO_OIDC_ISSUER` (for Keycloak `https://host/realms/name`), `PROMPTLAB_SSO_OIDC_NAME` (on the button)
- `PROMPTLAB_SSO_GITLAB_URL` for an own GitLab

The redirect address to register with the provider is `<PROMPTLAB_URL>/accounts/oidc/oidc/login/callback/` (OIDC),
`…/accounts/oidc/gitlab/login/callback/`, `…/accounts/google/login/callback/`, `…/accounts/github/login/callback/`.
"""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from promptlab import env

PROVIDER_APPS = [
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
]


def providers() -> dict[str, dict[str, Any]]:
    """allauth's SOCIALACCOUNT_PROVIDERS for what the environment names."""
    found: dict[str, dict[str, Any]] = {}
    if google := _app("GOOGLE"):
        found["google"] = {"APPS": [google], "SCOPE": ["profile", "email"], "OAUTH_PKCE_ENABLED": True}
    if github := _app("GITHUB"):
        found["github"] = {"APPS": [github], "SCOPE": ["read:user", "user:email"]}
    connect = []
    if oidc := _app("OIDC"):
        issuer = env.required("PROMPTLAB_SSO_OIDC_ISSUER", "It is the address of the OpenID Connect server.")
        connect.append(oidc | _connect("oidc", env.text("PROMPTLAB_SSO_OIDC_NAME", "SSO"), issuer, "OIDC_ISSUER"))
    if gitlab := _app("GITLAB"):  # by OpenID Connect too: only there it says whether it has verified an address
        url = env.text("PROMPTLAB_SSO_GITLAB_URL", "https://gitlab.com")
        connect.append(gitlab | _connect("gitlab", "GitLab", url, "GITLAB_URL"))
    if connect:
        found["openid_connect"] = {"APPS": connect, "OAUTH_PKCE_ENABLED": True}
    return found


def form_targets(found: dict[str, dict[str, Any]]) -> list[str]:
    """Where the sign-in form may lead besides https: providers that a closed network reaches by plain http."""
    addresses = (app["settings"]["server_url"] for app in found.get("openid_connect", {}).get("APPS", []))
    return [f"http://{urlsplit(address).netloc}" for address in addresses if address.startswith("http://")]


def _app(kind: str) -> dict[str, Any] | None:
    client_id = env.text(f"PROMPTLAB_SSO_{kind}_CLIENT_ID")
    if not client_id:
        return None
    why = f"PROMPTLAB_SSO_{kind}_CLIENT_ID is set, so its secret is needed."
    return {"client_id": client_id, "secret": env.required(f"PROMPTLAB_SSO_{kind}_CLIENT_SECRET", why)}


def _connect(provider_id: str, name: str, address: str, variable: str) -> dict[str, Any]:
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
        raise ImproperlyConfigured(f"PROMPTLAB_SSO_{variable} is {address!r}: give a whole address, e.g. https://host.")
    settings = {"server_url": address.rstrip("/"), "oauth_pkce_enabled": True}
    return {"provider_id": provider_id, "name": name, "settings": settings}
