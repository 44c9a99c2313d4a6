"""Items whose right scores are known, and how near each person comes to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.authors import Author
from common.errors import Invalid
from evaluation import queues
from evaluation.annotation import Said, Unfinished, typed
from evaluation.models import AnnotationQueue, QueueItem
from evaluation.said import Judged, judged, value_of
from evaluation.turns import configs_of
from tracing.models.configured import ScoreConfig
from tracing.scores import ScoreInput, resolve


@dataclass(slots=True)
class Hits:
    """A person's answers to gold items: how many there are, and how many are exactly right."""

    n: int = 0
    right: int = 0


def set_gold(project_id: str, queue_id: str, item_id: str, said: Mapping[str, Said], author: Author) -> None:
    """Say what is right for an item, under the configs that have a value; with none it is no gold item any more.

    Raises NotFound, annotation.Unfinished.
    """
    queue, item = queues.own(project_id, queue_id), queues.own_item(project_id, queue_id, item_id)
    gold: dict[str, float | str] = {}
    faults: dict[str, str] = {}
    for config in configs_of(queue):
        given = said.get(config.pk, Said("")).value
        if config.data_type == "TEXT" or not given.strip():
            continue
        try:
            gold[config.pk] = _checked(project_id, config, given)
        except Invalid as refusal:
            faults[config.pk] = refusal.message
    if faults:
        raise Unfinished(faults)
    before, item.gold = item.gold, gold or None
    with transaction.atomic():
        item.save()
        author.record("gold", "annotation_queue_item", item.pk, project=project_id, before=before, after=item.gold)


def hits_of(project_id: str, queue: AnnotationQueue) -> dict[str, Hits]:
    """By person: how they answered the gold items of the queue."""
    items = list(QueueItem.objects.filter(queue=queue, gold__isnull=False))
    return count_hits(judged(project_id, queue, items)) if items else {}


def count_hits(answers: Sequence[Judged]) -> dict[str, Hits]:
    """By person, over all configs that have a right value."""
    found: dict[str, Hits] = defaultdict(Hits)
    for one in answers:
        for key, right in (one.item.gold or {}).items():
            for person, score in one.said.get(key, {}).items():
                found[person].n += 1
                found[person].right += value_of(score) == right
    return dict(found)


def _checked(project_id: str, config: ScoreConfig, value: str) -> float | str:
    """The value as the store would have it (what `value_of` gives of a score); the trace is any, to be checked."""
    given = ScoreInput(trace_id="gold", config_id=config.pk, value=typed(config, value), source="ANNOTATION")
    [checked] = resolve(project_id, [given])
    if isinstance(checked, Invalid):
        raise checked
    found = checked.string_value if checked.data_type == "CATEGORICAL" else checked.value
    assert found is not None
    return found
