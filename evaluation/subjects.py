"""Answers of runs as what evaluators look at, read from the store: for scoring without asking the model again."""

from collections.abc import Sequence

from datasets.answers import Answer, read_answers, with_bodies
from datasets.jsontext import to_value
from datasets.models import DatasetRunItem
from evaluation.scoring.base import Subject
from evaluation.scoring.parts import tool_calls

# Under this key the metadata of an experiment's trace tells that nothing could be extracted from the answer.
NOT_EXTRACTED = "extraction_error"


def subjects_of(project_id: str, links: Sequence[DatasetRunItem]) -> list[Subject | None]:
    """The subject behind each run item (`version` selected with it), None where its trace has not arrived or holds no
    answer because the call failed."""
    answers = with_bodies(project_id, read_answers(project_id, links))
    return [_subject(answer) if answer.arrived and not _has_failed(answer) else None for answer in answers]


def _has_failed(answer: Answer) -> bool:
    return answer.failed and answer.output is None


def _subject(answer: Answer) -> Subject:
    link, version = answer.link, answer.link.version
    output, metadata = to_value(answer.output), to_value(answer.metadata)
    if isinstance(metadata, dict) and NOT_EXTRACTED in metadata:
        output = ""
    return Subject(
        trace_id=link.trace_id,
        observation_id=link.observation_id or None,
        environment=answer.environment,
        input=to_value(answer.input),
        output=output,
        metadata=metadata,
        tool_calls=tool_calls(output),
        expected_output=to_value(version.expected_output if version else link.expected_output),
        item_metadata=to_value(version.metadata if version else link.metadata),
        latency=answer.latency,
        cost=answer.cost,
    )
