"""How many people judge an item: all annotators of the queue for a share of the items, one for the others."""

import hashlib
import math
from fractions import Fraction

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from evaluation.models import AnnotationQueue, AnnotationTurn, ItemStatus, QueueItem, TurnState


def wanted_at(queue: AnnotationQueue, place: int) -> int:
    """How many people are to judge the item at a place of the queue."""
    return queue.annotators if _is_shared(queue.pk, place, Fraction(queue.overlap).limit_denominator(1000)) else 1


def apply(queue: AnnotationQueue) -> None:
    """After a change of the queue: ask anew how many are wanted for what still waits; what has enough is done."""
    waiting = QueueItem.objects.filter(queue=queue, status=ItemStatus.PENDING)
    shared = [pk for pk, place in waiting.values_list("pk", "place") if wanted_at(queue, place) == queue.annotators]
    waiting.update(wanted=1)
    if queue.annotators > 1:
        waiting.filter(pk__in=shared).update(wanted=queue.annotators)
    finished = AnnotationTurn.objects.filter(item=OuterRef("pk"), state=TurnState.DONE).order_by().values("item")
    now = timezone.now()
    waiting.annotate(done=Coalesce(Subquery(finished.annotate(n=Count("pk")).values("n")), 0)).filter(
        done__gte=F("wanted"), done__gt=0
    ).update(status=ItemStatus.COMPLETED, completed_at=now, updated_at=now)


def _is_shared(queue_id: str, place: int, share: Fraction) -> bool:
    """Exactly the share of any stretch of the queue, by chance within it, the same for the same place every time.

    Every n-th item would do for the share, but not where the things themselves repeat in a rhythm (three models in
    turn): so the queue is cut into blocks that hold one such item each, and a digest says which of them it is.
    """
    if share <= 0 or share >= 1:
        return share >= 1
    if share > Fraction(1, 2):
        return not _is_shared(queue_id, place, 1 - share)
    block = math.floor(place * share)
    first, after = math.ceil(block / share), math.ceil((block + 1) / share)
    digest = hashlib.sha256(f"{queue_id}\n{block}".encode()).digest()
    return place == first + int.from_bytes(digest[:8], "big") % (after - first)
