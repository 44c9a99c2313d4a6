"""Runs inside the environment of an SDK: judges, rules and queues by its typed clients, sync and async.

What happened is printed as JSON; the SDK itself refuses answers that are not what it expects.
"""

import asyncio
import json
import sys

from langfuse import Langfuse
from langfuse.api.annotation_queues import AnnotationQueueStatus
from langfuse.api.evaluation_commons import (
    CodeEvaluatorSourceCodeLanguage,
    EvaluationRuleFilter_StringObject,
    EvaluationRuleFilter_StringOptions,
    EvaluationRuleOptionsFilterOperator,
    EvaluationRuleStringObjectFilterOperator,
    EvaluatorOutputDefinition_Boolean,
    EvaluatorOutputDefinition_Categorical,
    EvaluatorOutputDefinition_Numeric,
    PromptVariableMappingInput,
    PromptVariableMappingSource,
)
from langfuse.api.evaluation_errors import (
    BadRequestError,
    ConflictError,
    EvaluationNotFoundError,
    EvaluationUnauthorizedError,
    PreconditionFailedError,
)
from langfuse.api.evaluation_rules import EvaluationRuleEvaluatorAssignmentInput
from langfuse.api.evaluators import (
    CreateEvaluatorRequest_Code,
    CreateEvaluatorRequest_LlmAsJudge,
    EvaluatorChatMessage,
    EvaluatorChatMessageRole,
    EvaluatorModelConfig,
    UpdateEvaluatorMetadataRequest,
    UpdateLlmAsJudgeEvaluatorRequest,
)

url, public_key, secret_key, config_id, user_id = sys.argv[1:]
told = {}


def client(key=public_key):
    return Langfuse(public_key=key, secret_key=secret_key if key == public_key else "wrong", host=url)


def refused(error, call, **arguments):
    try:
        call(**arguments)
    except error as refusal:
        return [refusal.status_code, str(getattr(refusal.body.code, "value", refusal.body.code)), refusal.body.message]
    raise AssertionError(f"{arguments} was not refused")


def judge(**fields):
    return CreateEvaluatorRequest_LlmAsJudge(
        **{
            "name": "Right",
            "prompt": [
                EvaluatorChatMessage(role=EvaluatorChatMessageRole.SYSTEM, content="Judge."),
                EvaluatorChatMessage(role=EvaluatorChatMessageRole.USER, content="{{answer}}?"),
            ],
            "model_config_": EvaluatorModelConfig(provider="house", model="tiny-judge"),
            "variable_mapping": [
                PromptVariableMappingInput(
                    variable="answer", source=PromptVariableMappingSource.OUTPUT, json_path="$.text"
                )
            ],
            "output_definition": EvaluatorOutputDefinition_Numeric(min_value=0.0, max_value=1.0),
            **fields,
        }
    )


def definitions(api):
    evaluators = api.evaluators
    made = evaluators.create(request=judge())
    told["judge"] = [made.version, made.variables, made.model_config_.model, made.variable_mapping[0].json_path]
    told["output"] = [made.output_definition.data_type, made.output_definition.max_value]
    code = evaluators.create(
        request=CreateEvaluatorRequest_Code(
            name="Length", source_code="pass", source_code_language=CodeEvaluatorSourceCodeLanguage.PYTHON
        )
    )
    told["code"] = [type(evaluators.get(code.id)).__name__, code.source_code_language.value]
    renamed = evaluators.update(made.id, request=UpdateEvaluatorMetadataRequest(description="d"))
    told["renamed"] = [renamed.name, renamed.description, renamed.version]
    cleared = evaluators.update(made.id, request=UpdateEvaluatorMetadataRequest(description=None))
    told["cleared"] = cleared.description
    changed = evaluators.update(
        made.id,
        request=UpdateLlmAsJudgeEvaluatorRequest(
            prompt="{{answer}} {{answer}}", output_definition=EvaluatorOutputDefinition_Boolean()
        ),
    )
    told["changed"] = [changed.version, changed.prompt[0].role.value, changed.variable_mapping, changed.model_config_]
    told["versions"] = [version.version for version in evaluators.list_versions(made.id).data]
    category = EvaluatorOutputDefinition_Categorical(categories=["a", "b"], should_allow_multiple_matches=True)
    third = evaluators.create(request=judge(name="Third", output_definition=category))
    told["categories"] = third.output_definition.categories
    first = evaluators.list(limit=2)
    told["pages"] = [
        [row.name for row in first.data],
        [row.name for row in evaluators.list(limit=2, cursor=first.meta.cursor).data],
    ]
    told["last page"] = evaluators.list().meta.cursor
    told["deleted"] = evaluators.delete(third.id).id == third.id
    told["refused"] = [
        refused(EvaluationNotFoundError, evaluators.get, evaluator_id=third.id),
        refused(BadRequestError, evaluators.create, request=judge(name="")),
        refused(BadRequestError, evaluators.list, cursor="nonsense"),
        refused(
            PreconditionFailedError,
            evaluators.create,
            request=judge(model_config_=EvaluatorModelConfig(provider="nobody", model="m")),
        ),
        refused(EvaluationUnauthorizedError, client("pk-lf-stranger").api.evaluators.list),
    ]
    return made.id, code.id


def rules(api, judge_id, code_id):
    mapping = PromptVariableMappingInput(variable="answer", source=PromptVariableMappingSource.EXPECTED_OUTPUT)
    assigned = [
        EvaluationRuleEvaluatorAssignmentInput(evaluator_id=judge_id, variable_mapping=[mapping]),
        EvaluationRuleEvaluatorAssignmentInput(evaluator_id=code_id),
    ]
    conditions = [
        EvaluationRuleFilter_StringOptions(
            column="type", operator=EvaluationRuleOptionsFilterOperator.ANY_OF, value=["GENERATION"]
        ),
        EvaluationRuleFilter_StringObject(
            column="metadata", key="k", operator=EvaluationRuleStringObjectFilterOperator.IS_SET, value=""
        ),
    ]
    made = api.evaluation_rules.create(
        name="All", enabled=True, evaluator_assignments=assigned, sampling=0.5, filter=conditions
    )
    told["rule"] = [made.sampling, [one.column for one in made.filter], made.filter[1].key]
    told["assigned"] = [one.evaluator_id for one in made.evaluator_assignments] == [judge_id, code_id]
    told["override"] = api.evaluators.get(judge_id).evaluation_rule_assignments[0].variable_mapping_override[0].source
    told["everything"] = api.evaluation_rules.create(name="b", enabled=False, evaluator_assignments=[]).sampling
    told["rules"] = [rule.name for rule in api.evaluation_rules.list().data]
    told["rule changed"] = api.evaluation_rules.update(made.id, enabled=False, filter=[]).filter
    told["disabled"] = api.evaluation_rules.update(made.id, evaluator_assignments=[]).enabled
    told["rule refused"] = [
        refused(
            ConflictError,
            api.evaluation_rules.update,
            evaluation_rule_id=made.id,
            evaluator_assignments=assigned[:1] * 2,
        ),
        refused(BadRequestError, api.evaluation_rules.update, evaluation_rule_id=made.id, enabled=True),
    ]
    told["rule read"] = api.evaluation_rules.get(made.id).name
    told["rule deleted"] = api.evaluation_rules.delete(made.id).id == made.id


def queues(api):
    queue = api.annotation_queues.create_queue(name="Queue", score_config_ids=[config_id], description="d")
    item = api.annotation_queues.create_queue_item(queue.id, object_id="t", object_type="TRACE")
    done = api.annotation_queues.update_queue_item(queue.id, item.id, status=AnnotationQueueStatus.COMPLETED)
    told["queue"] = [api.annotation_queues.get_queue(queue.id).name, done.status.value, done.completed_at is not None]
    listed = api.annotation_queues.list_queue_items(queue.id, status=AnnotationQueueStatus.COMPLETED)
    told["items"] = [listed.data[0].id == item.id, listed.meta.total_items]
    told["member"] = api.annotation_queues.create_queue_assignment(queue.id, user_id=user_id).queue_id == queue.id
    told["unassigned"] = api.annotation_queues.delete_queue_assignment(queue.id, user_id=user_id).success
    told["item deleted"] = api.annotation_queues.delete_queue_item(queue.id, item.id).success
    told["queues"] = api.annotation_queues.list_queues().meta.total_pages


async def again(api):
    """The same routes by the asynchronous client."""
    made = await api.evaluators.create(request=judge(name="Async"))
    rule = await api.evaluation_rules.create(
        name="Async",
        enabled=True,
        evaluator_assignments=[EvaluationRuleEvaluatorAssignmentInput(evaluator_id=made.id)],
    )
    got = await asyncio.gather(api.evaluators.get(made.id), api.evaluation_rules.get(rule.id))
    told["async"] = [one.name for one in got]
    try:
        await api.evaluators.get("0" * 32)
    except EvaluationNotFoundError as refusal:
        told["async refused"] = refusal.status_code
    told["async deleted"] = (await api.evaluators.delete(made.id)).id == made.id
    told["async rule"] = (await api.evaluation_rules.get(rule.id)).enabled


langfuse = client()
rules(langfuse.api, *definitions(langfuse.api))
queues(langfuse.api)
asyncio.run(again(langfuse.async_api))
print(json.dumps(told))
