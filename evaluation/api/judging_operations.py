"""What the routes of evaluators and their rules take and answer, in both of their dialects."""

from functools import partial

from msgspec import UNSET

from common.api.describing import Group, Message, Numbered, Operation, Refusals, State, Stretch, Unset, paged, stretched
from evaluation.api import evaluators, judging_answers, rules, unstable_evaluators, unstable_rules


class NewJudge(evaluators.JudgeBody, frozen=True, kw_only=True, tag_field="type", tag="llm_as_judge"):
    name: str
    description: str | None = None


class NewCode(evaluators.CodeBody, frozen=True, kw_only=True, tag_field="type", tag="code"):
    name: str
    description: str | None = None


class EvaluatorChange(evaluators.ChangeBody, frozen=True, kw_only=True):
    """A change of the definition sends it whole, as a new evaluator has it, with its `type`."""

    type: str | Unset = UNSET


class UnstableNewJudge(unstable_evaluators.JudgeBody, frozen=True, kw_only=True, tag_field="type", tag="llm_as_judge"):
    name: str


class UnstableNewCode(evaluators.CodeBody, frozen=True, kw_only=True, tag_field="type", tag="code"):
    name: str


EVALUATOR = judging_answers.Judge | judging_answers.Code
UNSTABLE_EVALUATOR = judging_answers.UnstableJudge | judging_answers.UnstableCode
new = partial(Operation, state=State.EXTRA, refusals=Refusals.STRUCTURED)
unstable = partial(Operation, refusals=Refusals.STRUCTURED)

METRICS_UNTOLD = "metrics, which the contract does not know, are not listed and answer 404"

GROUPS = (
    Group(
        "Evaluators",
        (
            new(
                "GET",
                "/v2/evaluators",
                "List evaluators.",
                judging_answers.EvaluatorPage,
                query=stretched(),
                differs=METRICS_UNTOLD,
            ),
            new("POST", "/v2/evaluators", "Make an evaluator.", EVALUATOR, 201, body=NewJudge | NewCode),
            new("GET", "/v2/evaluators/{evaluatorId}", "Read an evaluator.", EVALUATOR),
            new(
                "PATCH",
                "/v2/evaluators/{evaluatorId}",
                "Change an evaluator; another definition makes its next version.",
                EVALUATOR,
                body=EvaluatorChange,
            ),
            new("DELETE", "/v2/evaluators/{evaluatorId}", "Delete an evaluator.", judging_answers.Removed),
            new(
                "GET",
                "/v2/evaluators/{evaluatorId}/versions",
                "List its versions, newest first.",
                judging_answers.EvaluatorVersionPage,
                query=stretched(),
            ),
            unstable(
                "GET",
                "/unstable/evaluators",
                "List evaluators.",
                judging_answers.UnstableEvaluatorPage,
                query=paged(),
                differs=METRICS_UNTOLD,
            ),
            unstable(
                "POST",
                "/unstable/evaluators",
                "Make an evaluator, or the next version of the one of that name.",
                UNSTABLE_EVALUATOR,
                body=UnstableNewJudge | UnstableNewCode,
            ),
            unstable("GET", "/unstable/evaluators/{evaluatorId}", "Read an evaluator.", UNSTABLE_EVALUATOR),
            unstable("DELETE", "/unstable/evaluators/{evaluatorId}", "Delete an evaluator.", Message),
        ),
    ),
    Group(
        "Evaluation rules",
        (
            new(
                "GET",
                "/v2/evaluation-rules",
                "List rules.",
                Stretch[judging_answers.Rule],
                query=stretched(),
            ),
            new(
                "POST",
                "/v2/evaluation-rules",
                "Make a rule.",
                judging_answers.Rule,
                201,
                body=rules.CreateBody,
            ),
            new("GET", "/v2/evaluation-rules/{evaluationRuleId}", "Read a rule.", judging_answers.Rule),
            new(
                "PATCH",
                "/v2/evaluation-rules/{evaluationRuleId}",
                "Change a rule; a list of assignments replaces the one before.",
                judging_answers.Rule,
                body=rules.ChangeBody,
            ),
            new(
                "DELETE",
                "/v2/evaluation-rules/{evaluationRuleId}",
                "Delete a rule.",
                judging_answers.Removed,
            ),
            unstable(
                "GET",
                "/unstable/evaluation-rules",
                "List rules.",
                Numbered[judging_answers.UnstableRule],
                query=paged(),
            ),
            unstable(
                "POST",
                "/unstable/evaluation-rules",
                "Make a rule.",
                judging_answers.UnstableRule,
                body=unstable_rules.CreateBody,
            ),
            unstable(
                "GET",
                "/unstable/evaluation-rules/{evaluationRuleId}",
                "Read a rule.",
                judging_answers.UnstableRule,
            ),
            unstable(
                "PATCH",
                "/unstable/evaluation-rules/{evaluationRuleId}",
                "Change a rule.",
                judging_answers.UnstableRule,
                body=unstable_rules.ChangeBody,
            ),
            unstable("DELETE", "/unstable/evaluation-rules/{evaluationRuleId}", "Delete a rule.", Message),
        ),
    ),
)
