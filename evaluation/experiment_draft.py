"""An experiment as a person describes it: what to ask, about which items, of which models, scored by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evaluation.extraction import Extraction
from evaluation.mapping import Mapped

MAX_DESCRIPTION = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptChoice:
    """A prompt by name, in a version or the one that bears a label (neither: `production`); `strategy` names the arm,
    such as few-shot."""

    name: str
    version: int | None = None
    label: str | None = None
    strategy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A model of a connection (by its id) with parameters of the request (`temperature`, `max_tokens`, `seed`, also
    `response_format`, `tools`); a `seed` is counted up from one repetition to the next. `name` tells apart arms that
    share a model."""

    connection_id: str
    model: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorChoice:
    """An evaluator, in a version (None: the latest), with a mapping of its variables (None: the version's own)."""

    evaluator_id: str
    version: int | None = None
    mapping: Sequence[Mapped] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which items: of a status (None: archived ones too), whose metadata have these values under these keys."""

    status: str | None = "ACTIVE"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An experiment as a person describes it.

    `version_at` is the dataset's version (None: now); `mapping` says where variables come from that are no fields of
    the items' inputs (sources `input`, `expected_output`, `metadata`); `cost_cap` is in US dollars; `run_names` names
    the runs of cells by (place of the prompt, place of the model) where the proposed names do not please.
    """

    dataset_id: str
    name: str
    prompts: Sequence[PromptChoice]
    models: Sequence[ModelChoice]
    description: str = ""
    version_at: datetime | None = None
    items: ItemFilter = field(default_factory=ItemFilter)
    repetitions: int = 1
    mapping: Sequence[Mapped] = ()
    extraction: Extraction = field(default_factory=Extraction)
    evaluators: Sequence[EvaluatorChoice] = ()
    cost_cap: float | None = None
    use_cache: bool = True
    concurrency: int | None = None
    run_names: Mapping[tuple[int, int], str] = field(default_factory=dict)
