"""Tests run inside a transaction that is never committed; what waits for a commit must happen all the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.transaction import Atomic, get_connection


@pytest.fixture(autouse=True)
def _hooks_run_after_the_outermost_block_of_the_code(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    leave = Atomic.__exit__

    def leave_and_run_hooks(self: Atomic, *exception: Any) -> None:
        leave(self, *exception)
        connection = get_connection(self.using)
        blocks = connection.atomic_blocks
        if blocks and all(block._from_testcase for block in blocks) and not connection.needs_rollback:
            hooks, connection.run_on_commit = connection.run_on_commit, []
            for _, hook, _ in hooks:
                hook()

    monkeypatch.setattr(Atomic, "__exit__", leave_and_run_hooks)
    yield
