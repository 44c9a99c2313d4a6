"""What people configure about judging."""

from evaluation.models.annotation import (
    UNFINISHED,
    AnnotationQueue,
    AnnotationTurn,
    ItemStatus,
    ObjectType,
    QueueConfig,
    QueueItem,
    QueueMember,
    TurnState,
)
from evaluation.models.evaluators import (
    EvaluationRule,
    Evaluator,
    EvaluatorType,
    EvaluatorVersion,
    RuleEvaluator,
)
from evaluation.models.experiments import (
    Cell,
    ChosenEvaluator,
    Experiment,
    Job,
    KeptResponse,
    ModelArm,
    PromptArm,
    Rescoring,
)
from evaluation.models.playground import PlaygroundDraft

__all__ = [
    "UNFINISHED",
    "AnnotationQueue",
    "AnnotationTurn",
    "Cell",
    "ChosenEvaluator",
    "EvaluationRule",
    "Evaluator",
    "EvaluatorType",
    "EvaluatorVersion",
    "Experiment",
    "ItemStatus",
    "Job",
    "KeptResponse",
    "ModelArm",
    "ObjectType",
    "PlaygroundDraft",
    "PromptArm",
    "QueueConfig",
    "QueueItem",
    "QueueMember",
    "Rescoring",
    "RuleEvaluator",
    "TurnState",
]
