"""Who is at which item: so many slots per item as people are wanted, each held by one person at a time.

Two constraints keep it true whatever happens at once: one turn per person and item, one turn per slot. Claiming locks
the item, and goes past items that somebody else is claiming this very moment.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import Conflict
from evaluation.models import UNFINISHED, AnnotationQueue, AnnotationTurn, ItemStatus, QueueItem, TurnState

# An open desk renews it every minute; whoever has closed the window leaves the slot to others after this time.
LEASE = timedelta(minutes=30)
# A claim that found its item taken has lost to somebody who went forward: more tries than people at once.
TRIES = 50


def claim(queue: AnnotationQueue, user: User) -> AnnotationTurn | None:
    """The person's open turn of the queue, else one at the next item that needs them; None when there is none."""
    for turn in _turns_of(user).filter(item__queue=queue, item__status=ItemStatus.PENDING, slot__isnull=False)[:1]:
        if renew(turn):
            return turn
    for _attempt in range(TRIES):
        with transaction.atomic():
            item = _next(queue, user, wait=False) or _next(queue, user, wait=True)
            if item is None:
                return None
            if (given := hold(item, str(user.pk))) is not None:
                return given
    return None


def waiting_for(queue: AnnotationQueue, user: User) -> int:
    """How many items the person could still be given, the one they are at included."""
    mine = AnnotationTurn.objects.filter(item=OuterRef("pk"), user=user)
    held = Exists(mine.filter(state__in=UNFINISHED, slot__isnull=False))
    through = Exists(mine.exclude(state__in=UNFINISHED))
    return _counted(queue).filter(~through).filter(held | Q(kept__lt=F("wanted"))).count()


def renew(turn: AnnotationTurn) -> bool:
    """Keep the slot for another while; False when it was given to somebody else meanwhile."""
    until = timezone.now() + LEASE
    return bool(AnnotationTurn.objects.filter(pk=turn.pk, slot__isnull=False).update(leased_until=until))


def hold(item: QueueItem, user_id: str, *, again: bool = False) -> AnnotationTurn | None:
    """Give the person a slot of an item that the caller has locked; None when all are taken.

    Also None when they have finished with it, unless they want to go at it `again`.
    """
    now = timezone.now()
    turns = list(AnnotationTurn.objects.select_for_update().filter(item=item))
    mine = next((turn for turn in turns if str(turn.user_id) == user_id), None)
    if mine is not None and not again and mine.state not in UNFINISHED:
        return None
    if mine is not None and mine.slot is not None:
        return mine
    kept = {turn.slot for turn in turns if turn.slot is not None and _is_kept(turn, now)}
    free = next((slot for slot in range(item.wanted) if slot not in kept), None)
    if free is None or len(kept) >= item.wanted:
        return None
    # Whoever let the time run out keeps the draft, and may come back when there is room.
    if any(turn.slot == free for turn in turns):
        AnnotationTurn.objects.filter(item=item, slot=free).update(slot=None)
    if mine is None:
        mine = AnnotationTurn(item=item, user_id=user_id, claimed_at=now)
    mine.slot, mine.leased_until = free, now + LEASE
    mine.save()
    return mine


def locked(queue: AnnotationQueue, item_id: str) -> QueueItem | None:
    """The item, locked until the end of the transaction."""
    return QueueItem.objects.select_for_update(no_key=True).filter(queue=queue, pk=item_id).first()


def taken() -> Conflict:
    """The refusal for somebody whose slot others have."""
    return Conflict(_("Others were given this item in the meantime. What you typed is kept, but not counted."))


def _next(queue: AnnotationQueue, user: User, *, wait: bool) -> QueueItem | None:
    rows = _open_to(queue, user).order_by("place", "id")
    return rows.select_for_update(skip_locked=not wait, no_key=True, of=("self",)).first()


def _open_to(queue: AnnotationQueue, user: User) -> QuerySet[QueueItem]:
    """The items with a free slot that the person neither holds nor is through with."""
    mine = AnnotationTurn.objects.filter(item=OuterRef("pk"), user=user)
    through = Exists(mine.filter(~Q(state__in=UNFINISHED) | Q(slot__isnull=False)))
    return _counted(queue).filter(~through, kept__lt=F("wanted"))


def _counted(queue: AnnotationQueue) -> QuerySet[Any]:
    """The waiting items, with how many of their slots are `kept`."""
    kept = AnnotationTurn.objects.filter(item=OuterRef("pk"), slot__isnull=False)
    kept = kept.filter(Q(state=TurnState.DONE) | Q(leased_until__gt=timezone.now()))
    counted = kept.order_by().values("item").annotate(n=Count("pk")).values("n")
    waiting = QueueItem.objects.filter(queue=queue, status=ItemStatus.PENDING)
    return waiting.annotate(kept=Coalesce(Subquery(counted), 0))


def _turns_of(user: User) -> QuerySet[AnnotationTurn]:
    """The person's open turns, the oldest first."""
    return (
        AnnotationTurn.objects.filter(user=user, state__in=UNFINISHED)
        .select_related("item")
        .order_by("claimed_at", "pk")
    )


def _is_kept(turn: AnnotationTurn, now: datetime) -> bool:
    return turn.state == TurnState.DONE or turn.leased_until > now
