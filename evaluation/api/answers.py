"""What the routes of evaluation answer, for the API's description (`operations.py`)."""

from datetime import datetime
from typing import Literal

from common.api.fields import WireStruct


class Queue(WireStruct, frozen=True):
    id: str
    name: str
    description: str | None
    score_config_ids: list[str]
    created_at: datetime
    updated_at: datetime


class QueueItem(WireStruct, frozen=True):
    id: str
    queue_id: str
    object_id: str
    object_type: Literal["TRACE", "OBSERVATION", "SESSION"]
    status: Literal["PENDING", "COMPLETED"]
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class QueueItemRemoved(WireStruct, frozen=True):
    success: bool
    message: str


class Assignment(WireStruct, frozen=True):
    user_id: str
    queue_id: str
    project_id: str
