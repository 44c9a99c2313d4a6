"""Django's test client through the handler that production uses, with its two middleware chains."""

from typing import Any

from django.test.client import Client, ClientHandler

from promptlab.handler import PromptLabHandler


class _TwoChains(PromptLabHandler, ClientHandler):
    """`ClientHandler.__call__` with `PromptLabHandler`'s choice of chain."""

    __call__ = ClientHandler.__call__  # type: ignore[assignment]


class ApiClient(Client):
    """A test client for the public API: no form tokens, no cookies, the short chain."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handler = _TwoChains(enforce_csrf_checks=True)
