"""What the pages of one dataset share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.models import User
from common.errors import NotFound
from common.pages import Page
from datasets.authors import Author
from datasets.definitions import dataset_by_id
from datasets.models import Dataset
from tracing.seen import READ

WRITE = "datasets:write"


class DatasetsPage(Page):
    """A page of this app: writers are those who may write datasets."""

    write_permission: ClassVar[str | None] = WRITE
    section = "datasets"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error

    @property
    def may_write(self) -> bool:
        return self.may(WRITE)

    @property
    def person(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    @property
    def author(self) -> Author:
        return Author(user=self.person)

    def render(self, context: Mapping[str, Any], *, part: str | None = None, status: int = 200) -> HttpResponse:
        return super().render({"may_see_runs": self.may(READ), **context}, part=part, status=status)

    def dataset(self, dataset_id: str) -> Dataset:
        """The project's dataset of this id, or 404."""
        return dataset_by_id(self.project_id, dataset_id)


class RunsPage(DatasetsPage):
    """A page that tells how good answers were found to be, and by what they were made: not for annotators."""

    permission = READ
