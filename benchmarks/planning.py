"""Plans and starts experiments inside a house, with its worker's environment:

python -m benchmarks.planning plan PROJECT URL ITEMS AT_ONCE    prints the experiment's id
python -m benchmarks.planning start PROJECT EXPERIMENT
"""

import os
import sys

import django

MODEL = "gpt-4o-mini"


def plan(project: str, url: str, items: str, at_once: str) -> str:
    """An experiment over as many items, with a dataset of its own; nothing of it is in the cache."""
    from accounts.authors import Author
    from common import crypto
    from common.ids import new_id
    from datasets.definitions import create_dataset
    from datasets.items import ItemChange, put_items
    from evaluation import evaluators, experiment_draft, planning
    from evaluation.definitions import Metric
    from llm.models import LlmConnection
    from prompts.authors import Author as PromptAuthor
    from prompts.publishing import Draft, create_version

    name, author = f"benchmark-{new_id()[:8]}", Author()
    dataset = create_dataset(project, {"name": name})
    put_items(
        dataset,
        [
            ItemChange(input={"question": f"What is the capital of country {number}? {name}"}, expected_output="Paris")
            for number in range(int(items))
        ],
    )
    text = "Answer with one word, and nothing else. Think of the capital before you answer.\n\n{{question}}"
    create_version(project, Draft(name=name, content=text, labels=["production"]), PromptAuthor())
    connection = LlmConnection.objects.create(
        project_id=project, provider=name, base_url=url, sealed_secret=crypto.seal("sk-benchmark")
    )
    metrics = [
        evaluators.create(project, evaluators.Draft(name=kind, definition=Metric(kind=kind)), author)
        for kind in ("exact", "levenshtein")
    ]
    draft = experiment_draft.Draft(
        dataset_id=dataset.pk,
        name=name,
        prompts=[experiment_draft.PromptChoice(name=name)],
        models=[experiment_draft.ModelChoice(connection_id=connection.pk, model=MODEL)],
        evaluators=[experiment_draft.EvaluatorChoice(evaluator_id=one.pk) for one in metrics],
        concurrency=int(at_once),
    )
    return planning.plan(project, draft, author).pk


def start(project: str, experiment: str) -> str:
    """Let it run."""
    from accounts.authors import Author
    from evaluation import steering

    return steering.start(project, experiment, Author()).status


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
    django.setup()
    print({"plan": plan, "start": start}[sys.argv[1]](*sys.argv[2:]))
