"""Deciding where people differ: a third person gives the final score, and the single ones stay."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.authors import Author
from common.errors import Conflict, Denied, Invalid
from datasets.decided import MARK
from evaluation import queues
from evaluation.annotation import Said, Target, drawn_up, final_id, is_there
from evaluation.models import AnnotationQueue, AnnotationTurn, QueueItem, TurnState
from evaluation.said import Judged, judged, value_of
from evaluation.things import target_of
from evaluation.turns import configs_of
from tracing.deleting import delete
from tracing.ingestion import jsontext
from tracing.ingestion.pipeline import store_changes
from tracing.records import Changes, ScoreChange
from tracing.store.base import Deletion


def adjudicate(
    project_id: str, queue_id: str, item_id: str, said: Mapping[str, Said], author: Author
) -> list[ScoreChange]:
    """Write the final scores of an item, one per config that `said` gives a value for; deciding anew replaces.

    They are scores of source ANNOTATION like the single ones, marked in their metadata (`adjudicated`, with what each
    person had said). Raises NotFound, Denied for one who judged the item themselves, Conflict before anybody has,
    and annotation.Unfinished.
    """
    queue, item, target = _decidable(project_id, queue_id, item_id, author)
    configs = [config for config in configs_of(queue) if said.get(config.pk, Said("")).value.strip()]
    if not configs:
        raise Invalid(_("Choose a value for at least one score."), "value")
    [known] = judged(project_id, queue, [item])
    if not known.said:
        raise Conflict(_("There is nothing to decide: nobody has judged this item yet."))
    told = {
        config.pk: jsontext.dump({MARK: True, "queue_item_id": item.pk, "single": _single(known, config.pk)})
        for config in configs
    }
    author_id = str(author.user.pk) if author.user else None
    changes = drawn_up(project_id, target, said, configs, author_id=author_id, queue_id=queue.pk, decided=told)
    with transaction.atomic():
        store_changes(project_id, Changes(scores=changes))
        decided = {
            change.name: change.value if change.string_value is None else change.string_value for change in changes
        }
        author.record("adjudicate", "annotation_queue_item", item.pk, project=project_id, after=decided)
    return changes


def withdraw(project_id: str, queue_id: str, item_id: str, author: Author) -> None:
    """Take the decisions about an item back. Raises NotFound, Denied."""
    queue, item, target = _decidable(project_id, queue_id, item_id, author)
    ids = tuple(final_id(project_id, target, key) for key in queues.config_ids(queue))
    with transaction.atomic():
        if delete(Deletion(project_id=project_id, kind="scores", ids=ids)):
            author.record("withdraw", "annotation_queue_item", item.pk, project=project_id)


def is_party(item: QueueItem, user_id: str) -> bool:
    """Whether the person judged the item, and so is not the one to decide about it."""
    return AnnotationTurn.objects.filter(item=item, user_id=user_id, state=TurnState.DONE).exists()


def _decidable(
    project_id: str, queue_id: str, item_id: str, author: Author
) -> tuple[AnnotationQueue, QueueItem, Target]:
    queue = queues.own(project_id, queue_id)
    item = queues.own_item(project_id, queue_id, item_id)
    if author.user is not None and is_party(item, str(author.user.pk)):
        raise Denied(_("You have judged this item yourself. Let somebody else decide."))
    target = target_of(project_id, item)
    if target is None or not is_there(project_id, target):
        raise Conflict(_("What this item names is not there: it has not arrived yet, or it was deleted."))
    return queue, item, target


def _single(known: Judged, config_id: str) -> dict[str, float | str | None]:
    """What each person said under a config."""
    return {person: value_of(score) for person, score in known.said.get(config_id, {}).items()}
