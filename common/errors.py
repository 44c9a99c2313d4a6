"""What a verb may refuse. Doors translate: the API into its error shape, pages into a message beside the field."""


class DomainError(Exception):
    """A refusal with a sentence for the caller.

    `field` names the input that was wrong (dotted path, e.g. `prompt[0].role`), when there is one.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(DomainError):
    """The input breaks a rule (400)."""


class Denied(DomainError):
    """The caller may not do this (403)."""


class NotFound(DomainError):
    """There is no such thing in this project (404)."""


class Conflict(DomainError):
    """It clashes with what is there (409)."""


class Overloaded(DomainError):
    """Come back later (503); `retry_after` in seconds."""

    retry_after = 5
