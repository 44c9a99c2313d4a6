"""Bodies of evaluators and rules, and models that let a judge run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from common import crypto
from evaluation.models import EvaluationRule
from llm.models import LlmConnection
from tests.conftest import Api, Keys
from tests.endpoint.fixtures import endpoint, openai_endpoint
from tests.evaluation.scripted import Scripted

__all__ = ["endpoint", "openai_endpoint"]

Make = Callable[..., dict[str, Any]]

PROMPT = "Judge {{answer}} against {{reference}}."
MAPPING = [
    {"variable": "answer", "source": "output"},
    {"variable": "reference", "source": "metadata", "jsonPath": "$.expected[0]"},
]
NUMBER = {"dataType": "NUMERIC", "minValue": 0, "maxValue": 1, "scoreValueInstructions": "1 is right"}
NUMBER_NESTED = {
    "dataType": "NUMERIC",
    "reasoning": {"description": "Say why"},
    "score": {"description": "1 is right", "minValue": 0, "maxValue": 1},
}
CODE = {"type": "code", "sourceCode": "def evaluate(ctx): return 1", "sourceCodeLanguage": "PYTHON"}


def judge(**fields: Any) -> dict[str, Any]:
    """A judge for `/v2/evaluators`."""
    return {"name": "Right", "type": "llm_as_judge", "prompt": PROMPT, "outputDefinition": NUMBER, **fields}


def unstable_judge(**fields: Any) -> dict[str, Any]:
    """A judge for `/unstable/evaluators`."""
    return {"name": "Right", "type": "llm_as_judge", "prompt": PROMPT, "outputDefinition": NUMBER_NESTED, **fields}


@pytest.fixture
def connection(api: Api) -> str:
    """The provider's name of an LLM connection."""
    body = {"provider": "house", "adapter": "openai", "secretKey": "sk-1", "customModels": ["tiny-judge"]}
    answer = api.put("llm-connections", {**body, "withDefaultModels": False})
    assert answer.status_code == 201, answer.content
    return "house"


@pytest.fixture
def model(project: Keys, settings: Any) -> Iterator[Scripted]:
    """The model `gpt-4o-mini` of the project's connection `scripted`."""
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    scripted = Scripted()
    LlmConnection.objects.create(
        project_id=project.project.pk,
        provider="scripted",
        base_url=scripted.url,
        custom_models=["gpt-4o-mini"],
        sealed_secret=crypto.seal("sk-1"),
    )
    yield scripted
    scripted.server.shutdown()
    scripted.server.server_close()


@pytest.fixture
def not_enqueued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Experiments are run by the tests themselves, which play the worker."""
    monkeypatch.setattr("evaluation.steering.enqueue_experiment", lambda _id: True)


@pytest.fixture
def make(api: Api) -> Make:
    """POST it; the answer, which must be good."""

    def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = api.post(path, body)
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    return made


@pytest.fixture
def many_active(project: Keys) -> None:
    """As many active rules as there may be."""
    EvaluationRule.objects.bulk_create(
        EvaluationRule(project=project.project, name=f"rule {n}", enabled=True) for n in range(500)
    )


def refusal(answer: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """A structured refusal, checked for its shape: its details."""
    body = answer.json()
    assert (answer.status_code, body.get("code")) == (status, code), answer.content
    assert isinstance(body["message"], str)
    assert set(body) <= {"code", "message", "details"}
    details = body.get("details", {})
    if field is not None:
        named = [".".join(map(str, issue["path"])) for issue in details["issues"]]
        assert named == [field], details
    return details
