"""A judge against people: a mark to stand beside the judge's numbers, and the page behind it."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from common.pages import Page
from evaluation.judge_trust import Trust, human_names, trust
from tracing.seen import READ


class JudgeTrust(Page):
    """`?score=<name>`, perhaps `human=<name>`, `dataset=<id>` and `run=<id>` (several); htmx gets the mark alone,
    with `quiet` nothing as long as nobody has scored the same things, with `short` the share alone."""

    template = "evaluation/judge_trust.html"
    part = "mark"
    section = "evaluators"
    permission = READ

    def get(self, request: HttpRequest) -> HttpResponse:
        given = request.GET
        score, human, dataset, runs = (
            given.get("score", ""),
            given.get("human", ""),
            given.get("dataset", ""),
            given.getlist("run"),
        )
        found = trust(self.project_id, score, human=human, dataset_id=dataset, run_ids=runs) if score else None
        asked = [("score", score), ("human", human), ("dataset", dataset), *(("run", run) for run in runs)]
        query = urlencode([(name, value.replace("\0", "")) for name, value in asked if value], errors="replace")
        context: dict[str, Any] = {
            "score": score,
            "human": human or score,
            "dataset": dataset,
            "runs": runs,
            "trust": found,
            "quiet": "quiet" in given,
            "short": "short" in given,
            "address": f"{reverse('judge_trust')}?{query}",
        }
        if not self.in_part:
            context["names"] = human_names(self.project_id, score)
            context["table"] = _table(found)
            context["classes"] = _names(found) if found else ()
        return self.render(context)


def _names(found: Trust) -> list[str]:
    """The classes in words."""
    words = {"1": _("Yes"), "0": _("No")} if found.boolean else {}
    return [words.get(name, name) for name in found.classes]


def _table(found: Trust | None) -> list[dict[str, Any]]:
    """The matrix for the template: a row per class of people's, its cells told as same, other or none."""
    if found is None:
        return []
    names = _names(found)
    return [
        {
            "name": name,
            "total": sum(row),
            "cells": [
                {"n": n, "kind": "none" if not n else "same" if place == column else "other"}
                for column, n in enumerate(row)
            ],
        }
        for place, (name, row) in enumerate(zip(names, found.matrix, strict=True))
    ]
