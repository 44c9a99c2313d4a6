"""Refusals that say more than their sentence: a word for machines, and details (spec unstablePublicApiErrorDetails)."""

from typing import Any

from common.errors import Conflict, Invalid


class Rejected(Invalid):
    """The definition breaks a rule that has a word of its own, such as `invalid_json_path`."""

    def __init__(self, code: str, message: str, field: str, **details: Any) -> None:
        super().__init__(message, field)
        self.code = code
        self.details = {"field": field, **details}


class Clash(Conflict):
    """It clashes with what is there: `name_conflict`, or `conflict` with a limit."""

    def __init__(self, message: str, code: str = "conflict", **details: Any) -> None:
        super().__init__(message, details.get("field"))
        self.code = code
        self.details = details


class CannotRun(Invalid):
    """The evaluator could not run as it is configured (422)."""

    status = 422
    code = "evaluator_preflight_failed"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details
