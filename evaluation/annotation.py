"""People's scores: one per person, score config and thing judged, given, changed and taken back.

The fact of a score lives in tracing (`tracing.scores` checks it); the act of giving one lives here.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from common.errors import Invalid, NotFound
from tracing.deleting import delete
from tracing.ingestion.pipeline import store_changes
from tracing.models.configured import ScoreConfig
from tracing.records import Changes, Score, ScoreChange
from tracing.scores import ScoreInput, resolve
from tracing.store import store
from tracing.store.base import Cursor, Deletion, ObservationQuery, ScoreQuery, SessionQuery, TraceQuery

_NAMESPACE = uuid.UUID("8f7f0f2e-6a0b-4f63-9f0f-3f6f4f1f9c55")


@dataclass(frozen=True, slots=True)
class Target:
    """What is judged: a trace, one of its observations, or a session (then `trace_id` is empty)."""

    trace_id: str
    observation_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a thing under one config: `value` as a form sends it."""

    value: str
    comment: str = ""


class Unfinished(Invalid):
    """A judgement that cannot be stored yet: `faults` names what is wrong by config."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(next(iter(faults.values())))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Line:
    """A config on the annotation sheet: what this person said, and how many other scores of that name there are."""

    config: ScoreConfig
    mine: Score | None
    others: tuple[Score, ...]


def sheet(project_id: str, target: Target, author_id: str, *, people: str | None) -> list[Line]:
    """The live score configs with the person's own scores of the target, and others' as far as `people` goes (see
    `ScoreQuery`). Raises NotFound for a strange trace."""
    _require(project_id, target)
    configs = ScoreConfig.objects.filter(project_id=project_id, is_archived=False).order_by("name", "id")
    given = _scores_of(project_id, target, people)
    return [_line(config, given, score_id(project_id, target, config.pk, author_id)) for config in configs]


def annotate(
    project_id: str, target: Target, *, config_id: str, value: str, comment: str, author_id: str
) -> ScoreChange:
    """Give or change the person's score. `value` is as a form sends it. Raises Invalid and NotFound."""
    config = ScoreConfig.objects.filter(project_id=project_id, pk=config_id).first()
    if config is None:
        raise NotFound("There is no such score config in this project.")
    _require(project_id, target)
    [checked] = resolve(project_id, [_score(project_id, target, config, Said(value, comment), author_id)])
    if isinstance(checked, Invalid):
        raise checked
    store_changes(project_id, Changes(scores=[checked]))
    return checked


def judge(
    project_id: str,
    target: Target,
    said: Mapping[str, Said],
    configs: Sequence[ScoreConfig],
    *,
    author_id: str,
    queue_id: str,
) -> list[ScoreChange]:
    """Give all of a queue's scores at once; texts may be left empty, which takes back what was said before.

    Raises Unfinished naming everything that is missing or wrong.
    """
    asked = [one for one in configs if one.data_type != "TEXT" or said.get(one.pk, Said("")).value.strip()]
    changes = drawn_up(project_id, target, said, asked, author_id=author_id, queue_id=queue_id)
    gone = {config.pk for config in configs} - {change.config_id for change in changes}
    if gone:
        take_back(project_id, target, sorted(gone), author_id=author_id)
    store_changes(project_id, Changes(scores=changes))
    return changes


def drawn_up(
    project_id: str,
    target: Target,
    said: Mapping[str, Said],
    configs: Sequence[ScoreConfig],
    *,
    author_id: str | None,
    queue_id: str,
    decided: Mapping[str, str] | None = None,
) -> list[ScoreChange]:
    """The scores of a form under these configs, checked and not stored: the author's own, or with `decided` (metadata
    by config) the final ones. Raises Unfinished."""
    faults: dict[str, str] = {}
    inputs: list[ScoreInput] = []
    for config in configs:
        try:
            given = _score(project_id, target, config, said.get(config.pk, Said("")), author_id, queue_id)
        except Invalid as refusal:
            faults[config.pk] = refusal.message
            continue
        if decided is not None:
            given = replace(given, id=final_id(project_id, target, config.pk), metadata=decided[config.pk])
        inputs.append(given)
    changes: list[ScoreChange] = []
    for given, checked in zip(inputs, resolve(project_id, inputs, configs), strict=True):
        if isinstance(checked, Invalid):
            faults[given.config_id] = checked.message
        else:
            changes.append(checked)
    if faults:
        raise Unfinished(faults)
    return changes


def take_back(project_id: str, target: Target, config_ids: Sequence[str], *, author_id: str) -> None:
    """Delete the person's scores of the target under these configs; nothing happens where there are none."""
    ids = tuple(score_id(project_id, target, config_id, author_id) for config_id in config_ids)
    delete(Deletion(project_id=project_id, kind="scores", ids=ids))


def withdraw(project_id: str, target: Target, *, config_id: str, author_id: str) -> None:
    """Take the person's score back; nothing happens when there is none."""
    take_back(project_id, target, [config_id], author_id=author_id)


def typed(config: ScoreConfig, value: str) -> float | str:
    """A form's text as the wire would have it. Raises Invalid."""
    text = value.strip()
    if not text:
        raise Invalid(_("Choose or enter a value."), "value")
    if config.data_type in ("NUMERIC", "BOOLEAN"):
        try:
            return float(text.replace(",", "."))
        except ValueError:
            raise Invalid(_("“%(text)s” is not a number.") % {"text": text}, "value") from None
    return text


def is_there(project_id: str, target: Target) -> bool:
    """Whether what is judged is in the store: it may come later, or have been deleted."""
    if target.session_id is not None:
        sessions = SessionQuery(project_id=project_id, ids=(target.session_id,), window=Cursor(limit=1))
        return bool(store().sessions(sessions).rows)
    traces = TraceQuery(project_id=project_id, ids=(target.trace_id,), with_texts=False, window=Cursor(limit=1))
    if not store().traces(traces).rows:
        return False
    if target.observation_id is None:
        return True
    observations = ObservationQuery(
        project_id=project_id,
        ids=(target.observation_id,),
        trace_ids=(target.trace_id,),
        with_texts=False,
        window=Cursor(limit=1),
    )
    return bool(store().observations(observations).rows)


def score_id(project_id: str, target: Target, config_id: str, author_id: str) -> str:
    """The same person, config and target always give the same score, so that saving twice changes nothing."""
    named = (target.trace_id, target.observation_id or "")
    if target.session_id is not None:
        named = ("", f"session {target.session_id}")
    return str(uuid.uuid5(_NAMESPACE, "\n".join((project_id, *named, config_id, author_id))))


def final_id(project_id: str, target: Target, config_id: str) -> str:
    """The id of the decided score of a thing under a config: one, whoever decided last."""
    return score_id(project_id, target, config_id, "adjudicated")


def _score(
    project_id: str, target: Target, config: ScoreConfig, said: Said, author_id: str | None, queue_id: str | None = None
) -> ScoreInput:
    return ScoreInput(
        id=score_id(project_id, target, config.pk, author_id or ""),
        trace_id=target.trace_id,
        observation_id=target.observation_id,
        session_id=target.session_id,
        config_id=config.pk,
        name=config.name,
        value=typed(config, said.value),
        source="ANNOTATION",
        comment=said.comment.strip(),
        author_user_id=author_id,
        queue_id=queue_id,
    )


def _require(project_id: str, target: Target) -> None:
    """Raises NotFound for a strange trace, and for an observation that is not one of the trace."""
    if not is_there(project_id, target):
        raise NotFound("What is to be judged was not found within authorized project")


def _scores_of(project_id: str, target: Target, people: str | None) -> Sequence[Score]:
    query = ScoreQuery(project_id=project_id, trace_ids=(target.trace_id,), window=None, people=people)
    return [score for score in store().scores(query).rows if score.observation_id == target.observation_id]


def _line(config: ScoreConfig, given: Sequence[Score], own_id: str) -> Line:
    same = [score for score in given if score.config_id == config.pk or score.name == config.name]
    mine = next((score for score in same if score.id == own_id), None)
    return Line(config, mine, tuple(score for score in same if score.id != own_id))
