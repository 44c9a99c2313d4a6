"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import path

from evaluation.api.queues import QueueAssignmentsView, QueueItemsView, QueueItemView, QueuesView, QueueView

urlpatterns = [
    path("annotation-queues", QueuesView.as_view()),
    path("annotation-queues/<str:queue_id>", QueueView.as_view()),
    path("annotation-queues/<str:queue_id>/items", QueueItemsView.as_view()),
    path("annotation-queues/<str:queue_id>/items/<str:queue_item_id>", QueueItemView.as_view()),
    path("annotation-queues/<str:queue_id>/assignments", QueueAssignmentsView.as_view()),
]
