"""What clients send."""

from typing import Any

from common.api.fields import WireStruct


class CreateBody(WireStruct, kw_only=True, frozen=True):
    """`POST /v2/prompts`. Python SDK 2.x sends nulls for what was not given."""

    name: str
    prompt: Any
    type: str | None = None
    labels: list[str] | None = None
    config: Any = None
    tags: list[str] | None = None
    commit_message: str | None = None


class LegacyCreateBody(CreateBody, kw_only=True, frozen=True):
    """`POST /prompts`: `isActive` asks for the label `production`."""

    is_active: bool


class LabelsBody(WireStruct, kw_only=True, frozen=True):
    """`PATCH /v2/prompts/{name}/versions/{version}`."""

    new_labels: list[str]
