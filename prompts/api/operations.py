"""What the routes of `urls.py` take and answer."""

from datetime import datetime
from typing import Any, Literal

from common.api.describing import Group, Operation, PageMeta, Parameter, State, paged
from common.api.fields import WireStruct
from prompts.api import skill_operations
from prompts.api.bodies import CreateBody, LabelsBody, LegacyCreateBody
from prompts.api.views import LIST_LIMIT
from prompts.documents import PromptDocument


class PromptMeta(WireStruct, frozen=True):
    """A name with its versions."""

    name: str
    type: Literal["text", "chat"]
    versions: list[int]
    labels: list[str]
    tags: list[str]
    last_updated_at: datetime
    last_config: Any


class PromptList(WireStruct, frozen=True):
    data: list[PromptMeta]
    meta: PageMeta
    pagination: PageMeta


VERSION = Parameter("version", "The version; without it and `label`, the one labelled production.", int)
LABEL = Parameter("label", "The version with this label.")
CREATED = "201 instead of 200, as the reference's handler has it."

GROUPS = (
    Group(
        "Prompts",
        (
            Operation(
                "GET",
                "/v2/prompts",
                "List prompts by name; the filters choose among their versions.",
                PromptList,
                query=(
                    *paged(LIST_LIMIT),
                    Parameter("name", "Only of exactly this name."),
                    Parameter("label", "Only versions with this label."),
                    Parameter("tag", "Only with this tag."),
                    Parameter("version", "Only this version.", int),
                    Parameter("filter", "Conditions as a JSON list, as elsewhere; see GET /traces."),
                    Parameter("fromUpdatedAt", "Only versions changed from this time on.", datetime),
                    Parameter("toUpdatedAt", "Only versions changed before this time.", datetime),
                ),
            ),
            Operation(
                "POST",
                "/v2/prompts",
                "Add a version to a prompt, which the first one makes.",
                PromptDocument,
                201,
                body=CreateBody,
                differs=f"{CREATED} Several at once all succeed. Protected labels are refused.",
            ),
            Operation(
                "GET",
                "/v2/prompts/{promptName}",
                "Fetch a prompt by version or label.",
                PromptDocument,
                query=(VERSION, LABEL, Parameter("resolve", "false leaves references to other prompts.", bool)),
                differs="Slashes in the name may be sent raw, as SDK 2 sends them.",
            ),
            Operation(
                "DELETE",
                "/v2/prompts/{promptName}",
                "Delete a prompt, or those of its versions that are named.",
                status=204,
                query=(Parameter("version", "Only this version.", int), Parameter("label", "Only those so labelled.")),
            ),
            Operation(
                "PATCH",
                "/v2/prompts/{name}/versions/{version}",
                "Give a version further labels, which other versions then lose.",
                PromptDocument,
                body=LabelsBody,
                differs="Protected labels are refused.",
            ),
            Operation(
                "GET",
                "/prompts",
                "Fetch a prompt by version, or the one labelled production.",
                PromptDocument,
                query=(Parameter("name", "The name.", required=True), VERSION),
                state=State.LEGACY,
            ),
            Operation(
                "POST",
                "/prompts",
                "Add a version to a prompt; isActive labels it production.",
                PromptDocument,
                201,
                body=LegacyCreateBody,
                state=State.LEGACY,
            ),
        ),
    ),
    *skill_operations.GROUPS,
)
