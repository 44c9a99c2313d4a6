"""Annotation queues: the list, one queue with its people and items, and the form that defines one."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.authors import Author
from accounts.models import User
from common.pages import Page
from datasets.paging import cut
from evaluation import queues
from evaluation.gold import hits_of
from evaluation.models import AnnotationQueue, ItemStatus, QueueItem, TurnState
from evaluation.queue_agreement import MOST, agreement_of
from evaluation.queue_export import as_csv, as_json_lines
from evaluation.queue_progress import progress_of, queues_of, turns_at, with_times
from evaluation.said import Judged, judged
from evaluation.things import things_of
from evaluation.views.annotation_fields import told
from evaluation.views.annotation_forms import QueueForm

ROWS = 50
SHOWN = ("waiting", "done", "different", "skipped", "gold")


class AnnotationPage(Page):
    """A page about queues, for those who may look over others' shoulders; changes are for those who define them."""

    permission = "evaluation:read"
    write_permission: ClassVar[str | None] = "evaluation:write"
    section = "annotation"

    @property
    def person(self) -> User:
        """Who looks."""
        assert isinstance(self.request.user, User)
        return self.request.user

    @property
    def author(self) -> Author:
        """Who changes something."""
        return Author(user=self.person)

    def queue(self, queue_id: str) -> AnnotationQueue:
        """The project's queue, or 404."""
        return queues.own(self.project_id, queue_id)


class Queues(AnnotationPage):
    """All queues, those first that wait for the person; annotators see the ones they are assigned to."""

    template = "evaluation/annotation_queues.html"
    permission = "project:read"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = progress_of(list(queues_of(self.project_id, self.person, everything=self.may("evaluation:read"))))
        lines = [{"progress": one, "mine": one.of(self.person)} for one in rows]
        lines.sort(key=lambda line: not (line["mine"] and line["mine"].is_assigned))  # type: ignore[union-attr]
        may_score, may_manage = self.may("scores:write"), self.may("evaluation:write")
        return self.render(
            {
                "lines": lines,
                "may_score": may_score,
                "may_manage": may_manage,
                "may_look": self.may("evaluation:read"),
            }
        )


class QueuePage(AnnotationPage):
    """A queue: how far it is, how its people are doing, where they differ, and every item."""

    template = "evaluation/annotation_queue.html"
    part = "items"

    def get(self, request: HttpRequest, queue_id: str) -> HttpResponse:
        queue = self.queue(queue_id)
        show = request.GET.get("show", "")
        found = cut(self._items(queue, show), request.GET.get("cursor", ""), ROWS)
        context: dict[str, Any] = {
            "queue": queue,
            "show": show if show in SHOWN else "",
            "page": found,
            "rows": self._rows(queue, found.rows),
            "may_write": self.may("evaluation:write"),
        }
        if not self.in_part:
            [progress] = progress_of([queue])
            context |= {
                "progress": progress,
                "median": with_times(progress),
                "hits": hits_of(self.project_id, queue),
                "asked": [one.config for one in queue.asked.select_related("config")],
                "mine": progress.of(self.person),
            }
        return self.render(context)

    def _items(self, queue: AnnotationQueue, show: str) -> Any:
        items = QueueItem.objects.filter(queue=queue).order_by("place", "pk")
        if show == "waiting":
            return items.filter(status=ItemStatus.PENDING)
        if show == "done":
            return items.filter(status=ItemStatus.COMPLETED)
        if show == "skipped":
            return items.filter(turns__state=TurnState.SKIPPED).distinct()
        if show == "gold":
            return items.filter(gold__isnull=False)
        if show == "different":
            shared = list(items.filter(turns__state=TurnState.DONE).distinct()[:MOST])
            return [one.item for one in judged(self.project_id, queue, shared) if one.different]
        return items

    def _rows(self, queue: AnnotationQueue, items: list[QueueItem]) -> list[dict[str, Any]]:
        things, turns = things_of(self.project_id, items), turns_at(items)
        sight = Sight(queue, self.person)
        rows = []
        for one in judged(self.project_id, queue, items):
            own = turns.get(one.item.pk, [])
            seen = sight.sees(one.item, [turn.user_id for turn in own if turn.state == TurnState.DONE])
            lines = [
                {"turn": turn, "said": said_in_words(one, str(turn.user_id)) if seen else ""}
                for turn in own
            ]  # fmt: skip
            rows.append(
                {
                    "item": one.item,
                    "thing": things[one.item.pk],
                    "lines": lines,
                    "different": seen and bool(one.different),
                    "decided": seen and ", ".join(told(score) for score in one.final.values()),
                    "seen": seen,
                }
            )
        return rows


class QueueAgreement(AnnotationPage):
    """How far the people of a queue agree: a fragment, because it reads all that was said."""

    template = "evaluation/annotation_agreement.html"
    write_permission = None

    def get(self, request: HttpRequest, queue_id: str) -> HttpResponse:
        queue = self.queue(queue_id)
        return self.render({"queue": queue, "agreements": agreement_of(self.project_id, queue)})


class QueueExport(AnnotationPage):
    """All that was said: `?format=csv` (the default) or `jsonl`."""

    write_permission = None

    def get(self, request: HttpRequest, queue_id: str) -> HttpResponseBase:
        queue = self.queue(queue_id)
        lines = request.GET.get("format") == "jsonl"
        rows = as_json_lines(self.project_id, queue) if lines else as_csv(self.project_id, queue)
        response = StreamingHttpResponse(rows, content_type="application/x-ndjson" if lines else "text/csv")
        response.headers["Content-Disposition"] = (
            f'attachment; filename="annotation-{queue.pk}.{"jsonl" if lines else "csv"}"'
        )
        return response


class NewQueue(AnnotationPage):
    """Define a queue."""

    template = "evaluation/annotation_form.html"
    permission = "evaluation:write"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(self._form(), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._save(self._form(request.POST), None)

    def _form(self, data: Any = None, queue: AnnotationQueue | None = None) -> QueueForm:
        return QueueForm(data, project=self.request.project, queue=queue)  # type: ignore[attr-defined]

    def _show(self, form: QueueForm, queue: AnnotationQueue | None, status: int = 200) -> HttpResponse:
        return self.render({"form": form, "queue": queue}, status=status)

    def _save(self, form: QueueForm, queue: AnnotationQueue | None) -> HttpResponse:
        if not form.is_valid() or form.draft is None:
            return self._show(form, queue, status=422)
        draft = form.draft
        if queue is None:
            saved = queues.create(self.project_id, draft, self.author)
        else:
            fields = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
            saved = queues.change(self.project_id, queue.pk, fields, self.author)
        queues.set_people(self.project_id, saved.pk, form.chosen_people, self.author)
        messages.success(self.request, _("The queue “%(name)s” is saved.") % {"name": saved.name})
        return redirect("annotation_queue", saved.pk)


class EditQueue(NewQueue):
    """Change a queue, or delete it with its items (`do=delete`); scores stay."""

    def get(self, request: HttpRequest, queue_id: str) -> HttpResponse:  # type: ignore[override]
        queue = self.queue(queue_id)
        return self._show(self._form(queue=queue), queue)

    def post(self, request: HttpRequest, queue_id: str) -> HttpResponse:  # type: ignore[override]
        queue = self.queue(queue_id)
        if request.POST.get("do") != "delete":
            return self._save(self._form(request.POST, queue), queue)
        queues.remove(self.project_id, queue.pk, self.author)
        messages.success(request, _("The queue “%(name)s” was deleted; the scores stay.") % {"name": queue.name})
        return redirect("annotation")


class Sight:
    """What an overseer sees of a queue that they work on themselves: nothing that would sway them."""

    def __init__(self, queue: AnnotationQueue, person: User) -> None:
        self.person_id = person.pk
        self.works_here = queue.assignments.filter(user=person).exists()
        self.veiled = queue.blind and self.works_here

    def sees(self, item: QueueItem, judged_by: list[Any]) -> bool:
        """Whether they may know what others said: unless the item may still come to their own desk."""
        return not self.works_here or item.status == ItemStatus.COMPLETED or self.person_id in judged_by


def said_in_words(one: Judged, user_id: str) -> str:
    """What a person said of an item, in the order of the form: "correct: Yes · tone: Calm"."""
    own = (
        (by_person[user_id].name, told(by_person[user_id])) for by_person in one.said.values() if user_id in by_person
    )
    return " · ".join(f"{name}: {value}" for name, value in own)
