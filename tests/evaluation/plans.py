"""Small experiments over the capitals of the world, with the connection to the endpoint that knows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.authors import Author
from accounts.models import User
from common import crypto
from datasets.definitions import create_dataset
from datasets.items import ItemChange, put_items
from datasets.models import Dataset, DatasetItem
from evaluation import evaluators, steering
from evaluation.definitions import Metric
from evaluation.experiment_draft import Draft, EvaluatorChoice, ModelChoice, PromptChoice
from evaluation.models import Evaluator
from evaluation.models.experiments import Experiment, Job
from evaluation.planning import plan
from llm.models import LlmConnection
from tests.conftest import Api, Keys
from tests.endpoint.geography import COUNTRIES

MODEL = "gpt-4o-mini"
NOBODY = Author()


def connect(keys: Keys, url: str, **fields: Any) -> LlmConnection:
    """A connection to the endpoint."""
    return LlmConnection.objects.create(
        project_id=keys.id, provider="house", base_url=url, sealed_secret=crypto.seal("sk-1"), **fields
    )


def capitals(keys: Keys, count: int = 10) -> tuple[Dataset, list[DatasetItem]]:
    """A dataset of countries and their capitals; beyond those there are, with a number."""
    dataset = create_dataset(keys.id, {"name": "Capitals"})
    changes = []
    for number in range(count):
        country = COUNTRIES[number % len(COUNTRIES)]
        asked = country.en if number < len(COUNTRIES) else f"{country.en}, question {number}"
        metadata = {"continent": "Europe" if number % 2 else "elsewhere"}
        changes.append(
            ItemChange(id=f"c{number}", input={"country": asked}, expected_output=country.capital_en, metadata=metadata)
        )
    return dataset, put_items(dataset, changes)


def prompt(api: Api, name: str = "capital", text: Any = "Only the name: the capital of {{country}}?") -> None:
    body = {"name": name, "prompt": text, "type": "text" if isinstance(text, str) else "chat", "labels": ["production"]}
    assert api.post("v2/prompts", body).status_code in (200, 201)


def exact(keys: Keys, name: str = "exact", kind: str = "exact") -> Evaluator:
    """A metric that compares with what was expected."""
    return evaluators.create(keys.id, evaluators.Draft(name=name, definition=Metric(kind=kind)), NOBODY)


def draft(
    dataset: Dataset,
    connection: LlmConnection,
    models: Sequence[str] = (MODEL,),
    prompts: Sequence[str] = ("capital",),
    chosen: Sequence[Evaluator] = (),
    parameters: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Draft:
    return Draft(
        dataset_id=dataset.pk,
        name="Try",
        prompts=[PromptChoice(name=name) for name in prompts],
        models=[ModelChoice(connection_id=connection.pk, model=model, parameters=parameters or {}) for model in models],
        evaluators=[EvaluatorChoice(evaluator_id=one.pk) for one in chosen],
        **fields,
    )


def planned(keys: Keys, of: Draft, by: User | None = None) -> Experiment:
    return plan(keys.id, of, Author(user=by))


def started(keys: Keys, experiment: Experiment) -> Experiment:
    steering.start(keys.id, experiment.pk, NOBODY)
    return experiment


def states(experiment: Experiment) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Job.objects.filter(experiment=experiment).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
