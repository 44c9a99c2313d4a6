"""One signed-in person with one connection."""

import http.client
import re
import sys
from urllib.parse import urlencode

from benchmarks import house


class Browser:
    """Reads pages of the benchmark's project."""

    def __init__(self, ours: house.House) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", ours.port)
        self.cookies: dict[str, str] = {}
        page = self._read("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {"login": house.EMAIL, "password": house.PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""}
        status, _ = self._send("POST", "/accounts/login/", urlencode(form))
        if status != 302:
            sys.exit(f"Signing in was answered with {status}.")

    def get(self, address: str) -> str:
        """A page of the project."""
        return self._read(f"/project/{house.PROJECT}/{address}")

    def _read(self, address: str) -> str:
        status, page = self._send("GET", address)
        if status != 200:
            sys.exit(f"{address} was answered with {status}.")
        return page

    def _send(self, method: str, address: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, address, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # idle for too long
            self.connection.close()
            self.connection.request(method, address, body, headers)
            response = self.connection.getresponse()
        for line in response.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.read().decode()
