"""Everybody who has an account here, for the instance's admin: find, deactivate, let in again."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.activation import deactivate, reactivate
from accounts.models import Membership, User
from accounts.views.personal import PersonalPage
from common.errors import Conflict, NotFound

PAGE = 50


class InstancePage(PersonalPage):
    """A page that nobody but an admin of the instance finds."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.is_superuser:
            raise Http404("There is no such page.")
        return super().dispatch(request, *args, **kwargs)


class People(InstancePage):
    """By address, in pages."""

    template = "accounts/people.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        words, after = (request.GET.get(name, "").replace("\0", "").strip() for name in ("q", "cursor"))
        memberships = Prefetch("memberships", Membership.objects.select_related("organization"))
        people = User.objects.order_by("email").prefetch_related(memberships)
        if words:
            people = people.filter(Q(email__icontains=words) | Q(name__icontains=words))
        if after:
            people = people.filter(email__gt=after)
        found = list(people[: PAGE + 1])
        cursor = found[PAGE - 1].email if len(found) > PAGE else None
        return self.render({"people": found[:PAGE], "page": {"next_cursor": cursor}, "q": words})


class Activation(InstancePage):
    """Lets a person in again (`active`) or keeps them out."""

    http_method_names = ["post"]
    active = False

    def post(self, request: HttpRequest, user_id: str) -> HttpResponseBase:
        done = (
            _("%(email)s may sign in again.")
            if self.active
            else _("%(email)s is signed out and cannot sign in any more.")
        )
        try:
            user = (reactivate if self.active else deactivate)(user_id, self.user)
        except NotFound as error:
            raise Http404(error.message) from error
        except Conflict as error:
            messages.error(request, error.message)
        else:
            messages.success(request, done % {"email": user.email})
        return redirect("people")
