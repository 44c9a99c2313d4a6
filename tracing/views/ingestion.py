"""Settings → Ingestion: which clients send how much, and what was refused of it."""

import base64
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record
from common.errors import Invalid, NotFound
from common.pages import Page
from tracing import clients, rejected
from tracing.api.replaying import replay
from tracing.models import RejectedEvent
from tracing.models.rejected import DOORS, KINDS

CLIENT_DAYS = 30
ROWS = 50
LARGEST_ID = 2**63 - 1


class IngestionPage(Page):
    section = "settings"
    permission = write_permission = "traces:write"

    @property
    def events(self) -> QuerySet[RejectedEvent]:
        return RejectedEvent.objects.filter(project_id=self.project_id)


class Ingestion(IngestionPage):
    """The clients, and the rejected events, newest first; POST replays or deletes the chosen ones."""

    template = "tracing/ingestion.html"
    part = "rows"

    def get(self, request: HttpRequest) -> HttpResponse:
        events = self.events.order_by("-id").defer("body")
        chosen = {name: request.GET.get(name, "") for name in ("door", "kind")}
        for name, known in (("door", DOORS), ("kind", KINDS)):
            if chosen[name] in dict(known):
                events = events.filter(**{name: chosen[name]})
        if client := request.GET.get("client", "").replace("\0", ""):
            events = events.filter(client=client)
        page = Paginator(events, ROWS).get_page(request.GET.get("page"))
        return self.render(
            {
                "page": page,
                "clients": clients.uses(self.project_id, CLIENT_DAYS),
                "days": CLIENT_DAYS,
                "doors": DOORS,
                "kinds": KINDS,
                "client": client,
                "filtered": any(chosen.values()) or bool(client),
                **chosen,
            }
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        chosen = [id for id in request.POST.getlist("id") if id.isascii() and id.isdigit() and len(id) < 20]
        ids = [int(id) for id in chosen if int(id) <= LARGEST_ID]
        if request.POST.get("do") == "delete":
            gone = rejected.forget(self.project_id, ids)
            if gone:
                record(
                    action="delete",
                    subject_type="rejected_event",
                    subject_id=", ".join(map(str, ids)),
                    project=self.project_id,
                    user=request.user,  # type: ignore[arg-type]
                )
            messages.success(request, ngettext("%(n)s event deleted.", "%(n)s events deleted.", gone) % {"n": gone})
        else:
            self._replay(request, ids)
        return redirect(f"{reverse('ingestion')}?{request.GET.urlencode()}")

    def _replay(self, request: HttpRequest, ids: list[int]) -> None:
        stored = 0
        for event in self.events.filter(pk__in=ids).order_by("id"):
            try:
                replay(event, request.user)  # type: ignore[arg-type]
                stored += 1
            except Invalid as refusal:
                messages.error(request, _("Refused again: %(reason)s") % {"reason": refusal.message[:300]})
        if stored:
            messages.success(request, ngettext("%(n)s event stored.", "%(n)s events stored.", stored) % {"n": stored})


class Rejected(IngestionPage):
    """One rejected event: why, what was sent, and a field to mend it in; POST replays it."""

    template = "tracing/rejected.html"

    def get(self, request: HttpRequest, event_id: int) -> HttpResponse:
        return self._page(self._event(event_id))

    def post(self, request: HttpRequest, event_id: int) -> HttpResponseBase:
        event = self._event(event_id)
        given = request.POST.get("body")
        try:
            replay(event, request.user, _changed(event, given))  # type: ignore[arg-type]
        except Invalid as refusal:
            return self._page(event, given=given, fault=refusal.message, status=422)
        messages.success(request, _("Stored."))
        return redirect("rejected", event_id)

    def _event(self, event_id: int) -> RejectedEvent:
        event = self.events.filter(pk=event_id).first() if event_id <= LARGEST_ID else None
        if event is None:
            raise NotFound(_("There is no such event; it may have expired."))
        return event

    def _page(self, event: RejectedEvent, given: str | None = None, fault: str = "", status: int = 200) -> HttpResponse:
        text = _readable(bytes(event.body))
        context: dict[str, Any] = {
            "event": event,
            "text": text if given is None else given,
            "binary": base64.b64encode(event.body).decode() if text is None else "",
            "fault": fault,
        }
        return self.render(context, status=status)


def _readable(body: bytes) -> str | None:
    """The body as text; None for protobuf and other bytes."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        # The beginning of a longer text may end within a character.
        text = body[: error.start].decode() if error.start > len(body) - 4 else None  # type: ignore[assignment]
    return text if text is None or "\0" not in text else None


def _changed(event: RejectedEvent, given: str | None) -> bytes | None:
    """What a person wrote instead of the body; None when that is what was sent."""
    if given is None:
        return None
    sent = _readable(bytes(event.body))
    # Browsers send line ends as CRLF.
    given = given.replace("\r\n", "\n")
    return None if sent is None or given == sent.replace("\r\n", "\n") else given.encode()
