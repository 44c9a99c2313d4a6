"""`POST /feedback`."""

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authors import Author
from accounts.feedback import Feedback, submit
from common.api.fields import WireStruct, convert
from common.api.views import PublicView


class FeedbackBody(WireStruct, frozen=True):
    target_type: str
    target: str
    feedback: str
    goal: str | None = None
    reference_url: str | None = None


class FeedbackView(PublicView):
    def post(self, request: Request) -> Response:
        given = Feedback(**msgspec.structs.asdict(convert(request.data, FeedbackBody)))
        author = Author(api_key=request.auth.public_key)  # type: ignore[union-attr]
        return Response({"id": submit(self.project_id, given, author)}, status=201)
