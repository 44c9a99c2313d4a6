"""docs/api.md: every route in a table, made of the tables of operations (`manage.py describe_api`)."""

from collections.abc import Iterator

from common.api.describing import Group, Operation, State
from promptlab.api_operations import GROUPS

STATES = {
    State.CONTRACT: "as the contract",
    State.LEGACY: "legacy",
    State.EXTRA: "extra",
}
KEYS = {"project": "project", "organization": "organization", "scores": "project, or public key", "none": "none"}
HEAD = """# The public API

Made by `manage.py describe_api`; a test fails when it is stale. What each route takes and answers, field by field, is
told by `/api/public/openapi.yml` and by the page API reference of every PromptLab.

The contract is Langfuse's published API; where its documentation and its clients disagree, the clients decide. *As the
contract*: a route of it. *Legacy*: of an earlier generation, kept because clients call it. *Extra*: newer than the
contract, or our own. All routes stand below `/api/public`; a slash at the end is as good as none.

Keys come as `Authorization: Basic base64(public:secret)`; `Bearer <public key>` alone gives scores only. Refusals are
`{message, error}`, where `error` is a class name or a list of issues `{code, path, message}`; routes of evaluators,
rules and those below `/unstable` answer `{code, message, details}`, those below `/scim` as RFC 7644 says.
"""


def markdown() -> str:
    """The whole file."""
    operations = [operation for group in GROUPS for operation in group.operations]
    routes = {operation.path for operation in operations}
    counts = ", ".join(f"{sum(one.state is state for one in operations)} {name}" for state, name in STATES.items())
    total = f"{len(routes)} routes, {len(operations)} operations: {counts}."
    return "\n".join([HEAD, total, *(line for group in GROUPS for line in _section(group)), ""])


def _section(group: Group) -> Iterator[str]:
    yield from ("", f"## {group.title}", "", "| | | key | state | where we differ |", "|---|---|---|---|---|")
    yield from (_row(operation) for operation in group.operations)


def _row(operation: Operation) -> str:
    cells = (f"`{operation.name}`", operation.summary, KEYS[operation.key], STATES[operation.state], operation.differs)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
