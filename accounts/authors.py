"""Who changes something configured: a person or a program."""

from dataclasses import dataclass
from typing import Any

from accounts import audit
from accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The acting person, or the public key of the acting program; neither: the server itself."""

    user: User | None = None
    api_key: str = ""

    def record(
        self, action: str, subject_type: str, subject_id: str, *, project: str, before: Any = None, after: Any = None
    ) -> None:
        """Write it into the project's audit log (see `accounts.audit.record`)."""
        audit.record(
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            project=project,
            user=self.user,
            api_key=self.api_key,
            before=before,
            after=after,
        )
