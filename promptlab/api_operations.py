"""Everything that the public API offers, group by group, and the document that tells of it."""

from functools import cache
from typing import Any

import yaml

import accounts.api.operations
import datasets.api.operations
import evaluation.api.operations
import llm.api.operations
import prompts.api.operations
import tracing.api.operations
from common.api.describing import Group, Operation, Parameter, State
from common.api.fields import WireStruct
from common.api.openapi import document
from promptlab import VERSION

TITLE = "PromptLab"
ABOUT = (
    "Git for prompts: versions, traces, datasets, experiments and scores. Speaks Langfuse's public API, so that its "
    "SDKs and everything built on them work unmodified."
)


class Health(WireStruct, frozen=True):
    status: str
    version: str


UNWELL = {503: ("Something that it needs is missing.", Health)}
GROUPS: tuple[Group, ...] = (
    Group(
        "Health",
        (
            Operation(
                "GET",
                "/health",
                "Tell whether the web server lives, and what it misses.",
                Health,
                also=UNWELL,
                query=(
                    Parameter("failIfDatabaseUnavailable", "true: 503 when the database or Valkey is missing.", bool),
                    Parameter("failIfNoRecentEvents", "true: 503 when nothing came within 3 minutes.", bool),
                ),
                key="none",
            ),
            Operation(
                "GET",
                "/ready",
                "Tell whether requests can be served.",
                Health,
                also=UNWELL,
                key="none",
                state=State.EXTRA,
            ),
            Operation("GET", "/openapi.yml", "Read this document.", None, key="none", state=State.EXTRA),
        ),
    ),
    *prompts.api.operations.GROUPS,
    *tracing.api.operations.GROUPS,
    *datasets.api.operations.GROUPS,
    *evaluation.api.operations.GROUPS,
    *llm.api.operations.GROUPS,
    *accounts.api.operations.GROUPS,
)


@cache
def openapi() -> dict[str, Any]:
    """The OpenAPI document."""
    return document(GROUPS, TITLE, VERSION, ABOUT)


@cache
def openapi_yaml() -> bytes:
    """The document as it is served; made once, because making it takes about as long as a hundred requests."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(openapi(), Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text.encode()
