"""The annotation form, a fragment that trace and run pages load by address."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from common.errors import DomainError, NotFound
from common.pages import Page
from evaluation.annotation import Line, Target, annotate, sheet, withdraw
from tracing.seen import only_by


class Annotate(Page):
    """`?trace_id=` and `?observation_id=` name what is judged; each config saves by itself, at once."""

    template = "evaluation/annotate.html"
    write_permission = "scores:write"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(self._context(_target(request.GET)))

    def post(self, request: HttpRequest) -> HttpResponse:
        target = _target(request.POST)
        config_id, author_id = request.POST.get("config_id", "").replace("\0", ""), str(request.user.pk)
        comment, value = request.POST.get("comment", ""), request.POST.get("value", "")
        refusal = ""
        try:
            if request.POST.get("withdraw"):
                withdraw(self.project_id, target, config_id=config_id, author_id=author_id)
            else:
                annotate(
                    self.project_id, target, config_id=config_id, value=value, comment=comment, author_id=author_id
                )
        except NotFound as error:
            raise Http404(error.message) from error
        except DomainError as error:
            refusal = error.message
        typed = {"config_id": config_id, "value": value, "comment": comment, "refusal": refusal}
        return self.render(self._context(target, typed), status=422 if refusal else 200)

    def _context(self, target: Target, typed: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            lines = sheet(self.project_id, target, str(self.request.user.pk), people=only_by(self.request))
        except NotFound as error:
            raise Http404(error.message) from error
        shown = [_shown(line, typed) for line in lines]
        return {
            "target": target,
            "lines": shown,
            # A config archived meanwhile has no line of its own.
            "refusal": typed["refusal"] if typed and not any(line["refusal"] for line in shown) else "",
            "saved": typed["config_id"] if typed and not typed["refusal"] else "",
            "may_score": self.may("scores:write"),
            "may_configure": self.may("score_configs:write"),
        }


def _target(params: Any) -> Target:
    trace_id, observation_id = params.get("trace_id", ""), params.get("observation_id", "")
    if not trace_id or "\0" in trace_id + observation_id:
        raise Http404("No trace was named.")
    return Target(trace_id, observation_id or None)


def _shown(line: Line, typed: dict[str, str] | None) -> dict[str, Any]:
    """A line for the template; after a refusal what was typed stands there still."""
    mine, config = line.mine, line.config
    refused = bool(typed and typed["refusal"] and typed["config_id"] == config.pk)
    options: list[dict[str, Any]] = []
    if config.data_type == "BOOLEAN":
        options = [
            {"value": "1", "label": _("Yes"), "chosen": bool(mine and mine.value == 1)},
            {"value": "0", "label": _("No"), "chosen": bool(mine and mine.value == 0)},
        ]
    elif config.data_type == "CATEGORICAL":
        options = [
            {"value": c["label"], "label": c["label"], "chosen": bool(mine and mine.string_value == c["label"])}
            for c in config.categories or []
        ]
    value: Any = "" if mine is None else mine.value if config.data_type == "NUMERIC" else mine.string_value
    return {
        "config": config,
        "mine": mine,
        "others": line.others,
        "options": options,
        "value": typed["value"] if refused and typed else value,
        "comment": typed["comment"] if refused and typed else (mine.comment or "" if mine else ""),
        "refusal": typed["refusal"] if refused and typed else "",
    }
