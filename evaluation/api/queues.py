"""`/annotation-queues`, their items and assignments (api.md, section 8)."""

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from evaluation import queues
from evaluation.api.base import EvaluationView
from evaluation.models import AnnotationQueue, QueueItem


class QueueBody(WireStruct, frozen=True):
    name: str
    score_config_ids: list[str]
    description: str | None = None


class ItemBody(WireStruct, frozen=True):
    object_id: str
    object_type: str
    status: str | None = None


class ItemChangeBody(WireStruct, frozen=True):
    status: str | None = None


class AssignmentBody(WireStruct, frozen=True):
    user_id: str


class QueuesView(EvaluationView):
    """`GET, POST /annotation-queues`."""

    def get(self, request: Request) -> Response:
        return self.numbered(queues.all_of(self.project_id), lambda rows: [_queue(queue) for queue in rows])

    def post(self, request: Request) -> Response:
        body = convert(request.data, QueueBody)
        draft = queues.Draft(name=body.name, description=body.description, config_ids=body.score_config_ids)
        return Response(_queue(queues.create(self.project_id, draft, self.author)))


class QueueView(EvaluationView):
    """`GET /annotation-queues/{queueId}`."""

    def get(self, request: Request, queue_id: str) -> Response:
        return Response(_queue(queues.own(self.project_id, queue_id)))


class QueueItemsView(EvaluationView):
    """`GET, POST /annotation-queues/{queueId}/items`."""

    def get(self, request: Request, queue_id: str) -> Response:
        queue = queues.own(self.project_id, queue_id)
        items = queues.items_of(queue, request.query_params.get("status") or None)
        return self.numbered(items, lambda rows: [_item(item) for item in rows])

    def post(self, request: Request, queue_id: str) -> Response:
        fields = msgspec.structs.asdict(convert(request.data, ItemBody))
        return Response(_item(queues.add_item(self.project_id, queue_id, **fields, author=self.author)))


class QueueItemView(EvaluationView):
    """`GET, PATCH, DELETE /annotation-queues/{queueId}/items/{itemId}`."""

    def get(self, request: Request, queue_id: str, queue_item_id: str) -> Response:
        return Response(_item(queues.own_item(self.project_id, queue_id, queue_item_id)))

    def patch(self, request: Request, queue_id: str, queue_item_id: str) -> Response:
        status = convert(request.data, ItemChangeBody).status
        return Response(_item(queues.change_item(self.project_id, queue_id, queue_item_id, status, self.author)))

    def delete(self, request: Request, queue_id: str, queue_item_id: str) -> Response:
        queues.remove_item(self.project_id, queue_id, queue_item_id, self.author)
        return Response({"success": True, "message": "Annotation queue item deleted successfully"})


class QueueAssignmentsView(EvaluationView):
    """`POST, DELETE /annotation-queues/{queueId}/assignments`."""

    def post(self, request: Request, queue_id: str) -> Response:
        member = queues.assign(self.project_id, queue_id, self._user_id(request), self.author)
        return Response({"userId": member.user_id, "queueId": member.queue_id, "projectId": self.project_id})

    def delete(self, request: Request, queue_id: str) -> Response:
        queues.unassign(self.project_id, queue_id, self._user_id(request), self.author)
        return Response({"success": True})

    def _user_id(self, request: Request) -> str:
        return convert(request.data, AssignmentBody).user_id


def _queue(queue: AnnotationQueue) -> dict[str, Any]:
    return {
        "id": queue.pk,
        "name": queue.name,
        "description": queue.description,
        "scoreConfigIds": queues.config_ids(queue),
        "createdAt": queue.created_at,
        "updatedAt": queue.updated_at,
    }


def _item(item: QueueItem) -> dict[str, Any]:
    return {
        "id": item.pk,
        "queueId": item.queue_id,
        "objectId": item.object_id,
        "objectType": item.object_type,
        "status": item.status,
        "completedAt": item.completed_at,
        "createdAt": item.created_at,
        "updatedAt": item.updated_at,
    }
