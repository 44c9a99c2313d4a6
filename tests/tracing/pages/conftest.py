"""A person in front of a page: `get` gives the answer, `rows` what a list shows, by name of the trace."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import Keys
from tests.tracing.api.conftest import Write, write

__all__ = ["Visitor", "Write", "write"]


class Visitor:
    """A signed-in person in a project."""

    def __init__(self, client: Client, project_id: str) -> None:
        self.client, self.root = client, f"/project/{project_id}"

    def get(self, path: str, *, status: int = 200, **extra: object) -> str:
        """The page's text."""
        answer = self.client.get(f"{self.root}/{path}", **extra)
        assert answer.status_code == status, (answer.status_code, path)
        return answer.content.decode()

    def post(self, path: str, **fields: object):
        return self.client.post(f"{self.root}/{path}", fields)

    def rows(self, path: str) -> list[str]:
        """The names in the rows of a list, in order."""
        return shown(self.get(path))


def shown(page: str) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]+)<', page)


def quoted(id: str) -> str:
    return quote(id, safe="")


@pytest.fixture
def visit(page_client: Callable[[User], Client], project: Keys) -> Callable[[User], Visitor]:
    return lambda user: Visitor(page_client(user), project.id)


@pytest.fixture
def bobs(visit: Callable[[User], Visitor], bob: User) -> Visitor:
    """Bob in the project `Capitals`."""
    return visit(bob)
