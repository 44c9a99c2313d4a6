"""What a runner reads of its experiment before it asks: the plan, and one job after the other with all it takes.

Everything here asks the database; calls of models are nobody's business here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets.jsontext import to_value
from datasets.models import DatasetItem, DatasetRunItem
from evaluation import billing, desk, mapping, response_cache
from evaluation import extraction as extracting
from evaluation.asking import ItemValues, Template, Unfilled, request_of, values_of
from evaluation.mapping import Mapped
from evaluation.models import EvaluatorVersion
from evaluation.models.experiments import Cell, Experiment, Job
from evaluation.scoring.base import Subject
from evaluation.subjects import subjects_of
from llm.calls import ChatRequest
from llm.clients import Clients
from llm.models import LlmConnection

MOST_AT_ONCE = 500


@dataclass(slots=True, kw_only=True)
class Task:
    """A claimed job with what it takes. `request` None: it is answered already, and `subject` waits for its scores, or
    it cannot be asked at all (`job.error`)."""

    job: Job
    item: DatasetItem
    values: ItemValues
    request: ChatRequest | None = None
    key: str = ""
    kept: dict[str, Any] | None = None
    subject: Subject | None = None


@dataclass(slots=True, kw_only=True)
class Plan:
    """An experiment as its runner needs it. `versions` and `mappings` are by the evaluators' places."""

    experiment: Experiment
    cells: dict[int, Cell]
    templates: dict[int, Template]
    versions: dict[int, EvaluatorVersion]
    mappings: dict[int, Sequence[Mapped]]
    extraction: extracting.Extraction
    clients: Clients
    bills: billing.Bills
    at_once: int
    halted: dict[int, str] = field(default_factory=dict)

    @property
    def connections(self) -> dict[str, LlmConnection]:
        return {one.provider: one for one in self.clients.connections}

    def like(self, cell_id: int) -> list[int]:
        """The cells of the same model."""
        model = self.cells[cell_id].model_id
        return [key for key, cell in self.cells.items() if cell.model_id == model]


def plan_of(experiment_id: str) -> Plan:
    """What is pinned, and who is to be asked. Raises desk.Lost when the experiment is gone."""
    experiment = Experiment.objects.select_related("author", "dataset").filter(pk=experiment_id).first()
    if experiment is None:
        raise desk.Lost
    cells = {cell.pk: cell for cell in experiment.cells.select_related("prompt", "model__connection")}
    mapped = mapping.read(experiment.mapping) or ()
    chosen = experiment.evaluators.select_related("version__evaluator")
    there = {one.position: (one, one.version) for one in chosen if one.version is not None}
    clients = Clients(experiment.project_id)
    return Plan(
        experiment=experiment,
        cells=cells,
        templates={
            arm.pk: Template(experiment.project_id, to_value(arm.content), mapped) for arm in experiment.prompts.all()
        },
        versions={place: version for place, (_one, version) in there.items()},
        mappings={
            place: mapping.read(one.mapping) or mapping.read(version.mapping) or ()
            for place, (one, version) in there.items()
        },
        halted={place: one.halted for place, (one, _version) in there.items() if one.halted},
        extraction=extracting.read(experiment.extraction),
        clients=clients,
        bills=billing.bills(experiment.project_id),
        at_once=_at_once(experiment, cells, clients),
    )


def claimed(plan: Plan, token: str, count: int) -> list[Task]:
    """The next jobs, ready to be asked. Raises desk.Lost."""
    jobs = desk.claim(plan.experiment.pk, token, count)
    items = DatasetItem.objects.in_bulk({job.item_id for job in jobs})
    values = {key: values_of(item) for key, item in items.items()}
    # An item may have gone with its dataset this moment.
    tasks = [_prepared(plan, job, items[job.item_id], values[job.item_id]) for job in jobs if job.item_id in items]
    if plan.experiment.use_cache:
        kept = response_cache.find(plan.experiment.project_id, {task.key for task in tasks if task.key})
        for task in tasks:
            task.kept = kept.get(task.key)
    return tasks


def unscored(plan: Plan, after: int) -> tuple[int, list[Task]]:
    """What an earlier runner left unscored after that key, and the last key that was looked at (0: no more)."""
    jobs = desk.unscored(plan.experiment.pk, after, plan.at_once)
    items = DatasetItem.objects.in_bulk({job.item_id for job in jobs})
    project_id = plan.experiment.project_id
    found = DatasetRunItem.objects.filter(project_id=project_id, trace_id__in=[job.trace_id for job in jobs])
    links = {link.trace_id: link for link in found.select_related("version")}
    known = [links[job.trace_id] for job in jobs if job.trace_id in links]
    subjects = dict(zip((link.trace_id for link in known), subjects_of(project_id, known), strict=True))
    tasks = [
        Task(
            job=job,
            item=items[job.item_id],
            values=values_of(items[job.item_id]),
            subject=subjects.get(job.trace_id) or Subject(trace_id=job.trace_id),
        )
        for job in jobs
        if job.item_id in items
    ]
    return (jobs[-1].pk if jobs else 0), tasks


def _prepared(plan: Plan, job: Job, item: DatasetItem, values: ItemValues) -> Task:
    cell = plan.cells[job.cell_id]
    task = Task(job=job, item=item, values=values)
    try:
        messages = plan.templates[cell.prompt_id].messages(values)
    except Unfilled as error:
        job.error = error.message
        return task
    task.request = request_of(cell.model, messages, job.repetition)
    connection = plan.connections.get(cell.model.provider)
    if plan.experiment.use_cache and connection is not None:
        task.key = response_cache.key_of(connection, task.request, job.repetition)
    return task


def _at_once(experiment: Experiment, cells: dict[int, Cell], clients: Clients) -> int:
    there = {one.provider for one in clients.connections}
    used = {cell.model.provider for cell in cells.values()} & there
    allowed = sum(clients.named(provider).concurrency for provider in used)
    return max(1, min(experiment.concurrency or allowed, allowed or 1, MOST_AT_ONCE))
