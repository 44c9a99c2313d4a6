"""Where the answers of runs come from: models, versions of prompts, people; read off what was traced, in one question
per thousand traces, and off what the client said of the run."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from datasets.jsontext import to_text, to_value
from datasets.models import DatasetRun, DatasetRunItem
from tracing.filters import Filter
from tracing.store import store
from tracing.store.base import Measure, MetricsQuery

CHUNK = 1000
EVER = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
DIMENSIONS = ("traceId", "providedModelName", "promptName", "promptVersion", "userId")
# What clients call these things in the metadata of a run, which says more than any trace.
MODEL_KEYS = ("model", "model_name", "modelName")
AUTHOR_KEYS = ("author", "created_by", "createdBy", "user")
# Versions beyond this one nobody has made; it bounds what a number from outside may be.
LAST_VERSION = 10**9


@dataclass(frozen=True, slots=True)
class Origins:
    """What a run was made with, the most frequent first. `prompts` are (name, version). The rest is what the run's
    metadata says, empty without; `position` is its place in the plan of its experiment, `setup` how the model was
    reached and set: `openai, temperature=0`."""

    models: tuple[str, ...] = ()
    prompts: tuple[tuple[str, int], ...] = ()
    authors: tuple[str, ...] = ()
    strategy: str = ""
    experiment: str = ""
    experiment_id: str = ""
    setup: str = ""
    position: int = 0


def origins_of(project_id: str, links: Mapping[int, Sequence[DatasetRunItem]]) -> dict[int, Origins]:
    """The origins of runs by the runs' keys, from the traces of their run items."""
    trace_ids = list(dict.fromkeys(link.trace_id for of_run in links.values() for link in of_run))
    seen: dict[str, list[tuple[str | None, tuple[str, int] | None, str | None]]] = defaultdict(list)
    for begin in range(0, len(trace_ids), CHUNK):
        for row in _rows(project_id, trace_ids[begin : begin + CHUNK]):
            prompt = (
                (row["promptName"], int(row["promptVersion"])) if row["promptName"] and row["promptVersion"] else None
            )
            seen[row["traceId"]].append((row["providedModelName"], prompt, row["userId"]))
    found: dict[int, Origins] = {}
    for key, of_run in links.items():
        rows = [row for link in of_run for row in seen[link.trace_id]]
        found[key] = Origins(*(_by_frequency(row[side] for row in rows) for side in range(3)))  # type: ignore[arg-type]
    return found


def with_metadata(run: DatasetRun, origins: Origins) -> Origins:
    """The same, where the run's metadata names model, prompt, author or anything else, with these."""
    said = to_value(run.metadata)
    if not isinstance(said, dict):
        return origins
    models, authors = (
        next(((value,) for key in keys if (value := _text(said.get(key)))), told)
        for keys, told in ((MODEL_KEYS, origins.models), (AUTHOR_KEYS, origins.authors))
    )
    strategy, experiment, experiment_id = (_text(said.get(key)) for key in ("strategy", "experiment", "experiment_id"))
    return Origins(
        models,
        _prompt(said) or origins.prompts,
        authors,
        strategy,
        experiment,
        experiment_id or experiment,
        _setup(said),
        position if isinstance(position := said.get("position"), int) and 0 < position < LAST_VERSION else 0,
    )


def _text(value: object) -> str:
    """A name in one line that any page can show; empty for what is no text."""
    return " ".join(value.encode("utf-8", "replace").decode().split()) if isinstance(value, str) else ""


def _setup(said: Mapping[str, object]) -> str:
    """`provider` and `parameters` in one line, the parameters by name."""
    provider, parameters = _text(said.get("provider")), said.get("parameters")
    parts = [provider] if provider else []
    if isinstance(parameters, dict):
        named = sorted(parameters.items())
        parts += [_text(f"{name}={value if isinstance(value, str) else to_text(value)}") for name, value in named]
    return ", ".join(parts)


def _prompt(said: Mapping[str, object]) -> tuple[tuple[str, int], ...]:
    """`prompt: {name, version}`, or `prompt` and `prompt_version`; nothing for anything else."""
    told = said.get("prompt")
    given, version = (
        (told.get("name"), told.get("version")) if isinstance(told, dict) else (told, said.get("prompt_version"))
    )
    name = _text(given)
    if not name or not isinstance(version, int) or isinstance(version, bool):
        return ()
    return ((name, version),) if 0 < version < LAST_VERSION else ()


def _rows(project_id: str, trace_ids: Sequence[str]) -> Sequence[dict]:
    since, until = EVER
    return store().metrics(
        MetricsQuery(
            project_id=project_id,
            view="observations",
            measures=(Measure(measure="count", aggregation="count"),),
            since=since,
            until=until,
            dimensions=DIMENSIONS,
            filters=(Filter("stringOptions", "traceId", "any of", tuple(trace_ids)),),
        )
    )


def _by_frequency(values: Iterable[object]) -> tuple[object, ...]:
    return tuple(value for value, _count in Counter(value for value in values if value).most_common())
