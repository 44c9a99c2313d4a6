"""What the routes of `urls.py` take and answer."""

from typing import Literal

from common.api.describing import Done, Group, Numbered, Operation, Parameter, paged
from evaluation.api import answers, judging_operations
from evaluation.api.queues import AssignmentBody, ItemBody, ItemChangeBody, QueueBody

QUEUE = "/annotation-queues/{queueId}"

GROUPS = (
    Group(
        "Annotation queues",
        (
            Operation("GET", "/annotation-queues", "List queues.", Numbered[answers.Queue], query=paged()),
            Operation("POST", "/annotation-queues", "Make a queue.", answers.Queue, body=QueueBody),
            Operation("GET", QUEUE, "Read a queue.", answers.Queue),
            Operation(
                "GET",
                f"{QUEUE}/items",
                "List what is queued.",
                Numbered[answers.QueueItem],
                query=(*paged(), Parameter("status", "Only of this status.", Literal["PENDING", "COMPLETED"])),
            ),
            Operation(
                "POST",
                f"{QUEUE}/items",
                "Queue a trace, an observation or a session.",
                answers.QueueItem,
                body=ItemBody,
            ),
            Operation("GET", f"{QUEUE}/items/{{itemId}}", "Read a queued item.", answers.QueueItem),
            Operation(
                "PATCH", f"{QUEUE}/items/{{itemId}}", "Complete or reopen it.", answers.QueueItem, body=ItemChangeBody
            ),
            Operation("DELETE", f"{QUEUE}/items/{{itemId}}", "Take it out of the queue.", answers.QueueItemRemoved),
            Operation("POST", f"{QUEUE}/assignments", "Assign a person.", answers.Assignment, body=AssignmentBody),
            Operation("DELETE", f"{QUEUE}/assignments", "Take a person off the queue.", Done, body=AssignmentBody),
        ),
    ),
    *judging_operations.GROUPS,
)
