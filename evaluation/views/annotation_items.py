"""One item of a queue: the thing, what each person said, what is right, and the decision where they differ."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from common.errors import Denied, DomainError, Invalid, NotFound
from evaluation import queues
from evaluation.adjudication import adjudicate, is_party, withdraw
from evaluation.annotation import Said, Unfinished
from evaluation.gold import set_gold
from evaluation.models import AnnotationQueue, QueueItem, TurnState
from evaluation.queue_progress import turns_at
from evaluation.said import judged
from evaluation.things import things_of
from evaluation.turns import configs_of
from evaluation.views.annotation_fields import fields_of, number, read_said, said_by, told
from evaluation.views.annotation_queues import AnnotationPage, Sight


class ItemPage(AnnotationPage):
    """POST with `do`: adjudicate, withdraw (the decision), gold, or remove (the item from the queue)."""

    template = "evaluation/annotation_item.html"

    def get(self, request: HttpRequest, queue_id: str, queue_item_id: str) -> HttpResponse:
        queue = self.queue(queue_id)
        return self._show(queue, queues.own_item(self.project_id, queue_id, queue_item_id))

    def post(self, request: HttpRequest, queue_id: str, queue_item_id: str) -> HttpResponse:
        queue, item = self.queue(queue_id), queues.own_item(self.project_id, queue_id, queue_item_id)
        do, said = request.POST.get("do", ""), read_said(request.POST, configs_of(queue))
        named = (self.project_id, queue_id, queue_item_id)
        try:
            if do == "remove":
                queues.remove_item(*named, self.author)
                messages.success(request, _("The item was taken out of the queue; its scores stay."))
                return redirect("annotation_queue", queue.pk)
            if do == "withdraw":
                withdraw(*named, self.author)
            elif do in ("gold", "ungold"):
                set_gold(*named, said if do == "gold" else {}, self.author)
            elif do == "adjudicate":
                adjudicate(*named, said, self.author)
            else:
                raise Invalid(_("“do” must be adjudicate, withdraw, gold, ungold or remove."), "do")
        except (NotFound, Denied):
            raise
        except Unfinished as refusal:
            return self._show(queue, item, do, said, refusal.faults)
        except DomainError as refusal:
            return self._show(queue, item, do, said, fault=refusal.message)
        return redirect("annotation_item", queue.pk, item.pk)

    def _show(
        self,
        queue: AnnotationQueue,
        item: QueueItem,
        do: str = "",
        said: Mapping[str, Said] | None = None,
        faults: Mapping[str, str] | None = None,
        fault: str = "",
    ) -> HttpResponse:
        [one] = judged(self.project_id, queue, [item])
        turns = turns_at([item]).get(item.pk, [])
        sight = Sight(queue, self.person)
        seen = sight.sees(item, [turn.user_id for turn in turns if turn.state == TurnState.DONE])
        configs = configs_of(queue)
        gold = {
            key: Said(number(value) if isinstance(value, float) else str(value))
            for key, value in (item.gold or {}).items()
        }
        final = said_by(list(one.final.values()))
        lines = [
            {
                "config": config,
                "said": [
                    {"turn": turn, "score": score, "told": told(score)}
                    for turn in turns
                    if (score := one.said.get(config.pk, {}).get(str(turn.user_id))) and seen
                ],
                "final": one.final.get(config.pk) if seen else None,
                "final_told": told(one.final[config.pk]) if config.pk in one.final else "",
                "different": config.pk in one.different,
            }
            for config in configs
        ]
        context: dict[str, Any] = {
            "queue": queue,
            "item": item,
            "thing": things_of(self.project_id, [item], bodies=True)[item.pk],
            "turns": turns,
            "lines": lines,
            "seen": seen,
            "veiled": sight.veiled,
            "fault": fault,
            "may_write": self.may("evaluation:write"),
            "may_decide": self.may("evaluation:write") and seen and bool(one.said),
            "is_decided": bool(one.final),
            "is_party": is_party(item, str(self.person.pk)),
            "decision": fields_of(configs, said or {}, faults) if do == "adjudicate" else fields_of(configs, final),
            "gold": fields_of(configs, said or {}, faults) if do == "gold" else fields_of(configs, gold),
            "do": do,
        }
        return self.render(context, status=422 if fault or faults else 200)
