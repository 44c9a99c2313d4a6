"""A small OpenID Connect provider, real enough for single sign-on: discovery, authorize, token, jwks, userinfo.

It speaks HTTP on a port of its own, checks what a provider has to check (client, secret, redirect address, PKCE, each
code once) and signs its tokens with a key that its jwks publishes. Who signs in is whoever the test puts into `user`.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "promptlab", "a secret between two servers"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """`user` holds the claims of the person at the keyboard; None refuses, as when they press Cancel."""

    url: str = ""
    user: dict[str, Any] | None = None
    redirects: set[str] = field(default_factory=set)  # the addresses that may be led back to
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def person(self, subject: str, email: str, *, verified: Any = True, name: str = "") -> None:
        self.user = {"sub": subject, "email": email, "email_verified": verified, "name": name}

    # --- What it answers: (status, body or address) --------------------------------------------------------

    def discovery(self) -> dict[str, Any]:
        names = ("authorization", "token", "userinfo")
        paths = {f"{name}_endpoint": f"{self.url}/{name}" for name in names}
        return {
            "issuer": self.url,
            **paths,
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }

    def jwks(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_KEY.public_key()))
        return {"keys": [key | {"kid": "1", "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """Where the browser goes back to, with a code; 400 for what must not be led anywhere."""
        if asked.get("client_id") != CLIENT_ID or asked.get("redirect_uri") not in self.redirects:
            return 400, self._refuse(f"unknown client or redirect address: {asked.get('redirect_uri')}")
        answer = {"state": asked.get("state", "")}
        if self.user is None:
            return 302, f"{asked['redirect_uri']}?{urlencode(answer | {'error': 'access_denied'})}"
        if "openid" not in asked.get("scope", "").split() or asked.get("code_challenge_method") != "S256":
            return 302, f"{asked['redirect_uri']}?{urlencode(answer | {'error': 'invalid_request'})}"
        code = secrets.token_urlsafe()
        self.codes[code] = {"asked": asked, "user": dict(self.user)}
        return 302, f"{asked['redirect_uri']}?{urlencode(answer | {'code': code})}"

    def token(self, sent: dict[str, str], basic: tuple[str, str] | None) -> tuple[int, dict[str, Any]]:
        client = basic or (sent.get("client_id", ""), sent.get("client_secret", ""))
        grant = self.codes.pop(sent.get("code", ""), None)
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if client != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": self._refuse("invalid_client")}
        if grant is None or grant["asked"]["redirect_uri"] != sent.get("redirect_uri"):
            return 400, {"error": self._refuse("invalid_grant")}
        if grant["asked"].get("code_challenge") != challenge:
            return 400, {"error": self._refuse("wrong code_verifier")}
        access = secrets.token_urlsafe()
        self.tokens[access] = grant["user"]
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **grant["user"]}
        id_token = jwt.encode(claims, _KEY, algorithm="RS256", headers={"kid": "1"})
        return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": id_token}

    def userinfo(self, bearer: str) -> tuple[int, dict[str, Any]]:
        user = self.tokens.get(bearer)
        return (200, user) if user else (401, {"error": self._refuse("invalid_token")})

    def _refuse(self, reason: str) -> str:
        self.refusals.append(reason)
        return reason


@contextmanager
def running() -> Iterator[Provider]:
    """The provider behind a port."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/.well-known/openid-configuration":
                self._json(200, provider.discovery())
            elif parts.path == "/jwks":
                self._json(200, provider.jwks())
            elif parts.path == "/userinfo":
                self._json(*provider.userinfo(self.headers.get("Authorization", "").removeprefix("Bearer ")))
            elif parts.path == "/authorization":
                status, where = provider.authorize(_flat(parts.query))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", where)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._json(404, {})

        def do_POST(self) -> None:
            sent = _flat(self.rfile.read(int(self.headers["Content-Length"])).decode())
            scheme, _, pair = self.headers.get("Authorization", "").partition(" ")
            user, _, password = base64.b64decode(pair).decode().partition(":") if scheme == "Basic" else ("", "", "")
            self._json(*provider.token(sent, (user, password) if scheme == "Basic" else None))

        def _json(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
