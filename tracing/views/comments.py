"""Comments on one thing, read and written: a fragment that pages load by address."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from common.errors import Invalid
from common.pages import Page
from tracing.comments import Target, check_target, comment, comments_on, remove


class Comments(Page):
    """`?object_type=&object_id=` name the thing; POST adds to it."""

    template = "tracing/comments.html"
    write_permission = "scores:write"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(_target(request.GET))

    def post(self, request: HttpRequest) -> HttpResponse:
        target, content = _target(request.POST), request.POST.get("content", "")
        try:
            comment(self.project_id, target, content, str(request.user.pk))
        except Invalid as error:
            return self.show(target, content, error.message)
        return self.show(target, changed=True)

    def show(self, target: Target, typed: str = "", refusal: str = "", changed: bool = False) -> HttpResponse:
        context: dict[str, Any] = {
            "target": target,
            "comments": list(comments_on(self.project_id, target)),
            "typed": typed,
            "refusal": refusal,
            "changed": changed,
            "may_write": self.may("scores:write"),
        }
        return self.render(context, status=422 if refusal else 200)


class CommentRemoval(Comments):
    """POST takes back one's own comment."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, comment_id: str = "") -> HttpResponse:
        return self.show(remove(self.project_id, comment_id, request.user), changed=True)  # type: ignore[arg-type]


def _target(params: Any) -> Target:
    try:
        return check_target(params.get("object_type", ""), params.get("object_id", ""))
    except Invalid as error:
        raise Http404(error.message) from error
