"""Chosen rows of a list, all that it shows, or the answers of runs, into a queue: a fragment that those pages load."""

from django.http import Http404, HttpRequest, HttpResponse

from common.errors import DomainError
from evaluation.filling import KINDS, Named, answers_of, matching, put, sample
from evaluation.views.annotation_forms import FillForm
from evaluation.views.annotation_queues import AnnotationPage
from tracing.filters import parse_filters


class Fill(AnnotationPage):
    """`kind` (traces, observations, sessions) with an `id` for each chosen row, or with `all` and the `filter`,
    `search` and `texts` of the list; or `kind=runs` with a `run` for each.

    Without `do` the form as it opens, `do=add` the deed.
    """

    template = "evaluation/annotation_fill.html"
    permission = "evaluation:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        given = request.POST
        if given.get("kind", "") not in (*KINDS, "runs"):
            raise Http404("Nothing was chosen.")
        is_first = given.get("do") != "add"
        form = FillForm(project_id=self.project_id) if is_first else FillForm(given, project_id=self.project_id)
        try:
            things = self._things()
            if not things:
                raise Http404("Nothing was chosen.")
            if is_first:
                return self._show(form, things)
            if not form.is_valid():
                return self._show(form, things, status=422)
            take, seed = form.cleaned_data["take"], form.cleaned_data["seed"] or 0
            if take or given.get("kind") == "runs":
                things = sample(things, take, seed)
            queue = form.cleaned_data["queue"]
            return self.render({"queue": queue, "told": put(self.project_id, queue.pk, things, self.author)})
        except DomainError as refusal:
            return self.render({"fault": refusal.message}, status=422)

    def _things(self) -> list[Named]:
        given = self.request.POST
        kind = given["kind"]
        if kind == "runs":
            return answers_of(self.project_id, given.getlist("run"))
        if given.get("all"):
            filters = parse_filters(given.get("filter") or "[]")
            search = given.get("search", "").replace("\0", "")
            return matching(self.project_id, kind, filters, search, texts=bool(given.get("texts")))  # type: ignore[arg-type]
        return [Named(KINDS[kind], one) for one in given.getlist("id")]

    def _show(self, form: FillForm, things: list[Named], status: int = 200) -> HttpResponse:
        given = self.request.POST
        names = ("kind", "filter", "search", "texts", "all")
        context = {
            "form": form,
            "sent": {name: given.get(name, "") for name in names},
            "ids": [] if given.get("all") else given.getlist("id"),
            "runs": given.getlist("run"),
            "n": len(things),
            "has_queues": form.fields["queue"].queryset.exists(),  # type: ignore[attr-defined]
        }
        return self.render(context, status=status)
