"""What people said of the items of a queue, read from the store, where scores may have been changed since."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evaluation.annotation import Target, final_id, score_id
from evaluation.models import AnnotationQueue, AnnotationTurn, QueueItem, TurnState
from evaluation.queues import config_ids
from evaluation.things import target_of, targets_of
from tracing.records import Score
from tracing.store import store
from tracing.store.base import ScoreQuery

# Ids per question to the store.
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with what was said of it: by config and person, and by config what was decided in the end."""

    item: QueueItem
    said: dict[str, dict[str, Score]] = field(default_factory=dict)
    final: dict[str, Score] = field(default_factory=dict)

    @property
    def different(self) -> list[str]:
        """The configs under which people said different things; free texts always differ and do not count."""
        return [key for key, by_person in self.said.items() if len({value_of(one) for one in by_person.values()}) > 1]


def value_of(score: Score) -> float | str | None:
    """What is compared: the label of a category, else the number; None for free text."""
    if score.data_type == "CATEGORICAL":
        return score.string_value
    return score.value


def own_scores(project_id: str, turn: AnnotationTurn) -> list[Score]:
    """The scores that a person gave in a turn."""
    target = target_of(project_id, turn.item)
    if target is None:
        return []
    ids = [score_id(project_id, target, key, str(turn.user_id)) for key in config_ids(turn.item.queue)]
    return list(_read(project_id, ids))


def judged(project_id: str, queue: AnnotationQueue, items: Sequence[QueueItem]) -> list[Judged]:
    """What was said of these items, in their order."""
    keys = config_ids(queue)
    by_item: dict[str, list[str]] = {}
    turns = AnnotationTurn.objects.filter(item__in=items, state=TurnState.DONE)
    for item_id, user_id in turns.order_by("finished_at", "pk").values_list("item_id", "user_id"):
        by_item.setdefault(item_id, []).append(str(user_id))
    targets = targets_of(project_id, [item for item in items if item.pk in by_item])
    places = _places(project_id, keys, by_item, targets)
    scores = {one.id: one for one in _read(project_id, list(places))}
    found = {item.pk: Judged(item) for item in items}
    for wanted, of in places.items():  # in the order of the form
        if (score := scores.get(wanted)) is None:
            continue
        for item_id, key, user_id in of:
            if user_id:
                found[item_id].said.setdefault(key, {})[user_id] = score
            else:
                found[item_id].final[key] = score
    return [found[item.pk] for item in items]


def _places(
    project_id: str, keys: Sequence[str], by_item: Mapping[str, Sequence[str]], targets: Mapping[str, Target]
) -> dict[str, list[tuple[str, str, str]]]:
    """The ids of all scores there may be → items, config and person ("": what was decided).

    A thing that stands in the queue twice has its scores once.
    """
    places: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for item_id, target in targets.items():
        for key in keys:
            for user_id in by_item[item_id]:
                places[score_id(project_id, target, key, user_id)].append((item_id, key, user_id))
            places[final_id(project_id, target, key)].append((item_id, key, ""))
    return places


def _read(project_id: str, ids: Sequence[str]) -> Iterator[Score]:
    for begin in range(0, len(ids), CHUNK):
        chunk = tuple(ids[begin : begin + CHUNK])
        yield from store().scores(ScoreQuery(project_id=project_id, ids=chunk, window=None)).rows
