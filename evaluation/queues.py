"""Annotation queues: the verbs that API and admin share (api.md, section 8)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Prefetch, QuerySet
from django.utils import timezone

from accounts.authors import Author
from accounts.memberships import role_in
from accounts.models import Project, User
from accounts.roles import may
from common.errors import Invalid, NotFound
from evaluation import overlap
from evaluation.models import (
    UNFINISHED,
    AnnotationQueue,
    AnnotationTurn,
    EvaluationRule,
    ItemStatus,
    ObjectType,
    QueueConfig,
    QueueItem,
    QueueMember,
)
from evaluation.models.annotation import OBJECT_ID, QUEUE_NAME
from evaluation.overlap import wanted_at
from evaluation.texts import line, within
from tracing.models.configured import ScoreConfig

MAX_DESCRIPTION = 10_000
MAX_CONFIGS = 50
MAX_ANNOTATORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A queue as given; `config_ids` in the order in which annotators are asked.

    `annotators` judge the same item, each for themselves, for the share `overlap` of the items; one judges the others.
    Of what the rule `fed_by` takes the share `fed_share` is put into the queue.
    """

    name: str
    config_ids: Sequence[str]
    description: str | None = None
    annotators: int = 1
    overlap: float = 1.0
    blind: bool = False
    fed_by: str | None = None
    fed_share: float = 1.0


def create(project_id: str, draft: Draft, author: Author, queue_id: str = "") -> AnnotationQueue:
    """Add a queue to the project. Raises Invalid, also for a name that is taken."""
    queue = AnnotationQueue(project_id=project_id, **({"pk": queue_id} if queue_id else {}))
    return _save(queue, draft, author, "create")


def change(project_id: str, queue_id: str, changes: Mapping[str, Any], author: Author) -> AnnotationQueue:
    """Change fields of a queue (names of `Draft`). Raises NotFound, Invalid."""
    queue = own(project_id, queue_id)
    return _save(queue, replace(draft_of(queue), **changes), author, "update")


def remove(project_id: str, queue_id: str, author: Author) -> None:
    """Delete a queue with its items; scores that were given stay."""
    queue = own(project_id, queue_id)
    with transaction.atomic():
        author.record("delete", "annotation_queue", queue.pk, project=project_id, before=_told(queue))
        queue.delete()


def all_of(project_id: str) -> QuerySet[AnnotationQueue]:
    """The project's queues, newest first, with what they ask."""
    return AnnotationQueue.objects.filter(project_id=project_id).prefetch_related(
        Prefetch("asked", QueueConfig.objects.select_related("config"))
    )


def own(project_id: str, queue_id: str) -> AnnotationQueue:
    """The project's queue of that id; raises NotFound."""
    queue = None if "\0" in queue_id else all_of(project_id).filter(pk=queue_id).first()
    if queue is None:
        raise NotFound("Annotation queue not found within authorized project")
    return queue


def config_ids(queue: AnnotationQueue) -> list[str]:
    """The score configs it asks for, in order."""
    return [asked.config_id for asked in queue.asked.all()]


def draft_of(queue: AnnotationQueue) -> Draft:
    """A stored queue as it would be given."""
    return Draft(
        name=queue.name,
        description=queue.description,
        config_ids=config_ids(queue),
        annotators=queue.annotators,
        overlap=queue.overlap,
        blind=queue.blind,
        fed_by=queue.fed_by_id,
        fed_share=queue.fed_share,
    )


def checked(project_id: str, draft: Draft, queue_id: str = "") -> Draft:
    """The draft as it would be stored. Raises Invalid naming the wire's field."""
    name = line(draft.name, "name", QUEUE_NAME)
    if AnnotationQueue.objects.filter(project_id=project_id, name=name).exclude(pk=queue_id).exists():
        raise _taken(name)
    description = None if draft.description is None else within(draft.description, "description", MAX_DESCRIPTION)
    if not 1 <= draft.annotators <= MAX_ANNOTATORS:
        raise Invalid(f"annotators must be a number from 1 to {MAX_ANNOTATORS}.", "annotators")
    if not 0 <= draft.overlap <= 1:  # neither is NaN
        raise Invalid("overlap must be a share between 0 and 1.", "overlap")
    if not 0 <= draft.fed_share <= 1:
        raise Invalid("fed_share must be a share between 0 and 1.", "fed_share")
    if draft.fed_by and not EvaluationRule.objects.filter(project_id=project_id, pk=draft.fed_by).exists():
        raise Invalid("fed_by: there is no such evaluation rule in this project.", "fed_by")
    known = _known_configs(project_id, draft.config_ids)
    return replace(draft, name=name, description=description, config_ids=known)


# --- Items -------------------------------------------------------------------------------------------------


def add_item(
    project_id: str, queue_id: str, *, object_type: str, object_id: str, status: str | None, author: Author
) -> QueueItem:
    """Put a thing into the queue; it may stand there already, and may arrive later. Raises NotFound, Invalid."""
    queue = own(project_id, queue_id)
    if object_type not in ObjectType.values:
        raise Invalid(f"objectType must be one of {', '.join(ObjectType.values)}.", "objectType")
    if not 1 <= len(object_id) <= OBJECT_ID or "\0" in object_id or "\r" in object_id:
        raise Invalid(f"objectId must have 1 to {OBJECT_ID} characters, without NUL and CR.", "objectId")
    item = QueueItem(queue=queue, object_type=object_type, object_id=object_id)
    _set_status(item, status or ItemStatus.PENDING)
    with transaction.atomic():
        item.place = next_place(queue)
        item.wanted = wanted_at(queue, item.place)
        item.save()
        author.record("create", "annotation_queue_item", item.pk, project=project_id, after=_item_told(item))
    return item


def next_place(queue: AnnotationQueue) -> int:
    """The place behind the last item; until the end of the transaction nobody else is told the same one."""
    AnnotationQueue.objects.select_for_update(no_key=True).only("pk").get(pk=queue.pk)
    last = queue.items.aggregate(last=Max("place"))["last"]
    return 0 if last is None else last + 1


def items_of(queue: AnnotationQueue, status: str | None = None) -> QuerySet[QueueItem]:
    """The queue's items, newest first. Raises Invalid for an unknown status."""
    if status is None:
        return queue.items.all()
    return queue.items.filter(status=_status(status))


def own_item(project_id: str, queue_id: str, item_id: str) -> QueueItem:
    """The item of that id in the project's queue; raises NotFound."""
    queue = own(project_id, queue_id)
    item = None if "\0" in item_id else queue.items.filter(pk=item_id).first()
    if item is None:
        raise NotFound("Annotation queue item not found within authorized project")
    return item


def change_item(project_id: str, queue_id: str, item_id: str, status: str | None, author: Author) -> QueueItem:
    """Mark an item as done, which notes the time, or as waiting again, which keeps it; None changes nothing."""
    item = own_item(project_id, queue_id, item_id)
    if status is None:
        return item
    before = _item_told(item)
    _set_status(item, status)
    with transaction.atomic():
        item.save()
        author.record(
            "update", "annotation_queue_item", item.pk, project=project_id, before=before, after=_item_told(item)
        )
    return item


def remove_item(project_id: str, queue_id: str, item_id: str, author: Author) -> None:
    """Take an item out of the queue; what it names stays. Raises NotFound."""
    item = own_item(project_id, queue_id, item_id)
    with transaction.atomic():
        author.record("delete", "annotation_queue_item", item.pk, project=project_id, before=_item_told(item))
        item.delete()


# --- People ------------------------------------------------------------------------------------------------


def assign(project_id: str, queue_id: str, user_id: str, author: Author) -> QueueMember:
    """Ask a person to work on the queue; doing it twice changes nothing.

    Raises NotFound for a strange queue or person, Invalid for somebody whose role may not give scores.
    """
    queue = own(project_id, queue_id)
    user = _annotator(project_id, user_id)
    with transaction.atomic():
        member, made = QueueMember.objects.get_or_create(queue=queue, user=user)
        if made:
            author.record("assign", "annotation_queue", queue.pk, project=project_id, after={"user": user.email})
    return member


def unassign(project_id: str, queue_id: str, user_id: str, author: Author) -> None:
    """Ask the person no more; nothing happens to one who is not asked. Raises NotFound for a strange queue."""
    queue = own(project_id, queue_id)
    member = None
    if "\0" not in user_id:
        member = queue.assignments.select_related("user").filter(user_id=user_id).first()
    if member is None:
        return
    with transaction.atomic():
        author.record("unassign", "annotation_queue", queue.pk, project=project_id, before={"user": member.user.email})
        member.delete()
        # What they have open is free for others; what they have done stays.
        AnnotationTurn.objects.filter(item__queue=queue, user_id=user_id, state__in=UNFINISHED).update(slot=None)


def set_people(project_id: str, queue_id: str, user_ids: Collection[str], author: Author) -> None:
    """Ask these people and nobody else. Raises like `assign`."""
    queue = own(project_id, queue_id)
    present = {str(user_id) for user_id in queue.assignments.values_list("user_id", flat=True)}
    for user_id in sorted(set(user_ids) - present):
        assign(project_id, queue_id, user_id, author)
    for user_id in sorted(present - set(user_ids)):
        unassign(project_id, queue_id, user_id, author)


def _annotator(project_id: str, user_id: str) -> User:
    user = None if "\0" in user_id else User.objects.filter(pk=user_id).first()
    role = role_in(user, Project.objects.get(pk=project_id)) if user else None
    if user is None or role is None:
        raise NotFound("User not found or not authorized for this project")
    if not may(role, "scores:write"):
        raise Invalid(f"userId: the role {role} may not give scores. Give them the role ANNOTATOR.", "userId")
    return user


# --- Inside ------------------------------------------------------------------------------------------------


def _save(queue: AnnotationQueue, draft: Draft, author: Author, action: str) -> AnnotationQueue:
    before = _told(queue) if action == "update" else None
    draft = checked(queue.project_id, draft, queue.pk)
    queue.name, queue.description = draft.name, draft.description
    queue.annotators, queue.overlap, queue.blind = draft.annotators, draft.overlap, draft.blind
    queue.fed_by_id, queue.fed_share = draft.fed_by or None, draft.fed_share
    try:
        with transaction.atomic():
            queue.save()
            queue.asked.all().delete()
            QueueConfig.objects.bulk_create(
                QueueConfig(queue=queue, config_id=config_id, position=position)
                for position, config_id in enumerate(draft.config_ids)
            )
            if action == "update":
                overlap.apply(queue)
            queue = own(queue.project_id, queue.pk)
            author.record(
                action, "annotation_queue", queue.pk, project=queue.project_id, before=before, after=_told(queue)
            )
    except IntegrityError:
        raise _taken(draft.name) from None
    return queue


def _known_configs(project_id: str, given: Sequence[str]) -> tuple[str, ...]:
    """The ids, each once, in order."""
    field, ids = "scoreConfigIds", tuple(dict.fromkeys(given))
    if not 1 <= len(ids) <= MAX_CONFIGS:
        raise Invalid(f"{field} must name 1 to {MAX_CONFIGS} score configs; it names {len(ids)}.", field)
    storable = [config_id for config_id in ids if "\0" not in config_id]
    known = set(ScoreConfig.objects.filter(project_id=project_id, pk__in=storable).values_list("pk", flat=True))
    missing = [config_id for config_id in ids if config_id not in known]
    if missing:
        raise Invalid(f"{field}: there is no score config {', '.join(missing)} in this project.", field)
    return ids


def _taken(name: str) -> Invalid:
    return Invalid(f"name: there is an annotation queue '{name}' in this project already. Choose another name.", "name")


def _status(status: str) -> str:
    if status not in ItemStatus.values:
        raise Invalid(f"status must be one of {', '.join(ItemStatus.values)}.", "status")
    return status


def _set_status(item: QueueItem, status: str) -> None:
    item.status = _status(status)
    if status == ItemStatus.COMPLETED:
        item.completed_at = timezone.now()


def _told(queue: AnnotationQueue) -> dict[str, Any]:
    return {
        "name": queue.name,
        "description": queue.description,
        "score_configs": config_ids(queue),
        "annotators": queue.annotators,
        "overlap": queue.overlap,
        "blind": queue.blind,
        "rule": queue.fed_by_id,
        "share_of_rule": queue.fed_share,
    }


def _item_told(item: QueueItem) -> dict[str, Any]:
    return {
        "queue": item.queue_id,
        "object_type": item.object_type,
        "object_id": item.object_id,
        "status": item.status,
    }
