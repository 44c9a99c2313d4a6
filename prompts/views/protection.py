"""Settings → Protected labels."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid, NotFound
from prompts.browsing import labels_in_use
from prompts.models import PRODUCTION, ProtectedLabel
from prompts.protecting import protect, unprotect
from prompts.views.base import PromptsPage


class ProtectedLabels(PromptsPage):
    """The protected labels, a form for another one, and a button to lift each."""

    template = "prompts/protected_labels.html"
    section = "settings"
    permission = "prompts:protect"
    write_permission = "prompts:protect"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show()

    def post(self, request: HttpRequest) -> HttpResponse:
        label = request.POST.get("label", "").strip()
        try:
            if request.POST.get("do") == "lift":
                unprotect(self.project_id, label, self.author)
                messages.success(request, _("“%(label)s” is not protected any more.") % {"label": label})
            else:
                protect(self.project_id, label, self.author)
                messages.success(request, _("“%(label)s” is protected.") % {"label": label})
        except (Invalid, Conflict, NotFound) as error:
            return self._show(typed=label, fault=error.message)
        return HttpResponseRedirect(reverse("protected_labels"), status=303)

    def _show(self, typed: str = "", fault: str = "") -> HttpResponse:
        rows = ProtectedLabel.objects.filter(project_id=self.project_id).select_related("created_by").order_by("label")
        suggested = {PRODUCTION, *labels_in_use(self.project_id)} - {row.label for row in rows}
        context = {"rows": rows, "suggested": sorted(suggested), "typed": typed, "fault": fault}
        return self.render(context, status=422 if fault else 200)
