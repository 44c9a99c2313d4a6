"""Single sign-on by environment: which allauth providers are on, and with which credentials.

A provider is on when its client id is set: `PROMPTLAB_SSO_GOOGLE_CLIENT_ID`/`_CLIENT_SECRET`, `…_GITHUB_…`,
`…_GITLAB_…` (with `_URL` for an own server), and `PROMPTLAB_SSO_OIDC_CLIENT_ID/_CLIENT_SECRET/_ISSUER/_NAME`
for any OpenID Connect server (Keycloak, Authentik, Entra…).
"""

from typing import Any

from promptlab import env

PROVIDER_APPS = [
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.gitlab",
]


def _app(kind: str) -> dict[str, Any] | None:
    client_id = env.text(f"PROMPTLAB_SSO_{kind}_CLIENT_ID")
    if not client_id:
        return None
    secret = env.required(f"PROMPTLAB_SSO_{kind}_CLIENT_SECRET", f"PROMPTLAB_SSO_{kind}_CLIENT_ID is set, so its secret is needed.")
    return {"client_id": client_id, "secret": secret}


def providers() -> dict[str, dict[str, Any]]:
    """allauth's SOCIALACCOUNT_PROVIDERS for what the environment names."""
    found: dict[str, dict[str, Any]] = {}
    if google := _app("GOOGLE"):
        found["google"] = {"APPS": [google], "SCOPE": ["profile", "email"], "EMAIL_AUTHENTICATION": True}
    if github := _app("GITHUB"):
        found["github"] = {"APPS": [github], "SCOPE": ["user:email"], "EMAIL_AUTHENTICATION": True}
    if gitlab := _app("GITLAB"):
        gitlab["settings"] = {"gitlab_url": env.text("PROMPTLAB_SSO_GITLAB_URL", "https://gitlab.com")}
        found["gitlab"] = {"APPS": [gitlab], "SCOPE": ["read_user"], "EMAIL_AUTHENTICATION": True}
    if oidc := _app("OIDC"):
        issuer = env.required("PROMPTLAB_SSO_OIDC_ISSUER", "It is the address of the OpenID Connect server.")
        name = env.text("PROMPTLAB_SSO_OIDC_NAME", "SSO")
        oidc |= {"provider_id": "oidc", "name": name, "settings": {"server_url": issuer}}
        found["openid_connect"] = {"APPS": [oidc], "EMAIL_AUTHENTICATION": True}
    return found
