"""`/comments` (api.md, section 8)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import WireStruct, convert
from common.api.pagination import envelope, page_and_limit
from common.api.views import PublicView
from common.errors import Invalid
from common.finding import find
from tracing import comments
from tracing.api.params import Params
from tracing.models.comments import Comment


class CommentBody(WireStruct, frozen=True):
    """`projectId` is in the contract; the key names the project."""

    object_type: str
    object_id: str
    content: str
    author_user_id: str | None = None
    project_id: str | None = None


class CommentsView(PublicView):
    """`GET, POST /comments`."""

    def get(self, request: Request) -> Response:
        page, limit = page_and_limit(request.query_params)
        params = Params(request.query_params)
        rows = Comment.objects.filter(project_id=self.project_id)
        object_type, object_id = params.one_of("objectType", comments.TYPES), params.text("objectId")
        if object_id and not object_type:
            raise Invalid("objectId needs objectType.", "objectType")
        if object_type:
            rows = rows.filter(object_type=object_type)
        if object_id:
            rows = rows.filter(object_id=object_id)
        if author := params.text("authorUserId"):
            rows = rows.filter(author_id=author)
        shown_rows = [shown(row) for row in rows[(page - 1) * limit : page * limit]]
        return Response(envelope(shown_rows, page, limit, rows.count()))

    def post(self, request: Request) -> Response:
        body = convert(request.data, CommentBody)
        target = comments.check_target(body.object_type.upper(), body.object_id)
        made = comments.comment(self.project_id, target, body.content, body.author_user_id or None)
        return Response({"id": made.pk})


class CommentView(PublicView):
    """`GET /comments/{id}`."""

    def get(self, request: Request, comment_id: str) -> Response:
        rows = Comment.objects.filter(project_id=self.project_id)
        return Response(shown(find(rows, comment_id, "Comment not found within authorized project")))


def shown(comment: Comment) -> dict[str, Any]:
    """A comment on the wire."""
    return {
        "id": comment.pk,
        "projectId": comment.project_id,
        "createdAt": comment.created_at,
        "updatedAt": comment.updated_at,
        "objectType": comment.object_type,
        "objectId": comment.object_id,
        "content": comment.content,
        "authorUserId": comment.author_id,
    }
