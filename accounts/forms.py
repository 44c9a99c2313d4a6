"""Forms of people: sign-up, and the settings of project, members and account."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class WithName(forms.Form):
    """What allauth's sign-up forms ask for beyond the address: they inherit from this (ACCOUNT_SIGNUP_FORM_CLASS)."""

    name = forms.CharField(
        label=_("Name"), max_length=200, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """The adapter has stored the name already."""
