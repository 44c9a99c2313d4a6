"""Compared runs as files."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.text import slugify

from common.errors import NotFound
from datasets.exporting_runs import as_csv, as_latex, as_markdown, as_parquet
from datasets.figures import EVERYTHING, sheets_of
from datasets.views.base import RunsPage
from datasets.views.compare import asked_for

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "md": "text/markdown; charset=utf-8",
    "tex": "application/x-tex; charset=utf-8",
}


class ExportRuns(RunsPage):
    """`?runs=…&format=`: `csv` and `parquet` are the tidy table, `md` and `tex` the summary that Compare shows."""

    write_permission = None
    section = "experiments"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        kind = request.GET.get("format", "csv")
        if kind not in TYPES:
            raise NotFound("There is no such format.")
        asked = asked_for(self.project_id, request)
        names = [run.dataset.name for run in asked.runs[:1] if run.dataset] or [asked.runs[0].name]
        name = f"{slugify(names[0], allow_unicode=True) or 'runs'}-comparison.{kind}"
        headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""}
        if kind == "csv":
            return StreamingHttpResponse(as_csv(self.project_id, asked.runs), content_type=TYPES[kind], headers=headers)
        if kind == "parquet":
            return HttpResponse(as_parquet(self.project_id, asked.runs), content_type=TYPES[kind], headers=headers)
        # A file cannot say "not yet": everything is read, however long it takes.
        read = sheets_of(self.project_id, asked.runs, EVERYTHING)
        written = as_markdown if kind == "md" else as_latex
        text = written(asked.runs, asked.found_in(read), asked.baseline)
        return HttpResponse(text, content_type=TYPES[kind], headers=headers)
