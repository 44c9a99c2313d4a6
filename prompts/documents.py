"""A prompt version as one JSON document: what the API answers, what the cache holds, what `lookup.fetch` reads back."""

from datetime import datetime
from typing import Any

import msgspec
import orjson

from common.api.rendering import dumps
from prompts.models import PRODUCTION, Prompt, PromptVersion


class PromptDocument(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """A fetched prompt. `prompt` is a text or a list of messages; `resolution_graph` is None without composition."""

    id: str
    project_id: str
    name: str
    version: int
    type: str
    prompt: str | list[dict[str, Any]]
    config: Any
    labels: list[str]
    tags: list[str]
    commit_message: str | None
    is_active: bool
    created_by: str
    created_at: datetime
    updated_at: datetime
    resolution_graph: dict[str, Any] | None


def document(
    prompt: Prompt,
    version: PromptVersion,
    labels: list[str],
    content: str | None = None,
    graph: dict[str, Any] | None = None,
) -> bytes:
    """The JSON of a version; `content` (JSON text) replaces the stored one when composition tags were resolved in it.

    `createdBy` is a person's id, or "API" as the reference server has it.
    """
    return dumps(
        {
            "id": version.pk,
            "projectId": prompt.project_id,
            "name": prompt.name,
            "version": version.version,
            "type": prompt.type,
            "prompt": orjson.Fragment(content or version.content),
            "config": orjson.Fragment(version.config),
            "labels": labels,
            "tags": prompt.tags,
            "commitMessage": version.commit_message,
            "isActive": PRODUCTION in labels,
            "createdBy": version.created_by_id or "API",
            "createdAt": version.created_at,
            "updatedAt": version.updated_at,
            "resolutionGraph": graph,
        }
    )


def read_document(raw: bytes) -> PromptDocument:
    """The document as a value."""
    return msgspec.json.decode(raw, type=PromptDocument)
