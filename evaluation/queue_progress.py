"""How far a queue is: its items, its people, their time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from evaluation.models import (
    UNFINISHED,
    AnnotationQueue,
    AnnotationTurn,
    ItemStatus,
    QueueItem,
    QueueMember,
    TurnState,
)


@dataclass(slots=True)
class Person:
    """Somebody assigned to a queue, or who has worked on it: how many items, and the median seconds for one.

    `open` are the items they hold at the moment: others are not given them.
    """

    user: User
    is_assigned: bool = False
    done: int = 0
    skipped: int = 0
    open: int = 0
    seconds: float | None = None


@dataclass(slots=True)
class Progress:
    """A queue in numbers: `judgements` counts what is wanted of all people together, `given` what there is."""

    queue: AnnotationQueue
    total: int = 0
    done: int = 0
    judgements: int = 0
    given: int = 0
    people: list[Person] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of the items, 0…100 for a bar."""
        return 100 * self.done / self.total if self.total else 0.0

    def of(self, user: User) -> Person | None:
        """The person's own line."""
        return next((person for person in self.people if person.user.pk == user.pk), None)


def progress_of(queues: Sequence[AnnotationQueue]) -> list[Progress]:
    """The progress of several queues, in their order, in a constant number of queries; without times."""
    found = {queue.pk: Progress(queue) for queue in queues}
    items = QueueItem.objects.filter(queue__in=queues).order_by().values("queue_id", "wanted")
    for row in items.annotate(n=Count("pk"), done=Count("pk", filter=Q(status=ItemStatus.COMPLETED))):
        one = found[row["queue_id"]]
        one.total += row["n"]
        one.done += row["done"]
        one.judgements += row["n"] * row["wanted"]
    people: dict[tuple[str, str], Person] = {}
    for member in QueueMember.objects.filter(queue__in=queues).select_related("user").order_by("created_at", "pk"):
        people[member.queue_id, str(member.user_id)] = Person(member.user, is_assigned=True)
    idle = Q(slot=None) | Q(leased_until__lte=timezone.now()) | Q(item__status=ItemStatus.COMPLETED)
    turns = AnnotationTurn.objects.filter(item__queue__in=queues).exclude(idle, state__in=UNFINISHED).order_by()
    counted = list(turns.values("item__queue_id", "user_id", "state").annotate(n=Count("pk")))
    users = {str(user.pk): user for user in User.objects.filter(pk__in={row["user_id"] for row in counted})}
    for turn in counted:
        key = (turn["item__queue_id"], str(turn["user_id"]))
        person = people.setdefault(key, Person(users[key[1]]))
        if turn["state"] == TurnState.DONE:
            person.done += turn["n"]
            found[key[0]].given += turn["n"]
        elif turn["state"] == TurnState.SKIPPED:
            person.skipped += turn["n"]
        else:
            person.open += turn["n"]
    for (queue_id, _user_id), person in people.items():
        found[queue_id].people.append(person)
    return list(found.values())


def with_times(progress: Progress) -> float | None:
    """Fill in the median seconds per finished item of each person; that of all together is the answer."""
    turns = AnnotationTurn.objects.filter(item__queue=progress.queue, state=TurnState.DONE, seconds__gt=0)
    times: dict[str, list[float]] = defaultdict(list)
    for user_id, seconds in turns.values_list("user_id", "seconds"):
        times[str(user_id)].append(seconds)
    for person in progress.people:
        own = times.get(str(person.user.pk))
        person.seconds = median(own) if own else None
    everybody = [one for own in times.values() for one in own]
    return median(everybody) if everybody else None


def queues_of(project_id: str, user: User, *, everything: bool) -> QuerySet[AnnotationQueue]:
    """The queues that the person sees, newest first: all of them, or those they are assigned to."""
    rows = AnnotationQueue.objects.filter(project_id=project_id)
    if not everything:
        rows = rows.filter(assignments__user=user)
    return rows.prefetch_related("asked__config").order_by("-created_at", "-pk")


def turns_at(items: Sequence[QueueItem]) -> dict[str, list[AnnotationTurn]]:
    """The turns at some items, in one question; those given up by lapse of time are not among them."""
    found: dict[str, list[AnnotationTurn]] = defaultdict(list)
    turns = AnnotationTurn.objects.filter(item__in=items).exclude(state__in=UNFINISHED, slot=None)
    for turn in turns.select_related("user").order_by("claimed_at", "pk"):
        found[turn.item_id].append(turn)
    return found
