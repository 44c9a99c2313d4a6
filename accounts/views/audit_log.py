"""Who did what in this project, newest first; for owners of the organization, in the organization too."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from accounts.models import AuditEntry
from accounts.roles import may
from accounts.views.settings import SettingsPage
from common.api.pagination import whole
from common.errors import Invalid

PAGE = 50


class AuditLog(SettingsPage):
    template = "accounts/audit_log.html"
    part = "entries"
    permission = "audit:read"

    def get(self, request: HttpRequest) -> HttpResponse:
        may_own = may(self.organization_actor.role, "organization:manage")
        everywhere = may_own and request.GET.get("scope") == "organization"
        entries = AuditEntry.objects.select_related("user", "project").order_by("-id")
        entries = entries.filter(organization=self.organization) if everywhere else entries.filter(project=self.project)
        kinds = entries.order_by("subject_type").values_list("subject_type", flat=True).distinct()
        if kind := request.GET.get("kind", ""):
            entries = entries.filter(subject_type=_text(kind))
        if words := _text(request.GET.get("q", "")):
            entries = entries.filter(Q(actor__icontains=words) | Q(subject_id__icontains=words))
        if before := _cursor(request):
            entries = entries.filter(id__lt=before)
        found = list(entries[: PAGE + 1])
        return self.render(
            {
                "entries": found[:PAGE],
                "page": {"next_cursor": found[PAGE - 1].pk if len(found) > PAGE else None},
                "kinds": list(kinds),
                "kind": kind,
                "may_own": may_own,
                "everywhere": everywhere,
            }
        )


def _text(words: str) -> str:
    return words.replace("\0", "").strip()


def _cursor(request: HttpRequest) -> int:
    """The id after which the page starts; nonsense starts at the beginning."""
    try:
        return whole(request.GET, "cursor", 0, 1, 2**63 - 1)
    except Invalid:
        return 0
