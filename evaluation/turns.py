"""A person's work at a queue: drafts, judgements, skipping, going back and taking back.

Whoever judges holds a slot of the item (`evaluation.slots`); the scores go into the store under the person's name
(`evaluation.annotation`), in one transaction with the turn.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.memberships import Member
from accounts.models import User
from accounts.storable import storable
from common.errors import Invalid, NotFound
from evaluation import queues
from evaluation.annotation import Said, is_there, judge, take_back
from evaluation.models import (
    UNFINISHED,
    AnnotationQueue,
    AnnotationTurn,
    ItemStatus,
    QueueItem,
    TurnState,
)
from evaluation.slots import hold, locked, renew, taken
from evaluation.things import target_of
from tracing.models.configured import ScoreConfig

MAX_REASON = 500
MAX_TYPED = 10_000
MAX_ID = 100
DAY = 86_400


class TakenOut(NotFound):
    """The item is not in the queue any more."""


def desk_of(member: Member, queue_id: str) -> AnnotationQueue:
    """The queue, for somebody who may work on it: assigned to it, or one who may manage it. Raises NotFound."""
    queue = queues.own(member.project.pk, queue_id)
    may_manage = member.may("evaluation:write")
    if not may_manage and not (
        member.may("scores:write") and queue.assignments.filter(user_id=member.user.pk).exists()
    ):
        raise NotFound("Annotation queue not found within authorized project")
    return queue


def configs_of(queue: AnnotationQueue) -> list[ScoreConfig]:
    """What is asked, in order; archived configs are asked no more."""
    prefetch_related_objects([queue], "asked__config")  # read once, however often one asks
    return [one.config for one in queue.asked.all() if not one.config.is_archived]


def turn_of(queue: AnnotationQueue, item_id: str, user: User) -> AnnotationTurn:
    """The person's own turn at an item. Raises NotFound, TakenOut for what may have been an item."""
    if not 1 <= len(item_id) <= MAX_ID or "\0" in item_id:
        raise NotFound("You have not been at this item.")
    turns = AnnotationTurn.objects.filter(item__queue=queue, item_id=item_id, user=user)
    found = turns.select_related("item").first()
    if found is None:
        if not QueueItem.objects.filter(queue=queue, pk=item_id).exists():
            raise _taken_out()
        raise NotFound("You have not been at this item.")
    return found


def finished(queue: AnnotationQueue, user: User) -> QuerySet[AnnotationTurn]:
    """What the person is through with, the latest first."""
    turns = AnnotationTurn.objects.filter(item__queue=queue, user=user, finished_at__isnull=False)
    return turns.exclude(state__in=UNFINISHED).order_by("-finished_at", "-pk")


def neighbours(queue: AnnotationQueue, user: User, turn: AnnotationTurn | None) -> tuple[str | None, str | None]:
    """The items that the person judged before and after this turn; before an open one stands the latest."""
    own = finished(queue, user)
    if turn is None or turn.state in UNFINISHED or turn.finished_at is None:
        return own.values_list("item_id", flat=True).first(), None
    before = own.filter(finished_at__lt=turn.finished_at).values_list("item_id", flat=True).first()
    after = own.filter(finished_at__gt=turn.finished_at).reverse().values_list("item_id", flat=True).first()
    return before, after


def keep_draft(turn: AnnotationTurn, said: Mapping[str, Said], seconds: float) -> bool:
    """Keep what is typed so far, and the slot with it; False when the slot is somebody else's by now.

    What was typed under a config that is asked no more stays: it may be asked again. A finished turn is not changed by
    typing: only by saving it.
    """
    if turn.state not in UNFINISHED:
        return True
    spent, typed = _spent(turn, seconds, timezone.now()), turn.draft | _typed(said)
    state = TurnState.DRAFT if any(one["value"] or one["comment"] for one in typed.values()) else TurnState.CLAIMED
    open_turns = AnnotationTurn.objects.filter(pk=turn.pk, state__in=UNFINISHED)
    open_turns.update(draft=typed, state=state, seconds=spent)
    return renew(turn)


def finish(
    project_id: str,
    queue: AnnotationQueue,
    turn: AnnotationTurn,
    said: Mapping[str, Said],
    seconds: float,
    *,
    was_shown: bool = False,
) -> bool:
    """Store the scores; with the last judgement that is wanted the item is done. Doing it again changes the scores.

    False when what the person had before them (`was_shown`) was deleted meanwhile: then there is nothing that a score
    could be of, and the item is closed without. Raises annotation.Unfinished for values that are missing or wrong,
    Conflict when others took the slot, TakenOut, Invalid for a thing that has not arrived, and where something was said
    that the queue does not ask for any more.
    """
    with transaction.atomic():
        item, mine = _at(queue, turn, again=True)
        now = timezone.now()
        target = target_of(project_id, item)
        if target is None or not is_there(project_id, target):
            if not was_shown:
                raise Invalid(_("What this item names has not arrived yet. Skip it, or come back later."))
            mine.state, mine.reason, mine.slot = TurnState.SKIPPED, _("It was deleted."), None
        else:
            judge(project_id, target, said, _asked(queue, said), author_id=str(mine.user_id), queue_id=queue.pk)
            mine.state, mine.reason, mine.draft = TurnState.DONE, "", _typed(said)
        mine.seconds, mine.finished_at = _spent(mine, seconds, now), mine.finished_at or now
        mine.save()
        if item.status == ItemStatus.PENDING and (mine.state == TurnState.SKIPPED or _is_done(item)):
            item.status, item.completed_at = ItemStatus.COMPLETED, now
            item.save()
    return mine.state == TurnState.DONE


def skip(project_id: str, queue: AnnotationQueue, turn: AnnotationTurn, reason: str, seconds: float) -> None:
    """Leave the item to others and say why; the person is not asked again. Scores given before are taken back.

    Raises Invalid without a reason.
    """
    reason = storable(" ".join(reason.split()))
    if not 1 <= len(reason) <= MAX_REASON:
        raise Invalid(_("Say in 1 to %(most)s characters why you skip it.") % {"most": MAX_REASON}, "reason")
    with transaction.atomic():
        item = _locked(queue, turn)
        mine = AnnotationTurn.objects.select_for_update().get(pk=turn.pk)
        if mine.state == TurnState.DONE:
            _take_back(project_id, queue, item, mine)
        now = timezone.now()
        mine.state, mine.reason, mine.slot = TurnState.SKIPPED, reason, None
        mine.seconds, mine.finished_at = _spent(mine, seconds, now), now
        mine.save()


def reopen(project_id: str, queue: AnnotationQueue, turn: AnnotationTurn) -> None:
    """Undo: the scores are taken back and what was typed is a draft again. Raises Conflict when there is no slot."""
    with transaction.atomic():
        item, mine = _at(queue, turn, again=True)
        if mine.state == TurnState.DONE:
            _take_back(project_id, queue, item, mine)
        mine.state, mine.reason, mine.finished_at = TurnState.DRAFT, "", None
        mine.save()
        renew(mine)


def _asked(queue: AnnotationQueue, said: Mapping[str, Said]) -> list[ScoreConfig]:
    """What the queue asks for. Raises Invalid when that is nothing, and when something else was said: to drop it
    silently would be to lose it."""
    configs = configs_of(queue)
    if strange := said.keys() - {config.pk for config in configs}:
        names = ScoreConfig.objects.filter(project=queue.project_id, pk__in=strange).values_list("name", flat=True)
        if names:
            raise Invalid(
                _(
                    "No longer asked, because it was archived or taken out of the queue: %(names)s. What you typed "
                    "there was not stored as a score; the draft keeps it, in case it is asked again."
                )
                % {"names": ", ".join(sorted(names))}
            )
    if not configs:
        raise Invalid(_("This queue asks for nothing: all of its score configs are archived."))
    return configs


def _is_done(item: QueueItem) -> bool:
    """Whether as many have judged the item as are wanted; whoever asks has."""
    return item.wanted <= 1 or AnnotationTurn.objects.filter(item=item, state=TurnState.DONE).count() >= item.wanted


def _taken_out() -> TakenOut:
    return TakenOut(_("What you had before you was taken out of the queue; what you said of it does not count."))


def _at(queue: AnnotationQueue, turn: AnnotationTurn, *, again: bool) -> tuple[QueueItem, AnnotationTurn]:
    item = _locked(queue, turn)
    mine = hold(item, str(turn.user_id), again=again)
    if mine is None:
        raise taken()
    return item, mine


def _locked(queue: AnnotationQueue, turn: AnnotationTurn) -> QueueItem:
    item = locked(queue, turn.item_id)
    if item is None:
        raise _taken_out()
    return item


def _take_back(project_id: str, queue: AnnotationQueue, item: QueueItem, turn: AnnotationTurn) -> None:
    target = target_of(project_id, item)
    if target is not None:
        take_back(project_id, target, queues.config_ids(queue), author_id=str(turn.user_id))
    if item.status == ItemStatus.COMPLETED:
        item.status = ItemStatus.PENDING
        item.save()


def _typed(said: Mapping[str, Said]) -> dict[str, dict[str, str]]:
    """For the column: without what it cannot hold, and of bounded length."""
    cleaned = {
        config_id: Said(storable(one.value)[:MAX_TYPED], storable(one.comment)[:MAX_TYPED])
        for config_id, one in said.items()
    }
    return {config_id: asdict(one) for config_id, one in cleaned.items()}


def _spent(turn: AnnotationTurn, seconds: float, now: datetime) -> float:
    """What the desk has counted, as far as it can be true: at least what was known, at most since the claim."""
    most = min(DAY, max(0.0, (now - turn.claimed_at).total_seconds()))
    return max(turn.seconds, min(seconds, most)) if math.isfinite(seconds) else turn.seconds
