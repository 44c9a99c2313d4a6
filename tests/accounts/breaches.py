"""What a stranger must not get, collected over many requests."""

from typing import Any

from tests.accounts.stage import SECRET, Stage
from tests.accounts.watch import Watch


class Breaches:
    """Collects what went wrong, with the request that did it, so that one run names all of it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def check(self, fine: bool, *what: object) -> None:
        if not fine:
            self.found.append(" ".join(str(part) for part in what))

    def check_only_theirs(self, watch: Watch, stage: Stage, what: tuple[object, ...]) -> None:
        """Whatever the stranger did, it changed nothing that was there, and put nothing into Alice's project."""
        went, came = watch.changes()
        went = [row for row in went if stage.keys.id in row or stage.organization.pk in row or SECRET in row]
        self.check(not went, *what, "changed", went[:2])
        added = [row for row in came if f'"{stage.keys.id}"' in row or f'"{stage.organization.pk}"' in row]
        self.check(not added, *what, "added to Alice's", added[:2])

    def __enter__(self) -> "Breaches":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is None:
            assert not self.found, "\n".join(["", *self.found])


def shows(answer: Any) -> bool:
    """Whether an answer holds what only Alice's people may read."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return SECRET.encode() in content
