"""What a rule takes comes into the queues that it feeds, for people to judge beside the rule's evaluators."""

import hashlib
from collections.abc import Sequence

from accounts.authors import Author
from evaluation.filling import MOST, Named, put
from evaluation.models import AnnotationQueue, EvaluationRule, ItemStatus, ObjectType
from evaluation.targets import Target


def feed(rule: EvaluationRule, targets: Sequence[Target]) -> int:
    """Put the targets, or the share that is said, into the rule's queues; how many are new there.

    A queue in which MOST items wait already takes no more: nobody will get to them.
    """
    added = 0
    for queue in AnnotationQueue.objects.filter(fed_by=rule, project_id=rule.project_id) if targets else ():
        room = MOST - queue.items.filter(status=ItemStatus.PENDING).count()
        things = [_named(target) for target in targets if _is_taken(queue, target)][: max(0, room)]
        if things:
            added += put(rule.project_id, queue.pk, things, Author()).added
    return added


def _is_taken(queue: AnnotationQueue, target: Target) -> bool:
    """Whether the target is in the queue's share: always the same answer for the same two."""
    digest = hashlib.sha256("\n".join((queue.pk, *target)).encode()).digest()
    return int.from_bytes(digest[:8]) < queue.fed_share * 2**64


def _named(target: Target) -> Named:
    if target.observation_id:
        return Named(ObjectType.OBSERVATION, target.observation_id)
    return Named(ObjectType.TRACE, target.trace_id)
