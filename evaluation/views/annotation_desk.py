"""The desk: one item on the left, the judgement on the right, the next one after Enter."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import Conflict, DomainError, Invalid, NotFound
from common.pages import Page
from evaluation.annotation import Said, Unfinished
from evaluation.models import UNFINISHED, AnnotationQueue, AnnotationTurn, TurnState
from evaluation.said import own_scores
from evaluation.slots import claim, renew, waiting_for
from evaluation.things import things_of
from evaluation.turns import (
    TakenOut,
    configs_of,
    desk_of,
    finish,
    finished,
    keep_draft,
    neighbours,
    reopen,
    skip,
    turn_of,
)
from evaluation.views.annotation_fields import fields_of, read_said, said_by


class Desk(Page):
    """Opening it claims the next item, or shows the one that the person has open; `?item=` an earlier one of theirs.

    POST with `item` and `do`: save (also without one), draft (204, 409 when the slot is lost, 410 when the item is
    taken out), skip (`reason`) or reopen. `shown` says that the thing itself stood on the page.
    """

    template = "evaluation/annotation_desk.html"
    part = "desk"
    permission = write_permission = "scores:write"
    section = "annotation"

    def get(self, request: HttpRequest, queue_id: str) -> HttpResponse:
        queue = self._queue(queue_id)
        wanted = request.GET.get("item", "")
        if wanted:
            try:
                turn = turn_of(queue, wanted, self._person)
            except TakenOut as refusal:
                messages.warning(request, refusal.message)
                return self._go(queue)
            renew(turn)
            return self._show(queue, turn)
        return self._show(queue, claim(queue, self._person))

    def post(self, request: HttpRequest, queue_id: str) -> HttpResponse:
        queue, given = self._queue(queue_id), request.POST
        try:
            return self._do(queue, given)
        except TakenOut as refusal:
            if given.get("do") == "draft":
                return HttpResponse(status=410)
            messages.warning(request, refusal.message)
            return self._go(queue)

    def _do(self, queue: AnnotationQueue, given: QueryDict) -> HttpResponse:
        turn = turn_of(queue, given.get("item", ""), self._person)
        said, seconds = read_said(given, configs_of(queue)), _seconds(given.get("seconds", ""))
        do = given.get("do", "save")
        if do == "draft":
            return HttpResponse(status=204 if keep_draft(turn, said, seconds) else 409)
        try:
            if do == "skip":
                skip(self.project_id, queue, turn, given.get("reason", ""), seconds)
            elif do == "reopen":
                reopen(self.project_id, queue, turn)
                return self._go(queue, turn.item_id)
            elif do != "save":
                raise Invalid(_("“do” must be save, draft, skip or reopen."), "do")
            elif not finish(self.project_id, queue, turn, said, seconds, was_shown="shown" in given):
                messages.warning(self.request, _("What you had before you was deleted meanwhile. The item is closed."))
        except Unfinished as refusal:
            return self._show(queue, turn, said, faults=refusal.faults)
        except Conflict as refusal:
            keep_draft(turn, said, seconds)
            messages.warning(self.request, refusal.message)
            return self._go(queue)
        except NotFound:
            raise
        except DomainError as refusal:
            if do == "save":
                keep_draft(turn, said, seconds)
            return self._show(queue, turn, said, fault=refusal.message)
        return self._go(queue)

    @property
    def _person(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def _queue(self, queue_id: str) -> AnnotationQueue:
        return desk_of(self.request.member, queue_id)  # type: ignore[attr-defined]

    def _go(self, queue: AnnotationQueue, item_id: str = "") -> HttpResponse:
        """On: to the next item as a part of the page, or by a redirect for a browser without scripts."""
        address = reverse("annotation_desk", args=[queue.pk]) + (f"?item={item_id}" if item_id else "")
        if not self.in_part:
            redirect = HttpResponseRedirect(address)
            redirect.status_code = 303
            return redirect
        turn = turn_of(queue, item_id, self._person) if item_id else claim(queue, self._person)
        response = self._show(queue, turn)
        response.headers["HX-Push-Url"] = address
        return response

    def _show(
        self,
        queue: AnnotationQueue,
        turn: AnnotationTurn | None,
        said: Mapping[str, Said] | None = None,
        faults: Mapping[str, str] | None = None,
        fault: str = "",
    ) -> HttpResponse:
        person, configs = self._person, configs_of(queue)
        before, after = neighbours(queue, person, turn)
        context: dict[str, Any] = {
            "queue": queue,
            "turn": turn,
            "before": before,
            "after": after,
            "left": waiting_for(queue, person),
            "done": finished(queue, person).filter(state=TurnState.DONE).count(),
            "fault": fault,
            "may_manage": self.may("evaluation:write"),
        }
        if turn is not None:
            if said is None:
                said = self._said(turn)
            context |= {
                "thing": things_of(self.project_id, [turn.item], bodies=True)[turn.item.pk],
                "fields": fields_of(configs, said, faults),
                "is_open": turn.state in UNFINISHED,
            }
        return self.render(context, status=422 if fault or faults else 200)

    def _said(self, turn: AnnotationTurn) -> dict[str, Said]:
        """The draft, or for a finished turn what stands in the store, wherever it was changed since."""
        if turn.state == TurnState.DONE:
            return said_by(own_scores(self.project_id, turn))
        return {key: Said(one.get("value", ""), one.get("comment", "")) for key, one in turn.draft.items()}


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
