"""People's scores: one per person, score config and thing judged, given, changed and taken back.

The fact of a score lives in tracing (`tracing.scores` checks it); the act of giving one lives here.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.errors import Invalid, NotFound
from tracing.deleting import delete
from tracing.ingestion.pipeline import store_changes
from tracing.models.configured import ScoreConfig
from tracing.records import Changes, Score, ScoreChange
from tracing.scores import ScoreInput, resolve
from tracing.store import store
from tracing.store.base import Cursor, Deletion, ObservationQuery, ScoreQuery, TraceQuery

_NAMESPACE = uuid.UUID("8f7f0f2e-6a0b-4f63-9f0f-3f6f4f1f9c55")


@dataclass(frozen=True, slots=True)
class Target:
    """What is judged: a trace, or one of its observations."""

    trace_id: str
    observation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A config on the annotation sheet: what this person said, and how many other scores of that name there are."""

    config: ScoreConfig
    mine: Score | None
    others: tuple[Score, ...]


def sheet(project_id: str, target: Target, author_id: str) -> list[Line]:
    """The live score configs with the person's own scores of the target. Raises NotFound for a strange trace."""
    _require(project_id, target)
    configs = ScoreConfig.objects.filter(project_id=project_id, is_archived=False).order_by("name", "id")
    given = _scores_of(project_id, target)
    return [_line(config, given, _score_id(project_id, target, config.pk, author_id)) for config in configs]


def annotate(
    project_id: str, target: Target, *, config_id: str, value: str, comment: str, author_id: str
) -> ScoreChange:
    """Give or change the person's score. `value` is as a form sends it. Raises Invalid and NotFound."""
    config = ScoreConfig.objects.filter(project_id=project_id, pk=config_id).first()
    if config is None:
        raise NotFound("There is no such score config in this project.")
    _require(project_id, target)
    [checked] = resolve(
        project_id,
        [
            ScoreInput(
                id=_score_id(project_id, target, config_id, author_id),
                trace_id=target.trace_id,
                observation_id=target.observation_id,
                config_id=config_id,
                name=config.name,
                value=_typed(config, value),
                source="ANNOTATION",
                comment=comment.strip(),
                author_user_id=author_id,
            )
        ],
    )
    if isinstance(checked, Invalid):
        raise checked
    store_changes(project_id, Changes(scores=[checked]))
    return checked


def withdraw(project_id: str, target: Target, *, config_id: str, author_id: str) -> None:
    """Take the person's score back; nothing happens when there is none."""
    score_id = _score_id(project_id, target, config_id, author_id)
    delete(Deletion(project_id=project_id, kind="scores", ids=(score_id,)))


def _require(project_id: str, target: Target) -> None:
    """Raises NotFound for a strange trace, and for an observation that is not one of the trace."""
    if not store().traces(TraceQuery(project_id=project_id, ids=(target.trace_id,))).rows:
        raise NotFound(f"Trace {target.trace_id} not found within authorized project")
    if target.observation_id is not None:
        query = ObservationQuery(
            project_id=project_id, ids=(target.observation_id,), trace_ids=(target.trace_id,), window=Cursor(limit=1)
        )
        if not store().observations(query).rows:
            raise NotFound(f"Observation {target.observation_id} not found in trace {target.trace_id}")


def _typed(config: ScoreConfig, value: str) -> object:
    """The form's text as the wire would have it."""
    text = value.strip()
    if not text:
        raise Invalid(_("Choose or enter a value."), "value")
    if config.data_type in ("NUMERIC", "BOOLEAN"):
        try:
            return float(text.replace(",", "."))
        except ValueError:
            raise Invalid(_("“%(text)s” is not a number.") % {"text": text}, "value") from None
    return text


def _score_id(project_id: str, target: Target, config_id: str, author_id: str) -> str:
    """The same person, config and target always give the same score, so that saving twice changes nothing."""
    return str(
        uuid.uuid5(
            _NAMESPACE, "\n".join((project_id, target.trace_id, target.observation_id or "", config_id, author_id))
        )
    )


def _scores_of(project_id: str, target: Target) -> Sequence[Score]:
    query = ScoreQuery(project_id=project_id, trace_ids=(target.trace_id,), window=None)
    return [score for score in store().scores(query).rows if score.observation_id == target.observation_id]


def _line(config: ScoreConfig, given: Sequence[Score], own_id: str) -> Line:
    same = [score for score in given if score.config_id == config.pk or score.name == config.name]
    mine = next((score for score in same if score.id == own_id), None)
    return Line(config, mine, tuple(score for score in same if score.id != own_id))
