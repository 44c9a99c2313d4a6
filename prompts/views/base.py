"""What the pages of prompts have in common."""

from typing import ClassVar

from common.pages import Page
from prompts.authors import Author


class PromptsPage(Page):
    """A page of the section "Prompts"; whoever may read the project may read, `prompts:write` guards the rest."""

    section = "prompts"
    write_permission: ClassVar[str | None] = "prompts:write"

    @property
    def author(self) -> Author:
        """The person at this page."""
        return Author(user=self.request.user, may_protect=self.may("prompts:protect"))  # type: ignore[arg-type]
