"""What is answered when a form's token is not the browser's any more (settings.CSRF_FAILURE_VIEW).

It happens to honest people: signing in renews the token, and pages that another window shows keep the old one. What
they typed is theirs and is not thrown away: the page offers to send the same form again. That is offered only when the
browser itself says (`Origin`, which no page can forge) that the form came from this very address: a form of another
site must not become a single click here. What another site cannot read, a fresh token, is given to scripts under the
same condition.
"""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.translation import gettext as _

# Names of fields whose values are not written into a page.
SECRET = re.compile(r"password|secret|^code$", re.IGNORECASE)
FRESH = "X-Form-Token"  # read by static/js/promptlab.js and playground.js


@dataclass(frozen=True, slots=True)
class FileField:
    """A file that was sent: browsers let nobody but its owner choose it."""

    name: str
    files: str
    several: bool


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  (Django passes it by name)
    """403: a page with the form to send again; for scripts the sentence and a fresh token. `reason` is for the log."""
    if not _from_here(request):
        return _foreign(request)
    if "HX-Request" in request.headers or request.content_type == "application/json":
        told = _(
            "You signed in anew in another window since this page was opened, so this was not done. Please do it again."
        )
        headers = {FRESH: get_token(request)}
        if "HX-Request" in request.headers:
            return HttpResponse(told, status=403, headers=headers, content_type="text/plain; charset=utf-8")
        return JsonResponse({"message": told}, status=403, headers=headers)
    return render(request, "refused_form.html", _sent(request), status=403)


def _from_here(request: HttpRequest) -> bool:
    """Whether the browser says that the request came from a page of this address."""
    ours = {f"{request.scheme}://{request.get_host()}", settings.PUBLIC_URL}
    return request.headers.get("Origin") in ours


def _foreign(request: HttpRequest) -> HttpResponse:
    origin = request.headers.get("Origin")
    if origin is None:
        message = _("Your browser does not say from which page this form came. Go back, reload the page and try again.")
    else:
        message = _(
            "This form came from %(origin)s, which is not this server's own address, so nothing was done. If it is the"
            " address you opened, the server's PROMPTLAB_URL has to name it."
        ) % {"origin": origin}
    told = {"status": 403, "title": _("Form not accepted"), "message": message}
    return render(request, "error.html", told, status=403)


def _sent(request: HttpRequest) -> dict[str, object]:
    """The page's context: what was posted, as it was posted."""
    fields = [
        (name, value) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken" for value in values
    ]
    return {
        "address": request.get_full_path(),
        "secret": any(SECRET.search(name) and value for name, value in fields),
        "fields": fields,
        "files": [
            FileField(name, ", ".join(str(one.name) for one in files), len(files) > 1)
            for name, files in request.FILES.lists()
        ],
    }
