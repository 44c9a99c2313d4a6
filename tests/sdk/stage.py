"""A whole PromptLab for SDK tests: the real web server on a free port, with a database of its own.

Slower to start than Django's live server, and worth it: SDKs meet the same granian, middleware and URLs as in
production, and what they told stays there for all tests that read it.
"""

import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import psycopg

from tests import template

ROOT = Path(__file__).parent.parent.parent
STORIES = ("tutorial", "py2", "py3", "py4", "py5", "js3", "js5", "contract")
EMAIL, PASSWORD = "alice@example.org", "correct horse battery staple"
PATIENCE = 60  # seconds until the server must answer

PREPARE = f"""
import json
import django
django.setup()
from django.core.management import call_command
call_command("prepare")
from accounts.keys import create_key
from accounts.models import Organization, Project
organization, made = Organization.objects.get(), {{}}
for name in {STORIES!r}:
    project = Project.objects.create(organization=organization, name=name)
    key = create_key(project, note="sdk tests")
    made[name] = [project.pk, key.key.public_key, key.secret]
print(json.dumps(made))
"""


@dataclass(frozen=True)
class Project:
    """A project of the stage with its keys; or the organization with its own, whose id nobody needs."""

    id: str
    public_key: str
    secret_key: str


@dataclass(frozen=True)
class Stage:
    """The running server and a project for each story."""

    url: str
    projects: dict[str, Project]
    organization: Project

    def api(self, story: str) -> httpx.Client:
        """The public API with the keys of a story's project."""
        project = self.projects[story]
        auth = (project.public_key, project.secret_key)
        return httpx.Client(base_url=f"{self.url}/api/public", auth=auth, timeout=20)

    @contextlib.contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """A client signed in as the owner of all projects, for the pages."""
        with httpx.Client(base_url=self.url, timeout=20, follow_redirects=True) as client:
            page = client.get("/accounts/login/")
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            assert token, f"{page.url} is no sign-in form: {page.status_code}"
            form = {"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
            answer = client.post(page.url, data=form, headers={"Referer": str(page.url)})
            assert "csrfmiddlewaretoken" not in answer.text or "login" not in answer.url.path, "Signing in failed."
            yield client


@contextlib.contextmanager
def running() -> Iterator[Stage]:
    """Start a stage and end it; its database goes with it."""
    with _database() as database, tempfile.TemporaryDirectory(prefix="promptlab-sdk-") as data:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        organization = Project("", "pk-lf-organization", f"sk-lf-{secrets.token_hex(16)}")
        environment = os.environ | {
            "DATABASE_URL": database,
            "PROMPTLAB_DATA": data,
            "PROMPTLAB_URL": url,
            "DJANGO_SETTINGS_MODULE": "promptlab.settings",
            "PROMPTLAB_INIT_ORG_NAME": "Psychtelab",
            "PROMPTLAB_INIT_ORG_PUBLIC_KEY": organization.public_key,
            "PROMPTLAB_INIT_ORG_SECRET_KEY": organization.secret_key,
            "PROMPTLAB_INIT_USER_EMAIL": EMAIL,
            "PROMPTLAB_INIT_USER_PASSWORD": PASSWORD,
        }
        projects = json.loads(_python(environment, PREPARE))
        with _web(environment, port, Path(data) / "web.log"):
            yield Stage(url, {story: Project(*made) for story, made in projects.items()}, organization)


@contextlib.contextmanager
def _web(environment: dict[str, str], port: int, log: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "promptlab.web", "--port", str(port), "--workers", "1"]
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            _await(server, f"http://127.0.0.1:{port}/api/public/health", log)
            yield
            assert "Traceback" not in log.read_text(), f"The server logged an error:\n{log.read_text()[-6000:]}"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _await(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"The web server did not come up:\n{log.read_text()[-4000:]}")


@contextlib.contextmanager
def _database() -> Iterator[str]:
    """A migrated and empty database beside the one of DATABASE_URL."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = f"promptlab_sdk_{os.getpid()}_{secrets.token_hex(4)}"  # a worker may have two stages
    with psycopg.connect(address.geturl(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.migrated()}"')
    try:
        yield address._replace(path=f"/{quote(name)}").geturl()
    finally:
        with psycopg.connect(address.geturl(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _python(environment: dict[str, str], script: str) -> str:
    """The last line that a script of ours prints."""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"Preparing the stage failed:\n{done.stderr[-4000:]}"
    return done.stdout.strip().rpartition("\n")[2]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
