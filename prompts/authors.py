"""Who changes a prompt."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts import authors
from common.errors import Denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Author(authors.Author):
    """A person, or a program with an API key; `may_protect`: whether protected labels obey them."""

    may_protect: bool = False

    def columns(self) -> dict[str, Any]:
        """For rows that remember who made them (`prompts.models.Authored`)."""
        return {"created_by": self.user, "api_key": self.api_key}

    def must_not_touch(self, protected: set[str]) -> None:
        """Refuse to move `protected` labels unless this author may."""
        if not protected or self.may_protect:
            return
        names = ", ".join(f"'{label}'" for label in sorted(protected))
        refusal = (
            _("An API key may not move the protected label %(names)s.")
            if self.api_key
            else _("Your role may not move the protected label %(names)s.")
        )
        remedy = _(
            "An owner or admin of the project can move it on the prompt's page, or lift the protection under "
            "Settings → Protected labels."
        )
        raise Denied(f"{refusal % {'names': names}} {remedy}")
