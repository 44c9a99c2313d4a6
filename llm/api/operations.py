"""What the routes of `urls.py` take and answer."""

from common.api.describing import Group, Message, Numbered, Operation, State, paged
from llm.api import answers
from llm.api.bodies import ModelBody
from llm.api.connections import ConnectionBody

GROUPS = (
    Group(
        "Models",
        (
            Operation(
                "GET",
                "/models",
                "List model definitions: the project's own, then those that came with PromptLab.",
                Numbered[answers.Model],
                query=paged(),
            ),
            Operation("POST", "/models", "Define a model and its prices.", answers.Model, body=ModelBody),
            Operation("GET", "/models/{id}", "Read a model definition.", answers.Model),
            Operation(
                "PUT",
                "/models/{id}",
                "Replace one of the project's model definitions, or make one under that id.",
                answers.Model,
                body=ModelBody,
                state=State.EXTRA,
            ),
            Operation(
                "DELETE",
                "/models/{id}",
                "Delete one of the project's model definitions.",
                Message,
                differs="200 with a message instead of 204, as the reference's handler has it.",
            ),
        ),
    ),
    Group(
        "LLM connections",
        (
            Operation(
                "GET", "/llm-connections", "List connections to providers.", Numbered[answers.Connection], query=paged()
            ),
            Operation(
                "PUT",
                "/llm-connections",
                "Replace the connection to a provider.",
                answers.Connection,
                body=ConnectionBody,
                also={201: ("There was none, and now there is one.", answers.Connection)},
                differs="201 for a new connection, as the reference's handler has it.",
            ),
            Operation("DELETE", "/llm-connections/{id}", "Delete a connection.", Message),
        ),
    ),
)
