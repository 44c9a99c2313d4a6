"""Addresses that SDKs print without a project (wire notes, section 9)."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.memberships import projects_of
from accounts.models import User
from tracing.store import store
from tracing.store.base import TraceQuery


@require_safe
@login_required
def bare_trace(request: HttpRequest, trace_id: str) -> HttpResponse:
    """`/trace/<id>`: the trace in whichever of the person's projects has it."""
    assert isinstance(request.user, User)
    for project in projects_of(request.user):
        if store().traces(TraceQuery(project_id=project.pk, ids=(trace_id,))).rows:
            return redirect(f"/project/{project.pk}/traces/{quote(trace_id)}")
    raise Http404
