"""Routes of the public API, mounted below `/api/public/`."""

from django.urls import path

from evaluation.api.evaluators import EvaluatorsView, EvaluatorVersionsView, EvaluatorView
from evaluation.api.queues import QueueAssignmentsView, QueueItemsView, QueueItemView, QueuesView, QueueView
from evaluation.api.rules import RulesView, RuleView
from evaluation.api.unstable_evaluators import UnstableEvaluatorsView, UnstableEvaluatorView
from evaluation.api.unstable_rules import UnstableRulesView, UnstableRuleView

urlpatterns = [
    path("annotation-queues", QueuesView.as_view()),
    path("annotation-queues/<str:queue_id>", QueueView.as_view()),
    path("annotation-queues/<str:queue_id>/items", QueueItemsView.as_view()),
    path("annotation-queues/<str:queue_id>/items/<str:queue_item_id>", QueueItemView.as_view()),
    path("annotation-queues/<str:queue_id>/assignments", QueueAssignmentsView.as_view()),
    path("v2/evaluators", EvaluatorsView.as_view()),
    path("v2/evaluators/<str:evaluator_id>", EvaluatorView.as_view()),
    path("v2/evaluators/<str:evaluator_id>/versions", EvaluatorVersionsView.as_view()),
    path("v2/evaluation-rules", RulesView.as_view()),
    path("v2/evaluation-rules/<str:rule_id>", RuleView.as_view()),
    path("unstable/evaluators", UnstableEvaluatorsView.as_view()),
    path("unstable/evaluators/<str:evaluator_id>", UnstableEvaluatorView.as_view()),
    path("unstable/evaluation-rules", UnstableRulesView.as_view()),
    path("unstable/evaluation-rules/<str:rule_id>", UnstableRuleView.as_view()),
]
