"""Whether an evaluator could run as it is configured: is its model to be had, is its language spoken here."""

from evaluation.models import EvaluatorVersion
from evaluation.refusals import CannotRun
from llm.models import LlmConnection

# What PromptLab runs; other programs are kept, but no rule can be switched on with them.
SPOKEN = frozenset({"PYTHON"})


def require_model(project_id: str, evaluator_name: str, provider: str | None, model: str | None) -> None:
    """Raises CannotRun when the project has no connection to the provider (or to any, when none is named)."""
    if fault := _fault(project_id, provider, model):
        raise CannotRun(fault, evaluatorName=evaluator_name, provider=provider, model=model)


def require_runnable(project_id: str, evaluator_name: str, version: EvaluatorVersion) -> None:
    """Raises CannotRun when the version could not run."""
    if version.output is not None:
        require_model(project_id, evaluator_name, version.provider, version.model)
    elif version.source_code is not None and version.source_code_language not in SPOKEN:
        raise CannotRun(
            f"PromptLab runs code evaluators in {', '.join(sorted(SPOKEN))}; this one is written in "
            f"{version.source_code_language}. It can be kept, but not switched on.",
            evaluatorName=evaluator_name,
        )


def _fault(project_id: str, provider: str | None, model: str | None) -> str:
    connections = LlmConnection.objects.filter(project_id=project_id)
    if provider is None:
        return "" if connections.exists() else "The project has no LLM connection. Add one under Settings."
    connection = connections.filter(provider=provider).first()
    if connection is None:
        return (
            f"modelConfig.provider: the project has no LLM connection named {provider!r}. "
            "Add it under Settings, or name one of those there are."
        )
    if not connection.with_default_models and model not in connection.custom_models:
        return f"modelConfig.model: the LLM connection {provider!r} does not offer the model {model!r}."
    return ""
