"""The list of prompts, folder by folder."""

from django.http import HttpRequest, HttpResponse

from prompts.browsing import Search, browse, labels_in_use, tags_in_use
from prompts.views.base import PromptsPage


class Prompts(PromptsPage):
    """A folder: its subfolders and prompts; with a search or a filter, everything below it that matches."""

    template = "prompts/list.html"
    part = "rows"
    write_permission = None

    def get(self, request: HttpRequest) -> HttpResponse:
        search = _search(request)
        context = {
            "search": search,
            "listing": browse(self.project_id, search),
            "trail": _trail(search.folder),
            "order": f"{search.order}.{'desc' if search.descending else 'asc'}",
            "tags": tags_in_use(self.project_id),
            "labels": labels_in_use(self.project_id),
            "may_write": self.may("prompts:write"),
        }
        return self.render(context)


def _search(request: HttpRequest) -> Search:
    asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in ("folder", "q", "tag", "label")}
    column, _, direction = request.GET.get("order", "name.asc").partition(".")
    page = request.GET.get("page", "1")
    return Search(
        folder=asked["folder"].strip("/"),
        text=asked["q"],
        tag=asked["tag"],
        label=asked["label"],
        order="changed" if column == "changed" else "name",
        descending=direction == "desc",
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1,
    )


def _trail(folder: str) -> list[tuple[str, str]]:
    """(name, path) of the folder and those it stands in, outermost first."""
    parts = folder.split("/") if folder else []
    return [(part, "/".join(parts[: depth + 1])) for depth, part in enumerate(parts)]
