"""Comments on traces, observations, sessions and versions of prompts (api.md, section 8)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from accounts.models import Membership, User
from common.errors import Invalid, NotFound
from prompts.models import PromptVersion
from tracing.media_cleaning import BATCH, existing_traces
from tracing.models.comments import Comment
from tracing.store import store
from tracing.store.base import ObservationQuery, SessionQuery, TraceQuery

TYPES = ("TRACE", "OBSERVATION", "SESSION", "PROMPT")
MAX_CONTENT = 5000
MAX_ID = 800


@dataclass(frozen=True, slots=True)
class Target:
    """What is commented on; `object_type` is one of TYPES, a prompt's id is that of one of its versions."""

    object_type: str
    object_id: str


def comment(project_id: str, target: Target, content: str, author_id: str | None = None) -> Comment:
    """Add a comment. Raises NotFound (no such target), Invalid (content, or an author who is not of the organization).

    `author_id` None: a program said it.
    """
    if not content.strip():
        raise Invalid("content must not be empty.", "content")
    if len(content) > MAX_CONTENT:
        raise Invalid(f"content must have at most {MAX_CONTENT} characters; it has {len(content)}.", "content")
    trace_id = _require(project_id, target)
    if author_id is not None and not _belongs(project_id, author_id):
        raise Invalid("authorUserId must be a member of the organization that owns the project.", "authorUserId")
    return Comment.objects.create(
        project_id=project_id,
        object_type=target.object_type,
        object_id=target.object_id,
        trace_id=trace_id,
        content=content.replace("\0", "\ufffd").encode("utf-8", "replace").decode(),
        author_id=author_id,
    )


def comments_on(project_id: str, target: Target) -> QuerySet[Comment]:
    """What was said about it, oldest first."""
    rows = Comment.objects.filter(project_id=project_id, object_type=target.object_type, object_id=target.object_id)
    return rows.select_related("author").order_by("created_at", "id")


def counts_in_trace(project_id: str, trace_id: str) -> dict[str | None, int]:
    """How many comments each observation of a trace has, and (under None) the trace itself: one read."""
    rows = Comment.objects.filter(project_id=project_id, trace_id=trace_id).order_by()
    counted = rows.values_list("object_type", "object_id").annotate(n=Count("pk"))
    return {None if kind == "TRACE" else object_id: n for kind, object_id, n in counted}


def remove(project_id: str, comment_id: str, user: User) -> Target:
    """Take back one's own comment. Raises NotFound for those of others, too."""
    found = Comment.objects.filter(project_id=project_id, pk=comment_id, author=user).first()
    if found is None:
        raise NotFound("There is no such comment of yours.")
    target = Target(found.object_type, found.object_id)
    found.delete()
    return target


def forget_traces(project_id: str, trace_ids: Collection[str]) -> None:
    """What was said about traces that are gone goes with them."""
    Comment.objects.filter(project_id=project_id, trace_id__in=trace_ids).delete()


def sweep() -> None:
    """The same for traces that nobody named when they were deleted (retention). May be repeated at any time."""
    rows = Comment.objects.filter(trace_id__isnull=False, created_at__lt=timezone.now() - timedelta(hours=1)).order_by()
    for project_id in list(rows.values_list("project_id", flat=True).distinct()):
        trace_ids = list(rows.filter(project_id=project_id).values_list("trace_id", flat=True).distinct())
        for start in range(0, len(trace_ids), BATCH):
            asked = {trace_id for trace_id in trace_ids[start : start + BATCH] if trace_id}
            forget_traces(project_id, asked - existing_traces(project_id, asked))


def check_target(object_type: str, object_id: str) -> Target:
    """A target as clients name it. Raises Invalid."""
    if object_type not in TYPES:
        raise Invalid(f"objectType must be one of {', '.join(TYPES)}.", "objectType")
    if not 1 <= len(object_id) <= MAX_ID or "\0" in object_id:
        raise Invalid(f"objectId must have 1 to {MAX_ID} characters and no NUL.", "objectId")
    return Target(object_type, object_id)


def _require(project_id: str, target: Target) -> str | None:
    """The trace that the target belongs to, if to any. Raises NotFound when there is no such target."""
    ids: tuple[str, ...] = (target.object_id,)
    found: Iterable[object] = ()
    trace_id = None
    match target.object_type:
        case "TRACE":
            found = store().traces(TraceQuery(project_id=project_id, ids=ids)).rows
            trace_id = target.object_id
        case "OBSERVATION":
            observations = store().observations(ObservationQuery(project_id=project_id, ids=ids)).rows
            found, trace_id = observations, observations[0].trace_id if observations else None
        case "SESSION":
            found = store().sessions(SessionQuery(project_id=project_id, ids=ids)).rows
        case "PROMPT":
            found = PromptVersion.objects.filter(prompt__project_id=project_id, pk=target.object_id)[:1]
    if not list(found):
        raise NotFound(f"Reference object, {target.object_type}: {target.object_id}, not found.")
    return trace_id


def _belongs(project_id: str, user_id: str) -> bool:
    return (
        "\0" not in user_id and Membership.objects.filter(user_id=user_id, organization__projects=project_id).exists()
    )
