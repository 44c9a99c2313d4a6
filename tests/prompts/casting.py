"""What the tests of prompts have in common."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from prompts.models import Prompt, PromptVersion


def text_prompt(name: str = "greeting", prompt: str = "Hello {{name}}", **more: Any) -> dict[str, Any]:
    return {"name": name, "prompt": prompt, **more}


def chat_prompt(name: str = "chat", **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "Be {{mood}}."}, {"role": "user", "content": "{{question}}"}]
    return {"name": name, "type": "chat", "prompt": messages, **more}


def create(api: Any, name: str = "greeting", prompt: Any = "Hello {{name}}", **more: Any) -> dict[str, Any]:
    """Create a version through the API and return the answer."""
    response = api.post("v2/prompts", {"name": name, "prompt": prompt, **more})
    assert response.status_code == 201, response.content
    return response.json()


def tag(name: str, **by: Any) -> str:
    """A composition tag: `tag("greeting", label="production")`."""
    ((key, value),) = by.items()
    return f"@@@langfusePrompt:name={name}|{key}={value}@@@"


def bulk(project_id: str, names: Iterable[str], versions: Iterable[int] = (1,)) -> None:
    """Many bare versions at once, each name a second younger than the one before."""
    now = timezone.now()
    for age, name in enumerate(names):
        changed = {"updated_at": now + timedelta(seconds=age)}
        prompt, _ = Prompt.objects.get_or_create(project_id=project_id, name=name, defaults=changed)
        PromptVersion.objects.bulk_create(
            PromptVersion(prompt=prompt, version=number, content='"x"') for number in versions
        )
