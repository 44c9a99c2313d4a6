"""What people configure about judging."""

from evaluation.models.annotation import (
    AnnotationQueue,
    ItemStatus,
    ObjectType,
    QueueConfig,
    QueueItem,
    QueueMember,
)
from evaluation.models.evaluators import (
    EvaluationRule,
    Evaluator,
    EvaluatorType,
    EvaluatorVersion,
    RuleEvaluator,
)

__all__ = [
    "AnnotationQueue",
    "EvaluationRule",
    "Evaluator",
    "EvaluatorType",
    "EvaluatorVersion",
    "ItemStatus",
    "ObjectType",
    "QueueConfig",
    "QueueItem",
    "QueueMember",
    "RuleEvaluator",
]
