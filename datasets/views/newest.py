"""The newest runs with their scores: a fragment that the start page loads by address."""

from django.http import HttpRequest, HttpResponse

from datasets.runs import runs_of_project
from datasets.views.base import RunsPage
from datasets.views.tables import runs_table

NEWEST = 6


class NewestRuns(RunsPage):
    """A small table, newest first."""

    template = "datasets/newest.html"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(runs_table(self.project_id, list(runs_of_project(self.project_id)[:NEWEST])))
