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
from evaluation.models.executions import Application, Arrival, Execution
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
    "Application",
    "Arrival",
    "Cell",
    "ChosenEvaluator",
    "EvaluationRule",
    "Evaluator",
    "EvaluatorType",
    "EvaluatorVersion",
    "Execution",
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
