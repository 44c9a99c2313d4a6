"""What the routes of evaluators and their rules answer, for the API's description, in both of their dialects."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from common.api.describing import CursorMeta, PageMeta, Unset
from common.api.fields import WireStruct

DataType = Literal["NUMERIC", "BOOLEAN", "CATEGORICAL"]
Language = Literal["PYTHON", "TYPESCRIPT"]


class Person(WireStruct, frozen=True):
    id: str
    name: str | None


class Mapped(WireStruct, kw_only=True, frozen=True):
    """Where a variable of the prompt takes its value from."""

    variable: str
    source: str
    json_path: str | Unset = UNSET


class ModelChoice(WireStruct, frozen=True):
    provider: str
    model: str


class ChatMessage(WireStruct, frozen=True):
    role: str
    content: str


class RuleReference(WireStruct, kw_only=True, frozen=True):
    evaluation_rule_id: str
    variable_mapping_override: list[Mapped] | Unset = UNSET


class Output(WireStruct, kw_only=True, frozen=True):
    """What a judge gives."""

    data_type: DataType
    min_value: float | Unset = UNSET
    max_value: float | Unset = UNSET
    categories: list[str] | Unset = UNSET
    should_allow_multiple_matches: bool | Unset = UNSET
    score_reasoning_instructions: str | Unset = UNSET
    score_value_instructions: str | Unset = UNSET


# --- /v2 --------------------------------------------------------------------------------------------


class _Evaluator(WireStruct, frozen=True):
    id: str
    name: str
    description: str | None
    created_by: Person | None
    status: Literal["active", "paused"]
    paused_at: datetime | None
    paused_reason: str | None
    paused_message: str | None
    evaluation_rule_assignments: list[RuleReference]
    created_at: datetime
    updated_at: datetime
    version_id: str
    version: int
    version_created_at: datetime
    version_created_by: Person | None


class Judge(_Evaluator, frozen=True, tag_field="type", tag="llm_as_judge"):
    """A model that is asked, in its latest version."""

    prompt: list[ChatMessage]
    variables: list[str]
    variable_mapping: list[Mapped] | None
    llm_model: ModelChoice | None = msgspec.field(name="modelConfig")
    output_definition: Output


class Code(_Evaluator, frozen=True, tag_field="type", tag="code"):
    """A program, in its latest version."""

    source_code: str
    source_code_language: Language


class _Version(WireStruct, frozen=True):
    id: str
    version: int
    created_at: datetime
    created_by: Person | None


# The definitions are told once more: msgspec gives a struct one base only, and each tag its own struct.
class JudgeVersion(_Version, frozen=True, tag_field="type", tag="llm_as_judge"):
    prompt: list[ChatMessage]
    variables: list[str]
    variable_mapping: list[Mapped] | None
    llm_model: ModelChoice | None = msgspec.field(name="modelConfig")
    output_definition: Output


class CodeVersion(_Version, frozen=True, tag_field="type", tag="code"):
    source_code: str
    source_code_language: Language


class EvaluatorPage(WireStruct, frozen=True):
    data: list[Judge | Code]
    meta: CursorMeta


class EvaluatorVersionPage(WireStruct, frozen=True):
    data: list[JudgeVersion | CodeVersion]
    meta: CursorMeta


class RuleAssignment(WireStruct, frozen=True):
    evaluator_id: str
    variable_mapping: list[Mapped] | None


class Rule(WireStruct, frozen=True):
    """What is judged, how often and by what."""

    id: str
    name: str
    created_by: Person | None
    enabled: bool
    sampling: float
    filter: list[dict[str, Any]]
    evaluator_assignments: list[RuleAssignment]
    created_at: datetime
    updated_at: datetime


class Removed(WireStruct, frozen=True):
    id: str


# --- /unstable --------------------------------------------------------------------------------------


class Instruction(WireStruct, frozen=True):
    description: str


class ScoreInstruction(WireStruct, kw_only=True, frozen=True):
    description: str
    min_value: float | Unset = UNSET
    max_value: float | Unset = UNSET
    categories: list[str] | Unset = UNSET
    should_allow_multiple_matches: bool | Unset = UNSET


class UnstableOutput(WireStruct, frozen=True):
    data_type: DataType
    reasoning: Instruction
    score: ScoreInstruction


class _UnstableEvaluator(WireStruct, frozen=True):
    id: str
    name: str
    version: int
    variables: list[str]
    mapping: list[Mapped] | None
    evaluation_rule_count: int
    created_at: datetime
    updated_at: datetime


class UnstableJudge(_UnstableEvaluator, frozen=True, tag_field="type", tag="llm_as_judge"):
    prompt: str
    output_definition: UnstableOutput
    llm_model: ModelChoice | None = msgspec.field(name="modelConfig")


class UnstableCode(_UnstableEvaluator, frozen=True, tag_field="type", tag="code"):
    source_code: str
    source_code_language: Language


class UnstableEvaluatorPage(WireStruct, frozen=True):
    data: list[UnstableJudge | UnstableCode]
    meta: PageMeta


class EvaluatorReference(WireStruct, frozen=True):
    id: str
    name: str
    type: Literal["llm_as_judge", "code"]


class UnstableAssignment(WireStruct, frozen=True):
    evaluator: EvaluatorReference
    mapping: list[Mapped] | None


class UnstableRule(WireStruct, frozen=True):
    """`evaluator` and `mapping` are those of the first of the evaluators."""

    id: str
    name: str
    evaluator: EvaluatorReference | None
    evaluators: list[UnstableAssignment]
    target: Literal["observation", "experiment"]
    enabled: bool
    status: Literal["active", "inactive", "paused"]
    paused_reason: str | None
    paused_message: str | None
    sampling: float
    filter: list[dict[str, Any]]
    mapping: list[Mapped]
    created_at: datetime
    updated_at: datetime
