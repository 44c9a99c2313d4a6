"""A real browser on a real port: Chromium signed in as a person, and every fault it reports noted.

The demo is played against the server through the public API, as the second generation of SDKs speaks.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.db import connections
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from promptlab.demo.playing import play
from promptlab.demo.wire import Wire
from tests.browser.keeping import bring_back, keep
from tests.conftest import PASSWORD, Keys, Server

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("Browser tests need Chromium: install it with `apt-get install chromium` (or your system's way).")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One for the tests of a file: starting it costs more than most of them, and each opens a context of its own.

    Not one for all: Playwright's loop runs in this thread as long as it lives, and other tests want loops themselves.
    """
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Django would take the thread for an asynchronous one
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()
        # What was read under Playwright's loop was read on a connection of its own.
        connections.close_all()


@dataclass
class Window:
    """A page in the project. `faults`: what the browser complained about (scripts, policy, missing files)."""

    page: Page
    server: Server
    faults: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        return f"{self.server.url}/project/{self.server.keys.id}"

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.root}/{path}")
        return self.page

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{self.page.url}: {message.text}")


@pytest.fixture(scope="session")
def told() -> list[Keys]:
    """The project in which this worker has told the tutorial, once it has."""
    return []


@pytest.fixture
def played(live_server: LiveServer, told: list[Keys], request: pytest.FixtureRequest) -> Server:
    """The server with Alice and, in her project, everything of the tutorial: told once, then brought back."""
    if told:
        bring_back()
        return Server(live_server.url, told[0])
    request.getfixturevalue("alice")
    server = request.getfixturevalue("server")
    play(Wire(server.url, server.public_key, server.secret_key), server.keys.id)
    keep()
    told.append(server.keys)
    return server


@pytest.fixture
def window(browser: Browser, played: Server) -> Iterator[Window]:
    """Signed in through the form as Alice, who may see every page; at the end no fault may have been noted."""
    page = browser.new_page(locale="en-US")
    page.set_default_timeout(15_000)
    made = Window(page, played)
    page.on("console", made.note)
    page.on("pageerror", lambda error: made.faults.append(f"{page.url}: {error}"))
    page.goto(f"{played.url}/accounts/login/?next=/project/{played.keys.id}/")
    page.fill("input[name=login]", "alice@example.org")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"**/project/{played.keys.id}/")
    yield made
    page.close()
    assert made.faults == []
