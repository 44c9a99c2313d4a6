"""What people and agents say about PromptLab itself (openapi.yml: Feedback): kept where the project's people see it."""

from dataclasses import dataclass

from accounts.authors import Author
from accounts.storable import storable
from common.errors import Invalid
from common.ids import new_id

TARGET_TYPES = ("skill", "mcp-tool", "cli", "docs", "public-api", "other")
LONGEST = {"target": 200, "feedback": 3000, "goal": 1500, "referenceUrl": 2000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What is said of what; `goal` and `reference_url` may be missing. The URL is only text: nothing fetches it."""

    target_type: str
    target: str
    feedback: str
    goal: str | None = None
    reference_url: str | None = None


def submit(project_id: str, given: Feedback, author: Author) -> str:
    """Write it into the project's audit log: its id there. Raises Invalid."""
    if given.target_type not in TARGET_TYPES:
        raise Invalid(f"targetType must be one of {', '.join(TARGET_TYPES)}.", "targetType")
    said = {
        "target": _text("target", given.target),
        "feedback": _text("feedback", given.feedback),
        "goal": None if given.goal is None else _text("goal", given.goal),
        "referenceUrl": None if given.reference_url is None else _text("referenceUrl", given.reference_url),
    }
    if not (said["referenceUrl"] or "https://").startswith(("https://", "http://")):
        raise Invalid("referenceUrl must be an address that starts with https:// or http://.", "referenceUrl")
    feedback_id = new_id()
    target = said.pop("target")
    kept = {"id": feedback_id, "about": given.target_type, **{name: text for name, text in said.items() if text}}
    author.record("feedback", "feedback", str(target), project=project_id, after=kept)
    return feedback_id


def _text(name: str, text: str) -> str:
    text = storable(text).strip()
    if not 1 <= len(text) <= LONGEST[name]:
        raise Invalid(f"{name} must have 1 to {LONGEST[name]} characters.", name)
    return text
