"""Forms of people: sign-up, and the settings of project, members and account.

They say what a field looks like; what a value may be is the verb's business, whose refusals are shown beside the field
(`refuse`).
"""

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import ROLE_CHOICES, Role
from common.errors import DomainError


def refuse(form: forms.Form, error: DomainError) -> None:
    """Show a verb's refusal beside the field it names, or above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


class WithName(forms.Form):
    """What allauth's sign-up forms ask for beyond the address: they inherit from this (ACCOUNT_SIGNUP_FORM_CLASS)."""

    name = forms.CharField(
        label=_("Name"), max_length=200, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """The adapter has stored the name already."""


class NameForm(forms.Form):
    """A name for something new."""

    name = forms.CharField(label=_("Name"), max_length=200)


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    retention = forms.IntegerField(
        label=_("Retention in days"),
        required=False,
        help_text=_("Traces, observations and scores older than this are deleted. Empty keeps them for ever."),
    )


class DeleteProjectForm(forms.Form):
    """Deleting is confirmed by typing the project's name."""

    confirmation = forms.CharField(
        label=_("Type the project's name to confirm"), widget=forms.TextInput({"autocomplete": "off"})
    )

    def __init__(self, data: object = None, *, name: str) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.name = name

    def clean_confirmation(self) -> str:
        text: str = self.cleaned_data["confirmation"]
        if text != self.name:
            raise forms.ValidationError(_("This is not the project's name."))
        return text


class KeyForm(forms.Form):
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"placeholder": _("Who or what will use it")}),
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"placeholder": "name@example.org"}))
    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)

    def __init__(self, data: object = None, *, roles: list[Role]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["role"].choices = [(value, label) for value, label in ROLE_CHOICES if value in roles]  # type: ignore[attr-defined]


THEMES = [("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]


class AccountForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(label=_("Appearance"), choices=THEMES)

    class Meta:
        model = User
        fields = ("name", "language", "theme")
